/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.Optional;

/**
 * Replies by the index of their row. What scores reads from it; who answers writes to it, and asks
 * first what a run before it has left.
 */
public interface Answers {
  /** The reply to the row {@code index}, if there is one; it may be empty. */
  Optional<String> get(String index);

  /** Keeps a reply, stripped of nothing. Several threads may write at once. */
  void put(String index, String reply);
}
