/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.time.Duration;
import org.dsvlm.serve.ServeLimits;
import picocli.CommandLine.Option;

/** The limits that a server sets its clients. */
final class ServeLimitOptions {
  @Option(
      names = "--max-body",
      paramLabel = "SIZE",
      defaultValue = "32MiB",
      converter = ByteSize.class,
      description = "Largest request, such as 32MiB. Default: ${DEFAULT-VALUE}.")
  private long bodyBytes;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      defaultValue = "40000000",
      description = "Pixels of a picture. Default: ${DEFAULT-VALUE}.")
  private long pixels;

  @Option(
      names = "--max-pictures",
      paramLabel = "N",
      defaultValue = "16",
      description = "Pictures of a request. Default: ${DEFAULT-VALUE}.")
  private int pictures;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Tokens of an answer. Default: ${DEFAULT-VALUE}.")
  private int tokens;

  @Option(
      names = "--queue",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Answers that are made or waited for at a time; further requests get 429."
              + " Default: ${DEFAULT-VALUE}.")
  private int queue;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      defaultValue = "1024",
      description =
          "Connections that are open at a time; further ones wait. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--max-headers",
      paramLabel = "SIZE",
      defaultValue = "16KiB",
      converter = ByteSize.class,
      description = "Longest headers of a request. Default: ${DEFAULT-VALUE}.")
  private long headerBytes;

  @Option(
      names = "--answer-time",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "Longest time of an answer, waiting included. Default: ${DEFAULT-VALUE}.")
  private int answerTime;

  @Option(
      names = "--body-time",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "Longest time in which a request may come in. Default: ${DEFAULT-VALUE}.")
  private int bodyTime;

  @Option(
      names = "--reply-time",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "Longest time that a client may take to read what is left of its reply once the answer is"
              + " made; then the connection is closed. Default: ${DEFAULT-VALUE}.")
  private int replyTime;

  @Option(
      names = "--idle-time",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "Longest time without a byte from or to a client whose turn it is; also the longest for"
              + " the headers. Default: ${DEFAULT-VALUE}.")
  private int idleTime;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "Time that running answers have to end when the server is stopped."
              + " Default: ${DEFAULT-VALUE}.")
  private int grace;

  /**
   * The limits.
   *
   * @throws org.dsvlm.io.DsVlmException for one that makes no sense
   */
  ServeLimits limits() {
    return new ServeLimits(
        bodyBytes,
        pixels,
        pictures,
        tokens,
        queue,
        connections,
        (int) Math.min(headerBytes, Integer.MAX_VALUE),
        Duration.ofSeconds(answerTime),
        Duration.ofSeconds(bodyTime),
        Duration.ofSeconds(replyTime),
        Duration.ofSeconds(idleTime),
        Duration.ofSeconds(grace));
  }
}
