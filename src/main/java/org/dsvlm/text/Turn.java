/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import org.dsvlm.io.Arguments;

/**
 * One message of a conversation.
 *
 * @param fromHuman whether the human speaks rather than the assistant
 * @param text what is said, {@code <image>} standing for a picture
 */
public record Turn(boolean fromHuman, String text) {
  /**
   * @throws org.dsvlm.io.DsVlmException if the text is null
   */
  public Turn {
    Arguments.given(text, "text");
  }

  public static Turn human(String text) {
    return new Turn(true, text);
  }

  public static Turn assistant(String text) {
    return new Turn(false, text);
  }
}
