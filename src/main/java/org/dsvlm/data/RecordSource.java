/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.List;
import java.util.Map;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;

/**
 * Records that a run trains on, read one by one. Safe for use by several threads.
 *
 * <p>A {@link DsVlmException} from {@link #get} or {@link #pictures} means that this record is bad,
 * and says why; other records stay readable.
 */
public interface RecordSource extends AutoCloseable {
  /** How many records there are, bad ones included. */
  int size();

  /** The record at {@code index}, from 0. */
  LlavaRecord get(int index);

  /**
   * The pictures of a record, in the order in which {@code <image>} stands for them.
   *
   * @param epoch which pass over the data this is; a source that augments shows a picture
   *     differently in each, and the same in the same
   */
  List<Picture> pictures(int index, long epoch);

  /**
   * What is known of the record's picture, by the name of the property: {@code colour} is {@code
   * red}. The instruments ask the encoder's features for it; nothing is trained on it.
   */
  default Map<String, String> labels(int index) {
    return Map.of();
  }

  /** The record's own id where it can be told, even of a bad record; else its index. */
  String id(int index);

  /** The record's name in messages: its source, index and id. */
  default String where(int index) {
    return "record " + index + " (id " + id(index) + ")";
  }

  /**
   * Words of all turns together, at least 1; records of like word counts share a step. A bad record
   * counts one.
   */
  default int words(int index) {
    try {
      return Math.max(1, get(index).turns().stream().mapToInt(turn -> Words.in(turn.text())).sum());
    } catch (DsVlmException e) {
      return 1;
    }
  }

  /** Whether the record comes with a picture; for a bad record either answer may come. */
  default boolean pictured(int index) {
    try {
      return get(index).hasPicture();
    } catch (DsVlmException e) {
      return false;
    }
  }

  @Override
  void close();
}
