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
 * @param image path of the picture below the source's picture folder; null for text alone
 * @param turns question and answer by turns, a question first; with a picture, one question begins
 *     with {@code "<image>\n"}
 */
public record LlavaRecord(String id, String image, List<Turn> turns) {
  public LlavaRecord {
    turns = List.copyOf(turns);
  }

  /** Whether the record comes with a picture. */
  public boolean hasPicture() {
    return image != null;
  }
}
