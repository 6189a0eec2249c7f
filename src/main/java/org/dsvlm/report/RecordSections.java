/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.train.RecipeReader;
import org.dsvlm.train.RunFolder;

/** The sections of what is on record: bad records, skipped steps, checkpoints, configuration. */
final class RecordSections {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_ROWS = 100;

  private RecordSections() {}

  /** Records that could not be used; the first of them where they are many. */
  static String ledger(RunFolder run) {
    List<List<String>> rows = new ArrayList<>();
    long count = 0;
    for (int stage = 1; stage <= 2; stage++) {
      Path file = run.ledger(stage);
      if (!Files.exists(file)) {
        continue;
      }
      try (BufferedReader lines = Files.newBufferedReader(file)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          count++;
          if (rows.size() < MOST_ROWS) {
            JsonNode json = JSON.readTree(line);
            rows.add(
                List.of(
                    Html.escape(json.path("id").asText()),
                    Integer.toString(stage),
                    json.path("index").asText(),
                    Html.escape(json.path("reason").asText())));
          }
        }
      } catch (JsonProcessingException e) {
        throw new DsVlmException(file + ": line " + count + " is no JSON", e);
      } catch (IOException e) {
        throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
      }
    }
    return Html.section(
        "bad-records",
        "Bad records",
        count == 0
            ? "<p>None.</p>"
            : Html.table(
                shown(rows.size(), count, "records"),
                List.of("id", "stage", "index", "reason"),
                rows));
  }

  private static String shown(int rows, long count, String what) {
    return rows == count
        ? Html.count(count) + " " + what
        : "The first " + rows + " of " + Html.count(count) + " " + what;
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
                shown(rows.size(), skipped.length, "skipped steps"),
                List.of("", "stage", "loss", "gradient norm"),
                rows));
  }

  private static String finite(double value) {
    return Double.isFinite(value) ? Html.number(value) : "not finite";
  }

  /** What a run may be resumed from. */
  static String checkpoints(RunFolder run, Metrics metrics) {
    List<Path> all = checkpoints(run);
    long good = lastGood(all, metrics);
    List<List<String>> rows = new ArrayList<>();
    for (Path checkpoint : all) {
      try (Stream<Path> files = Files.list(checkpoint)) {
        long bytes = files.mapToLong(file -> file.toFile().length()).sum();
        Instant written = Files.getLastModifiedTime(checkpoint).toInstant();
        rows.add(
            List.of(
                Html.escape(checkpoint.getFileName().toString()),
                Html.bytes(bytes),
                written
                    .truncatedTo(ChronoUnit.SECONDS)
                    .toString()
                    .replace('T', ' ')
                    .replace("Z", " UTC"),
                step(checkpoint) == good ? "the last good one" : ""));
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

  private static List<Path> checkpoints(RunFolder run) {
    if (!Files.isDirectory(run.checkpoints())) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(run.checkpoints())) {
      return children
          .filter(child -> child.getFileName().toString().matches("step-\\d{1,18}"))
          .sorted(Comparator.comparingLong(RecordSections::step))
          .toList();
    } catch (IOException e) {
      throw new DsVlmException(run.checkpoints() + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private static long step(Path checkpoint) {
    return Long.parseLong(checkpoint.getFileName().toString().substring("step-".length()));
  }

  /** The latest one, or while steps are being skipped the latest that a finite step came after. */
  private static long lastGood(List<Path> checkpoints, Metrics metrics) {
    double[] steps = metrics.values("step");
    double[] skipped = CurveSections.skippedSteps(metrics);
    int finite = steps.length - 1;
    for (int i = skipped.length - 1; i >= 0 && finite >= 0 && steps[finite] == skipped[i]; i--) {
      finite--;
    }
    double before =
        finite == steps.length - 1 || finite < 0 ? Double.POSITIVE_INFINITY : steps[finite];
    return checkpoints.stream()
        .mapToLong(RecordSections::step)
        .filter(step -> step < before)
        .max()
        .orElse(-1);
  }

  /** The whole recipe, and before it what differs from the defaults. */
  static String configuration(ObjectNode recipe) {
    Map<String, JsonNode> defaults = RecipeReader.leaves(RecipeReader.defaults());
    List<List<String>> rows = new ArrayList<>();
    RecipeReader.leaves(recipe)
        .forEach(
            (key, value) -> {
              JsonNode usual = defaults.get(key);
              if (!value.equals(usual)) {
                rows.add(
                    List.of(
                        "<code>" + Html.escape(key) + "</code>",
                        text(value),
                        usual == null ? "–" : text(usual)));
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

  private static String text(JsonNode value) {
    return "<code>"
        + Html.escape(value.isTextual() ? value.asText() : value.toString())
        + "</code>";
  }
}
