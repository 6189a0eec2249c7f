/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.dsvlm.eval.result.Bootstrap;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.report.Html;
import org.dsvlm.report.Page;

/** The page of a comparison, as Markdown and as HTML: the same sentences, tables and pictures. */
final class LabPage {
  private static final String SEEDS_NOTE =
      "Each figure is the mean over the seeds, with the sample's deviation. The interval holds 95 %"
          + " of the mean differences when the pairs of one seed are drawn anew 10,000 times. With"
          + " five pairs it is narrower than it ought to be: where nothing differs, all five"
          + " differences fall on one side once in sixteen times.";

  /** A table: its caption, heads and rows of plain text. */
  private record Table(String caption, List<String> heads, List<List<String>> rows) {}

  private final Comparison comparison;
  private final Findings findings;
  private final String command;

  /** command: that made the page. */
  LabPage(Comparison comparison, Findings findings, String command) {
    this.comparison = comparison;
    this.findings = findings;
    this.command = command;
  }

  private Table table() {
    List<String> heads = new ArrayList<>(List.of("", "seeds"));
    comparison.measures().forEach(measure -> heads.add(measure.title()));
    comparison.paper().columns().forEach(column -> heads.add("paper: " + column));
    List<List<String>> rows = new ArrayList<>();
    for (Arm arm : comparison.arms()) {
      List<String> row = new ArrayList<>();
      row.add(arm.name());
      row.add(Integer.toString(findings.seeds(arm)));
      for (Measure measure : comparison.measures()) {
        Findings.Summary summary = findings.summary(arm, measure);
        boolean spread = Double.isFinite(summary.deviation());
        row.add(
            measure.text(summary.mean())
                + (spread ? " ± " + measure.text(summary.deviation()) : ""));
      }
      row.addAll(comparison.paper().cells(arm.name()));
      rows.add(row);
    }
    return new Table("Ours" + (paperIsRestated() ? ", and the paper's" : ""), heads, rows);
  }

  private boolean paperIsRestated() {
    return !comparison.paper().columns().isEmpty();
  }

  private Table differences() {
    List<List<String>> rows = new ArrayList<>();
    for (Findings.Finding finding : findings.findings()) {
      Measure measure = finding.claim().measure();
      Bootstrap.Interval interval = finding.interval();
      rows.add(
          List.of(
              finding.claim().better() + " − " + finding.claim().than(),
              measure.noun(),
              interval == null ? "–" : measure.difference(interval.difference()),
              interval == null ? "–" : measure.interval(interval.low(), interval.high()),
              Integer.toString(finding.pairs()),
              "the data " + finding.verdict().words()));
    }
    return new Table(
        "Paired differences",
        List.of("", "of", "mean difference", "95 % interval", "pairs", "the paper's order"),
        rows);
  }

  private Table settings() {
    List<List<String>> rows = new ArrayList<>();
    for (Arm arm : comparison.arms()) {
      rows.add(
          List.of(
              arm.name(),
              arm.overrides().isEmpty() ? "as it is" : String.join(", ", arm.overrides())));
    }
    return new Table(
        "What each row changes of the recipe " + comparison.recipe(),
        List.of("", "overrides"),
        rows);
  }

  private List<String> lead() {
    List<String> lead = new ArrayList<>();
    lead.add(comparison.asks());
    lead.add("The paper: " + comparison.paper().says());
    if (!paperIsRestated()) {
      lead.add("The paper's figures are not restated here.");
    }
    int missing =
        comparison.arms().stream().mapToInt(arm -> findings.seeds(arm) == 0 ? 1 : 0).sum();
    if (missing > 0) {
      lead.add(
          String.format(
              Locale.ROOT,
              "%d of %d rows have not been run yet.",
              missing,
              comparison.arms().size()));
    }
    List<Measure> empty = findings.withoutFigures();
    if (missing < comparison.arms().size() && !empty.isEmpty()) {
      lead.add(
          "No run has a figure of "
              + String.join(", ", empty.stream().map(Measure::noun).toList())
              + ".");
    }
    lead.add(findings.sentence());
    lead.add(findings.runs());
    return lead.stream().filter(text -> !text.isBlank()).toList();
  }

  private List<Table> tables() {
    List<Table> tables = new ArrayList<>(List.of(table()));
    if (!comparison.claims().isEmpty()) {
      tables.add(differences());
    }
    tables.add(settings());
    return tables;
  }

  /** strips: files of film strips, by their caption's text; relative to the page. */
  String markdown(List<Path> strips) {
    StringBuilder text = new StringBuilder("# " + comparison.title() + "\n\n");
    lead().forEach(line -> text.append(line).append("\n\n"));
    text.append("    ").append(command).append("\n\n");
    for (Table table : tables()) {
      text.append("**").append(table.caption()).append("**\n\n");
      text.append(line(table.heads()));
      text.append("|").append(" --- |".repeat(table.heads().size())).append('\n');
      table.rows().forEach(row -> text.append(line(row)));
      text.append('\n');
    }
    for (Path strip : strips) {
      text.append("![From noise to picture](").append(strip).append(")\n\n");
    }
    return text.append(SEEDS_NOTE).append('\n').toString();
  }

  private static String line(List<String> cells) {
    List<String> safe = cells.stream().map(cell -> cell.replace("|", "\\|")).toList();
    return "| " + String.join(" | ", safe) + " |\n";
  }

  String html(List<Path> strips) {
    StringBuilder lead = new StringBuilder();
    lead().forEach(line -> lead.append("<p>").append(Html.escape(line)).append("</p>\n"));
    lead.append("<pre>").append(Html.escape(command)).append("</pre>\n");
    List<String> sections = new ArrayList<>();
    for (Table table : tables()) {
      sections.add(Html.table(table.caption(), table.heads(), table.rows()));
    }
    for (Path strip : strips) {
      sections.add(
          String.format(
              Locale.ROOT,
              "<figure><img alt=\"From noise to picture\" src=\"%s\"></figure>%n",
              Html.escape(strip.toString())));
    }
    sections.add("<p>" + Html.escape(SEEDS_NOTE) + "</p>\n");
    return new Page("DS-VLM laboratory", comparison.title())
        .html(lead.toString(), sections, "dsvlm lab");
  }

  /** Writes both files. */
  static void write(LabFolder folder, LabPage page, String key, List<Path> strips) {
    AtomicFiles.text(folder.page(key, "md"), page.markdown(strips));
    AtomicFiles.text(folder.page(key, "html"), page.html(strips));
  }
}
