/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The JVM's memory that requests may hold together: bodies while they are read, then the pixels of
 * their pictures until they are answered.
 */
final class MemoryBudget {
  /** The body itself, its text as it grows and when it is whole, and a picture's file. */
  static final int OF_BODY = 5;

  private final AtomicLong left = new AtomicLong(total());

  /** Half of the heap; the rest is for pictures that are being decoded, and all else. */
  private static long total() {
    return Runtime.getRuntime().maxMemory() / 2;
  }

  /** The largest body for which there is room. */
  static long largestBody() {
    return total() / OF_BODY;
  }

  private boolean take(long bytes) {
    if (left.addAndGet(-bytes) < 0) {
      left.addAndGet(bytes);
      return false;
    }
    return true;
  }

  /** What one request holds; used by one thread at a time. */
  final class Share {
    private long bytes;

    /** Makes the share {@code wanted} bytes in all; false if there is no room for that. */
    synchronized boolean hold(long wanted) {
      if (wanted > bytes && !take(wanted - bytes)) {
        return false;
      }
      if (wanted < bytes) {
        left.addAndGet(bytes - wanted);
      }
      bytes = wanted;
      return true;
    }
  }

  Share share() {
    return new Share();
  }
}
