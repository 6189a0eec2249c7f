/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.dsvlm.eval.table.PythonLiteral;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.Row;
import org.dsvlm.eval.table.TsvTable;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;

/**
 * The file of a benchmark: questions for whoever answers, rows for whoever scores. Pictures stay in
 * the file until they are asked for.
 */
public final class BenchmarkFile implements Questions {
  private static final String IMAGE = "image";
  private static final String IMAGE_PATH = "image_path";
  private static final String PREDICTION = "prediction";

  /** A shorter cell is no picture but the index of the row that holds it. */
  private static final int LONGEST_REFERENCE = 64;

  private final Benchmark benchmark;
  private final TsvTable table;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final List<String> indices;

  private BenchmarkFile(Benchmark benchmark, TsvTable table) {
    this.benchmark = benchmark;
    this.table = table;
    boolean pictures = table.columns().contains(IMAGE);
    for (Row row : table.rows()) {
      // The tool passes rows over that should have a picture and have none.
      if (pictures && !row.has(IMAGE)) {
        continue;
      }
      Row before = rows.put(row.require("index"), row);
      if (before != null) {
        throw row.error("index", "stands in the file twice; replies are kept by it");
      }
    }
    if (rows.isEmpty()) {
      throw new DsVlmException(table.file() + ": holds no question");
    }
    indices = List.copyOf(rows.keySet());
  }

  /**
   * Reads the file once.
   *
   * @throws DsVlmException naming file, row and column, if it is unsound
   */
  public static BenchmarkFile open(Benchmark benchmark, Path file) {
    TsvTable table = TsvTable.open(file, Set.of(IMAGE));
    try {
      return new BenchmarkFile(benchmark, table);
    } catch (RuntimeException e) {
      table.close();
      throw e;
    }
  }

  public TsvTable table() {
    return table;
  }

  /** The rows by index, in the order of the file. */
  public Map<String, Row> rows() {
    return Collections.unmodifiableMap(rows);
  }

  @Override
  public int size() {
    return indices.size();
  }

  /** Whether the questions have pictures; a file of predictions has none in it. */
  public boolean hasPictures() {
    return table.columns().contains(IMAGE)
        || table.columns().contains(IMAGE_PATH) && !table.columns().contains(PREDICTION);
  }

  @Override
  public String index(int position) {
    return indices.get(position);
  }

  @Override
  public Question get(int position) {
    String index = indices.get(position);
    Row row = Objects.requireNonNull(rows.get(index), index);
    List<QuestionPart> parts = new ArrayList<>();
    pictures(row).forEach(picture -> parts.add(new QuestionPart.Image(picture)));
    parts.add(new QuestionPart.Text(benchmark.text(row)));
    return new Question(index, parts);
  }

  private List<EncodedPicture> pictures(Row row) {
    if (table.columns().contains(IMAGE)) {
      return encoded(holder(row));
    }
    if (!row.has(IMAGE_PATH)) {
      throw row.error(IMAGE_PATH, "names no picture, and there is no column '" + IMAGE + "'");
    }
    List<EncodedPicture> pictures = new ArrayList<>();
    for (String path : list(row, IMAGE_PATH, row.require(IMAGE_PATH))) {
      pictures.add(new PictureFile(located(row, path)));
    }
    return pictures;
  }

  /** The row whose image cell holds the picture of {@code row}. */
  private Row holder(Row row) {
    if (row.isLong(IMAGE)) {
      return row;
    }
    String cell = row.require(IMAGE);
    if (PythonText.length(cell) > LONGEST_REFERENCE) {
      return row;
    }
    Row target = rows.get(cell);
    if (target == null) {
      throw row.error(IMAGE, "points to row '" + cell + "', which the file does not have");
    }
    if (!target.isLong(IMAGE) && PythonText.length(target.require(IMAGE)) <= LONGEST_REFERENCE) {
      throw row.error(
          IMAGE, "points to row '" + cell + "', which holds no picture but points on itself");
    }
    return target;
  }

