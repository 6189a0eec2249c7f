/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import org.dsvlm.models.llama.GenerationSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The length of an answer and the choice of its tokens. */
final class SamplingOptions {
  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description =
          "Longest answer. Default: for eval 2048, as the leaderboard has it; for chat what"
              + " generation_config.json says, else 128.")
  private @Nullable Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "Above 0, draws each token at random; 0 takes the likeliest. Default: 0.")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Draws among the K likeliest tokens; 0 for all. Default: 0.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Draws among the likeliest tokens that together reach P. Default: 1.")
  private double topP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description =
          "Above 1, makes tokens that are already there less likely. Default: for eval 1;"
              + " for chat what generation_config.json says, else 1.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the draws. Default: 0.")
  private long seed;

  /**
   * Checks the options before a model is read.
   *
   * @throws ParameterException for an option that makes no sense
   */
  void check(CommandLine command) {
    if (maxNewTokens != null && maxNewTokens < 1) {
      throw new ParameterException(
          command, "--max-new-tokens has to be above 0, not " + maxNewTokens);
    }
  }

  /** {@code own} settings of a model with those that are given here. */
  GenerationSettings settings(GenerationSettings own) {
    GenerationSettings settings = own.withSampling(temperature, topK, topP, seed);
    if (maxNewTokens != null) {
      settings = settings.withMaxNewTokens(maxNewTokens);
    }
    return repetitionPenalty == null ? settings : settings.withRepetitionPenalty(repetitionPenalty);
  }
}
