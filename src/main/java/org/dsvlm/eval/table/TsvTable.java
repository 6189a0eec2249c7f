/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;

/**
 * A file of tab-separated values with a header. It is read once, from beginning to end; long cells
 * of the columns named lazy are left in the file and read when they are asked for. Several threads
 * may read at once.
 */
public final class TsvTable implements AutoCloseable {
  private final Path file;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final List<ColumnType> types = new ArrayList<>();
  private final List<Row> rows = new ArrayList<>();
  private final String md5;
  private final FileChannel channel;

  private TsvTable(Path file, Set<String> lazy) throws IOException {
    this.file = file;
    MessageDigest digest = md5Digest();
    try (InputStream in = new DigestInputStream(InputFiles.stream(file), digest)) {
      read(new TsvScanner(in, file.toString()), lazy);
    }
    md5 = HexFormat.of().formatHex(digest.digest());
    channel = InputFiles.channel(file, StandardOpenOption.READ);
  }

  /**
   * Reads {@code file}.
   *
   * @param lazy columns whose long cells stay in the file
   * @throws DsVlmException naming file and row, if a row has more cells than the header or a quote
   *     has no end
   */
  public static TsvTable open(Path file, Set<String> lazy) {
    try {
      return new TsvTable(file, lazy);
    } catch (NoSuchFileException e) {
      throw new DsVlmException(file + ": there is no such file; check the path", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  private void read(TsvScanner scanner, Set<String> lazy) throws IOException {
    List<TsvScanner.Cell> header = scanner.next(column -> false);
    if (header == null) {
      throw new DsVlmException(file + ": the file is empty; its first line must name the columns");
    }
    boolean[] isLazy = new boolean[header.size()];
    for (int i = 0; i < isLazy.length; i++) {
      String name = header.get(i).text();
      if (columns.put(name, i) != null) {
        throw new DsVlmException(file + ": column '" + name + "' stands twice in the first line");
      }
      isLazy[i] = lazy.contains(name);
      types.add(new ColumnType());
    }
    List<TsvScanner.Cell> cells;
    while ((cells = scanner.next(column -> column < isLazy.length && isLazy[column])) != null) {
      add(cells, isLazy, scanner.line());
    }
  }

  private void add(List<TsvScanner.Cell> cells, boolean[] isLazy, long line) {
    int number = rows.size() + 1;
    if (cells.size() > columns.size()) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s: row %d (line %d) has %d cells, the first line %d; quote cells that hold tabs",
              file,
              number,
              line,
              cells.size(),
              columns.size()));
    }
    String[] texts = new String[columns.size()];
    long[] spans = {};
    for (int i = 0; i < cells.size(); i++) {
      TsvScanner.Cell cell = cells.get(i);
      texts[i] = cell.text();
      if (cell.text() == null) {
        spans = spans.length == 0 ? new long[2 * columns.size()] : spans;
        spans[2 * i] = cell.start();
        spans[2 * i + 1] = cell.end();
      }
    }
    for (int i = 0; i < texts.length; i++) {
      boolean inFile = isLazy[i] && texts[i] == null && i < cells.size();
      if (!inFile) {
        types.get(i).see(texts[i]);
      }
    }
    rows.add(new Row(this, number, line, texts, spans));
  }

  public Path file() {
    return file;
  }

  /** The file's MD5, in lower-case hexadecimal digits. */
  public String md5() {
    return md5;
  }

  /** The columns in their order. */
  public Set<String> columns() {
    return columns.keySet();
  }

  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** The position of a column, or -1. */
  int column(String name) {
    return columns.getOrDefault(name, -1);
  }

  ColumnType type(int column) {
    return types.get(column);
  }

  /** The text of the cell between two offsets in the file. */
  String read(long start, long end) {
    try {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(end - start));
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, start + bytes.position()) < 0) {
          throw new DsVlmException(file + ": became shorter while it was read; start again");
        }
      }
      TsvScanner scanner = new TsvScanner(new ByteArrayInputStream(bytes.array()), file.toString());
      List<TsvScanner.Cell> row = Objects.requireNonNull(scanner.next(column -> false));
      return Objects.requireNonNull(row.get(0).text());
    } catch (ClosedChannelException e) {
      throw new DsVlmException(file + ": is closed; open it again", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be closed: " + AtomicFiles.reason(e), e);
    }
  }

  private static MessageDigest md5Digest() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
