/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.time.Duration;
import org.dsvlm.io.DsVlmException;

/**
 * The limits that a server sets its clients.
 *
 * @param bodyBytes of one request's body
 * @param pixels of one picture
 * @param pictures of one request
 * @param tokens of one answer
 * @param queue answers that are made or waited for at a time
 * @param connections that are open at a time
 * @param headerBytes of one request's line and headers
 * @param answerTime from a whole request to its whole answer
 * @param bodyTime from a request's headers to the end of its body
 * @param replyTime from a whole answer to its last byte on its way to the client
 * @param idleTime without a byte of a client that is to send or to read something
 * @param grace that running answers have when the server closes
 */
public record ServeLimits(
    long bodyBytes,
    long pixels,
    int pictures,
    int tokens,
    int queue,
    int connections,
    int headerBytes,
    Duration answerTime,
    Duration bodyTime,
    Duration replyTime,
    Duration idleTime,
    Duration grace) {
  /** The least that the first line and the headers of common clients take. */
  private static final int LEAST_HEADERS = 1024;

  public ServeLimits {
    positive("--max-body", bodyBytes);
    positive("--max-pixels", pixels);
    atLeast("--max-pictures", pictures, 0);
    positive("--max-tokens", tokens);
    positive("--queue", queue);
    positive("--max-connections", connections);
    atLeast("--max-headers", headerBytes, LEAST_HEADERS);
    positive("--answer-time", answerTime.toMillis());
    positive("--body-time", bodyTime.toMillis());
    positive("--reply-time", replyTime.toMillis());
    positive("--idle-time", idleTime.toMillis());
    atLeast("--grace", grace.toMillis(), 0);
    if (bodyBytes > MemoryBudget.largestBody()) {
      throw new DsVlmException(
          "--max-body is "
              + bodyBytes
              + " bytes, but the JVM's memory has room for bodies of at most "
              + MemoryBudget.largestBody()
              + "; lower it, or give the JVM more (-Xmx, DSVLM_HEAP)");
    }
  }

  private static void positive(String option, long value) {
    atLeast(option, value, 1);
  }

  private static void atLeast(String option, long value, long least) {
    if (value < least) {
      throw new DsVlmException(option + " is " + value + "; it has to be at least " + least);
    }
  }
}
