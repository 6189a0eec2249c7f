/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

/** Someone who answers questions: a model. */
public interface Answerer extends AutoCloseable {
  /** Answers every question whose index {@code answers} does not hold yet. */
  void answer(Questions questions, Answers answers);

  @Override
  void close();
}
