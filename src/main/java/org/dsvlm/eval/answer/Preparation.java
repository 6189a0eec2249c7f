/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.dsvlm.eval.EncodedPicture;
import org.dsvlm.eval.Question;
import org.dsvlm.eval.Questions;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.PreparedPrompt;
import org.dsvlm.text.Turn;
import org.jspecify.annotations.Nullable;

/** Makes prompts ready in the background, in order, some ahead of those that are answered. */
final class Preparation implements Iterator<Preparation.Ready>, AutoCloseable {
  /**
   * A question made ready.
   *
   * @param prompt null where it cannot be asked
   * @param error why not; null where it can
   */
  record Ready(String index, @Nullable PreparedPrompt prompt, @Nullable String error) {
    /** The prompt of a question that can be asked. */
    PreparedPrompt asked() {
      return Objects.requireNonNull(prompt);
    }
  }

  private final LlavaChat chat;
  private final Questions questions;
  private final AskedText asked;
  private final Iterator<Integer> positions;
  private final int ahead;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "prompts");
            made.setDaemon(true);
            return made;
          });
  private final Queue<Future<Ready>> coming = new ArrayDeque<>();

  /** ahead: how many are made before they are asked for. */
  Preparation(
      LlavaChat chat, Questions questions, AskedText asked, List<Integer> positions, int ahead) {
    this.chat = chat;
    this.questions = questions;
    this.asked = asked;
    this.positions = positions.iterator();
    this.ahead = ahead;
    fill();
  }

  private void fill() {
    while (coming.size() < ahead && positions.hasNext()) {
      int position = positions.next();
      coming.add(thread.submit(() -> ready(position)));
    }
  }

  private Ready ready(int position) {
    String index = questions.index(position);
    try {
      Question question = questions.get(position);
      List<Picture> pictures = question.pictures().stream().map(EncodedPicture::picture).toList();
      List<Turn> turns = List.of(Turn.human(asked.of(question)));
      return new Ready(index, chat.prepare(pictures, turns, position), null);
    } catch (DsVlmException e) {
      return new Ready(index, null, e.getMessage());
    }
  }

  @Override
  public boolean hasNext() {
    return !coming.isEmpty();
  }

  @Override
  public Ready next() {
    try {
      Ready ready = coming.remove().get();
      fill();
      return ready;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while questions were made ready", e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    for (Future<Ready> one : coming) {
      if (one.isDone() && !one.isCancelled()) {
        close(one);
      }
    }
  }

  private static void close(Future<Ready> done) {
    try {
      PreparedPrompt prompt = done.get().prompt();
      if (prompt != null) {
        prompt.close();
      }
    } catch (ExecutionException e) {
      // It failed and holds nothing.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
