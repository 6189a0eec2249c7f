/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.judge.HttpJudge;
import org.dsvlm.eval.judge.Judge;
import org.dsvlm.eval.judge.JudgeInstructions;
import org.dsvlm.eval.judge.JudgeSettings;
import org.dsvlm.eval.judge.RecordedReplies;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The judge, which reads the replies that exact matching cannot. */
final class JudgeOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--judge",
      paramLabel = "URL",
      description =
          "An OpenAI-compatible service, such as https://HOST/v1. Without it, and without"
              + " --judge-replies, exact matching alone reads the replies.")
  private @Nullable URI address;

  @Option(names = "--judge-model", paramLabel = "NAME", description = "The judge's name there.")
  private @Nullable String model;

  @Option(
      names = "--judge-key-variable",
      paramLabel = "NAME",
      defaultValue = "OPENAI_API_KEY",
      description =
          "Variable of the environment that holds the key, if one is needed. Default:"
              + " ${DEFAULT-VALUE}.")
  private String keyVariable;

  @Option(
      names = "--judge-timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "For one reply. Default: ${DEFAULT-VALUE}.")
  private long timeout;

  @Option(
      names = "--judge-requests",
      paramLabel = "N",
      defaultValue = "8",
      description = "Requests under way at once. Default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--judge-replies",
      paramLabel = "FILE",
      description =
          "Takes the judge's replies from a file: a judge-replies.jsonl of an earlier run, or one"
              + " JSON object of replies by row. For several benchmarks, a folder that eval --out"
              + " wrote, or one of files like LLaVABench.json.")
  private @Nullable Path replies;

  @Option(
      names = "--judge-instructions",
      paramLabel = "FILE",
      description =
          "YAML file of what the judge is told, in place of ours; see docs/evaluation.md.")
  private @Nullable Path instructions;

  /** Refuses options that do not go together. */
  void check() {
    if (address != null && replies != null) {
      throw new ParameterException(spec.commandLine(), "--judge and --judge-replies: one of them");
    }
    if (address != null && model == null) {
      throw new ParameterException(spec.commandLine(), "--judge needs --judge-model");
    }
    if (timeout < 1 || requests < 1) {
      throw new ParameterException(
          spec.commandLine(), "--judge-timeout and --judge-requests must be at least 1");
    }
  }

  /** Whether that benchmark's file gets a judge. */
  boolean isPresent(String dataset) {
    return address != null || repliesTo(dataset).isPresent();
  }

  /**
   * Refuses one file of replies for several benchmarks: replies are kept by row, and rows of two
   * benchmarks may have the same index.
   */
  void checkSeveral() {
    if (replies != null && !Files.isDirectory(replies)) {
      throw new ParameterException(
          spec.commandLine(),
          "--judge-replies must be a folder where several benchmarks are scored");
    }
  }

  /**
   * The judge; whoever asks closes it.
   *
   * @param dataset the leaderboard's name of the benchmark's file
   * @param log where a service's replies are kept
   */
  Judging judging(String dataset, Path log) {
    JudgeInstructions told =
        instructions == null ? JudgeInstructions.ours() : JudgeInstructions.read(instructions);
    return new Judging(judge(dataset, log), told);
  }

  private Optional<Path> repliesTo(String dataset) {
    if (replies == null || !Files.isDirectory(replies)) {
      return Optional.ofNullable(replies);
    }
    return Stream.of(dataset + "/judge-replies.jsonl", dataset + ".jsonl", dataset + ".json")
        .map(replies::resolve)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private @Nullable Judge judge(String dataset, Path log) {
    if (replies != null) {
      return repliesTo(dataset).map(RecordedReplies::read).orElse(null);
    }
    if (address == null) {
      return null;
    }
    JudgeSettings settings =
        JudgeSettings.of(address, Objects.requireNonNull(model), System.getenv(keyVariable))
            .withTimeout(Duration.ofSeconds(timeout))
            .withConcurrency(requests);
    return new HttpJudge(settings, log);
  }
}
