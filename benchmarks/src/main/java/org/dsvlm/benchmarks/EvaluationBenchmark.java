/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.PreparedPrompt;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Answers to a batch of questions of unlike lengths, a picture each: 32 tokens, greedy. Pictures
 * are decoded and texts tokenized already. The time is that of one question.
 */
public class EvaluationBenchmark extends SuiteBenchmark {
  /** Questions of the batch. */
  static final int QUESTIONS = 16;

  private static final int TOKENS = 32;
  private static final int SHORTEST = 20;
  private static final int LEVELS = 251;

  /** Name of the model. */
  @Param({"nano", "34m"})
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private LlavaChat chat;
  private List<PreparedPrompt> prompts;

  @Setup
  public void open() {
    chat = LlavaChat.open(BenchmarkModels.llava(shape), BenchmarkModels.options(dtype));
    prompts = new ArrayList<>();
    for (int question = 0; question < QUESTIONS; question++) {
      prompts.add(prompt(question, BenchmarkModels.config(shape)));
    }
  }

  /** Some words, the picture, more words. */
  private static PreparedPrompt prompt(int question, LlavaConfig config) {
    int words = SHORTEST + 3 * (question % 7);
    List<Long> ids = new ArrayList<>();
    IntStream.range(0, words).forEach(i -> ids.add(100L + (7L * i + 13L * question) % 300));
    for (int i = 0; i < config.imageTokens(); i++) {
      ids.add(5, config.imageToken());
    }
    try (PointerScope scope = new PointerScope()) {
      int side = config.vision().imageSize();
      double[] levels = new double[3 * side * side];
      for (int i = 0; i < levels.length; i++) {
        levels[i] = (i * 37L + question * 11L) % LEVELS / (double) LEVELS - 0.5;
      }
      Tensor pixels = Torch.keep(Torch.of(levels, 1, 3, side, side).to(DTypes.parse("float32")));
      long[] all = ids.stream().mapToLong(Long::longValue).toArray();
      return new PreparedPrompt(all, pixels, question, config.text().maxPositions() - all.length);
    }
  }

  @TearDown
  public void close() {
    prompts.forEach(PreparedPrompt::close);
    chat.close();
  }

  @Benchmark
  @OperationsPerInvocation(QUESTIONS)
  public void answer(Blackhole hole) {
    hole.consume(answers());
  }

  private List<String> answers() {
    return chat.answers(prompts, GenerationSettings.greedy(TOKENS, Set.of()));
  }

  /** How long each answer's text is; in bfloat16 rounding may choose another word. */
  @Override
  public double[] check(String mode) {
    return dtype.equals("float32")
        ? answers().stream().mapToDouble(String::length).toArray()
        : new double[0];
  }
}
