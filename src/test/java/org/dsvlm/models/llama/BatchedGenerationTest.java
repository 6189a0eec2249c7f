/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An answer does not hang on what is answered with it. */
class BatchedGenerationTest {
  private static final int PROMPTS = 16;
  private static final int TOKENS = 24;
  private static final int THREADS = 2;

  /** More than processors, perhaps: slow in a long answer, where every operation waits for all. */
  private static final int ODD_THREADS = 3;

  private final PointerScope scope = new PointerScope();
  private final NoGradGuard guard = new NoGradGuard();
  private int threads;

  @BeforeEach
  void begin() {
    threads = torch.get_num_threads();
    torch.set_num_threads(THREADS);
  }

  @AfterEach
  void free() {
    torch.set_num_threads(threads);
    guard.close();
    scope.close();
  }

  /** Odd sizes: rows that no vector register divides, and that begin at any address. */
  private static LlamaConfig config(int width, int inner, double range) {
    return new LlamaConfig(
        new Qwen2Family(),
        331,
        width,
        inner,
        3,
        6,
        3,
        10,
        64,
        1e-5,
        100,
        new RopeScaling.None(),
        true,
        false,
        false,
        false,
        range);
  }

  private static List<Generation.Prompt> prompts(CausalLm languageModel, int equalFrom) {
    Random random = new Random(5);
    List<Generation.Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      int length = i >= equalFrom ? 9 : 1 + random.nextInt(30);
      long[] ids = random.longs(length, 0, 331).toArray();
      Tensor embedded = languageModel.model().embed(Torch.of(ids, 1, length)).squeeze(0);
      prompts.add(new Generation.Prompt(embedded, ids, i, TOKENS - i % 5));
    }
    return prompts;
  }

  /** Answers by what draws them, {@code together} prompts at a time. */
  private static Map<Long, List<Long>> answers(
      CausalLm languageModel,
      GenerationSettings settings,
      List<Generation.Prompt> prompts,
      int together,
      int rows) {
    Map<Long, List<Long>> all = new HashMap<>();
    for (int i = 0; i < prompts.size(); i += together) {
      List<Generation.Prompt> batch = prompts.subList(i, Math.min(prompts.size(), i + together));
      List<long[]> made =
          new Generation(languageModel, settings, TokenListener.NONE, rows).run(batch);
      for (int j = 0; j < batch.size(); j++) {
        all.put(batch.get(j).draws(), Arrays.stream(made.get(j)).boxed().toList());
      }
    }
    return all;
  }

  private static void assertAlike(
      CausalLm languageModel, List<Generation.Prompt> prompts, int rows) {
    Set<Long> stops = Set.of(7L, 30L, 99L, 200L);
    List<Generation.Prompt> turned = new ArrayList<>(prompts);
    Collections.shuffle(turned, new Random(2));
    for (GenerationSettings settings :
        List.of(
            GenerationSettings.greedy(TOKENS, stops),
            GenerationSettings.greedy(TOKENS, stops).withRepetitionPenalty(1.2),
            GenerationSettings.greedy(TOKENS, stops).withSampling(1, 0, 1, 3))) {
      Map<Long, List<Long>> alone = answers(languageModel, settings, prompts, 1, rows);
      for (int together : new int[] {4, PROMPTS}) {
        assertThat(answers(languageModel, settings, prompts, together, rows)).isEqualTo(alone);
        assertThat(answers(languageModel, settings, turned, together, rows)).isEqualTo(alone);
      }
      assertThat(alone.values().stream().distinct().count()).isGreaterThan(PROMPTS / 2);
    }
  }

  /** Flat, where the last bit decides on a token, and peaked. */
  @ParameterizedTest
  @CsvSource({
    "Float,37,51,0.01",
    "Float,37,51,0.6",
    "Float,600,900,0.003",
    "Float,2500,64,0.02",
    "BFloat16,37,51,0.05",
    "BFloat16,192,512,0.02",
    "Double,45,20,0.2"
  })
  void inNativeCode(ScalarType dtype, int width, int inner, double range) {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    try (ParameterStore store = ParameterStore.random(new RandomState(4), dtype, "cpu")) {
      CausalLm languageModel = new CausalLm(store.root(), config(width, inner, range));
      assertThat(NextTokens.inNativeCode(languageModel)).isTrue();
      assertAlike(languageModel, prompts(languageModel, PROMPTS), 1);
    }
  }

  /** As on a GPU: an adapter, which the native decoder does not take. */
  @ParameterizedTest
  @CsvSource({"37,51,0.01,1", "37,51,0.01,4", "400,450,0.003,16", "192,512,0.3,16"})
  void layerByLayerWithSoManyRowsAStep(int width, int inner, double range, int rows) {
    try (ParameterStore store =
        ParameterStore.random(new RandomState(4), ScalarType.Float, "cpu")) {
      CausalLm languageModel = new CausalLm(store.root(), config(width, inner, range));
      LoraConfig config = LoraConfig.of(2, 4, 0, false, ".*(q_proj|down_proj)");
      try (Lora adapter = Lora.start(store, config, path -> path, new RandomState(3))) {
        adapter.parameters().values().forEach(matrix -> matrix.fill_(Torch.scalar(0.01)));
        assertThat(NextTokens.inNativeCode(languageModel)).isFalse();
        assertAlike(languageModel, prompts(languageModel, PROMPTS / 2), rows);
      }
    }
  }

  /** Of every record, alone and among others: what the answers rest on. */
  @Test
  void logitsOfARecordAreTheSameBits() {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    torch.set_num_threads(ODD_THREADS);
    for (ScalarType dtype : List.of(ScalarType.Float, ScalarType.BFloat16, ScalarType.Double)) {
      for (int width : new int[] {5, 37, 192, 515, 2100}) {
        try (ParameterStore store = ParameterStore.random(new RandomState(4), dtype, "cpu")) {
          CausalLm languageModel = new CausalLm(store.root(), config(width, 67, 0.1));
          long[] newest = new Random(3).longs(PROMPTS, 0, 331).toArray();
          double[][] alone = new double[PROMPTS][];
          for (int row = 0; row < PROMPTS; row++) {
            alone[row] = logits(languageModel, newest[row])[0];
          }
          for (int count = 2; count <= PROMPTS; count++) {
            double[][] together = logits(languageModel, Arrays.copyOf(newest, count));
            for (int row = 0; row < count; row++) {
              assertThat(together[row]).as("%s %d %d", dtype, width, count).isEqualTo(alone[row]);
            }
          }
        }
      }
    }
  }

  /** After two tokens of each record. */
  private static double[][] logits(CausalLm languageModel, long... newest) {
    try (PointerScope inner = new PointerScope();
        KvCache cache =
            new KvCache(
                languageModel.config(), newest.length, 3, languageModel.model().embeddingTable());
        NextTokens next = new NextTokens(languageModel, cache)) {
      next.logits(newest, new long[newest.length]);
      Tensor logits = next.logits(newest, new long[newest.length]);
      double[][] rows = new double[newest.length][];
      Arrays.setAll(rows, row -> Torch.doubles(logits.select(0, row)));
      return rows;
    }
  }
}
