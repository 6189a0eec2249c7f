/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.RowResult;
import org.dsvlm.eval.Scores;
import org.dsvlm.eval.table.PythonText;
import org.dsvlm.eval.table.TsvTable;
import org.dsvlm.eval.table.TsvWriter;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.HeldFolders;

/** The files of one benchmark's result. */
public final class ResultFolder {
  static final String RESULT = "result.json";
  static final String UNITS = "units.json";

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private static final ObjectMapper COMPACT = new ObjectMapper();

  private final Path folder;
  private final String dataset;

  /**
   * @param folder is made if need be
   * @param dataset the leaderboard's name of the benchmark's file
   */
  public ResultFolder(Path folder, String dataset) {
    this.folder = folder;
    this.dataset = dataset;
    try {
      HeldFolders.createDirectories(folder);
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be made: " + AtomicFiles.reason(e), e);
    }
  }

  /** Where the predictions go that the leaderboard's tool can score again. */
  public Path predictions() {
    return folder.resolve(dataset + ".tsv");
  }

  /** Where the judge's replies are kept as they come. */
  public Path judgeReplies() {
    return folder.resolve("judge-replies.jsonl");
  }

  /** Where the page of errors goes. */
  public Path errors() {
    return folder.resolve("errors.html");
  }

  /**
   * Writes the input's columns, pictures left out, and the replies; an answered row is a line.
   *
   * @param replies by index
   */
  public void writePredictions(BenchmarkFile file, Map<String, String> replies) {
    Set<String> columns = new LinkedHashSet<>(file.table().columns());
    columns.remove("image");
    columns.remove("prediction");
    write(
        predictions(),
        out -> {
          TsvWriter rows = new TsvWriter(out, '\t');
          List<String> head = new ArrayList<>(columns);
          head.add("prediction");
          rows.row(head);
          for (var row : file.rows().entrySet()) {
            if (replies.containsKey(row.getKey())) {
              List<String> cells = new ArrayList<>();
              columns.forEach(column -> cells.add(row.getValue().raw(column)));
              cells.add(replies.get(row.getKey()));
              rows.row(cells);
            }
          }
        });
  }

  /** Writes scores, what was read of each row, and what {@code compare} needs. */
  public void writeScores(Summary summary, Scores scores, TsvTable data) {
    AtomicFiles.text(
        folder.resolve("scores.json"),
        json(scores.oneLine() ? scores.table().get(0) : scores.table()));
    String kind = summary.benchmark().accuracyTable() ? "acc" : "score";
    if (scores.oneLine()) {
      AtomicFiles.text(folder.resolve(dataset + "_" + kind + ".json"), json(scores.table().get(0)));
    }
    write(folder.resolve(dataset + "_" + kind + ".csv"), out -> csv(out, scores.table()));
    ArrayNode rows = MAPPER.createArrayNode();
    for (RowResult row : scores.rows()) {
      ObjectNode line = rows.addObject().put("index", row.index());
      line.set("groups", MAPPER.valueToTree(row.groups()));
      row.read().forEach((name, value) -> line.set(name, MAPPER.valueToTree(value)));
    }
    AtomicFiles.text(folder.resolve("rows.json"), json(rows));
    AtomicFiles.text(folder.resolve(UNITS), COMPACT.valueToTree(scores.units()) + "\n");
    ObjectNode result = MAPPER.createObjectNode();
    result.put("benchmark", summary.benchmark().key()).put("dataset", dataset);
    result.put("headline", scores.headline()).put("judge", summary.judge());
    result.put("answered", summary.answered()).put("questions", summary.questions());
    result.put("data", data.file().getFileName().toString()).put("data_md5", data.md5());
    result.set("notes", MAPPER.valueToTree(scores.notes()));
    AtomicFiles.text(folder.resolve(RESULT), json(result));
  }

  private static void csv(Writer out, List<Map<String, Object>> table) throws IOException {
    TsvWriter rows = new TsvWriter(out, ',');
    rows.row(List.copyOf(table.get(0).keySet()));
    for (Map<String, Object> line : table) {
      List<String> cells = new ArrayList<>();
      line.values()
          .forEach(
              value ->
                  cells.add(
                      value == null
                          ? null
                          : value instanceof Double real
                              ? PythonText.repr(real)
                              : value.toString()));
      rows.row(cells);
    }
  }

  private static String json(Object value) {
    try {
      return MAPPER.writeValueAsString(value) + "\n";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Content {
    void to(Writer out) throws IOException;
  }

  private static void write(Path file, Content content) {
    AtomicFiles.file(
        file,
        path -> {
          try (Writer out =
              new OutputStreamWriter(Files.newOutputStream(path), StandardCharsets.UTF_8)) {
            content.to(out);
          }
        });
  }
}
