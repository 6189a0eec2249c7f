/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

/** Hears of an answer while it is made. */
@FunctionalInterface
public interface ChatListener {
  /** Hears nothing. */
  ChatListener NONE = piece -> {};

  /**
   * More of the answer. It is called on the model's own thread, on which all answers are made, so
   * it must not block: hand the piece to another thread. An exception that it throws fails this
   * answer alone.
   *
   * @param piece what comes next: whole characters, never empty; all pieces together are {@link
   *     ChatAnswer#text}
   */
  void onText(String piece);
}
