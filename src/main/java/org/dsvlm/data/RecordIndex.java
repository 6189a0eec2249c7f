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
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;
import org.dsvlm.io.StrictJson;

/**
 * The index that one pass over a JSON list of records makes: for each record its offset, length and
 * word count, and whether it names a picture. It holds 16 bytes a record, whatever their size.
 *
 * @param sha256 of the whole file
 * @param begins byte offset of each record
 * @param lengths bytes of each record
 * @param words words of its turns, at least 1; below zero for a record of text alone
 */
record RecordIndex(byte[] sha256, long[] begins, int[] lengths, int[] words) {
  /** No honest conversation is longer, and one record at a time is held. */
  static final int LONGEST_RECORD = 64 << 20;

  /** Reads JSON of records: a text may be as long as a record. */
  static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(LONGEST_RECORD).build())
          // Python's json writes NaN, of which a record that uses it is the only bad one.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private static final int BUFFER_BYTES = 1 << 16;

  /**
   * Reads {@code file} once.
   *
   * @throws DsVlmException if it cannot be read or is not a JSON list, with the byte at which it
   *     breaks
   */
  static RecordIndex of(Path file) {
    MessageDigest digest = Sha256.digest();
    try (InputStream stream =
            new DigestInputStream(
                new BufferedInputStream(InputFiles.stream(file), BUFFER_BYTES), digest);
        JsonParser parser = JSON.createParser(stream)) {
      Scan scan = new Scan(file, parser);
      scan.run();
      return scan.index(digest.digest());
    } catch (JsonProcessingException e) {
      throw new DsVlmException(
          file
              + ": broken JSON at byte "
              + byteOffset(e.getLocation())
              + ": "
              + StrictJson.problem(e),
          e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static long byteOffset(JsonLocation location) {
    return location == null ? -1 : location.getByteOffset();
  }

  int size() {
    return begins.length;
  }

  /** The one pass. */
  private static final class Scan {
    private final Path file;
    private final JsonParser parser;
    private long[] begins = new long[1024];
    private int[] lengths = new int[1024];
    private int[] words = new int[1024];
    private int count;
    private boolean hasTurns;

    Scan(Path file, JsonParser parser) {
      this.file = file;
      this.parser = parser;
    }

    void run() throws IOException {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_ARRAY && first != JsonToken.START_OBJECT) {
        throw new DsVlmException(file + ": the top level is not a JSON list of records");
      }
      if (byteOffset(parser.currentTokenLocation()) < 0) {
        throw new DsVlmException(file + ": is not UTF-8; convert it");
      }
      if (first == JsonToken.START_OBJECT) {
        lines();
        return;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        next();
      }
      if (parser.nextToken() != null) {
        throw new DsVlmException(
            file
                + ": something follows the list at byte "
                + byteOffset(parser.currentTokenLocation()));
      }
    }

    /** One record after the other without a list around them: JSON Lines. */
    private void lines() throws IOException {
      for (boolean more = true; more; more = parser.nextToken() != null) {
        next();
      }
      if (count == 1 && !hasTurns) {
        throw new DsVlmException(
            file
                + ": the top level is not a JSON list of records, nor does a record stand on each"
                + " line; if the list is below a key, write the list alone");
      }
    }

    private void next() throws IOException {
      long begin = byteOffset(parser.currentTokenLocation());
      int recordWords = record();
      parser.finishToken();
      add(begin, byteOffset(parser.currentLocation()) - begin, recordWords);
    }

    private void add(long begin, long length, int recordWords) {
      if (count == begins.length) {
        begins = Arrays.copyOf(begins, 2 * count);
        lengths = Arrays.copyOf(lengths, 2 * count);
        words = Arrays.copyOf(words, 2 * count);
      }
      begins[count] = begin;
      lengths[count] = (int) Math.min(length, Integer.MAX_VALUE);
      words[count++] = recordWords;
    }

    RecordIndex index(byte[] sha256) {
      return new RecordIndex(
          sha256,
          Arrays.copyOf(begins, count),
          Arrays.copyOf(lengths, count),
          Arrays.copyOf(words, count));
    }

    /** Skips the current record and gives its word count, below zero without a picture. */
    private int record() throws IOException {
      boolean pictured = false;
      int recordWords = 0;
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
      } else {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = parser.currentName();
          JsonToken value = parser.nextToken();
          if (key.equals("images") && value == JsonToken.START_ARRAY) {
            pictured |= parser.nextToken() != JsonToken.END_ARRAY;
            while (parser.currentToken() != JsonToken.END_ARRAY) {
              parser.skipChildren();
              parser.nextToken();
            }
            continue;
          }
          pictured |= key.equals("image") || key.equals("images");
          if (key.equals("conversations") || key.equals("messages")) {
            hasTurns = true;
            recordWords += conversations();
          } else {
            parser.skipChildren();
          }
        }
      }
      recordWords = Math.max(1, recordWords);
      return pictured ? recordWords : -recordWords;
    }

    private int conversations() throws IOException {
      int sum = 0;
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        parser.skipChildren();
        return sum;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        sum += turn();
      }
      return sum;
    }

    private int turn() throws IOException {
      int sum = 0;
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
        return sum;
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        boolean text = key.equals("value") || key.equals("content");
        if (parser.nextToken() == JsonToken.VALUE_STRING && text) {
          sum +=
              Words.in(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
        }
        parser.skipChildren();
      }
      return sum;
    }
  }
}
