/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import org.bytedeco.javacpp.Pointer;

/** Counts JavaCPP's native objects for tests that nothing is left behind. */
public final class NativeObjects {
  private static final int QUIET_POLLS = 3;

  private NativeObjects() {}

  /**
   * Objects alive once the garbage of earlier tests is collected: otherwise a collection in the
   * midst of a test lowers the count under it.
   */
  public static long settledCount() {
    long count = Pointer.totalCount();
    for (int quiet = 0; quiet < QUIET_POLLS; ) {
      System.gc();
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
      long now = Pointer.totalCount();
      quiet = now == count ? quiet + 1 : 0;
      count = now;
    }
    return count;
  }
}
