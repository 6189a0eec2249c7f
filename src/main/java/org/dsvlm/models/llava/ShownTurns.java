/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;

/** Turns with a place for each picture. */
final class ShownTurns {
  private ShownTurns() {}

  /** {@code turns} with the pictures before the first one, unless they have places already. */
  static List<Turn> of(List<Turn> turns, int pictures) {
    int places = turns.stream().mapToInt(turn -> ConversationTemplate.images(turn.text())).sum();
    if (places == 0 && pictures > 0 && !turns.isEmpty()) {
      List<Turn> shown = new ArrayList<>(turns);
      String before = (ConversationTemplate.IMAGE + "\n").repeat(pictures);
      shown.set(0, Turn.human(before + turns.get(0).text()));
      return shown;
    }
    if (places != pictures) {
      throw new DsVlmException(
          "the conversation has "
              + ConversationTemplate.IMAGE
              + " "
              + places
              + " times, but its pictures are "
              + pictures);
    }
    return turns;
  }
}
