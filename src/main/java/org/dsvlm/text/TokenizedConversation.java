/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

/**
 * A conversation as a model is trained on it.
 *
 * @param ids tokens; a picture is one {@link ConversationTemplate#IMAGE_MARKER}
 * @param labels for each of them the id where it is trained, else {@link #IGNORED}
 */
public record TokenizedConversation(long[] ids, long[] labels) {
  /** Label of a token that no loss is taken on. */
  public static final long IGNORED = -100;
}
