/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.language;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.tensor.DsVlmException;

/**
 * What tokenizer.json says of its tokens and merges, checked before the library reads it: the
 * library itself tells neither file nor line, and gives an added token whose id leaves a gap
 * another one without a word.
 */
final class TokenizerFile {
  private final Path file;
  private final Map<String, Long> vocabulary = new HashMap<>();
  private final Map<String, Long> addedTokens = new LinkedHashMap<>();

  private TokenizerFile(Path file) {
    this.file = file;
  }

  /**
   * Reads {@code file}.
   *
   * @throws DsVlmException naming the file and the merge or token at fault
   */
  static TokenizerFile read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DsVlmException(file + ": no such file; a model folder needs its tokenizer.json");
    }
    TokenizerFile result = new TokenizerFile(file);
    try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
      result.readRoot(json);
    } catch (JsonProcessingException e) {
      throw new DsVlmException(
          file
              + ": broken JSON at line "
              + e.getLocation().getLineNr()
              + ", column "
              + e.getLocation().getColumnNr()
              + ": "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
    result.checkAddedTokens();
    return result;
  }

  /** One more than the largest id. */
  long size() {
    long largest = -1;
    for (long id : vocabulary.values()) {
      largest = Math.max(largest, id);
    }
    for (long id : addedTokens.values()) {
      largest = Math.max(largest, id);
    }
    return largest + 1;
  }

  /** Id of {@code token} as it stands in the file; null if it has none. */
  Long id(String token) {
    Long added = addedTokens.get(token);
    return added != null ? added : vocabulary.get(token);
  }

  /** Tokens that stand beside the vocabulary, such as {@code <image>}, with their ids. */
  Map<String, Long> addedTokens() {
    return addedTokens;
  }

  private void readRoot(JsonParser json) throws IOException {
    expect(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
        while (json.nextToken() == JsonToken.START_OBJECT) {
          readAddedToken(json);
        }
      } else if (key.equals("model") && value == JsonToken.START_OBJECT) {
        readModel(json);
      } else {
        json.skipChildren();
      }
    }
  }

  private void readAddedToken(JsonParser json) throws IOException {
    String content = null;
    Long id = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (key.equals("content") && value == JsonToken.VALUE_STRING) {
        content = json.getText();
      } else if (key.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
        id = json.getLongValue();
      } else {
        json.skipChildren();
      }
    }
    expect(content != null && id != null, "holds an added token without 'content' or 'id'");
    addedTokens.put(content, id);
  }

  private void readModel(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String token = json.currentName();
          expect(
              json.nextToken() == JsonToken.VALUE_NUMBER_INT,
              "gives token '" + token + "' an id that is no whole number");
          vocabulary.put(token, json.getLongValue());
        }
      } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(json);
      } else {
        json.skipChildren();
      }
    }
  }

  /** Merges as {@code "left right"} or, in newer files, {@code ["left", "right"]}. */
  private void readMerges(JsonParser json) throws IOException {
    for (int number = 0; json.nextToken() != JsonToken.END_ARRAY; number++) {
      String[] parts;
      String shown;
      if (json.currentToken() == JsonToken.START_ARRAY) {
        String left = json.nextTextValue();
        String right = json.nextTextValue();
        parts = new String[] {left, right};
        shown = left + " " + right;
        expect(
            left != null && right != null && json.nextToken() == JsonToken.END_ARRAY,
            "has a broken merge number " + number + ": not two pieces");
      } else {
        expect(
            json.currentToken() == JsonToken.VALUE_STRING,
            "has a broken merge number " + number + ": neither text nor a pair");
        shown = json.getText();
        parts = shown.split(" ", -1);
      }
      checkMerge(number, shown, parts);
    }
  }

  private void checkMerge(int number, String shown, String[] parts) {
    expect(
        parts.length == 2,
        "has a broken merge number " + number + ", '" + shown + "': not two pieces");
    // Where merges stand before the vocabulary there is nothing to compare with yet.
    if (!vocabulary.isEmpty()) {
      for (String piece : new String[] {parts[0], parts[1], parts[0] + parts[1]}) {
        expect(
            vocabulary.containsKey(piece),
            "has a broken merge number "
                + number
                + ", '"
                + shown
                + "': '"
                + piece
                + "' is not in its vocabulary");
      }
    }
  }

  /**
   * An added token has the id of its vocabulary entry, or the next free one; the library gives it
   * that whatever the file says.
   */
  private void checkAddedTokens() {
    long next = vocabulary.size();
    for (Map.Entry<String, Long> added : addedTokens.entrySet()) {
      Long known = vocabulary.get(added.getKey());
      long expected = known != null ? known : next;
      if (added.getValue() != expected) {
        throw new DsVlmException(
            file
                + ": added token '"
                + added.getKey()
                + "' has id "
                + added.getValue()
                + ", which is out of range: it has to be "
                + expected
                + ", "
                + (known != null ? "its place in the vocabulary" : "the first free one"));
      }
      if (known == null) {
        next++;
      }
    }
  }

  private void expect(boolean right, String problem) {
    if (!right) {
      throw new DsVlmException(file + ": " + problem + "; fetch the tokenizer again");
    }
  }
}
