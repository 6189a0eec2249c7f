/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.dsvlm.eval.table.Row;

/**
 * A benchmark whose rows stand for themselves and are answered by a letter: MMStar, AI2D,
 * ScienceQA; MMMU too, which has open questions beside them.
 */
class MultipleChoice implements Benchmark {
  /** How often the tool asks its judge about one reply. */
  static final int ATTEMPTS = 3;

  private final String key;
  private final String title;
  private final List<String> datasets;

  MultipleChoice(String key, String title, List<String> datasets) {
    this.key = key;
    this.title = title;
    this.datasets = datasets;
  }

  @Override
  public String key() {
    return key;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public List<String> datasets() {
    return datasets;
  }

  @Override
  public String text(Row row) {
    return ChoicePrompt.text(row);
  }

  @Override
  public boolean accuracyTable() {
    return true;
  }

  /** The options that a reply is read against. */
  Map<String, String> options(Item item) {
    return ChoicePrompt.options(item.row());
  }

  /** The right letter. */
  String truth(Item item) {
    return item.require("answer");
  }

  @Override
  public Scores score(List<Item> items, Judging judging) {
    Map<String, String> chosen = read(items, judging);
    List<AccuracyTable.Line> lines = new ArrayList<>();
    List<RowResult> rows = new ArrayList<>();
    for (Item item : items) {
      String letter = chosen.getOrDefault(item.index(), OptionReading.NONE);
      AccuracyTable.Line line = new AccuracyTable.Line(item, letter.equals(truth(item)));
      lines.add(line);
      rows.add(RowResult.hit(item, line.groups(), line.hit(), Map.of("extracted", letter)));
    }
    return scores(lines, rows, List.of());
  }

  @Override
  public List<ClosedAnswer> closed(List<Item> items) {
    return items.stream().map(this::closed).toList();
  }

  private ClosedAnswer closed(Item item) {
    Map<String, String> options = options(item);
    String right = options.get(truth(item));
    if (right == null) {
      throw item.row()
          .error("answer", "is '" + truth(item) + "', none of the options " + options.keySet());
    }
    boolean hit = OptionReading.read(item.reply(), options).filter(truth(item)::equals).isPresent();
    return new ClosedAnswer(
        item.index(), item.require("category"), List.copyOf(options.values()), right, hit);
  }

  /** Scores by what was found for each counting line. */
  static Scores scores(List<AccuracyTable.Line> lines, List<RowResult> rows, List<String> notes) {
    String split = AccuracyTable.headlineSplit(lines);
    List<Unit> units =
        lines.stream()
            .filter(line -> line.split().equals(split))
            .map(line -> Unit.of(line.item().index(), line.groups(), line.hit() ? 1 : 0, 1))
            .toList();
    return new Scores(AccuracyTable.of(lines), false, Figure.PERCENT.of(units), rows, units, notes);
  }

  /**
   * The letters that the replies name, by row. Where even the judge names none the tool draws one
   * at random; a figure that hangs on a draw cannot be had twice, so such a row is a miss here.
   */
  final Map<String, String> read(List<Item> items, Judging judging) {
    Map<String, String> chosen = new HashMap<>();
    List<Item> open = new ArrayList<>();
    for (Item item : items) {
      Optional<String> letter = OptionReading.read(item.reply(), options(item));
      letter.ifPresentOrElse(found -> chosen.put(item.index(), found), () -> open.add(item));
    }
    ask(open, judging, chosen);
    return chosen;
  }

  /** Puts what the judge reads from the replies of {@code open} into {@code chosen}. */
  final void ask(List<Item> open, Judging judging, Map<String, String> chosen) {
    Map<String, String> replies =
        judging.ask(
            "option",
            open,
            ATTEMPTS,
            item -> reply -> OptionReading.read(reply, options(item)).isPresent(),
            item ->
                Map.of(
                    "question", item.require("question"),
                    "options", ChoicePrompt.lines(options(item)),
                    "reply", item.reply()));
    for (Item item : open) {
      String reply = replies.get(item.index());
      if (reply != null) {
        OptionReading.read(reply, options(item))
            .ifPresent(letter -> chosen.put(item.index(), letter));
      }
    }
  }
}
