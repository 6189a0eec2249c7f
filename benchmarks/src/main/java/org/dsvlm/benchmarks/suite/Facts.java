/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The facts on a page about machine and versions. */
final class Facts {
  /** Variables that tools/environment sets for our side; PyTorch's users do not. */
  static final List<String> OUR_SETTINGS =
      List.of(
          "OMP_WAIT_POLICY",
          "GOMP_SPINCOUNT",
          "OPENBLAS_NUM_THREADS",
          "OPENBLAS_CORETYPE",
          "MALLOC_ARENA_MAX",
          "MALLOC_MMAP_THRESHOLD_",
          "MALLOC_TRIM_THRESHOLD_",
          "GLIBC_TUNABLES");

  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Pattern LIBTORCH = Pattern.compile("pytorch-(\\d[\\w.-]*?)\\.jar");

  private Facts() {}

  /**
   * The facts that are known before anything runs.
   *
   * @param root of the source tree
   * @param command as the user typed it
   */
  static Map<String, String> before(Path root, String command, int threads) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("date", today());
    facts.put("commit", commit(root));
    facts.put("command", "`" + command + "`");
    facts.put(
        "machine",
        first(CPU, "model name")
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " processors, "
            + gibibytes(first(MEMORY, "MemTotal")));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("threads of each side", String.valueOf(threads));
    facts.put("our settings", settings());
    facts.put("PyTorch's settings", Peer.settings());
    return facts;
  }

  static String today() {
    return LocalDate.now(ZoneOffset.UTC).toString();
  }

  /** Versions on our side; {@code kernels} as the probes said. */
  static String ours(String kernels) {
    Matcher libtorch = LIBTORCH.matcher(System.getProperty("java.class.path"));
    return "Java "
        + System.getProperty("java.version")
        + ", LibTorch "
        + (libtorch.find() ? libtorch.group(1) : "of unknown version")
        + (kernels.isEmpty() ? "" : ", " + kernels.replaceFirst(" \\(.*", ""));
  }

  private static String settings() {
    StringBuilder settings = new StringBuilder();
    for (String name : OUR_SETTINGS) {
      String value = System.getenv(name);
      if (value != null) {
        settings.append(settings.length() == 0 ? "" : ", ").append(name).append('=').append(value);
      }
    }
    return settings.toString();
  }

  /** The commit, and whether the files are still those of the commit. */
  private static String commit(Path root) {
    String hash = git(root, "rev-parse", "--short=12", "HEAD");
    if (hash.isEmpty()) {
      return "unknown";
    }
    return git(root, "status", "--porcelain", "--untracked-files=no").isEmpty()
        ? hash
        : hash + ", with changes";
  }

  private static String git(Path root, String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of("git", "-C", root.toString()));
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? text : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** The value of the first line {@code key : value}. */
  private static String first(Path file, String key) {
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8).stream()
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static String gibibytes(String kibibytes) {
    return kibibytes.matches("\\d+ kB")
        ? String.format(
            Locale.ROOT, "%.0f GiB", Long.parseLong(kibibytes.replace(" kB", "")) / 1024.0 / 1024.0)
        : kibibytes + " memory";
  }
}
