/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;

/**
 * Ids of single texts, and prompts and labels of conversations, with the tokenizers that the case
 * holds, each from every file that describes it. The vocabularies of Llama 2, Llama 3 and Qwen2 are
 * not among its files; {@code -Ddsvlm.tokenizers=DIR} names a folder with theirs.
 */
final class TokenizationRunner implements GoldenRunner {
  private static final String LEGACY = "_legacy";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * A tokenizer of the case as one of its files describes it.
   *
   * @param ids the key of the ids that it has to give
   */
  private record Opened(Tokenizer tokenizer, String source, String ids) {}

  private final Map<String, List<Opened>> tokenizers = new HashMap<>();

  @Override
  public boolean isInput(String name) {
    return false;
  }

  @Override
  public void run(GoldenCase golden) throws IOException {
    try {
      compareTexts(golden);
      compareConversations(golden);
      if (tokenizers.values().stream().allMatch(List::isEmpty)) {
        golden.fail("no tokenizer of the case is there");
      }
    } finally {
      tokenizers.values().forEach(all -> all.forEach(one -> one.tokenizer().close()));
      tokenizers.clear();
    }
  }

  /** Empty for one whose files are not there. */
  private List<Opened> tokenizers(GoldenCase golden, String name) throws IOException {
    if (!tokenizers.containsKey(name)) {
      tokenizers.put(name, open(golden, name));
    }
    return tokenizers.get(name);
  }

  private static List<Opened> open(GoldenCase golden, String name) throws IOException {
    boolean legacy = name.endsWith(LEGACY);
    String suffix = legacy ? LEGACY : "";
    String plain = name.substring(0, name.length() - suffix.length());
    Path folder = golden.folder().resolve(plain);
    if (!Files.exists(folder)) {
      folder = Path.of(System.getProperty("dsvlm.tokenizers", ""), plain);
    }
    List<Opened> opened = new ArrayList<>();
    Path json = folder.resolve("tokenizer" + suffix + ".json");
    if (Files.exists(json)) {
      // tokenizer.json holds the fast tokenizer, which differs from the slow one in some texts.
      opened.add(new Opened(Tokenizer.open(json), json.toString(), "fast" + suffix));
    }
    Path model = folder.resolve("tokenizer.model");
    if (Files.exists(model)) {
      opened.add(new Opened(openModel(model, legacy), model + " " + name, "ids" + suffix));
    }
    return opened;
  }

  private static Tokenizer openModel(Path model, boolean legacy) throws IOException {
    Path folder = Files.createTempDirectory("tokenizer");
    Path copy = folder.resolve("tokenizer.model");
    Path config = folder.resolve("tokenizer_config.json");
    try {
      Files.copy(model, copy);
      Path own = model.resolveSibling("tokenizer_config.json");
      ObjectNode settings =
          Files.exists(own)
              ? (ObjectNode) MAPPER.readTree(own.toFile())
              : MAPPER.createObjectNode().put("tokenizer_class", "LlamaTokenizer");
      MAPPER.writeValue(config.toFile(), settings.put("legacy", legacy));
      return Tokenizer.open(folder);
    } finally {
      Files.deleteIfExists(copy);
      Files.deleteIfExists(config);
      Files.deleteIfExists(folder);
    }
  }

  private static JsonNode json(GoldenCase golden, String file) throws IOException {
    return MAPPER.readTree(golden.folder().resolve(file).toFile());
  }

  private void compareTexts(GoldenCase golden) throws IOException {
    for (var entry : json(golden, "expected_ids.json").properties()) {
      for (String suffix : List.of("", LEGACY)) {
        for (Opened opened : tokenizers(golden, entry.getKey() + suffix)) {
          for (JsonNode text : entry.getValue()) {
            JsonNode expected =
                text.has(opened.ids()) ? text.get(opened.ids()) : text.get("ids" + suffix);
            compareText(golden, opened, text, longs(expected));
          }
        }
      }
    }
  }

  private static void compareText(GoldenCase golden, Opened opened, JsonNode text, long[] ids) {
    String what = opened.source() + " " + text.get("text");
    golden.expectEqual(what, opened.tokenizer().encode(text.get("text").asText(), false), ids);
    // The text that the case gives is that of the slow tokenizer's ids, without legacy.
    if (opened.ids().equals("ids") || (opened.ids().equals("fast") && !text.has("fast"))) {
      expectText(
          golden, what + " decoded", opened.tokenizer().decode(ids, true), text.get("decoded"));
    }
  }

  private void compareConversations(GoldenCase golden) throws IOException {
    JsonNode all = json(golden, "conversations.json");
    for (JsonNode expected : all.get("expected")) {
      for (Opened opened : tokenizers(golden, expected.get("tokenizer").asText())) {
        compareConversation(golden, opened, all, expected);
      }
    }
  }

  private static void compareConversation(
      GoldenCase golden, Opened opened, JsonNode all, JsonNode expected) {
    ConversationTemplate template = ConversationTemplate.named(expected.get("template").asText());
    List<Turn> turns = turns(all, expected.get("conversation").asText());
    String what = template.key() + " " + opened.source() + " " + expected.get("conversation");
    expectText(golden, what + " prompt", template.prompt(turns), expected.get("prompt"));
    if (expected.hasNonNull("generation_prompt")) {
      expectText(
          golden,
          what + " generation_prompt",
          template.generationPrompt(asked(turns)),
          expected.get("generation_prompt"));
    }
    TokenizedConversation tokenized = template.tokenize(turns, opened.tokenizer());
    golden.expectEqual(what + " input_ids", tokenized.ids(), longs(expected.get("input_ids")));
    golden.expectEqual(what + " labels", tokenized.labels(), longs(expected.get("labels")));
  }

  /** Up to the first question; the assistant may have spoken before it. */
  private static List<Turn> asked(List<Turn> turns) {
    return turns.subList(0, ConversationTemplate.beginsWithAnswer(turns) ? 2 : 1);
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
