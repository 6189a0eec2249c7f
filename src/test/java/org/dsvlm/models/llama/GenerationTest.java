/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GenerationTest {
  private final PointerScope scope = new PointerScope();
  private final ParameterStore store = TinyModels.store();
  private final CausalLm languageModel = new CausalLm(store.root(), TinyModels.CONFIG);

  @AfterEach
  void free() {
    store.close();
    scope.close();
  }

  private Generation.Prompt prompt(long... ids) {
    Tensor embedded = languageModel.model().embed(Torch.of(ids, 1, ids.length)).squeeze(0);
    return new Generation.Prompt(embedded, ids, ids[0], 0);
  }

  private List<long[]> run(GenerationSettings settings, Generation.Prompt... prompts) {
    return new Generation(languageModel, settings, TokenListener.NONE)
        .run(limited(settings, prompts));
  }

  private static List<Generation.Prompt> limited(
      GenerationSettings settings, Generation.Prompt... prompts) {
    return Arrays.stream(prompts)
        .map(
            prompt ->
                new Generation.Prompt(
                    prompt.embeddings(), prompt.ids(), prompt.draws(), settings.maxNewTokens()))
        .toList();
  }

  /** The likeliest token each time, the whole sequence computed anew. */
  private long[] withoutCache(int count, long... prompt) {
    long[] ids = prompt;
    for (int i = 0; i < count; i++) {
      Tensor embedded = languageModel.model().embed(Torch.of(ids, 1, ids.length));
      Tensor logits = languageModel.logits(languageModel.model().forward(embedded, null));
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = logits.select(1, ids.length - 2).argmax().item_long();
    }
    return Arrays.copyOfRange(ids, prompt.length, ids.length);
  }

  @Test
  void greedyTokensEqualThoseWithoutACache() {
    GenerationSettings greedy = GenerationSettings.greedy(10, Set.of());
    List<long[]> answers = run(greedy, prompt(3, 4, 5), prompt(8), prompt(1, 2, 3, 4, 5, 6));
    assertThat(answers.get(0)).containsExactly(withoutCache(10, 3, 4, 5));
    assertThat(answers.get(1)).containsExactly(withoutCache(10, 8));
    assertThat(answers.get(2)).containsExactly(withoutCache(10, 1, 2, 3, 4, 5, 6));
  }

  /** Answers that end at different times do not disturb one another. */
  @Test
  void aBatchGivesEachPromptWhatItGetsAlone() {
    Generation.Prompt[] prompts = {prompt(3, 4, 5), prompt(8), prompt(1, 2, 3, 4, 5, 6), prompt(7)};
    long[] first = run(GenerationSettings.greedy(12, Set.of()), prompts[0]).get(0);
    for (GenerationSettings settings :
        List.of(
            GenerationSettings.greedy(12, Set.of(first[3])),
            GenerationSettings.greedy(12, Set.of(first[1], first[5])).withRepetitionPenalty(1.3))) {
      List<long[]> together = run(settings, prompts);
      for (int i = 0; i < prompts.length; i++) {
        assertThat(together.get(i)).as("answer %d", i).containsExactly(alone(settings, prompts[i]));
      }
      assertThat(together.stream().map(answer -> answer.length).distinct()).hasSizeGreaterThan(1);
    }
  }

  private long[] alone(GenerationSettings settings, Generation.Prompt prompt) {
    return run(settings, prompt).get(0);
  }

  @Test
  void stopsAtAStopTokenAndTellsOfEachToken() {
    long[] free = run(GenerationSettings.greedy(10, Set.of()), prompt(3, 4, 5)).get(0);
    long stop = free[4];
    int end = 0;
    while (free[end] != stop) {
      end++;
    }
    List<Long> heard = new ArrayList<>();
    List<long[]> answers =
        new Generation(
                languageModel,
                GenerationSettings.greedy(10, Set.of(stop)),
                (record, id) -> heard.add(id))
            .run(
                List.of(
                    new Generation.Prompt(
                        prompt(3, 4, 5).embeddings(), new long[] {3, 4, 5}, 0, 10)));
    assertThat(answers.get(0)).containsExactly(Arrays.copyOf(free, end));
    assertThat(heard).hasSize(end + 1).endsWith(stop);
  }

  @Test
  void drawsDependOnTheSeedAlone() {
    GenerationSettings settings =
        GenerationSettings.greedy(20, Set.of()).withSampling(1.0, 0, 1.0, 1);
    long[] first = run(settings, prompt(3, 4, 5)).get(0);
    assertThat(run(settings, prompt(3, 4, 5)).get(0)).containsExactly(first);
    assertThat(run(settings.withSampling(1.0, 0, 1.0, 2), prompt(3, 4, 5)).get(0))
        .isNotEqualTo(first);
    assertThat(run(settings.withSampling(1.0, 1, 1.0, 2), prompt(3, 4, 5)).get(0))
        .containsExactly(withoutCache(20, 3, 4, 5));
  }

  /** A token's memory is freed before the next, and no token takes more than an earlier one. */
  @Test
  void memoryOfATokenDoesNotGrow() {
    for (int together : new int[] {1, 3, 20}) { // the last more than the native decoder takes
      Generation.Prompt[] prompts = new Generation.Prompt[together];
      Arrays.setAll(prompts, i -> prompt(3, 4, 5 + i % 2));
      List<Long> pointers = new ArrayList<>();
      List<Long> bytes = new ArrayList<>();
      TokenListener listener =
          (record, id) -> {
            if (record == 0) {
              pointers.add(Pointer.totalCount());
              bytes.add(allocatedBytes());
            }
          };
      for (int warmUp = 0; warmUp < 3; warmUp++) {
        pointers.clear();
        bytes.clear();
        GenerationSettings settings = GenerationSettings.greedy(28, Set.of());
        new Generation(languageModel, settings, listener).run(limited(settings, prompts));
      }
      // It counts the whole process: a collection may free what earlier tests left, at any token.
      List<Long> settled = pointers.subList(1, pointers.size());
      assertThat(settled).isSortedAccordingTo(Comparator.reverseOrder());
      long early = bytes.get(6) - bytes.get(2);
      long late = bytes.get(27) - bytes.get(23);
      assertThat(late).isLessThanOrEqualTo(early + 4 * Long.BYTES * 20);
    }
  }

  /** Of the heap, by this thread so far. */
  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void contextOverflowIsAnError() {
    GenerationSettings greedy = GenerationSettings.greedy(30, Set.of());
    assertThatThrownBy(() -> run(greedy, prompt(3, 4, 5)))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "a prompt of 3 tokens and 30 new ones exceed the model's context of 32 tokens;"
                + " shorten the prompt or ask for at most 29 new tokens");
    assertThat(run(GenerationSettings.greedy(29, Set.of()), prompt(3, 4, 5)).get(0)).hasSize(29);
  }

  @Test
  void anEmptyPromptIsAnError() {
    Generation.Prompt empty =
        new Generation.Prompt(
            Torch.of(new double[0], 0, TinyModels.CONFIG.hiddenSize()), new long[0], 0, 3);
    assertThatThrownBy(() -> run(GenerationSettings.greedy(3, Set.of()), empty))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("a prompt without tokens cannot be answered");
  }
}
