/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import org.dsvlm.vision.Picture;

/**
 * Records that a run trains on, read one by one. Safe for use by several threads.
 *
 * <p>A {@link org.dsvlm.tensor.DsVlmException} from {@link #get} or {@link #picture} means that
 * this record is bad, and says why; other records stay readable.
 */
public interface RecordSource extends AutoCloseable {
  /** How many records there are, bad ones included. */
  int size();

  /** The record at {@code index}, from 0. */
  LlavaRecord get(int index);

  /**
   * The picture of a record that has one.
   *
   * @param epoch which pass over the data this is; a source that augments shows the picture
   *     differently in each, and the same in the same
   */
  Picture picture(int index, long epoch);

  /** The record's own id where it can be told, even of a bad record; else its index. */
  String id(int index);

  /** What messages call the record: its source, index and id. */
  default String where(int index) {
    return "record " + index + " (id " + id(index) + ")";
  }

  @Override
  void close();
}
