/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;

/**
 * The first message of a process to rank 0.
 *
 * @param size the world size that the sender assumes
 * @param token a secret that rank 0 gave to the run's own processes only
 * @param who the sender, for messages
 */
record Hello(int rank, int size, String token, String who) {
  private static final int WORDS = 4;
  private static final String STRANGER = "that is no process of ours";

  /** That of this process. */
  static Hello own(int rank, int size, String token) {
    return new Hello(rank, size, token, self());
  }

  /** This process's name in messages. */
  static String self() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      host = "an unnamed machine";
    }
    return "process " + ProcessHandle.current().pid() + " on " + host;
  }

  String text() {
    return rank + " " + size + " " + token + " " + who;
  }

  /**
   * Reads the result of {@link #text}.
   *
   * @throws IOException if it is none of ours
   */
  static Hello parse(String text) throws IOException {
    String[] words = text.split(" ", WORDS);
    if (words.length < WORDS) {
      throw new IOException(STRANGER);
    }
    try {
      return new Hello(Integer.parseInt(words[0]), Integer.parseInt(words[1]), words[2], words[3]);
    } catch (NumberFormatException e) {
      throw new IOException(STRANGER, e);
    }
  }
}
