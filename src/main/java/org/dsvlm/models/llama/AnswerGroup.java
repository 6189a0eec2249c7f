/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.OpenState;
import org.dsvlm.kernels.LlamaDecode;
import org.dsvlm.tensor.SideBySide;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Answers that are made together, a token of each at a time, by one thread. An answer is the same
 * bit for bit whatever is answered with it: prompts are read one by one, and then
 *
 * <ul>
 *   <li>in native code each record is computed by itself, so that prompts of any lengths go
 *       together, one may join the others between two tokens, and one that has ended leaves them;
 *   <li>elsewhere a matrix product may round differently with another number of rows, so each step
 *       has the same number of rows, filled up, prompts of equal length go together, and none joins
 *       before all have ended.
 * </ul>
 *
 * <p>All rows of the cache end at the same place, where the next tokens go.
 */
public final class AnswerGroup implements AutoCloseable {
  /** New tokens that memory is taken for at first; few answers are as long as they may be. */
  static final long ROOM = 128;

  private final CausalLm languageModel;
  private final int fixedRows;
  private final List<Answer> answers = new ArrayList<>();
  private final OpenState open = new OpenState("the group of answers");

  /** Both are there as long as answers are. */
  private @Nullable KvCache cache;

  private @Nullable NextTokens next;

  /**
   * A group without answers.
   *
   * @param rows of each step where the native decoder does not serve; with another number an answer
   *     may be another
   */
  public AnswerGroup(CausalLm languageModel, int rows) {
    this.languageModel = languageModel;
    fixedRows = NextTokens.inNativeCode(languageModel) ? 0 : rows;
  }

  /** The most answers that are made together. */
  public int lanes() {
    return fixedRows == 0 ? LlamaDecode.MOST_RECORDS : fixedRows;
  }

  /** How many answers can join now. */
  public int room() {
    if (fixedRows > 0) {
      return answers.isEmpty() ? fixedRows : 0;
    }
    return lanes() - (int) answers.stream().filter(answer -> !answer.ended()).count();
  }

  /** Whether no answer is being made. */
  public boolean isEmpty() {
    return answers.isEmpty();
  }

  /** Tokens that each row of the cache has memory for. */
  long capacity() {
    return cache == null ? 0 : cache.capacity();
  }

