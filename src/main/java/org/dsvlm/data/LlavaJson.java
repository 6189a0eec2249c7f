/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.vision.Picture;

/**
 * LLaVA's training data: a JSON list of {@code {id, image?, conversations}} beside a folder of
 * pictures. The file is read once, to find where each record begins, and then record by record: it
 * is never held whole, whatever its size.
 */
public final class LlavaJson implements RecordSource {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** No honest conversation is longer, and one record at a time is held. */
  private static final int LONGEST_RECORD = 64 << 20;

  private final Path file;
  private final Path pictures;
  private final FileChannel channel;
  private final long[] bounds;

  private LlavaJson(Path file, Path pictures, FileChannel channel, long[] bounds) {
    this.file = file;
    this.pictures = pictures;
    this.channel = channel;
    this.bounds = bounds;
  }

  /**
   * Finds the records of {@code file}.
   *
   * @param pictures the folder that image paths start from
   * @throws DsVlmException if the file cannot be read, is not a JSON list (with the byte at which
   *     it breaks), or there is no such folder
   */
  public static LlavaJson open(Path file, Path pictures) {
    if (!Files.isDirectory(pictures)) {
      throw new DsVlmException(pictures + ": the folder of the pictures is missing");
    }
    try (InputStream stream = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      long[] bounds = findRecords(file, stream);
      return new LlavaJson(file, pictures, FileChannel.open(file), bounds);
    } catch (JsonProcessingException e) {
      throw new DsVlmException(
          file
              + ": broken JSON at byte "
              + byteOffset(e.getLocation())
              + ": "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Begin and end of every element of the list, as byte offsets one after the other. */
  private static long[] findRecords(Path file, InputStream stream) throws IOException {
    long[] bounds = new long[1024];
    int count = 0;
    try (JsonParser parser = new JsonFactory().createParser(stream)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new DsVlmException(file + ": the top level is not a JSON list of records");
      }
      if (byteOffset(parser.currentTokenLocation()) < 0) {
        throw new DsVlmException(file + ": is not UTF-8; convert it");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (count == bounds.length) {
          bounds = Arrays.copyOf(bounds, 2 * count);
        }
        bounds[count++] = byteOffset(parser.currentTokenLocation());
        parser.skipChildren();
        parser.finishToken();
        bounds[count++] = byteOffset(parser.currentLocation());
      }
      if (parser.nextToken() != null) {
        throw new DsVlmException(
            file
                + ": something follows the list at byte "
                + byteOffset(parser.currentTokenLocation()));
      }
    }
    return Arrays.copyOf(bounds, count);
  }

  private static long byteOffset(JsonLocation location) {
    return location == null ? -1 : location.getByteOffset();
  }

  @Override
  public int size() {
    return bounds.length / 2;
  }

  @Override
  public LlavaRecord get(int index) {
    return new LlavaRecordReader(place(index), json(index)).read();
  }

  @Override
  public Picture picture(int index, long epoch) {
    LlavaRecord record = get(index);
    String where = where(index) + ": image '" + record.image() + "'";
    try {
      return Picture.read(picturePath(where, record.image()));
    } catch (DsVlmException e) {
      throw e.getMessage().startsWith(where)
          ? e
          : new DsVlmException(where + ": " + e.getMessage(), e);
    }
  }

  private Path picturePath(String where, String image) {
    Path path;
    try {
      Path relative = Path.of(image);
      path = pictures.resolve(relative).normalize();
      if (relative.isAbsolute() || image.contains("\\") || !path.startsWith(pictures.normalize())) {
        throw new DsVlmException(
            where + " is not a plain path below " + pictures + " with forward slashes");
      }
    } catch (InvalidPathException e) {
      throw new DsVlmException(where + " is no path", e);
    }
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
  public String where(int index) {
    return place(index) + " (id " + id(index) + ")";
  }

  private JsonNode json(int index) {
    long begin = bounds[2 * index];
    long length = bounds[2 * index + 1] - begin;
    if (length > LONGEST_RECORD) {
      throw new DsVlmException(
          place(index) + " is " + length + " bytes long, more than " + LONGEST_RECORD);
    }
    try {
      ByteBuffer bytes = ByteBuffer.allocate((int) length);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, begin + bytes.position()) < 0) {
          throw new DsVlmException(file + ": became shorter while it was read");
        }
      }
      return JSON.readTree(bytes.array());
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
