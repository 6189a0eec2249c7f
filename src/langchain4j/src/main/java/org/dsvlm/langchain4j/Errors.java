/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import java.util.function.Supplier;
import org.dsvlm.chat.InterruptedAnswerException;
import org.dsvlm.io.DsVlmException;

/** The library's errors as LangChain4j's. */
final class Errors {
  private Errors() {}

  /** Runs {@code body} and translates what it throws. */
  static <T> T translated(Supplier<T> body) {
    try {
      return body.get();
    } catch (DsVlmException e) {
      throw translated(e);
    }
  }

  static RuntimeException translated(DsVlmException e) {
    return e instanceof InterruptedAnswerException
        ? new LangChain4jException(e.getMessage(), e)
        : new InvalidRequestException(e.getMessage(), e);
  }
}
