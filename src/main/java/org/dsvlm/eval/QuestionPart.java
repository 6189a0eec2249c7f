/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

/** A piece of a question: text or a picture. */
public sealed interface QuestionPart {
  /** Words, as the benchmark puts them. */
  record Text(String text) implements QuestionPart {}

  /** A picture. */
  record Image(EncodedPicture picture) implements QuestionPart {}
}
