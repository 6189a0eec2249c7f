/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

/** Hears of an answer's text as soon as whole characters of it are known. */
@FunctionalInterface
public interface TextListener {
  /**
   * More text of an answer.
   *
   * @param record number of the prompt in the batch
   * @param text what comes next: whole characters, never empty
   */
  void onText(int record, String text);
}