  private static List<EncodedPicture> encoded(Row holder) {
    int count = list(holder, IMAGE, holder.require(IMAGE)).size();
    List<EncodedPicture> pictures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pictures.add(new PictureCell(holder, i, count));
    }
    return pictures;
  }

  /** The elements of a cell that is a list, or the cell itself. */
  private static List<String> list(Row row, String column, String cell) {
    if (!(cell.startsWith("[") && cell.endsWith("]"))) {
      return List.of(cell);
    }
    return PythonLiteral.parse(cell)
        .flatMap(PythonLiteral::list)
        .orElseThrow(() -> row.error(column, "is no list of texts; code is never run"))
        .stream()
        .map(PythonLiteral::str)
        .toList();
  }

  /** A picture beside the file, where the tool unpacks it, or at an absolute path. */
  private Path located(Row row, String path) {
    Path file = table.file().toAbsolutePath();
    List<Path> places = new ArrayList<>(List.of(file.resolveSibling(path)));
    String name = table.file().getFileName().toString().replaceFirst("\\.tsv$", "");
    places.add(file.resolveSibling("images").resolve(name).resolve(path));
    return places.stream()
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () -> row.error(IMAGE_PATH, "there is no such picture; looked for are " + places));
  }

  /** A picture of a cell, one of a list perhaps. */
  private record PictureCell(Row row, int position, int count) implements EncodedPicture {
    @Override
    public byte[] bytes() {
      String text = list(row, IMAGE, row.require(IMAGE)).get(position);
      try {
        // Line breaks and other strange characters are passed over, as by Python.
        return Base64.getMimeDecoder().decode(text);
      } catch (IllegalArgumentException e) {
        throw row.error(IMAGE, "is no base64 (" + e.getMessage() + "); download the file again");
      }
    }

    @Override
    public String where() {
      return row.where(IMAGE) + (count > 1 ? ", picture " + (position + 1) : "");
    }
  }

  /** A picture file that a row names. */
  private record PictureFile(Path file) implements EncodedPicture {
    @Override
    public byte[] bytes() {
      try {
        return InputFiles.bytes(file);
      } catch (IOException e) {
        throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
      }
    }

    @Override
    public String where() {
      return file.toString();
    }
  }

  /**
   * The rows that have a reply, with it.
   *
   * @param replies by index
   * @throws DsVlmException if there is a reply to no row, or none at all
   */
  public List<Item> items(Map<String, String> replies) {
    for (String index : replies.keySet()) {
      if (!rows.containsKey(index)) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "%s has no row '%s', to which there is a reply; score with the file that was answered",
                table.file(),
                index));
      }
    }
    List<Item> items = new ArrayList<>();
    rows.forEach(
        (index, row) -> {
          if (replies.containsKey(index)) {
            items.add(new Item(index, row, replies.get(index)));
          }
        });
    if (items.isEmpty()) {
      throw new DsVlmException("there is no reply to any row of " + table.file());
    }
    return items;
  }

  /** The replies of a file of predictions, by index; pandas turns an empty one into "nan". */
  public static Map<String, String> predictions(TsvTable predictions) {
    return predictions(
        predictions,
        row -> {
          String reply = row.get(PREDICTION);
          return reply == null ? "nan" : reply;
        });
  }

  /** The replies of a file of predictions, by index, as they stand there. */
  public static Map<String, String> rawPredictions(TsvTable predictions) {
    return predictions(
        predictions,
        row -> {
          String reply = row.raw(PREDICTION);
          return reply == null ? "" : reply;
        });
  }

  private static Map<String, String> predictions(
      TsvTable predictions, Function<Row, String> reply) {
    for (String column : List.of("index", PREDICTION)) {
      if (!predictions.columns().contains(column)) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "%s: has no column '%s'; it has %s",
                predictions.file(),
                column,
                predictions.columns()));
      }
    }
    Map<String, String> replies = new LinkedHashMap<>();
    for (Row row : predictions.rows()) {
      if (replies.put(row.require("index"), reply.apply(row)) != null) {
        throw row.error("index", "has two predictions; keep one");
      }
    }
    return replies;
  }

  @Override
  public void close() {
    table.close();
  }
}
