/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

/** Why an answer ended. */
public enum FinishReason {
  /** The model was done, or one of the request's stop strings came. */
  STOP,
  /** The request allowed no more tokens. */
  LENGTH,
  /** The request was cancelled. */
  CANCELLED,
  /** The request's time was over. */
  DEADLINE
}
