/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;

/**
 * Tokens that a folder tells beside its tokenizer.json, as the transformers library adds them:
 * those of {@code added_tokens_decoder} in tokenizer_config.json, of added_tokens.json, and the
 * special ones that tokenizer_config.json and special_tokens_map.json name.
 */
final class TokenizerAdditions {
  private static final String CONFIG = "tokenizer_config.json";
  private static final String ADDED = "added_tokens.json";
  private static final String SPECIAL = "special_tokens_map.json";

  private static final String[] ROLES = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"
  };

  private static final String[] FURTHER = {"additional_special_tokens", "extra_special_tokens"};

  private static final String[] FLAGS = {"single_word", "lstrip", "rstrip", "normalized"};

  /**
   * One token.
   *
   * @param told the id that the folder gives it; below zero for none
   * @param where file and key, for messages
   * @param role whether it is only named for a role, which brings no new token into being
   */
  private record Told(ObjectNode token, long told, JsonConfig where, String key, boolean role) {}

  private final Map<String, Told> byContent = new LinkedHashMap<>();

  private TokenizerAdditions() {}

  /** What {@code folder} tells. */
  static TokenizerAdditions of(Path folder) {
    TokenizerAdditions additions = new TokenizerAdditions();
    JsonConfig config = orEmpty(folder.resolve(CONFIG));
    additions.addDecoder(config.child("added_tokens_decoder"));
    additions.addIds(orEmpty(folder.resolve(ADDED)));
    for (JsonConfig file : new JsonConfig[] {config, orEmpty(folder.resolve(SPECIAL))}) {
      for (String role : ROLES) {
        additions.addSpecial(file, role, file.json().path(role), true);
      }
      for (String key : FURTHER) {
        // A list, or an object that gives each token a name.
        for (JsonNode token : file.json().path(key)) {
          additions.addSpecial(file, key, token, false);
        }
      }
    }
    return additions;
  }

  private static JsonConfig orEmpty(Path file) {
    return Files.exists(file)
        ? JsonConfig.read(file)
        : JsonConfig.of(JsonNodeFactory.instance.objectNode(), file.toString());
  }

  private void addDecoder(JsonConfig decoder) {
    Map<Long, String> byId = new TreeMap<>();
    for (var entry : decoder.json().properties()) {
      String content = entry.getValue().path("content").asText();
      if (!entry.getKey().matches("[0-9]{1,9}") || content.isEmpty()) {
        throw decoder.error(entry.getKey(), "is no token with its id");
      }
      byId.put(Long.parseLong(entry.getKey()), content);
    }
    byId.forEach(
        (id, content) -> {
          String key = Long.toString(id);
          JsonNode token = decoder.json().get(key);
          ObjectNode added = token(content, token.path("special").asBoolean());
          for (String flag : FLAGS) {
            added.put(flag, token.path(flag).asBoolean());
          }
          byContent.put(content, new Told(added, id, decoder, key, false));
        });
  }

  private void addIds(JsonConfig file) {
    Map<Long, String> byId = new TreeMap<>();
    for (var entry : file.json().properties()) {
      if (!entry.getValue().canConvertToInt() || entry.getKey().isEmpty()) {
        throw file.error(
            entry.getKey(), "has id " + Excerpt.of(entry.getValue()) + ", which is no token's");
      }
      byId.put(entry.getValue().longValue(), entry.getKey());
    }
    byId.forEach(
        (id, content) ->
            byContent.putIfAbsent(
                content, new Told(token(content, false), id, file, content, false)));
  }

  private void addSpecial(JsonConfig file, String key, JsonNode named, boolean role) {
    String content = (named.isObject() ? named.path("content") : named).asText("");
    if (content.isEmpty() || named.isNull()) {
      return;
    }
    Told known = byContent.get(content);
    if (known != null) {
      known.token().put("special", true);
    } else {
      byContent.put(content, new Told(token(content, true), -1, file, key, role));
    }
  }

  private static ObjectNode token(String content, boolean special) {
    ObjectNode token = JsonNodeFactory.instance.objectNode().put("content", content);
    for (String flag : FLAGS) {
      token.put(flag, false);
    }
    return token.put("special", special);
  }

  /** Whether {@code tokens}, of the tokenizer.json, lack any of these. */
  boolean changes(TokenizerFile tokens) {
    return byContent.entrySet().stream().anyMatch(e -> lacks(tokens, e.getKey(), e.getValue()));
  }

  private static boolean lacks(TokenizerFile tokens, String content, Told told) {
    Long added = tokens.addedTokens().get(content);
    if (added != null) {
      return told.token().path("special").asBoolean() && !tokens.specialIds().contains(added);
    }
    return !told.role() || tokens.id(content) != null;
  }

  /**
   * Adds them to {@code json}, the content of a tokenizer.json.
   *
   * @param tokens the same, read
   * @throws org.dsvlm.io.DsVlmException for a token that gets another id than the folder tells
   */
  void addTo(ObjectNode json, TokenizerFile tokens) {
    ArrayNode added =
        json.path("added_tokens").isArray()
            ? (ArrayNode) json.get("added_tokens")
            : json.putArray("added_tokens");
    for (JsonNode token : added) {
      Told told = byContent.get(token.path("content").asText());
      if (told != null && told.token().path("special").asBoolean()) {
        ((ObjectNode) token).put("special", true);
      }
    }
    long next = tokens.size();
    for (Map.Entry<String, Told> entry : byContent.entrySet()) {
      Told told = entry.getValue();
      if (tokens.addedTokens().containsKey(entry.getKey())
          || !lacks(tokens, entry.getKey(), told)) {
        continue;
      }
      Long known = tokens.id(entry.getKey());
      long id = known != null ? known : next++;
      if (told.told() >= 0 && told.told() != id) {
        throw told.where()
            .error(
                told.key(),
                "gives '"
                    + Excerpt.of(entry.getKey())
                    + "' the id "
                    + told.told()
                    + ", but beside tokenizer.json it gets "
                    + id
                    + "; take both files from one place");
      }
      added.add(told.token().deepCopy().put("id", id));
    }
  }
}
