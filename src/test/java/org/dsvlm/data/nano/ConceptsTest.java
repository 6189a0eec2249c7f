/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.dsvlm.data.NotoArchive;
import org.junit.jupiter.api.Test;

/** The things of the world, on the published pictures. */
class ConceptsTest {
  private final NotoArchive archive = NanoArchive.get();
  private final Concepts concepts = Concepts.of(archive);

  @Test
  void everyCategoryHasThingsOnBothSidesOfTheSplit() {
    for (String category : concepts.categories()) {
      assertThat(concepts.part(false))
          .as(category)
          .anyMatch(one -> one.category().equals(category));
      assertThat(concepts.part(true)).as(category).anyMatch(one -> one.category().equals(category));
    }
    assertThat(concepts.all()).hasSizeGreaterThan(300);
    assertThat(concepts.part(true).size())
        .isBetween(concepts.all().size() / 12, concepts.all().size() / 6);
  }

  @Test
  void aNameIsUsedOnceAndIsNoCategoryBesideItsOwn() {
    Set<String> names = new HashSet<>();
    for (Concept concept : concepts.all()) {
      assertThat(names.add(concept.name())).as(concept.name()).isTrue();
      List<String> words = List.of(concept.name().split(" "));
      for (String category : concepts.categories()) {
        assertThat(words.contains(category) && !category.equals(concept.category()))
            .as(concept.name())
            .isFalse();
      }
    }
  }

  @Test
  void whatTheLabelsAreKnownToGetWrongIsLeftOut() {
    assertThat(concepts.all())
        .extracting(Concept::name)
        .doesNotContain("bus stop", "manual wheelchair", "cat face", "flag of France", "grapes")
        .contains("lemon", "ambulance", "tiger", "guitar");
  }

  @Test
  void aColourIsThatOfMostPixels() {
    int coloured = 0;
    for (Concept concept : concepts.all()) {
      if (concept.colour().isPresent()) {
        coloured++;
        assertThat(PixelColour.isMostly(concept.colour().get(), archive.argb(concept.emoji())))
            .as(concept.name())
            .isTrue();
      }
    }
    assertThat(coloured).isGreaterThan(80);
  }
}
