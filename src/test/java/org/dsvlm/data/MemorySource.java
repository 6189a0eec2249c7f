/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;

/**
 * Records given by the test. A null among them is a bad record; a picture is 4 × 4 of one level,
 * ten times the index plus the epoch, and a hundred more for each picture before it.
 */
record MemorySource(List<LlavaRecord> records) implements RecordSource {
  @Override
  public int size() {
    return records.size();
  }

  @Override
  public LlavaRecord get(int index) {
    LlavaRecord record = records.get(index);
    if (record == null) {
      throw new DsVlmException(where(index) + " is bad");
    }
    return record;
  }

  @Override
  public List<Picture> pictures(int index, long epoch) {
    return IntStream.range(0, get(index).images().size())
        .mapToObj(number -> picture(10 * index + epoch + 100L * number))
        .toList();
  }

  private static Picture picture(long level) {
    byte[] rgb = new byte[3 * 4 * 4];
    Arrays.fill(rgb, (byte) level);
    return new Picture(4, 4, rgb);
  }

  @Override
  public String id(int index) {
    return "id" + index;
  }

  @Override
  public void close() {}
}
