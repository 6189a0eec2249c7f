/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;

/**
 * Settings for a folder's tokenizer.model, from tokenizer_config.json, special_tokens_map.json and
 * added_tokens.json. Each of these files may be absent; defaults are those of the transformers
 * library's LlamaTokenizer.
 *
 * @param legacy whether every stretch between special tokens begins with a space of its own, as
 *     sentencepiece begins every text; otherwise only the first stretch does
 * @param prefixSpace whether the first stretch begins with that space unless {@code legacy}
 * @param addBeginning whether post-processing puts {@code beginning} before a text
 * @param tokens found in a text as a whole, in the order of their ids
 */
record SentencePieceSettings(
    boolean legacy,
    boolean prefixSpace,
    boolean addBeginning,
    String beginning,
    List<AddedToken> tokens) {

  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL = "special_tokens_map.json";
  private static final String ADDED = "added_tokens.json";
  private static final String[] ROLES = {"unk_token", "bos_token", "eos_token", "pad_token"};
  private static final String FURTHER = "additional_special_tokens";

  /** One of the pieces that is special, or a token beside them. */
  record AddedToken(
      String content,
      long id,
      boolean special,
      boolean singleWord,
      boolean leftStrip,
      boolean rightStrip) {}

  /**
   * The settings of {@code folder}.
   *
   * @throws org.dsvlm.io.DsVlmException for a file that is broken, naming it and the key
   */
  static SentencePieceSettings read(Path folder, SentencePieceModel model) {
    JsonConfig config = orEmpty(folder.resolve(CONFIG));
    Map<String, Long> vocabulary = model.vocabulary();
    Map<String, String> roles = new LinkedHashMap<>();
    roles.put(ROLES[0], model.unknown().text());
    roles.put(ROLES[1], vocabulary.containsKey("<s>") ? "<s>" : "");
    roles.put(ROLES[2], vocabulary.containsKey("</s>") ? "</s>" : "");
    Tokens tokens = new Tokens(vocabulary);
    JsonConfig decoder = config.child("added_tokens_decoder");
    for (var entry : decoder.json().properties()) {
      tokens.describe(decoder, entry.getKey(), entry.getValue());
    }
    JsonConfig added = orEmpty(folder.resolve(ADDED));
    for (var entry : added.json().properties()) {
      tokens.place(added, entry.getKey(), entry.getValue());
    }
    for (JsonConfig file : List.of(orEmpty(folder.resolve(SPECIAL)), config)) {
      for (String role : ROLES) {
        if (file.json().has(role)) {
          roles.put(role, content(file, role, file.json().get(role)));
        }
      }
      for (JsonNode token : file.json().path(FURTHER)) {
        tokens.special(content(file, FURTHER, token));
      }
    }
    roles.values().forEach(tokens::special);
    return new SentencePieceSettings(
        config.flag("legacy", true),
        config.flag("add_prefix_space", true),
        config.flag("add_bos_token", true),
        roles.get(ROLES[1]),
        tokens.inOrder());
  }

  /** Id of one of the tokens. */
  long id(String content) {
    return tokens.stream()
        .filter(token -> token.content().equals(content))
        .findFirst()
        .orElseThrow()
        .id();
  }

  private static JsonConfig orEmpty(Path file) {
    return Files.exists(file)
        ? JsonConfig.read(file)
        : JsonConfig.of(JsonNodeFactory.instance.objectNode(), file.toString());
  }

  /** The text of a token, given as text or as an object; empty for null. */
  private static String content(JsonConfig file, String key, JsonNode token) {
    JsonNode text = token.isObject() ? token.path("content") : token;
    if (!text.isTextual() && !text.isNull()) {
      throw file.error(key, "holds " + Excerpt.of(token) + ", which is no token");
    }
    return text.isNull() ? "" : text.textValue();
  }

  /** Tokens as they are gathered from the files. */
  private static final class Tokens {
    private final Map<String, Long> vocabulary;
    private final Map<String, AddedToken> byContent = new LinkedHashMap<>();

    Tokens(Map<String, Long> vocabulary) {
      this.vocabulary = vocabulary;
    }

    /** One whose properties are told, under its id. */
    void describe(JsonConfig file, String id, JsonNode token) {
      String content = content(file, id, token);
      if (!id.matches("[0-9]{1,9}") || content.isEmpty()) {
        throw file.error(id, "is no token with its id");
      }
      byContent.put(
          content,
          new AddedToken(
              content,
              Long.parseLong(id),
              token.path("special").asBoolean(),
              token.path("single_word").asBoolean(),
              token.path("lstrip").asBoolean(),
              token.path("rstrip").asBoolean()));
    }

    /** One of which the id alone is told. */
    void place(JsonConfig file, String content, JsonNode id) {
      if (!id.canConvertToExactIntegral() || !id.canConvertToInt() || content.isEmpty()) {
        throw file.error(content, "has id " + Excerpt.of(id) + ", which is no token's");
      }
      byContent.computeIfAbsent(content, text -> plain(text, id.longValue(), false));
    }

    /** One that is special; a new one gets the next free id. */
    void special(String content) {
      if (content.isEmpty()) {
        return;
      }
      AddedToken known = byContent.get(content);
      if (known == null) {
        Long piece = vocabulary.get(content);
        byContent.put(content, plain(content, piece != null ? piece : nextId(), true));
      } else {
        byContent.put(
            content,
            new AddedToken(
                content,
                known.id(),
                true,
                known.singleWord(),
                known.leftStrip(),
                known.rightStrip()));
      }
    }

    private long nextId() {
      long next = vocabulary.size();
      for (AddedToken token : byContent.values()) {
        next = Math.max(next, token.id() + 1);
      }
      return next;
    }

    private static AddedToken plain(String content, long id, boolean special) {
      return new AddedToken(content, id, special, false, false, false);
    }

    List<AddedToken> inOrder() {
      List<AddedToken> tokens = new ArrayList<>(byContent.values());
      tokens.sort(Comparator.comparingLong(AddedToken::id));
      return List.copyOf(tokens);
    }
  }
}
