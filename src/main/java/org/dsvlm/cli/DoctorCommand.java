/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.Threads;
import org.dsvlm.tensor.Torch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what this machine offers, and tries each device. */
@Command(
    name = "doctor",
    description = {
      "Prints versions, devices, the native operators' status, memory and threads, and runs a",
      "convolution, a matrix product, an attention and an all-reduce on each device. Fails if one",
      "of them does."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final double MEBIBYTE = 1 << 20;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Prints all of it as one JSON object.")
  private boolean json;

  private final Map<String, String> rows = new LinkedHashMap<>();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Torch.load();
    row("dsvlm", Versions.own());
    row("Java", System.getProperty("java.vm.name") + " " + Runtime.version());
    row("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    row("LibTorch", Versions.libTorch());
    row("operators", Kernels.status());
    row("devices", Devices.summary());
    List<String> devices = Devices.usable();
    List<DeviceTrial> trials = devices.stream().map(DeviceTrial::on).toList();
    // What a computation has loaded can be named after it.
    row("libraries", LibraryVersions.line(devices.size() > 1));
    trials.forEach(trial -> row(trial.device(), trial.words()));
    row("threads", threads(Threads.wanted(), Threads.ofLibTorch()));
    row(
        "memory",
        String.format(
            Locale.ROOT,
            "%.0f MiB resident, Java heap up to %.0f MiB%s",
            MemoryFigures.residentBytes() / MEBIBYTE,
            Runtime.getRuntime().maxMemory() / MEBIBYTE,
            available()));
    if (json) {
      ObjectNode object = new ObjectMapper().createObjectNode();
      rows.forEach(object::put);
      out.println(object.toPrettyString());
    } else {
      rows.forEach((name, value) -> out.printf(Locale.ROOT, "%-10s %s%n", name, value));
    }
    return trials.stream().allMatch(DeviceTrial::passed) ? 0 : 1;
  }

  /** own: the number that LibTorch would take. */
  static String threads(Threads.Choice choice, int own) {
    return choice.count()
        + ": "
        + choice.reason()
        + (own == choice.count() ? "" : "; LibTorch by itself would take " + own);
  }

  private void row(String name, String value) {
    rows.put(name, value);
  }

  /** The memory that the system could still give, where /proc tells. */
  private static String available() throws IOException {
    Path file = Path.of("/proc/meminfo");
    if (!Files.isReadable(file)) {
      return "";
    }
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .findFirst()
        .map(
            line ->
                "," + line.substring(line.indexOf(':') + 1).replaceAll("\\s+", " ") + " available")
        .orElse("");
  }
}
