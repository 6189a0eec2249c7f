/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;

/**
 * LLaVA's training data: a JSON list of {@code {id, image?, conversations}}, an image being one
 * path or a list of them, beside a folder of pictures. The file is read once, to find where each
 * record begins, and then record by record: it is never held whole, whatever its size.
 */
public final class LlavaJson implements RecordSource {
  private static final Pattern ADDRESS = Pattern.compile("data:|[a-z][a-z0-9+]*://");
  private static final ObjectMapper JSON = StrictJson.of(RecordIndex.JSON);

  private final Path file;
  private final Path pictures;
  private final FileChannel channel;
  private final RecordIndex records;

  private LlavaJson(Path file, Path pictures, FileChannel channel, RecordIndex records) {
    this.file = file;
    this.pictures = pictures;
    this.channel = channel;
    this.records = records;
  }

  /**
   * Finds the records of {@code file}. The index of a large one is kept for the next time (see
   * {@link RecordIndexCache}).
   *
   * @param pictures the folder that image paths start from
   * @throws DsVlmException if the file cannot be read, is not a JSON list (with the byte at which
   *     it breaks), or there is no such folder
   */
  public static LlavaJson open(Path file, Path pictures) {
    return open(file, pictures, RecordIndexCache.standard());
  }

  static LlavaJson open(Path file, Path pictures, RecordIndexCache indexes) {
    if (!Files.isDirectory(pictures)) {
      throw new DsVlmException(pictures + ": the folder of the pictures is missing");
    }
    RecordIndex records = indexes.of(file);
    try {
      return new LlavaJson(file, pictures, InputFiles.channel(file), records);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** SHA-256 of the file of records as it was when it was opened, in hexadecimal digits. */
  public String sha256() {
    return HexFormat.of().formatHex(records.sha256());
  }

  @Override
  public int size() {
    return records.size();
  }

  @Override
  public LlavaRecord get(int index) {
    return new LlavaRecordReader(place(index), json(index)).read();
  }

  @Override
  public List<Picture> pictures(int index, long epoch) {
    LlavaRecord record = get(index);
    String id = record.id().isEmpty() ? Integer.toString(index) : Excerpt.of(record.id());
    String where = place(index) + " (id " + id + "): image '";
    return record.images().stream()
        .map(image -> picture(where + Excerpt.of(image) + "'", image))
        .toList();
  }

  private Picture picture(String where, String image) {
    try {
      return Picture.read(picturePath(where, image));
    } catch (DsVlmException e) {
      throw e.at(where);
    }
  }

  private Path picturePath(String where, String image) {
    if (ADDRESS.matcher(image).lookingAt()) {
      throw new DsVlmException(
          where
              + " is a "
              + (image.startsWith("data:") ? "data: URI" : "URL")
              + "; paths below "
              + pictures
              + " are read. Save the picture there and name its file");
    }
    Path relative = FilePath.of(where, image).normalize();
    if (relative.isAbsolute() || image.contains("\\") || relative.startsWith("..")) {
      throw new DsVlmException(
          where + " is not a plain path below " + pictures + " with forward slashes");
    }
    Path path = pictures.resolve(relative);
    if (!Files.isRegularFile(path)) {
      throw new DsVlmException(where + " is missing below " + pictures);
    }
    try {
      if (!path.toRealPath().startsWith(pictures.toRealPath())) {
        throw new DsVlmException(where + " is a link out of " + pictures);
      }
    } catch (IOException e) {
      throw new DsVlmException(where + " cannot be resolved: " + e.getMessage(), e);
    }
    return path;
  }

  @Override
  public String id(int index) {
    String id;
    try {
      id = LlavaRecordReader.id(json(index));
    } catch (DsVlmException e) {
      // What cannot be read has no id; reading the record itself says why.
      id = "";
    }
    return id.isEmpty() ? Integer.toString(index) : id;
  }

  @Override
  public int words(int index) {
    return Math.abs(records.words()[index]);
  }

  @Override
  public boolean pictured(int index) {
    return records.words()[index] > 0;
  }

  @Override
  public String where(int index) {
    return place(index) + " (id " + Excerpt.of(id(index)) + ")";
  }

  /** The record's object {@code labels}, of texts and numbers. */
  @Override
  public Map<String, String> labels(int index) {
    return LlavaRecordReader.labels(place(index), json(index));
  }

  private JsonNode json(int index) {
    long begin = records.begins()[index];
    int length = records.lengths()[index];
    if (length > RecordIndex.LONGEST_RECORD) {
      throw new DsVlmException(
          place(index) + " is " + length + " bytes long, more than " + RecordIndex.LONGEST_RECORD);
    }
    try {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, begin + bytes.position()) < 0) {
          throw new DsVlmException(file + ": became shorter while it was read");
        }
      }
      return JSON.readTree(bytes.array());
    } catch (ClosedChannelException e) {
      throw new DsVlmException(file + ": is closed; open it again", e);
    } catch (JsonProcessingException e) {
      throw new DsVlmException(place(index) + ": " + StrictJson.problem(e), e);
    } catch (IOException e) {
      throw new DsVlmException(place(index) + " cannot be read: " + e.getMessage(), e);
    }
  }

  private String place(int index) {
    return file + ": record " + index;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be closed: " + e.getMessage(), e);
    }
  }
}
