/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.tensor.DTypes;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Greedy generation of one answer: 64 tokens after a prompt of 32. The time is that of one token,
 * the prompt's share included.
 */
public class GenerationBenchmark extends SuiteBenchmark {
  /** Tokens of an answer. */
  static final int TOKENS = 64;

  private static final int PROMPT = 32;
  private static final int CHECKED = 16;

  /** Name of the model. */
  @Param({"nano", "34m"})
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  /** Weights that a token reads at least: each projection of each layer, and the head. */
  public static long weightsOfAToken(String shape) {
    LlamaConfig config = BenchmarkModels.language(shape);
    long width = config.hiddenSize();
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.keyValueHeads() * config.headDim();
    long layer = width * (2 * queries + 2 * keys + 3L * config.intermediateSize());
    return config.layers() * layer + width * config.vocabularySize();
  }

  private LoadedLlava checkpoint;
  private long[] prompt;

  @Setup
  public void open() {
    checkpoint = LoadedLlava.open(BenchmarkModels.llava(shape), DTypes.parse(dtype), "cpu");
    prompt = LongStream.range(0, PROMPT).map(i -> 100 + 7 * i).toArray();
  }

  @TearDown
  public void close() {
    checkpoint.close();
  }

  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void generate(Blackhole hole) {
    hole.consume(answer());
  }

  private long[] answer() {
    GenerationSettings settings = GenerationSettings.greedy(TOKENS, Set.of());
    return checkpoint
        .model()
        .generate(List.of(prompt), null, settings, (answer, token) -> {})
        .get(0);
  }

  /** The answer's first tokens; in bfloat16 rounding may choose another word. */
  @Override
  public double[] check(String mode) {
    return dtype.equals("float32")
        ? Arrays.stream(answer()).limit(CHECKED).asDoubleStream().toArray()
        : new double[0];
  }
}
