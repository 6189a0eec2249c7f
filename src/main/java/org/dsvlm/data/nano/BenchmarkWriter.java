/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.data.nano.Question.Type;
import org.dsvlm.eval.table.TsvWriter;

/**
 * Writes the benchmark files: {@code benchmark.tsv}, multiple choice as MMBench has it, a row for
 * each rotation of the options; {@code yesno.tsv}, pairs of questions about one picture as
 * HallusionBench has them, one answered yes and one no; and {@code short.tsv}, the questions of the
 * first without options, to be answered in the very words.
 */
final class BenchmarkWriter implements AutoCloseable {
  /** MMBench adds so much to the index of a question for each rotation. */
  private static final long CIRCLE = 1_000_000;

  private static final List<String> CHOICES =
      List.of(
          "index", "question", "A", "B", "C", "D", "answer", "category", "l2-category", "image");
  private static final List<String> PAIRS =
      List.of("index", "question", "answer", "category", "l2-category", "image");

  private static final List<String> SHORT =
      List.of("index", "question", "answer", "category", "l2-category", "image");

  private final Writer choiceFile;
  private final Writer pairFile;
  private final Writer shortFile;
  private final TsvWriter choices;
  private final TsvWriter pairs;
  private final TsvWriter shorts;
  private final int quota;
  private final Map<String, Integer> asked = new HashMap<>();
  private long questions;
  private int sets;

  /**
   * @param quota the most questions of a type that each part of the world adds, and the most pairs
   */
  BenchmarkWriter(Path folder, int quota) throws IOException {
    this.quota = quota;
    choiceFile = Files.newBufferedWriter(folder.resolve("benchmark.tsv"));
    pairFile = Files.newBufferedWriter(folder.resolve("yesno.tsv"));
    shortFile = Files.newBufferedWriter(folder.resolve("short.tsv"));
    choices = new TsvWriter(choiceFile, '\t');
    pairs = new TsvWriter(pairFile, '\t');
    shorts = new TsvWriter(shortFile, '\t');
    choices.row(CHOICES);
    shorts.row(SHORT);
    pairs.row(PAIRS);
  }

  /**
   * Takes from {@code about}, the questions about one picture, the one whose type was asked least.
   *
   * @param part what the second level of categories calls this part of the world
   */
  void add(String part, byte[] png, List<Question> about, Dice dice) throws IOException {
    Question rarest = null;
    for (Question question : dice.shuffled(about)) {
      int count = asked.getOrDefault(part + question.type(), 0);
      if (count < quota
          && (rarest == null || count < asked.getOrDefault(part + rarest.type(), 0))) {
        rarest = question;
      }
    }
    String image = Base64.getEncoder().encodeToString(png);
    if (rarest != null) {
      asked.merge(part + rarest.type(), 1, Integer::sum);
      choice(part, image, rarest, dice);
    }
    pair(part, image, about.stream().filter(one -> one.type() == Type.PRESENT).toList());
  }

  private void choice(String part, String image, Question question, Dice dice) throws IOException {
    List<String> options = question.options(dice);
    for (int by = 0; by < options.size(); by++) {
      List<String> rotated = Question.rotated(options, by);
      List<String> row = new ArrayList<>();
      row.add(Long.toString(questions + by * CIRCLE));
      row.add(question.text());
      for (int i = 0; i < 4; i++) {
        row.add(i < rotated.size() ? rotated.get(i) : "");
      }
      row.add(Question.letter(rotated.indexOf(question.answer())));
      row.add(question.type().words());
      row.add(part);
      row.add(by == 0 ? image : Long.toString(questions));
      choices.row(row);
    }
    shorts.row(
        List.of(
            Long.toString(questions),
            question.text(),
            question.answer(),
            question.type().words(),
            part,
            image));
    questions++;
  }

  /** The index says set, picture and question; the pair is one set and one picture. */
  private void pair(String part, String image, List<Question> two) throws IOException {
    if (two.size() < 2 || asked.merge(part + "pairs", 1, Integer::sum) > quota) {
      return;
    }
    for (int i = 0; i < two.size(); i++) {
      Question question = two.get(i);
      pairs.row(
          List.of(
              "nano_present_1_" + sets + "_0_" + i,
              question.text() + "\nPlease answer yes or no.",
              question.answer().equals("yes") ? "Yes" : "No",
              question.type().words(),
              part,
              i == 0 ? image : "nano_present_1_" + sets + "_0_0"));
    }
    sets++;
  }

  @Override
  public void close() throws IOException {
    choiceFile.close();
    pairFile.close();
    shortFile.close();
  }
}