  /**
   * Reads prompts and makes the first token of each answer. If that goes wrong, they are not in the
   * group, which goes on without them.
   *
   * @param newcomers as many as there is {@link #room} for, at least one; their prompts of equal
   *     length where the native decoder does not serve
   * @param embeddings of their prompts, [tokens, hidden] each
   * @throws org.dsvlm.io.DsVlmException if a prompt and its answer can outgrow the model's context
   */
  public void join(List<Answer> newcomers, List<Tensor> embeddings) {
    open.require();
    newcomers.forEach(answer -> answer.requireRoom(languageModel.config().maxPositions()));
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      letGo();
      KvCache prepared = makeRoom(newcomers, embeddings.get(0));
      List<Tensor> logits = prefills(prepared, embeddings);
      prepared.use(Math.max(answers.size() + newcomers.size(), fixedRows));
      for (Answer answer : newcomers) {
        answer.startAt(prepared.length() - answer.promptTokens());
      }
      answers.addAll(newcomers);
      refresh(prepared);
      for (int i = 0; i < newcomers.size(); i++) {
        Tensor own = logits.get(i);
        newcomers.get(i).choose(() -> own, -1);
      }
    } catch (RuntimeException | Error e) {
      answers.removeAll(newcomers);
      if (cache != null && !answers.isEmpty()) {
        // The others may lie elsewhere by now.
        cache.use(answers.size());
        refresh(cache);
      }
      throw e;
    } finally {
      clearIfEnded();
    }
  }

  /** Makes the next token of each answer. */
  public void step() {
    open.require();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      letGo();
      KvCache held = cache;
      if (held != null && next != null) {
        if (held.length() == held.capacity()) {
          makeRoomForAToken(held);
          next.refresh();
        }
        long[] starts = new long[Math.max(answers.size(), fixedRows)];
        long[] newest = new long[starts.length];
        for (int row = 0; row < answers.size(); row++) {
          // A row that is filled up has no tokens that anyone reads.
          starts[row] = answers.get(row).start();
          newest[row] = answers.get(row).newest();
        }
        choose(next.logits(newest, starts));
      }
    } finally {
      clearIfEnded();
    }
  }

  /** Goes on with each answer that has not ended; logits: [rows, vocabulary]. */
  private void choose(Tensor logits) {
    boolean any = answers.stream().anyMatch(Answer::takesLikeliest);
    long[] greatest = any ? Torch.longs(TokenSampler.likeliest(logits)) : new long[0];
    for (int row = 0; row < answers.size(); row++) {
      Answer answer = answers.get(row);
      if (!answer.ended()) {
        int own = row;
        answer.choose(() -> logits.select(0, own), any ? greatest[row] : -1);
      }
    }
  }

  /** Reads prompts into the rows behind those in use, alone, on the CPU side by side. */
  private List<Tensor> prefills(KvCache into, List<Tensor> embeddings) {
    return languageModel.device().is_cpu()
        ? SideBySide.map(
            embeddings.size(),
            i -> embeddings.get(i).size(0) * languageModel.config().multiplications(),
            i -> prefill(into, i, embeddings.get(i)))
        : IntStream.range(0, embeddings.size())
            .mapToObj(i -> prefill(into, i, embeddings.get(i)))
            .toList();
  }

  /** Reads a prompt; the logits of the token after it, [vocabulary]. */
  private Tensor prefill(KvCache into, int number, Tensor embeddings) {
    return Torch.tidy(
        () -> {
          long begin = into.length() - embeddings.size(0);
          try (KvCache own = into.row(answers.size() + (long) number, begin)) {
            Tensor state = languageModel.model().lastState(embeddings.unsqueeze(0), own);
            return languageModel.logits(state).select(0, 0);
          }
        });
  }

  /** The cache, with room for {@code newcomers} to end where the others do. */
  private KvCache makeRoom(List<Answer> newcomers, Tensor like) {
    long longest = newcomers.stream().mapToInt(Answer::promptTokens).max().orElse(0);
    long rows = Math.max(answers.size() + newcomers.size(), fixedRows);
    long most = Math.max(most(answers), most(newcomers));
    if (cache == null) {
      cache = new KvCache(languageModel.config(), rows, Math.min(most, longest + ROOM), like);
      cache.advance(longest);
      return cache;
    }
    long begin = begin();
    long held = cache.length() - begin;
    if (rows > cache.allRows() || Math.max(longest, cache.length()) >= cache.capacity()) {
      long to = Math.max(0, longest - held);
      long tokens = Math.max(cache.capacity(), Math.min(most, to + held + ROOM));
      cache.resize(rows > cache.allRows() ? moreRows(rows) : cache.allRows(), tokens, begin, to);
      moved(to - begin);
    } else if (longest > cache.length()) {
      long by = longest - cache.length();
      cache.move(begin, begin + by);
      moved(by);
    }
    return cache;
  }

  private long moreRows(long rows) {
    return Math.min(lanes(), Math.max(rows, 2 * answers.size()));
  }

  /**
   * Moves the tokens to the front where that frees a good part of the memory, or all that the
   * answers can need; takes more memory elsewhere.
   */
  private void makeRoomForAToken(KvCache held) {
    long begin = begin();
    // Where others start behind the longest answer, moving them must free more than a token or two.
    long enough = most(answers) + (answers.size() > 1 ? ROOM : 0);
    long tokens = Math.min(enough, 2 * held.capacity());
    if (tokens <= held.capacity() || 4 * begin >= held.capacity()) {
      held.move(begin, 0);
    } else {
      held.resize(held.allRows(), tokens, begin, 0);
    }
    moved(-begin);
  }

  private void moved(long by) {
    answers.forEach(answer -> answer.startAt(answer.start() + by));
  }

  /** The first place in the cache that an answer needs. */
  private long begin() {
    return answers.stream().mapToLong(Answer::start).min().orElse(0);
  }

  private static long most(List<Answer> answers) {
    return answers.stream().mapToLong(Answer::mostTokens).max().orElse(0);
  }

  /** Takes the answers that have ended out of the group, where rows need not be as many. */
  private void letGo() {
    clearIfEnded();
    if (fixedRows > 0 || cache == null || answers.stream().noneMatch(Answer::ended)) {
      return;
    }
    for (int row = answers.size() - 1; row >= 0; row--) {
      if (answers.get(row).ended()) {
        cache.drop(row);
        Answer last = answers.remove(answers.size() - 1);
        if (row < answers.size()) {
          answers.set(row, last);
        }
      }
    }
    refresh(cache);
  }

  private void refresh(KvCache held) {
    if (next == null) {
      next = new NextTokens(languageModel, held);
    } else {
      next.refresh();
    }
  }

  private void clearIfEnded() {
    if (answers.stream().allMatch(Answer::ended)) {
      clear();
    }
  }

  /** Lets go of all answers as they are. */
  public void clear() {
    answers.clear();
    if (next != null) {
      next.close();
      next = null;
    }
    if (cache != null) {
      cache.close();
      cache = null;
    }
  }

  @Override
  public void close() {
    if (open.close()) {
      clear();
    }
  }
}
