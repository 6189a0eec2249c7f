/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import org.dsvlm.io.DsVlmException;

/** The thread that waited for an answer was interrupted; its answer is stopped. */
public final class InterruptedAnswerException extends DsVlmException {
  private static final long serialVersionUID = 1L;

  InterruptedAnswerException() {
    super("the thread that waited for the answer was interrupted, so that the answer is stopped");
  }
}
