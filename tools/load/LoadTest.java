/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many clients of one server at a time. Most ask and compare the answer with the one that was made
 * alone; some send slowly, some send what is no request, some leave before they are answered.
 */
final class LoadTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> QUESTIONS =
      List.of(
          "What colour is the background?", "What is this?", "Is there text?", "How many things are there?",
          "Describe the picture.", "Where is it?", "Which colour?", "What stands there?");
  private static final List<String> PICTURES = List.of("gray.png", "alpha.png", "gray.jpg", "lossy.webp");
  private static final double MOST_GROWTH = 0.02;

  /** A request, and the answer to it. */
  private record Asked(String body, boolean stream, String answer) {}

  private final Process server;
  private final URI address;
  private final String model;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, Integer> counts = Collections.synchronizedMap(new TreeMap<>());
  private final List<Double> seconds = Collections.synchronizedList(new ArrayList<>());
  private final List<String> faults = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong requests = new AtomicLong();
  private final long began = System.nanoTime();

  private LoadTest(String folder) throws IOException {
    model = "load";
    ProcessBuilder builder =
        new ProcessBuilder("tools/dsvlm", "serve", "--model", folder, "--name", model, "--port", "0", "--queue", "512");
    builder.environment().remove("DSVLM_API_KEY");
    // Its replies name their connections, so that faults can be told apart by them.
    builder.environment().merge("JAVA_OPTS", "-Ddsvlm.serve.connections=true", (ours, more) -> ours + " " + more);
    server = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8)).readLine();
    if (line == null) {
      throw new IOException("the server did not start");
    }
    address = URI.create(line.replaceAll(".* answers at (\\S+) .*", "$1"));
    System.out.println(line);
  }

  public static void main(String[] arguments) throws Exception {
    Locale.setDefault(Locale.ROOT);
    double minutes = 10;
    double warmUp = 6;
    int clients = 200;
    String folder = "nano";
    boolean ramp = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--minutes" -> minutes = Double.parseDouble(arguments[++i]);
        case "--warm-up" -> warmUp = Double.parseDouble(arguments[++i]);
        case "--clients" -> clients = Integer.parseInt(arguments[++i]);
        case "--model" -> folder = arguments[++i];
        case "--ramp" -> ramp = true;
        default -> {
          System.err.println("load-test: unknown option " + arguments[i]);
          System.exit(2);
        }
      }
    }
    LoadTest test = new LoadTest(folder);
    boolean right;
    try {
      right = ramp ? test.ramp() : test.load(warmUp, minutes, clients);
    } finally {
      test.server.destroy();
    }
    int code = test.server.waitFor();
    System.out.println("exit code of the server after SIGTERM: " + code);
    System.exit(right && code == 0 ? 0 : 1);
  }

  private static String body(String model, int i, boolean stream) throws IOException {
    String picture = PICTURES.get(i % PICTURES.size());
    byte[] file = Files.readAllBytes(Path.of("src/test/resources/pictures", picture));
    String url =
        "data:image/" + picture.replaceAll(".*\\.", "") + ";base64," + Base64.getEncoder().encodeToString(file);
    String shown =
        i % 3 == 0 ? "" : "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" + url + "\"}},";
    return "{\"model\":\"%s\",\"stream\":%s,\"temperature\":%s,\"seed\":%d,\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":[%s{\"type\":\"text\",\"text\":\"%s\"}]}]}"
        .formatted(
            model, stream, i % 2 == 0 ? "0" : "1.2", i, 16 + i % 33, shown, QUESTIONS.get(i % QUESTIONS.size()));
  }

  /**
   * The reply to {@code body}, which has the request's own number.
   *
   * @throws IOException if the number is another request's
   */
  private HttpResponse<String> post(String body) throws IOException, InterruptedException {
    String id = "load-" + requests.incrementAndGet();
    HttpResponse<String> response = client.send(
        HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .header("X-Request-Id", id)
            .timeout(Duration.ofMinutes(5))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
    String other = response.headers().firstValue("X-Request-Id").orElse("none");
    if (!other.equals(id)) {
      throw new IOException("request " + id + " has the reply to request " + other + connection(response));
    }
    return response;
  }

  /** The connection of a reply, and which of its requests it answers. */
  private static String connection(HttpResponse<String> response) {
    return " on connection " + response.headers().firstValue("X-Connection").orElse("unknown");
  }

  private void fault(String what) {
    faults.add("after %.1f s: %s".formatted((System.nanoTime() - began) / 1e9, what));
  }

  /** The text of a reply, whole or streamed. */
  private static String text(String reply, boolean stream) throws IOException {
    if (!stream) {
      return JSON.readTree(reply).at("/choices/0/message/content").asText();
    }
    StringBuilder text = new StringBuilder();
    boolean ended = false;
    for (String line : reply.split("\n")) {
      if (line.equals("data: [DONE]")) {
        ended = true;
      } else if (line.startsWith("data: ")) {
        JsonNode event = JSON.readTree(line.substring(6));
        text.append(event.at("/choices/0/delta/content").asText());
      }
    }
    return ended ? text.toString() : text + " (no end)";
  }

  private List<Asked> alone() throws Exception {
    List<Asked> asked = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      String reply = post(body(model, i, false)).body();
      String answer = text(reply, false);
      asked.add(new Asked(body(model, i, false), false, answer));
      asked.add(new Asked(body(model, i, true), true, answer));
    }
    System.out.println(
        asked.size() + " requests asked alone, "
            + asked.stream().map(Asked::answer).distinct().count() + " different answers");
    return asked;
  }

  /** The resident size grows until the JVM has compiled what is hot and has touched its whole heap. */
  private boolean load(double warmUp, double minutes, int clients) throws Exception {
    List<Asked> asked = alone();
    long begin = System.nanoTime();
    long warm = begin + (long) (warmUp * 60e9);
    long end = warm + (long) (minutes * 60e9);
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      running.add(
          threads.submit(
              () -> {
                while (System.nanoTime() < end) {
                  one(asked.get(ThreadLocalRandom.current().nextInt(asked.size())));
                }
                return null;
              }));
    }
    List<Long> sizes = new ArrayList<>();
    while (System.nanoTime() < end) {
      Thread.sleep(2000);
      if (System.nanoTime() > warm) {
        sizes.add(residentKilobytes());
      }
    }
    for (Future<?> one : running) {
      one.get();
    }
    threads.shutdown();
    double elapsed = (System.nanoTime() - begin) / 1e9;
    return report(sizes, elapsed, minutes);
  }

  private boolean report(List<Long> sizes, double elapsed, double minutes) throws Exception {
    List<Double> sorted = seconds.stream().sorted().toList();
    System.out.println("requests by kind and outcome: " + counts);
    System.out.printf(
        "right answers %d, %.1f a second; p50 %.2f s, p99 %.2f s%n",
        sorted.size(),
        sorted.size() / elapsed,
        sorted.get(sorted.size() / 2),
        sorted.get(sorted.size() * 99 / 100));
    long before = median(sizes.subList(0, sizes.size() / 4));
    long after = median(sizes.subList(sizes.size() * 3 / 4, sizes.size()));
    double growth = (double) (after - before) / before;
    System.out.printf(
        "resident size %d MB after warm-up, %d MB at the end (%+.2f %%), %d MB at most%n",
        before >> 10, after >> 10, 100 * growth, Collections.max(sizes) >> 10);
    String left = "";
    for (int i = 0; i < 100; i++) {
      left = metric("dsvlm_requests_in_flight");
      if (left.equals("0.0") || left.equals("0")) {
        break;
      }
      Thread.sleep(100);
    }
    System.out.println("requests left in flight: " + left);
    faults.stream().limit(10).forEach(fault -> System.out.println("FAULT " + fault));
    System.out.println("faults: " + faults.size());
    return faults.isEmpty() && Math.abs(growth) <= MOST_GROWTH && left.startsWith("0");
  }

  private String metric(String name) throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(address.resolve("/metrics")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .findFirst()
        .orElse(" none")
        .replaceAll(".* ", "");
  }

  private static long median(List<Long> sizes) {
    return sizes.stream().sorted().toList().get(sizes.size() / 2);
  }

  private long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + server.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private void one(Asked asked) {
    int kind = ThreadLocalRandom.current().nextInt(20);
    String name = kind == 0 ? "slow" : kind == 1 ? "broken" : kind == 2 ? "leaving" : "sound";
    try {
      String outcome =
          switch (name) {
            case "slow" -> slow(asked);
            case "broken" -> broken(asked);
            case "leaving" -> leaving(asked);
            default -> sound(asked);
          };
      counts.merge(name + " " + outcome, 1, Integer::sum);
    } catch (IOException | InterruptedException | RuntimeException e) {
      counts.merge(name + " lost", 1, Integer::sum);
      fault(name + ": " + e);
    }
  }

  private String sound(Asked asked) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    HttpResponse<String> response = post(asked.body());
    return compared(asked, response.statusCode(), response.body(), connection(response), begin);
  }

  private String compared(Asked asked, int status, String reply, String connection, long begin)
      throws IOException {
    if (status != 200) {
      fault(status + " " + reply + connection);
      return Integer.toString(status);
    }
    String text = text(reply, asked.stream());
    if (!text.equals(asked.answer())) {
      fault("'" + text + "' in place of '" + asked.answer() + "'" + connection);
      return "different";
    }
    seconds.add((System.nanoTime() - begin) / 1e9);
    return "right";
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(address.getHost(), address.getPort());
    socket.setSoTimeout(300_000);
    return socket;
  }

  private static byte[] request(String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
            + bytes.length + "\r\n\r\n" + body)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** In ten pieces; the reply is read slowly too. */
  private String slow(Asked asked) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    try (Socket socket = connect()) {
      byte[] request = request(asked.body());
      OutputStream out = socket.getOutputStream();
      for (int i = 0; i < 10; i++) {
        int from = request.length * i / 10;
        out.write(request, from, request.length * (i + 1) / 10 - from);
        Thread.sleep(100);
      }
      StringBuilder reply = new StringBuilder();
      byte[] buffer = new byte[256];
      for (int n = socket.getInputStream().read(buffer); n >= 0; n = socket.getInputStream().read(buffer)) {
        reply.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
        Thread.sleep(5);
      }
      String whole = new String(reply.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      int status = Integer.parseInt(whole.substring(9, 12));
      int head = whole.indexOf("\r\n\r\n");
      return compared(asked, status, whole.substring(head + 4), " on a connection of its own", begin);
    }
  }

  private String broken(Asked asked) throws IOException {
    try (Socket socket = connect()) {
      byte[] request = request(asked.body().substring(0, asked.body().length() - 5));
      request[ThreadLocalRandom.current().nextInt(20)] ^= 1;
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      String reply = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      String status = reply.length() < 12 ? "no reply" : reply.substring(9, 12);
      if (status.startsWith("2") || status.startsWith("5") && !status.equals("505")) {
        fault("a broken request has the reply " + reply);
      }
      return status;
    } catch (java.net.SocketException e) {
      return "reset";
    }
  }

  private String leaving(Asked asked) throws IOException, InterruptedException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request(asked.body()));
      Thread.sleep(ThreadLocalRandom.current().nextInt(1000));
    }
    return "left";
  }

  /** Throughput with one and with eight requests in flight. */
  private boolean ramp() throws Exception {
    List<Asked> asked = alone();
    double first = 0;
    double last = 0;
    for (int clients : new int[] {1, 8, 1, 8}) {
      int before = seconds.size();
      long begin = System.nanoTime();
      long end = begin + 20_000_000_000L;
      ExecutorService threads = Executors.newFixedThreadPool(clients);
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        int offset = i;
        running.add(
            threads.submit(
                () -> {
                  for (int j = offset; System.nanoTime() < end; j += 7) {
                    sound(asked.get(j % asked.size()));
                  }
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
      threads.shutdown();
      double rate = (seconds.size() - before) / ((System.nanoTime() - begin) / 1e9);
      System.out.printf("%d in flight: %.2f answers a second%n", clients, rate);
      if (clients == 1) {
        first = rate;
      } else {
        last = rate;
      }
    }
    System.out.printf("8 in flight against 1: %.2f times%n", last / first);
    return faults.isEmpty();
  }
}
