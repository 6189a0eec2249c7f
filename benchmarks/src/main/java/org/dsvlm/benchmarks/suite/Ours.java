/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Our side: JMH, one forked JVM a turn. */
final class Ours implements Side {
  private static final long NANOS = 1_000_000_000;

  private final List<String> jvmArguments;
  private final Path log;
  private final PrintStream output;
  private String kernels = "";

  /**
   * Our side.
   *
   * @param models folder for the models that both sides read
   * @param log file for what JMH and the probes have to say
   */
  Ours(Path models, Path log) {
    this.log = log;
    this.jvmArguments =
        List.of(
            "-Xmx1g",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-Dlogback.configurationFile=org/dsvlm/cli/logback.xml",
            "-Ddsvlm.benchmarks.models=" + models);
    try {
      Files.writeString(log, "");
      // The probes append to it too.
      output =
          new PrintStream(new FileOutputStream(log.toFile(), true), true, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UsageException(log + ": cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public List<Double> time(Case wanted, Effort effort) {
    String method = wanted.operation().benchmark().getName() + "." + wanted.mode();
    TimeValue length = TimeValue.nanoseconds((long) (effort.seconds() * NANOS));
    Options options =
        new OptionsBuilder()
            .include("^" + method.replace(".", "\\.") + "$")
            .param("shape", wanted.shape())
            .param("dtype", wanted.dtype())
            .forks(1)
            .warmupIterations(effort.warmups())
            .warmupTime(length)
            .measurementIterations(effort.iterations())
            .measurementTime(length)
            .jvmArgs(jvmArguments.toArray(String[]::new))
            .shouldFailOnError(true)
            .build();
    try {
      List<Double> samples = new ArrayList<>();
      for (RunResult result : runner(options).run()) {
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
          for (IterationResult iteration : fork.getIterationResults()) {
            samples.add(iteration.getPrimaryResult().getScore());
          }
        }
      }
      if (samples.isEmpty()) {
        throw new MeasurementException("JMH ran nothing, see " + log);
      }
      return samples;
    } catch (RunnerException e) {
      throw new MeasurementException("JMH failed, see " + log, e);
    }
  }

  private Runner runner(Options options) {
    return new Runner(
        options, OutputFormatFactory.createFormatInstance(output, VerboseMode.NORMAL));
  }

  @Override
  public Probed probe(Case wanted) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmArguments);
    command.addAll(Probe.JVM_ARGUMENTS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
    command.addAll(List.of(wanted.operation().benchmark().getName(), wanted.mode()));
    command.addAll(List.of(wanted.shape(), wanted.dtype()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(Probe.ENVIRONMENT);
    builder.redirectError(Redirect.appendTo(log.toFile()));
    try {
      Process process = builder.start();
      String row = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new MeasurementException(
            "the probe ended with " + process.exitValue() + ", see " + log);
      }
      return probed(row);
    } catch (IOException e) {
      throw new MeasurementException("the probe cannot be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MeasurementException("interrupted", e);
    }
  }

  private Probed probed(String row) throws JsonProcessingException {
    JsonNode json = new ObjectMapper().readTree(row);
    kernels = json.path("kernels").asText();
    return Rows.probed(json);
  }

  /** How the operators ran, as the latest probe said; empty before. */
  String kernels() {
    return kernels;
  }

  @Override
  public void close() {
    output.close();
  }
}
