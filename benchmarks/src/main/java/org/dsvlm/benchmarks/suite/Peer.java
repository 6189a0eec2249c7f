/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The PyTorch side: one Python process for each operation, which answers requests (see {@code
 * benchmarks/peers/peer.py}), and one more for its probes, which want another allocator.
 */
final class Peer implements Side {
  /** The user's OMP_WAIT_POLICY, as benchmarks/run found it; empty without. */
  private static final String WAIT = System.getProperty("dsvlm.benchmarks.wait", "");

  private final ObjectMapper mapper = new ObjectMapper();
  private final String python;
  private final Path scripts;
  private final Path models;
  private final int threads;
  private final Path log;
  private final Map<String, Script> running = new HashMap<>();
  private final Set<String> versions = new TreeSet<>();

  /**
   * The PyTorch side.
   *
   * @param scripts folder of the operations' Python files
   * @param models folder of the models that our side wrote
   * @param log file for what the scripts print
   */
  Peer(String python, Path scripts, Path models, int threads, Path log) {
    this.python = python;
    this.scripts = scripts;
    this.models = models;
    this.threads = threads;
    this.log = log;
  }

  /** Settings for PyTorch beside the threads. */
  static String settings() {
    return WAIT.isEmpty() ? "its own" : "OMP_WAIT_POLICY=" + WAIT;
  }

  /** Whether {@code python} can be started and has PyTorch; else why not. */
  static String missing(String python) {
    try {
      Process process =
          new ProcessBuilder(python, "-c", "import torch")
              .redirectErrorStream(true)
              .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      List<String> output = process.inputReader().lines().toList();
      return process.waitFor() == 0 ? "" : lastOf(output, "it failed");
    } catch (IOException e) {
      return "it cannot be started";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  private static String lastOf(List<String> lines, String absent) {
    return lines.isEmpty() ? absent : lines.get(lines.size() - 1);
  }

  @Override
  public List<Double> time(Case wanted, Effort effort) {
    ObjectNode request = request("time", wanted);
    request.put("warmups", effort.warmups());
    request.put("iterations", effort.iterations());
    request.put("seconds", effort.seconds());
    List<Double> samples = new ArrayList<>();
    script(wanted.operation(), Map.of())
        .ask(request)
        .path("samples_ms")
        .forEach(sample -> samples.add(sample.asDouble()));
    return samples;
  }

  @Override
  public Probed probe(Case wanted) {
    Script script = script(wanted.operation(), Probe.ENVIRONMENT);
    return Rows.probed(script.ask(request("probe", wanted)));
  }

  private ObjectNode request(String task, Case wanted) {
    return mapper
        .createObjectNode()
        .put("task", task)
        .put("mode", wanted.mode())
        .put("shape", wanted.shape())
        .put("dtype", wanted.dtype())
        .put("threads", threads)
        .put("models", models.toString());
  }

  private Script script(Operation operation, Map<String, String> environment) {
    return running.computeIfAbsent(
        operation.stem() + environment.keySet(), key -> new Script(operation.stem(), environment));
  }

  /** What the scripts run on. */
  Set<String> versions() {
    return versions;
  }

  /** Ends the processes; later requests start new ones. */
  @Override
  public void rest() {
    running.values().forEach(Script::end);
    running.clear();
  }

  @Override
  public void close() {
    rest();
  }

  /** One Python process. */
  private final class Script {
    private final String stem;
    private final Process process;
    private final BufferedWriter requests;
    private final BufferedReader answers;
    private String failure;

    Script(String stem, Map<String, String> environment) {
      this.stem = stem;
      ProcessBuilder builder = new ProcessBuilder(python, scripts.resolve(stem + ".py").toString());
      Facts.OUR_SETTINGS.forEach(builder.environment()::remove);
      if (!WAIT.isEmpty()) {
        builder.environment().put("OMP_WAIT_POLICY", WAIT);
      }
      builder.environment().put("OMP_NUM_THREADS", String.valueOf(threads));
      builder.environment().put("MKL_NUM_THREADS", String.valueOf(threads));
      builder.environment().putAll(environment);
      builder.redirectError(Redirect.appendTo(log.toFile()));
      try {
        process = builder.start();
      } catch (IOException e) {
        throw new MeasurementException(python + " cannot be started: " + e.getMessage(), e);
      }
      requests = process.outputWriter();
      answers = process.inputReader();
      try {
        versions.addAll(List.of(answer().path("ready").asText().split(", ")));
      } catch (MeasurementException e) {
        failure = e.getMessage();
      }
    }

    JsonNode ask(ObjectNode request) {
      if (failure != null) {
        throw new MeasurementException(failure);
      }
      try {
        requests.write(request + "\n");
        requests.flush();
      } catch (IOException e) {
        throw new MeasurementException(stem + ".py ended, see " + log, e);
      }
      return answer();
    }

    private JsonNode answer() {
      try {
        String line = answers.readLine();
        if (line == null) {
          throw new MeasurementException(stem + ".py did not start, see the end of " + log);
        }
        JsonNode answer = mapper.readTree(line);
        if (answer.has("error")) {
          throw new MeasurementException(answer.path("error").asText());
        }
        return answer;
      } catch (IOException e) {
        throw new MeasurementException(stem + ".py answers no JSON, see " + log, e);
      }
    }

    void end() {
      try {
        requests.close();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroy();
        }
      } catch (IOException e) {
        process.destroy();
      } catch (InterruptedException e) {
        process.destroy();
        Thread.currentThread().interrupt();
      }
    }
  }
}
