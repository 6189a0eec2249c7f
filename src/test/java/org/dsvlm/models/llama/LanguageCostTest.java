/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a plan counts of a language model and its loss is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class LanguageCostTest {
  private static final int RECORDS = 2;
  private static final int TOKENS = 7;
  private static final int ANSWERS = 3;
  private static final int VOCABULARY = 50;
  private static final int RANK = 5;
  private static final long IGNORED = -100;

  private static final String SIZES =
      """
      "vocab_size": 50, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
      "num_attention_heads": 4, "max_position_embeddings": 32,""";

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 4, frozen, true, false",
    "llama, 4, trained, true, false",
    "llama, 2, frozen, true, true",
    "llama, 2, trained, false, true",
    "llama, 2, frozen, false, false",
    "qwen2, 2, frozen, true, false",
    "qwen2, 2, trained, true, true",
    "qwen2, 4, trained, false, false",
    "llama, 2, lora, true, false",
    "llama, 4, lora, false, false",
    "qwen2, 2, lora, true, true",
  })
  void theTapeHoldsWhatRuns(
      String type, int keyHeads, String training, boolean differentiated, boolean again)
      throws JsonProcessingException {
    LlamaConfig config = config(type, keyHeads);
    RandomState random = new RandomState(3);
    boolean trained = training.equals("trained");
    boolean adapted = training.equals("lora");
    try (ParameterStore store = ParameterStore.random(random, ScalarType.Float, "cpu")) {
      CausalLm model = new CausalLm(store.root(), config);
      store.setTrainable(name -> trained);
      model.model().setCheckpointing(again);
      LoraConfig lora = LoraConfig.of(RANK, 8, 0, false, "all-linear");
      Predicate<String> targets = path -> adapted && path.contains("_proj");
      try (Lora adapter =
          adapted ? Lora.start(store, lora, UnaryOperator.identity(), random) : null) {
        if (adapted) {
          adapter.setTraining(true);
        }
        Tape tape = new Tape(4);
        LanguagePass pass =
            new LanguagePass(
                RECORDS, TOKENS, RECORDS * ANSWERS, trained, targets, RANK, differentiated, again);
        config.family().cost(tape, config, pass);
        Tensor embedded = random.fork("embedded").normal(RECORDS, TOKENS, config.hiddenSize());
        embedded.set_requires_grad(differentiated || trained);
        ObservedWork.assertThatTapeHolds(
            tape, () -> model.loss(model.model().forward(embedded, null), labels()));
      }
    }
  }

  private static LlamaConfig config(String type, int keyHeads) throws JsonProcessingException {
    String json =
        "{\"model_type\": \"" + type + "\"," + SIZES + "\"num_key_value_heads\": " + keyHeads + "}";
    return LlamaConfig.parse(new ObjectMapper().readTree(json), "test");
  }

  /** The last tokens of each record count. */
  private static Tensor labels() {
    long[] labels = new long[RECORDS * TOKENS];
    Arrays.fill(labels, IGNORED);
    for (int record = 0; record < RECORDS; record++) {
      for (int i = 0; i < ANSWERS; i++) {
        labels[(record + 1) * TOKENS - 1 - i] = (7L * record + i) % VOCABULARY;
      }
    }
    return Torch.of(labels, RECORDS, TOKENS);
  }
}
