/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.Optional;
import org.dsvlm.data.NotoEmoji;

/**
 * A thing of the world.
 *
 * @param emoji the picture that shows it
 * @param category one word for its kind ("vehicle")
 * @param colour its colour, where most of the picture has one and index and pixels agree on it
 * @param heldOut whether no training scene shows it
 */
record Concept(NotoEmoji emoji, String category, Optional<String> colour, boolean heldOut) {
  String name() {
    return emoji.name();
  }

  String code() {
    return emoji.code();
  }
}
