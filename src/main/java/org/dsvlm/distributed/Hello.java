/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;

/**
 * The first text of a process to rank 0.
 *
 * @param size how many processes the sender takes the run to have
 * @param token what rank 0 has told the run's own processes alone
 * @param who the sender, for messages
 */
record Hello(int rank, int size, String token, String who) {
  private static final int WORDS = 4;
  private static final String STRANGER = "that is no process of ours";

  /** That of this process. */
  static Hello own(int rank, int size, String token) {
    return new Hello(rank, size, token, self());
  }

  /** What messages call this process. */
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
   * What {@link #text} gave.
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
