/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that others join while they are made. */
class AnswerGroupTest {
  private static final int VOCABULARY = 331;
  private static final int REQUESTS = 60;

  /** Its context is long enough for prompts that are longer than those under way. */
  private static final LlamaConfig CONFIG =
      new LlamaConfig(
          new Qwen2Family(),
          VOCABULARY,
          37,
          51,
          2,
          6,
          3,
          10,
          400,
          1e-5,
          100,
          new RopeScaling.None(),
          true,
          false,
          false,
          false,
          0.3);

  private final PointerScope scope = new PointerScope();

  @AfterEach
  void free() {
    scope.close();
  }

  /** What is asked, and what is answered alone. */
  private record Request(long[] ids, Tensor embeddings, long draws, GenerationSettings settings) {
    static Request draw(CausalLm model, Random random, int longest, int mostNew) {
      long[] ids = random.longs(1 + random.nextInt(longest), 0, VOCABULARY).toArray();
      Tensor embeddings = model.model().embed(Torch.of(ids, 1, ids.length)).squeeze(0);
      GenerationSettings settings =
          GenerationSettings.greedy(
              1 + random.nextInt(mostNew), Set.of((long) random.nextInt(7), 7L));
      if (random.nextBoolean()) {
        settings =
            settings.withSampling(
                0.3 + random.nextDouble(), random.nextInt(40), 0.9, random.nextInt());
      }
      if (random.nextBoolean()) {
        settings = settings.withRepetitionPenalty(1.2);
      }
      return new Request(ids, embeddings, random.nextInt(5), settings);
    }

    Answer answer() {
      return new Answer(ids, draws, settings.maxNewTokens(), settings, 2, id -> {});
    }
  }

  private static String told(Answer answer) {
    return Arrays.toString(answer.made()) + answer.likelihoods();
  }

  private static String alone(CausalLm model, Request request) {
    try (AnswerGroup group = new AnswerGroup(model, 1)) {
      Answer answer = request.answer();
      group.join(List.of(answer), List.of(request.embeddings()));
      while (!group.isEmpty()) {
        group.step();
      }
      return told(answer);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Float", "BFloat16", "Double"})
  void anAnswerIsTheSameWhicheverOthersJoinIt(ScalarType dtype) {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    try (ParameterStore store = ParameterStore.random(new RandomState(4), dtype, "cpu")) {
      CausalLm model = new CausalLm(store.root(), CONFIG);
      Random random = new Random(3);
      List<Request> requests =
          IntStream.range(0, REQUESTS)
              .mapToObj(i -> Request.draw(model, random, i % 9 == 0 ? 250 : 30, 90))
              .toList();
      List<String> alone = requests.stream().map(request -> alone(model, request)).toList();
      assertThat(alone.stream().distinct()).hasSizeGreaterThan(REQUESTS / 2);
      for (int order = 0; order < 3; order++) {
        List<Integer> waiting = new ArrayList<>(IntStream.range(0, REQUESTS).boxed().toList());
        Collections.shuffle(waiting, random);
        Answer[] answers = new Answer[REQUESTS];
        int most = 0;
        try (AnswerGroup group = new AnswerGroup(model, 1)) {
          while (!waiting.isEmpty() || !group.isEmpty()) {
            int count = Math.min(random.nextInt(4), Math.min(group.room(), waiting.size()));
            List<Integer> newcomers = List.copyOf(waiting.subList(0, count));
            waiting.subList(0, count).clear();
            if (count > 0) {
              newcomers.forEach(i -> answers[i] = requests.get(i).answer());
              group.join(
                  newcomers.stream().map(i -> answers[i]).toList(),
                  newcomers.stream().map(i -> requests.get(i).embeddings()).toList());
            }
            most = Math.max(most, group.lanes() - group.room());
            group.step();
          }
        }
        assertThat(most).isGreaterThan(4);
        for (int i = 0; i < REQUESTS; i++) {
          assertThat(told(answers[i]))
              .as("%s, order %d, request %d", dtype, order, i)
              .isEqualTo(alone.get(i));
        }
      }
    }
  }

  /** A server's group is never empty: what is in front of all answers has to make place. */
  @Test
  void memoryStaysFlatHoweverLongOthersJoin() {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    try (ParameterStore store =
        ParameterStore.random(new RandomState(4), ScalarType.Float, "cpu")) {
      CausalLm model = new CausalLm(store.root(), CONFIG);
      Random random = new Random(9);
      int longest = 40;
      int mostNew = 100;
      long bound = longest + mostNew + AnswerGroup.ROOM;
      int sinceEmpty = 0;
      int longestRun = 0;
      try (AnswerGroup group = new AnswerGroup(model, 1)) {
        for (int step = 0; step < 1500; step++) {
          int running = group.lanes() - group.room();
          if (running < 4 || (running < 8 && random.nextInt(8) == 0)) {
            Request request = Request.draw(model, random, longest, mostNew);
            group.join(List.of(request.answer()), List.of(request.embeddings()));
          }
          group.step();
          sinceEmpty = group.isEmpty() ? 0 : sinceEmpty + 1;
          longestRun = Math.max(longestRun, sinceEmpty);
          assertThat(group.capacity()).isLessThanOrEqualTo(bound);
        }
      }
      // Each step takes a place in every row, so that many would be needed without making place.
      assertThat((long) longestRun).isGreaterThan(3 * bound);
    }
  }

  @Test
  void whoeverFailsOrIsEndedLeavesTheOthersAsTheyAre() {
    Assumptions.assumeTrue(Kernels.nativeLoaded(), Kernels::status);
    try (ParameterStore store =
        ParameterStore.random(new RandomState(4), ScalarType.Float, "cpu")) {
      CausalLm model = new CausalLm(store.root(), CONFIG);
      Request request = Request.draw(model, new Random(1), 20, 60);
      GenerationSettings settings = GenerationSettings.greedy(30, Set.of());
      Answer failing =
          new Answer(
              request.ids(),
              0,
              30,
              settings,
              Answer.NO_LIKELIHOODS,
              id -> {
                throw new IllegalStateException("no more");
              });
      Answer ended = new Answer(request.ids(), 0, 30, settings, Answer.NO_LIKELIHOODS, id -> {});
      Answer sound = request.answer();
      try (AnswerGroup group = new AnswerGroup(model, 1)) {
        Tensor embeddings = request.embeddings();
        group.join(List.of(failing, ended, sound), List.of(embeddings, embeddings, embeddings));
        assertThat(failing.ended()).isTrue();
        assertThat(failing.failure()).hasMessage("no more");
        group.step();
        ended.end();
        while (!group.isEmpty()) {
          group.step();
        }
      }
      assertThat(ended.tokens()).isEqualTo(2);
      assertThat(told(sound)).isEqualTo(alone(model, request));
    }
  }

  @Test
  @Closes(AnswerGroup.class)
  void aClosedGroupSaysSo() {
    try (ParameterStore store = TinyModels.store()) {
      CausalLm model = new CausalLm(store.root(), TinyModels.CONFIG);
      AnswerGroup group = new AnswerGroup(model, 1);
      Closed.saysSo(group, group::step);
    }
  }
}
