/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.language.ConversationTemplate;
import org.dsvlm.language.TokenizedConversation;
import org.dsvlm.language.Tokenizer;
import org.dsvlm.language.Turn;

/**
 * Ids of single texts, and prompts and labels of conversations, with the tokenizers that the case
 * holds. The vocabularies of Llama 2, Llama 3 and Qwen2 are not among its files.
 */
final class TokenizationRunner implements GoldenRunner {
  private static final String LEGACY = "_legacy";

  @Override
  public boolean isInput(String name) {
    return false;
  }

  @Override
  public void run(GoldenCase golden) throws IOException {
    Map<String, Tokenizer> tokenizers = new HashMap<>();
    try {
      compareTexts(golden, tokenizers);
      compareConversations(golden, tokenizers);
      if (tokenizers.isEmpty()) {
        golden.fail("no tokenizer of the case is there");
      }
    } finally {
      tokenizers.values().forEach(Tokenizer::close);
    }
  }

  /** Null for one whose files the case does not hold. */
  private static Tokenizer tokenizer(
      GoldenCase golden, Map<String, Tokenizer> opened, String name) {
    boolean legacy = name.endsWith(LEGACY);
    String folder = legacy ? name.substring(0, name.length() - LEGACY.length()) : name;
    Path file =
        golden
            .folder()
            .resolve(folder)
            .resolve(legacy ? "tokenizer_legacy.json" : "tokenizer.json");
    if (!Files.exists(file)) {
      return null;
    }
    return opened.computeIfAbsent(name, key -> Tokenizer.open(file));
  }

  private static JsonNode json(GoldenCase golden, String file) throws IOException {
    return new ObjectMapper().readTree(golden.folder().resolve(file).toFile());
  }

  private static void compareTexts(GoldenCase golden, Map<String, Tokenizer> opened)
      throws IOException {
    for (var entry : json(golden, "expected_ids.json").properties()) {
      for (String suffix : List.of("", LEGACY)) {
        Tokenizer tokenizer = tokenizer(golden, opened, entry.getKey() + suffix);
        if (tokenizer == null) {
          continue;
        }
        for (JsonNode text : entry.getValue()) {
          // tokenizer.json holds the fast tokenizer, which differs from the slow one in some texts.
          JsonNode expected =
              text.has("fast" + suffix) ? text.get("fast" + suffix) : text.get("ids" + suffix);
          String what = entry.getKey() + suffix + " " + text.get("text");
          golden.expectEqual(
              what, tokenizer.encode(text.get("text").asText(), false), longs(expected));
          if (suffix.isEmpty() && !text.has("fast")) {
            String decoded = tokenizer.decode(longs(expected), true);
            if (!decoded.equals(text.get("decoded").asText())) {
              golden.fail(what + ": decoded '" + decoded + "', expected " + text.get("decoded"));
            }
          }
        }
      }
    }
  }

  private static void compareConversations(GoldenCase golden, Map<String, Tokenizer> opened)
      throws IOException {
    JsonNode all = json(golden, "conversations.json");
    for (JsonNode expected : all.get("expected")) {
      Tokenizer tokenizer = tokenizer(golden, opened, expected.get("tokenizer").asText());
      if (tokenizer == null) {
        continue;
      }
      ConversationTemplate template = ConversationTemplate.named(expected.get("template").asText());
      List<Turn> turns = turns(all, expected.get("conversation").asText());
      String what =
          template.key() + " " + expected.get("tokenizer") + " " + expected.get("conversation");
      expectText(golden, what + " prompt", template.prompt(turns), expected.get("prompt"));
      if (expected.hasNonNull("generation_prompt")) {
        expectText(
            golden,
            what + " generation_prompt",
            template.generationPrompt(turns.subList(0, 1)),
            expected.get("generation_prompt"));
      }
      TokenizedConversation tokenized = template.tokenize(turns, tokenizer);
      golden.expectEqual(what + " input_ids", tokenized.ids(), longs(expected.get("input_ids")));
      golden.expectEqual(what + " labels", tokenized.labels(), longs(expected.get("labels")));
    }
  }

  private static void expectText(GoldenCase golden, String what, String actual, JsonNode expected) {
    if (!actual.equals(expected.asText())) {
      golden.fail(what + ": '" + actual + "', expected " + expected);
    }
  }

  /** The conversation of that id, or the pretraining pair {@code pretrainN}. */
  private static List<Turn> turns(JsonNode all, String id) {
    List<Turn> turns = new ArrayList<>();
    if (id.startsWith("pretrain")) {
      JsonNode pair = all.get("pretrain").get(Integer.parseInt(id.substring("pretrain".length())));
      turns.add(Turn.human(pair.get(0).asText()));
      turns.add(Turn.assistant(pair.get(1).asText()));
      return turns;
    }
    for (JsonNode conversation : all.get("conversations")) {
      if (conversation.get("id").asText().equals(id)) {
        for (JsonNode turn : conversation.get("conversations")) {
          turns.add(
              new Turn(
                  turn.get("from").asText().equals("human"),
                  ConversationTemplate.imageFirst(turn.get("value").asText())));
        }
      }
    }
    return turns;
  }

  private static long[] longs(JsonNode array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asLong();
    }
    return values;
  }
}
