/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.List;
import org.dsvlm.text.Turn;

/**
 * One conversation of LLaVA's data, after the checks and the tidying of LLaVA's own reader.
 *
 * @param id the record's name in its file; need not be unique
 * @param images paths of the pictures below the source's picture folder, in the order in which
 *     {@code <image>} stands for them; none for text alone
 * @param turns question and answer by turns, a question first; a question with one picture begins
 *     with {@code "<image>\n"}
 * @param lostFirst whether a turn of the assistant before the first question was left out, as LLaVA
 *     does
 */
public record LlavaRecord(String id, List<String> images, List<Turn> turns, boolean lostFirst) {
  /** A record with all its turns. */
  public LlavaRecord(String id, List<String> images, List<Turn> turns) {
    this(id, images, turns, false);
  }

  public LlavaRecord {
    images = List.copyOf(images);
    turns = List.copyOf(turns);
  }

  /** Whether the record comes with a picture. */
  public boolean hasPicture() {
    return !images.isEmpty();
  }
}
