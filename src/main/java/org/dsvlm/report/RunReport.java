/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.StepMetrics;

/**
 * One page about a run, {@code report.html}: curves, pictures, router weights, throughput, records
 * and configuration. It loads nothing else. It is made from the files in the run's folder, also for
 * a run that was interrupted or is under way.
 */
public final class RunReport {
  private RunReport() {}

  /**
   * Writes the page of the run in {@code root} into its folder.
   *
   * @return the file
   * @throws DsVlmException if there is no run, or a file of it cannot be read
   */
  public static Path write(Path root) {
    RunFolder run = RunFolder.reading(root);
    AtomicFiles.text(run.report(), html(root, run));
    return run.report();
  }

  /**
   * The last words on the run in {@code root}: what its instruments say of the supervision, line by
   * line; none if they were never read.
   */
  public static List<String> lastWords(Path root) {
    RunFolder run = RunFolder.reading(root);
    return new InstrumentSections(Metrics.read(run.metrics()), Sessions.read(run.sessions()))
        .lastWords();
  }

  private static String html(Path root, RunFolder run) {
    Metrics metrics = Metrics.read(run.metrics());
    Metrics autoencoder = Metrics.read(run.autoencoderMetrics());
    Sessions sessions = Sessions.read(run.sessions());
    ObjectNode recipe = RecipeReader.read(run.recipe());
    CurveSections curves = new CurveSections(metrics, autoencoder);
    List<String> sections =
        List.of(
            EvaluationSection.html(run),
            PictureSections.filmStrip(run.filmStrip()),
            PictureSections.heldOutStrip(run.heldOutStrip()),
            curves.losses(),
            new InstrumentSections(metrics, sessions).html(),
            PictureSections.reconstructions(run.reconstructions()),
            curves.routers(),
            curves.optimization(),
            curves.throughput(),
            RecordSections.skipped(metrics),
            RecordSections.ledger(run),
            RecordSections.checkpoints(run, metrics),
            Html.section("processes", "Processes", sessions.html()),
            RecordSections.configuration(recipe));
    String name = root.toAbsolutePath().normalize().getFileName().toString();
    return new Page("DS-VLM training run", name)
        .definitions(LineChart.definitions())
        .html(
            String.format(
                Locale.ROOT,
                "<p>%s</p>%n%s%s<p class=\"system\">%s</p>%n",
                status(run, metrics, sessions),
                InstrumentSections.warning(metrics),
                tiles(metrics, sessions),
                Html.escape(sessions.system())),
            sections,
            "dsvlm report");
  }

  /** How far the run has come, in a sentence. */
  private static String status(RunFolder run, Metrics metrics, Sessions sessions) {
    if (metrics.rows() == 0) {
      return "No step of stages 1 and 2 is done yet.";
    }
    double[] steps = metrics.values("step");
    double[] skipped = CurveSections.skippedSteps(metrics);
    double last = steps[steps.length - 1];
    long total = sessions.totalSteps();
    if (Files.exists(run.export())) {
      return "Finished after " + Html.count((long) last) + " steps.";
    }
    String skipping =
        skipped.length > 0 && skipped[skipped.length - 1] == last
            ? " The last step was skipped: its loss or gradient was not finite."
            : "";
    return "Not finished: "
        + Html.count((long) last)
        + (total > last ? " of at least " + Html.count(total) : "")
        + (last == 1 ? " step is" : " steps are")
        + " done; the run is under way, or <code>train --resume --out</code> goes on"
        + " with it."
        + skipping;
  }

  private static String tiles(Metrics metrics, Sessions sessions) {
    if (metrics.rows() == 0) {
      return "";
    }
    StringBuilder html = new StringBuilder("<dl class=\"tiles\">");
    double[] steps = metrics.values("step");
    tile(html, "steps", Html.count((long) steps[steps.length - 1]));
    for (String loss : metrics.endings("loss_")) {
      double[] values = metrics.values("loss_" + loss);
      tile(
          html,
          loss.replace('_', ' ') + " loss, last tenth",
          Html.number(CurveSections.mean(CurveSections.lastTenth(values)), 3));
    }
    tile(html, "skipped steps", Html.count(CurveSections.skippedSteps(metrics).length));
    tile(html, "records a second", Html.number(median(metrics.values("samples_per_second")), 3));
    largest(metrics, "resident_bytes")
        .ifPresent(bytes -> tile(html, "memory at most", Html.bytes(bytes)));
    largest(metrics, StepMetrics.DEVICE_PEAK)
        .ifPresent(bytes -> tile(html, "GPU memory at most", Html.bytes(bytes)));
    if (!sessions.time().isZero()) {
      tile(html, "time in stages", Html.duration(sessions.time()));
    }
    return html.append("</dl>\n").toString();
  }

  private static void tile(StringBuilder html, String name, String value) {
    html.append("<div><dt>")
        .append(Html.escape(name))
        .append("</dt><dd>")
        .append(value)
        .append("</dd></div>");
  }

  private static OptionalDouble largest(Metrics metrics, String key) {
    return Arrays.stream(metrics.values(key)).filter(Double::isFinite).max();
  }

  private static double median(double[] values) {
    double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
  }
}
