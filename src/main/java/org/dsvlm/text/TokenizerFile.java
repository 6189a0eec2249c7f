/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * Checks tokens and merges of a tokenizer.json before the library reads it: the library names
 * neither file nor line, and silently gives another id to an added token whose id leaves a gap.
 */
final class TokenizerFile {
  /** The library reads JSON to a depth of 127; not everywhere does it report a deeper one. */
  private static final int DEPTH = 64;

  /** Names are the tokens of a vocabulary: too many to be worth keeping for another file. */
  private static final JsonFactory JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEPTH).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .build()
          .getFactory();

  private static final int BYTE_TOKENS = 256;

  private static final long LARGEST_ID = 1 << 24;

  /** Settings that no tokenizer of the Llama family has; the library trusts them blindly. */
  private static final Set<String> WITHOUT =
      Set.of("dropout", "continuing_subword_prefix", "end_of_word_suffix");

  /** Fields of an added token that make it take what stands around it into account. */
  private static final Set<String> AROUND = Set.of("lstrip", "rstrip", "single_word");

  private final Path file;
  private final Map<String, Long> vocabulary = new HashMap<>();
  private final Map<String, Long> addedTokens = new LinkedHashMap<>();
  private final Set<Long> specialIds = new HashSet<>();
  private final Map<String, JsonNode> parts = new HashMap<>();

  /** Of each added token, whether it is looked for in normalised text. */
  private final Map<String, Boolean> inNormalisedText = new LinkedHashMap<>();

  private boolean addedTokensArePlain = true;
  private int longestToken = 1;
  private @Nullable String unknown;
  private boolean postProcesses;
  private @Nullable OwnSplits ownSplits;

  private TokenizerFile(Path file) {
    this.file = file;
  }

  /**
   * Reads {@code json}, the content of {@code file} as tokenizer.json.
   *
   * @throws DsVlmException naming the file and the merge, token or step at fault
   */
  static TokenizerFile read(Path file, byte[] json) {
    TokenizerFile result = new TokenizerFile(file);
    try (JsonParser texts = JSON.createParser(json);
        JsonParser parser = JSON.createParser(json)) {
      result.checkTexts(texts);
      result.readRoot(parser);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw new DsVlmException(file + ": broken JSON" + place + ": " + StrictJson.problem(e), e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
    result.checkIds();
    result.expect(
        result.unknown == null || result.vocabulary.containsKey(result.unknown),
        "has '" + result.unknown + "' for the unknown, which is not in its vocabulary");
    result.checkAddedTokens();
    try {
      result.ownSplits =
          OwnSplits.of(
              result.part("normalizer"),
              result.part("pre_tokenizer"),
              result.inNormalisedText,
              result.addedTokensArePlain);
    } catch (DsVlmException e) {
      throw new DsVlmException(file + ": " + e.getMessage(), e);
    }
    return result;
  }

  private JsonNode part(String key) {
    return parts.getOrDefault(key, MissingNode.getInstance());
  }

  /** What of the file is done here and not in the library, if anything. */
  @Nullable OwnSplits ownSplits() {
    return ownSplits;
  }

  /** The most characters that the library may make of one before it splits a text. */
  long growth() {
    return TokenizerWork.growth(TokenizerWork.steps("normalizer", part("normalizer")));
  }

  /** The most characters that a token may become when it is decoded. */
  long longestDecoded() {
    return longestToken * TokenizerWork.growth(TokenizerWork.steps("decoder", part("decoder")));
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

  /** Id of {@code token} as it stands in the file, if it has one. */
  @Nullable Long id(String token) {
    Long added = addedTokens.get(token);
    return added != null ? added : vocabulary.get(token);
  }

  /** Tokens that stand beside the vocabulary, such as {@code <image>}, with their ids. */
  Map<String, Long> addedTokens() {
    return addedTokens;
  }

  /** Ids of the added tokens that belong to no text. */
  Set<Long> specialIds() {
    return specialIds;
  }

  /** Whether the file says what stands around a text. */
  boolean postProcesses() {
    return postProcesses;
  }

  /** The bytes of all tokens. */
  TokenBytes tokenBytes() {
    boolean byteLevel = part("decoder").findValuesAsText("type").contains("ByteLevel");
    return new TokenBytes(vocabulary, addedTokens, byteLevel);
  }

  /** Ids of the tokens {@code <0x00>} to {@code <0xFF>}, each a byte of a character. */
  Set<Long> byteIds() {
    Set<Long> ids = new HashSet<>();
    for (int value = 0; value < BYTE_TOKENS; value++) {
      Long id = vocabulary.get(String.format(Locale.ROOT, "<0x%02X>", value));
      if (id != null) {
        ids.add(id);
      }
    }
    return ids;
  }

  /** The library ends the process at half a surrogate pair, wherever it stands. */
  private void checkTexts(JsonParser json) throws IOException {
    for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
      boolean text = token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME;
      if (text && !Surrogates.arePaired(json.getText())) {
        JsonLocation at = json.currentTokenLocation();
        expect(
            false,
            "has half a surrogate pair at line " + at.getLineNr() + ", column " + at.getColumnNr());
      }
    }
  }

  private void readRoot(JsonParser json) throws IOException {
    TokenizerParts checked = new TokenizerParts(file.toString());
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
      } else if (TokenizerParts.isPart(key)) {
        postProcesses |= key.equals("post_processor") && value != JsonToken.VALUE_NULL;
        JsonNode part = json.readValueAsTree();
        checked.check(key, part);
        parts.put(key, part);
      } else {
        json.skipChildren();
      }
    }
    expect(json.nextToken() == null, "has something behind its JSON object");
  }

  private void readAddedToken(JsonParser json) throws IOException {
    String content = null;
    Long id = null;
    boolean special = false;
    boolean normalised = false;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (key.equals("content") && value == JsonToken.VALUE_STRING) {
        content = json.getText();
      } else if (key.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
        id = json.getLongValue();
      } else if (key.equals("special")) {
        special = value == JsonToken.VALUE_TRUE;
      } else if (key.equals("normalized")) {
        normalised = value == JsonToken.VALUE_TRUE;
      } else if (AROUND.contains(key)) {
        addedTokensArePlain &= value == JsonToken.VALUE_FALSE;
      } else {
        json.skipChildren();
      }
    }
    if (content == null || content.isEmpty() || id == null) {
      throw problem("holds an added token without 'content' or 'id'");
    }
    addedTokens.put(content, id);
    inNormalisedText.put(content, normalised);
    longestToken = Math.max(longestToken, content.length());
    if (special) {
      specialIds.add(id);
    }
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
              "gives token '" + Excerpt.of(token) + "' an id that is no whole number");
          vocabulary.put(token, json.getLongValue());
          longestToken = Math.max(longestToken, token.length());
        }
      } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(json);
      } else if (key.equals("unk_token") && value == JsonToken.VALUE_STRING) {
        unknown = json.getText();
      } else if (key.equals("type")) {
        expect(
            "BPE".equals(json.getText()), "is a tokenizer of type " + Excerpt.of(json.getText()));
      } else if (WITHOUT.contains(key)) {
        expect(
            value == JsonToken.VALUE_NULL
                || (value == JsonToken.VALUE_STRING && json.getTextLength() == 0),
            "asks for '" + key + "', which is not supported");
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

  /** Each token of the vocabulary has an id of its own, and none is out of all proportion. */
  private void checkIds() {
    Set<Long> ids = new HashSet<>(vocabulary.values());
    expect(ids.size() == vocabulary.size(), "gives two tokens of its vocabulary the same id");
    for (Map.Entry<String, Long> entry : vocabulary.entrySet()) {
      expect(
          entry.getValue() >= 0 && entry.getValue() < LARGEST_ID,
          "gives token '" + Excerpt.of(entry.getKey()) + "' the id " + entry.getValue());
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
      throw problem(problem);
    }
  }

  private DsVlmException problem(String problem) {
    return new DsVlmException(file + ": " + problem + "; fetch the tokenizer again");
  }
}
