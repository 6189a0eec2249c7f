/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.HeldWeights;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The native decoder against the model that it stands for, {@link LlamaModel#forward}. */
class NextTokensTest {
  /** Models that are tried; more with {@code -Ddsvlm.shapes=N}. */
  private static final int MODELS = Integer.getInteger("dsvlm.shapes", 60);

  private static final int STEPS = 3;
  private static final int MANY_THREADS = 3;

  private final PointerScope scope = new PointerScope();
  private final NoGradGuard guard = new NoGradGuard();
  private int threads;

  @BeforeEach
  void poisonMemory() {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    threads = torch.get_num_threads();
    torch.globalContext().setDeterministicAlgorithms(true, true);
    torch.globalContext().setDeterministicFillUninitializedMemory(true);
  }

  @AfterEach
  void restore() {
    torch.globalContext().setDeterministicAlgorithms(false, false);
    torch.set_num_threads(threads);
    guard.close();
    scope.close();
  }

  /** Some prompts, their tokens drawn, in front of which is what makes them equally long. */
  private record Prompts(long[][] ids, int longest) {
    static Prompts draw(Random random, int batch, int vocabulary) {
      long[][] ids = new long[batch][];
      for (int i = 0; i < batch; i++) {
        ids[i] = random.longs(1 + random.nextInt(9), 0, vocabulary).toArray();
      }
      return new Prompts(ids, Arrays.stream(ids).mapToInt(row -> row.length).max().orElse(0));
    }

    long[] padding() {
      return Arrays.stream(ids).mapToLong(row -> longest - row.length).toArray();
    }

    /** With room for {@code steps} more tokens; null if nothing is padded. */
    Tensor mask(int steps) {
      if (Arrays.stream(padding()).allMatch(tokens -> tokens == 0)) {
        return null;
      }
      long width = longest + steps;
      Tensor mask = torch.ones(new long[] {ids.length, width}, Torch.options(ScalarType.Long));
      for (int i = 0; i < ids.length; i++) {
        mask.select(0, i).narrow(0, 0, padding()[i]).fill_(new Scalar(0L));
      }
      return mask;
    }

    Tensor padded() {
      long[] flat =
          IntStream.range(0, ids.length)
              .mapToObj(
                  i ->
                      LongStream.concat(
                          LongStream.generate(() -> 0).limit(padding()[i]), Arrays.stream(ids[i])))
              .flatMapToLong(row -> row)
              .toArray();
      return Torch.of(flat, ids.length, longest);
    }
  }

  @Test
  @BadInput(
      number = 78,
      value = "random models and prompts, of every type",
      then = "accepted; the fused decoder equals the model run layer by layer")
  void equalsTheModelLayerByLayer() {
    for (int seed = 0; seed < MODELS; seed++) {
      Random random = new Random(1000 + seed);
      ScalarType dtype =
          List.of(ScalarType.Float, ScalarType.Double, ScalarType.BFloat16).get(seed % 3);
      torch.set_num_threads(random.nextBoolean() ? 1 : MANY_THREADS);
      LlamaConfig config = draw(random);
      try (PointerScope inner = new PointerScope();
          ParameterStore store = ParameterStore.random(new RandomState(seed), dtype, "cpu")) {
        CausalLm drawn = new CausalLm(store.root(), config);
        compare(drawn, store, random, dtype, "seed %d, %s, %s".formatted(seed, dtype, config));
      }
    }
  }

  private static LlamaConfig draw(Random random) {
    int keyHeads = 1 + random.nextInt(3);
    int headDim = 2 * (1 + random.nextInt(random.nextInt(4) == 0 ? 64 : 16));
    boolean large = random.nextInt(10) == 0;
    return new LlamaConfig(
        new Qwen2Family(),
        1 + random.nextInt(90),
        1 + random.nextInt(large ? 2500 : 70),
        1 + random.nextInt(large ? 400 : 90),
        1 + random.nextInt(3),
        keyHeads * (1 + random.nextInt(3)),
        keyHeads,
        headDim,
        32,
        1e-5,
        100,
        new RopeScaling.None(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        0.2);
  }

  private static void compare(
      CausalLm drawn, ParameterStore store, Random random, ScalarType dtype, String description) {
    // Biases start at 0, where a forgotten one would not show.
    store
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.endsWith("bias")) {
                tensor.copy_(new RandomState(random.nextLong()).normal(Torch.shape(tensor)));
              }
            });
    Prompts prompts = Prompts.draw(random, 1 + random.nextInt(6), drawn.config().vocabularySize());
    // The model of bfloat16 would round each step, which the native decoder does not.
    ScalarType wide = dtype == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
    try (ParameterStore wideStore =
        ParameterStore.from(new HeldWeights(store.tensors()), wide, "cpu")) {
      CausalLm reference = new CausalLm(wideStore.root(), drawn.config());
      Tensor mask = prompts.mask(STEPS);
      try (KvCache cache = prefilled(drawn, prompts, mask);
          KvCache other = prefilled(reference, prompts, mask);
          NextTokens next = new NextTokens(drawn, cache)) {
        assertThat(next.inNativeCode()).isTrue();
        for (int step = 0; step < STEPS; step++) {
          long[] newest =
              random.longs(prompts.ids().length, 0, drawn.config().vocabularySize()).toArray();
          Tensor logits = next.logits(newest, prompts.padding());
          assertThat(logits.scalar_type().intern()).isEqualTo(wide);
          assertThat(cache.length()).isEqualTo(prompts.longest() + step + 1);
          assertClose(logits, forward(reference, other, newest, mask), dtype, description);
        }
      }
    }
  }

  private static KvCache prefilled(CausalLm languageModel, Prompts prompts, Tensor mask) {
    Tensor embedded = languageModel.model().embed(prompts.padded());
    KvCache cache =
        new KvCache(
            languageModel.config(), prompts.ids().length, prompts.longest() + STEPS, embedded);
    Tensor seen = mask == null ? null : mask.narrow(1, 0, prompts.longest());
    languageModel.model().forward(embedded, seen, cache);
    return cache;
  }

  private static Tensor forward(CausalLm model, KvCache cache, long[] newest, Tensor mask) {
    Tensor embedded = model.model().embed(Torch.of(newest, newest.length, 1));
    Tensor seen = mask == null ? null : mask.narrow(1, 0, cache.length() + 1);
    return model.logits(model.model().forward(embedded, seen, cache)).select(1, 0);
  }

  private static void assertClose(
      Tensor actual, Tensor expected, ScalarType dtype, String description) {
    double tolerance = dtype == ScalarType.Double ? 1e-12 : dtype == ScalarType.Float ? 1e-4 : 4e-2;
    double scale = Math.max(1e-3, expected.abs().max().item_double());
    double difference = actual.sub(expected).abs().max().item_double();
    assertThat(difference / scale).as(description).isLessThan(tolerance);
  }

  @Test
  void anAdapterTakesTheModelsWayUntilItIsMerged() {
    try (ParameterStore store = TinyModels.store()) {
      CausalLm languageModel = new CausalLm(store.root(), TinyModels.CONFIG);
      LoraConfig config = LoraConfig.of(2, 4, 0, false, ".*(q_proj|down_proj)");
      try (Lora adapter = Lora.start(store, config, path -> path, new RandomState(3))) {
        adapter.parameters().values().forEach(matrix -> matrix.fill_(Torch.scalar(0.3)));
        double[] adapted = after(languageModel, false);
        adapter.merge();
        assertThat(after(languageModel, true))
            .usingComparatorWithPrecision(1e-9)
            .containsExactly(adapted);
        adapter.unmerge();
        adapter.setTraining(false);
        assertThat(after(languageModel, true)).isNotEqualTo(adapted);
      }
    }
  }

  /** Logits after a prompt and one more token. */
  private static double[] after(CausalLm languageModel, boolean inNativeCode) {
    Prompts prompts = new Prompts(new long[][] {{3, 4, 5}}, 3);
    try (KvCache cache = prefilled(languageModel, prompts, null);
        NextTokens next = new NextTokens(languageModel, cache)) {
      assertThat(next.inNativeCode()).isEqualTo(inNativeCode);
      return Torch.doubles(next.logits(new long[] {7}, new long[] {0}));
    }
  }
}
