/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

/** Hears how the answering goes on. */
public interface AnswerListener {
  /** Nothing is told to anyone. */
  AnswerListener NONE =
      new AnswerListener() {
        @Override
        public void started(int questions, int open) {}

        @Override
        public void answered(int count) {}
      };

  /**
   * It begins.
   *
   * @param questions of the file
   * @param open of them that have no reply yet and fall to this process
   */
  void started(int questions, int open);

  /** So many more have a reply. */
  void answered(int count);
}
