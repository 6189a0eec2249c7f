/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.stream.Stream;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonLines;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;

/** The sections of what is on record: bad records, skipped steps, checkpoints, configuration. */
final class RecordSections {
  private static final int MOST_ROWS = 100;

  private RecordSections() {}

  /**
   * Records that could not be used or have a damaged picture; the first of them where they are
   * many.
   */
  static String ledger(RunFolder run) {
    List<List<String>> rows = new ArrayList<>();
    for (int stage = 1; stage <= 2; stage++) {
      String number = Integer.toString(stage);
      JsonLines.read(
          run.ledger(stage),
          json ->
              rows.add(
                  List.of(
                      json.path("id").asText(),
                      number,
                      json.path("index").asText(),
                      json.has(RecordLedger.WARNING)
                          ? "used all the same: " + json.get(RecordLedger.WARNING).asText()
                          : json.path("reason").asText())));
    }
    int count = Math.min(MOST_ROWS, rows.size());
    return Html.section(
        "bad-records",
        "Bad records",
        rows.isEmpty()
            ? "<p>None.</p>"
            : Html.table(
                shown(count, rows.size(), "record"),
                List.of("id", "stage", "index", "reason"),
                rows.subList(0, count)));
  }

  private static String shown(int rows, long count, String what) {
    String all = Html.count(count) + " " + what + (count == 1 ? "" : "s");
    return rows == count ? all : "The first " + rows + " of " + all;
  }

  /** Steps that changed nothing. */
  static String skipped(Metrics metrics) {
    double[] skipped = CurveSections.skippedSteps(metrics);
    double[] steps = metrics.values("step");
    double[] stages = metrics.values("stage");
    double[] losses = metrics.values("loss");
    double[] norms = metrics.values("grad_norm");
    List<List<String>> rows = new ArrayList<>();
    int row = 0;
    for (int i = 0; i < skipped.length && i < MOST_ROWS; i++) {
      while (steps[row] != skipped[i]) {
        row++;
      }
      rows.add(
          List.of(
              "step " + Html.count((long) steps[row]),
              Html.number(stages[row]),
              finite(losses[row]),
              finite(norms[row])));
    }
    return Html.section(
        "skipped",
        "Skipped steps",
        rows.isEmpty()
            ? "<p>None: every loss and gradient was finite.</p>"
            : Html.table(
                shown(rows.size(), skipped.length, "skipped step"),
                List.of("", "stage", "loss", "gradient norm"),
                rows));
  }

  private static String finite(double value) {
    return Double.isFinite(value) ? Html.number(value) : "not finite";
  }

  /** The checkpoints from which the run may be resumed. */
  static String checkpoints(RunFolder run, Metrics metrics) {
    NavigableMap<Long, Path> all = run.checkpointsByStep();
    double best = bestStep(metrics);
    Map.Entry<Long, Path> good = lastGood(all, metrics);
    List<List<String>> rows = new ArrayList<>();
    for (Path checkpoint : all.values()) {
      try (Stream<Path> files = Files.list(checkpoint)) {
        long bytes = files.mapToLong(file -> file.toFile().length()).sum();
        Instant written = Files.getLastModifiedTime(checkpoint).toInstant();
        rows.add(
            List.of(
                checkpoint.getFileName().toString(),
                Html.bytes(bytes),
                written
                    .truncatedTo(ChronoUnit.SECONDS)
                    .toString()
                    .replace('T', ' ')
                    .replace("Z", " UTC"),
                (good != null && checkpoint.equals(good.getValue()) ? "the last good one" : "")
                    + (checkpoint.equals(all.get((long) best))
                        ? " lowest validation loss of its stage"
                        : "")));
      } catch (NoSuchFileException e) {
        // The run has just removed it.
      } catch (IOException e) {
        throw new DsVlmException(checkpoint + ": cannot be listed: " + e.getMessage(), e);
      }
    }
    return Html.section(
        "checkpoints",
        "Checkpoints",
        rows.isEmpty()
            ? "<p>None yet.</p>"
            : Html.table("In checkpoints/", List.of("", "size", "written", ""), rows));
  }

  /** Of the last stage that was evaluated; −1 if none was. */
  private static double bestStep(Metrics metrics) {
    double[] losses = metrics.values("validation_loss");
    double[] stages = metrics.values("stage");
    double[] steps = metrics.values("step");
    int best = -1;
    for (int row : metrics.rowsWith("validation_loss")) {
      if (best < 0 || stages[row] != stages[best] || losses[row] < losses[best]) {
        best = row;
      }
    }
    return best < 0 ? -1 : steps[best];
  }

  /** The latest one, or while steps are being skipped the latest that a finite step came after. */
  private static Map.Entry<Long, Path> lastGood(
      NavigableMap<Long, Path> checkpoints, Metrics metrics) {
    double[] steps = metrics.values("step");
    double[] skipped = CurveSections.skippedSteps(metrics);
    int finite = steps.length - 1;
    for (int i = skipped.length - 1; i >= 0 && finite >= 0 && steps[finite] == skipped[i]; i--) {
      finite--;
    }
    boolean skipping = finite >= 0 && finite < steps.length - 1;
    return skipping ? checkpoints.lowerEntry((long) steps[finite]) : checkpoints.lastEntry();
  }

  /** The whole recipe, and before it what differs from the defaults. */
  static String configuration(ObjectNode recipe) {
    Map<String, JsonNode> defaults = RecipeReader.leaves(RecipeReader.defaults());
    List<List<Object>> rows = new ArrayList<>();
    RecipeReader.leaves(recipe)
        .forEach(
            (key, value) -> {
              JsonNode usual = defaults.get(key);
              if (!value.equals(usual)) {
                rows.add(
                    List.of(Html.Markup.code(key), text(value), usual == null ? "–" : text(usual)));
              }
            });
    return Html.section(
        "configuration",
        "Configuration",
        Html.details(
                "What differs from the defaults: " + rows.size() + " keys",
                Html.table("Recipe", List.of("key", "this run", "default"), rows))
            + Html.details(
                "The whole recipe",
                "<pre tabindex=\"0\">" + Html.escape(RecipeReader.yaml(recipe)) + "</pre>"));
  }

  private static Html.Markup text(JsonNode value) {
    return Html.Markup.code(value.isTextual() ? value.asText() : value.toString());
  }
}
