/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.Test;

class HeldOutShareTest {
  /** Two records for each picture; every tenth is of text alone. */
  private record Records(int size) implements RecordSource {
    @Override
    public LlavaRecord get(int index) {
      List<String> images = index % 10 == 9 ? List.of() : List.of(index / 2 + ".png");
      return new LlavaRecord(id(index), images, List.of(Turn.human("?"), Turn.assistant("!")));
    }

    @Override
    public List<Picture> pictures(int index, long epoch) {
      return List.of();
    }

    @Override
    public String id(int index) {
      return "r" + index;
    }

    @Override
    public void close() {}
  }

  private static Set<String> ids(RecordSource source) {
    return IntStream.range(0, source.size())
        .mapToObj(source::id)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> pictures(RecordSource source) {
    return IntStream.range(0, source.size())
        .mapToObj(index -> source.get(index).images())
        .flatMap(List::stream)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static HeldOutShare parts(RecordSource all, double share, long seed) {
    return HeldOutShare.of(all, HeldOutShare.choose(all, share, seed));
  }

  @Test
  void noRecordAndNoPictureIsInBothParts() {
    RecordSource all = new Records(1000);
    HeldOutShare parts = parts(all, 0.2, 7);
    assertThat(parts.heldOut().size()).isBetween(140, 260);
    assertThat(parts.training().size() + parts.heldOut().size()).isEqualTo(1000);
    Set<String> together = ids(parts.training());
    together.addAll(ids(parts.heldOut()));
    assertThat(together).isEqualTo(ids(all));
    assertThat(pictures(parts.training())).doesNotContainAnyElementsOf(pictures(parts.heldOut()));
    assertThat(ids(parts(all, 0.2, 7).heldOut())).isEqualTo(ids(parts.heldOut()));
    assertThat(ids(parts(all, 0.2, 8).heldOut())).isNotEqualTo(ids(parts.heldOut()));
  }

  @Test
  void aShareThatLeavesNothingIsRefused() {
    assertThatThrownBy(() -> parts(new Records(2), 1e-9, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("leaves none to validate on; raise it");
  }
}
