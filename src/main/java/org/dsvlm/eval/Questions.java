/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import org.dsvlm.io.DsVlmException;

/** The questions of one file, by position. Several threads may read at once. */
public interface Questions extends AutoCloseable {
  int size();

  /** The index of the question at {@code position}, also of a row that is unsound. */
  String index(int position);

  /**
   * The question at {@code position}; its pictures are not read yet.
   *
   * @throws DsVlmException naming file, row and column, if the row is unsound
   */
  Question get(int position);

  @Override
  void close();
}
