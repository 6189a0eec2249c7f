/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages from files of arms that are written by hand. */
class LabPageTest {
  private static final String COMPARISON =
      """
      title: A page
      asks: Is it?
      recipe: %s
      seeds: 3
      arms:
        without: [supervision.enabled=false]
        with: []
        more: [supervision.weight=2.0]
      measures: [accuracy, reconstruction]
      claims:
        - {better: with, than: without, measure: accuracy}
        - {better: with, than: more, measure: reconstruction}
        - {better: more, than: without, measure: accuracy}
      paper:
        says: "It is."
        columns: [accuracy]
        figures: {with: ["0.7"]}
      """
          .formatted(TinyRun.RECIPE);

  @TempDir private Path folder;

  private void arm(List<String> overrides, long seed, double accuracy, Double reconstruction) {
    ObjectNode tree = RecipeReader.resolve(TinyRun.RECIPE, overrides);
    ArmSettings settings = new ArmSettings(tree, new ContentHashes());
    Map<String, Double> figures =
        reconstruction == null
            ? Map.of("accuracy", accuracy)
            : Map.of("accuracy", accuracy, "reconstruction", reconstruction);
    new ArmResult(seed, figures, settings.values(), Map.of("minutes", "1.5"))
        .write(new LabFolder(folder.resolve("lab")).result(settings, seed));
  }

  private String page() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.yaml"), COMPARISON);
    Laboratory laboratory =
        new Laboratory(
            folder.resolve("lab"), List.of(), 0, tree -> {}, new ArrayList<>()::add, () -> true);
    Path page = laboratory.write(List.of(file.toString()), "tools/dsvlm lab").get(0);
    assertThat(Files.readString(page.resolveSibling("mine.html")))
        .contains("<h1>A page</h1>", "It is.");
    return Files.readString(page);
  }

  @Test
  void showsMeansDeviationsAndPairedDifferences() throws IOException {
    double[] without = {0.50, 0.52, 0.54};
    double[] with = {0.60, 0.63, 0.66};
    for (int seed = 1; seed <= 3; seed++) {
      arm(List.of("supervision.enabled=false"), seed, without[seed - 1], null);
      arm(List.of(), seed, with[seed - 1], 0.2 + seed / 100.0);
      // A lower loss than the claim has it, in every pair; accuracy now above, now below.
      arm(List.of("supervision.weight=2.0"), seed, seed == 2 ? 0.40 : 0.56, 0.1 + seed / 100.0);
    }
    String page = page();
    assertThat(page)
        .contains("| without | 3 | 52.0 ± 2.0 | – | – |")
        .contains("| with | 3 | 63.0 ± 3.0 | 0.2200 ± 0.0100 | 0.7 |")
        .contains(
            "| with − without | accuracy | +11.0 points | [+10.0, +12.0] | 3 | the data support |")
        .contains(
            "| with − more | reconstruction loss | +0.1000 | [+0.1000, +0.1000] | 3 | the data"
                + " contradict |")
        .contains(
            "| more − without | accuracy | -1.3 points | [-12.0, +6.0] | 3 | the data do not decide"
                + " |")
        .contains(
            "The data support that with has a higher accuracy than without (+11.0 points [+10.0,"
                + " +12.0] over 3 seeds); they contradict that with has a lower reconstruction loss"
                + " than more (+0.1000 [+0.1000, +0.1000] over 3 seeds); they do not decide whether"
                + " more has a higher accuracy than without (-1.3 points [-12.0, +6.0] over 3"
                + " seeds).")
        .contains("    tools/dsvlm lab " + folder.resolve("mine.yaml"))
        .contains("| more | supervision.weight=2.0 |")
        .contains("The 9 runs took 13.5 minutes, one after the other.");
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    arm(List.of(), 1, 0.6, 0.2);
    arm(List.of("supervision.enabled=false"), 1, 0.5, null);
    assertThat(page())
        .contains("1 of 3 rows have not been run yet.")
        .contains("| more | 0 | – | – | – |")
        .contains("| with | 1 | 60.0 | 0.2000 | 0.7 |")
        .contains("The data are too few to tell whether with has a higher accuracy than without")
        .doesNotContain("No run has a figure");
  }

  /** A recipe whose default has changed since gives another arm under the same name. */
  @Test
  void doesNotCountAResultOfOtherSettings() throws IOException {
    arm(List.of(), 1, 0.6, 0.2);
    ArmSettings settings =
        new ArmSettings(RecipeReader.resolve(TinyRun.RECIPE, List.of()), new ContentHashes());
    Path file = new LabFolder(folder.resolve("lab")).result(settings, 1);
    String text = Files.readString(file);
    assertThat(text).contains("\"language_weight\" : \"1.0\"");
    Files.writeString(
        file, text.replace("\"language_weight\" : \"1.0\"", "\"language_weight\" : \"0.5\""));
    assertThat(page()).contains("| with | 0 | – | – | 0.7 |");
  }

  @Test
  void saysWhichFigureNoRunHas() throws IOException {
    arm(List.of(), 1, 0.6, null);
    assertThat(page()).contains("No run has a figure of reconstruction loss.");
  }
}
