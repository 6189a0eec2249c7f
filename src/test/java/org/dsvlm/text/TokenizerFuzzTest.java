/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.FileFuzz;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated tokenizer files: each is used or refused with a {@link DsVlmException} that names it. The
 * library behind is native code, which a value it did not expect would end together with this
 * process, or that it could hang at. {@code -Ddsvlm.fuzz.runs=200000} runs longer.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS, threadMode = ThreadMode.SEPARATE_THREAD)
class TokenizerFuzzTest {
  private static final int RUNS = Integer.getInteger("dsvlm.fuzz.runs", 1_000);
  private static final long SEED = Long.getLong("dsvlm.fuzz.seed", 20260721);
  private static final Path TOKENIZERS = Path.of("src/test/resources/golden/tokenization");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** So many pieces of a vocabulary are kept: enough for all kinds, few enough to be quick. */
  private static final int PIECES = 400;

  private static final String[] TEXTS = {
    "Hello world", "  two \n\n lines\t", "🐈 世界 é", "<s> 12345</s><|im_end|>\0 x'll don't", "   "
  };
  private static final String[] TOKENS =
      FileFuzz.jsonTokens(
          "\"\"",
          "\" \"",
          "\"a\"",
          "\\ud800",
          "(",
          "*",
          "+",
          "\\\\",
          "▁",
          "\"type\"",
          "\"Regex\"",
          "\"String\"",
          "\"Sequence\"",
          "\"Strip\"",
          "\"ByteLevel\"",
          "\"Metaspace\"",
          "\"Replace\"",
          "\"Prepend\"",
          "\"Digits\"",
          "\"NFC\"",
          "\"Precompiled\"",
          "\"WordPiece\"",
          "\"Unigram\"",
          "\"CTC\"",
          "\"BertProcessing\"");

  @TempDir Path folder;

  private final FileFuzz fuzz = new FileFuzz(100, 1 << 21, 256);
  private final Random random = new Random(SEED);
  private int accepted;
  private int refused;

  @Test
  void mutatedTokenizerJsonIsUsedOrRefused() throws IOException {
    List<ObjectNode> sound = new ArrayList<>();
    for (String name : new String[] {"small_sp", "small_llama3", "small_qwen2"}) {
      Path file = TOKENIZERS.resolve(name).resolve("tokenizer.json");
      sound.add(shortened((ObjectNode) MAPPER.readTree(file.toFile())));
    }
    for (int run = 0; run < RUNS; run++) {
      ObjectNode original = sound.get(run % sound.size());
      byte[] content =
          random.nextBoolean()
              ? editedTree(original).toString().getBytes(StandardCharsets.UTF_8)
              : editedText(original.toString());
      tryOut("tokenizer.json", content, run);
    }
    assertThat(refused).isGreaterThan(RUNS / 4);
    assertThat(accepted).isGreaterThan(RUNS / 20);
  }

  @Test
  void mutatedTokenizerModelIsUsedOrRefused() throws IOException {
    byte[] sound =
        shortened(Files.readAllBytes(TOKENIZERS.resolve("small_sp").resolve("tokenizer.model")));
    for (int run = 0; run < RUNS; run++) {
      tryOut("tokenizer.model", editedBytes(sound), run);
    }
    assertThat(refused).isGreaterThan(RUNS / 4);
    assertThat(accepted).isGreaterThan(RUNS / 20);
  }

  private void tryOut(String name, byte[] content, int run) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, content);
    fuzz.begin();
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      fuzz.checkAllocated(run, content.length);
      use(tokenizer);
      accepted++;
    } catch (DsVlmException e) {
      fuzz.checkAllocated(run, content.length);
      assertThat(e).hasMessageStartingWith(file.toString());
      refused++;
    }
  }

  private void use(Tokenizer tokenizer) {
    for (String text : TEXTS) {
      tokenizer.decode(tokenizer.encode(text, random.nextBoolean()), random.nextBoolean());
    }
    long[] ids = random.longs(20, 0, tokenizer.size() + 3).toArray();
    tokenizer.decode(ids, random.nextBoolean());
  }

  private JsonNode editedTree(ObjectNode original) {
    ObjectNode tree = original.deepCopy();
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      JsonNode parent = tree;
      for (int depth = random.nextInt(7); depth > 0; depth--) {
        JsonNode child = child(parent, random.nextInt(Math.max(1, parent.size())));
        parent = child != null && child.isContainerNode() && !child.isEmpty() ? child : parent;
      }
      replaceOne(parent, value(original));
    }
    return tree;
  }

  private static JsonNode child(JsonNode parent, int number) {
    return parent.isEmpty() ? null : parent.valueStream().skip(number).findFirst().orElseThrow();
  }

  private void replaceOne(JsonNode parent, JsonNode value) {
    int number = random.nextInt(parent.size());
    if (parent instanceof ArrayNode array) {
      if (random.nextInt(3) == 0) {
        array.insert(number, value);
      } else {
        array.set(number, value);
      }
    } else if (parent instanceof ObjectNode object) {
      String key = object.propertyStream().skip(number).findFirst().orElseThrow().getKey();
      if (random.nextInt(6) == 0) {
        object.remove(key);
      } else {
        object.set(key, value);
      }
    }
  }

  /** A value of any kind, or a part of {@code original}. */
  private JsonNode value(ObjectNode original) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    return switch (random.nextInt(9)) {
      case 0 -> json.nullNode();
      case 1 -> json.booleanNode(random.nextBoolean());
      case 2 -> json.numberNode(random.nextInt(6) - 1);
      case 3 -> json.numberNode(random.nextLong() >>> random.nextInt(64));
      case 4 -> json.textNode("");
      case 5 -> json.textNode(TEXTS[random.nextInt(TEXTS.length)]);
      case 6 -> json.textNode(TOKENS[random.nextInt(TOKENS.length)].replace("\"", ""));
      case 7 -> json.numberNode(random.nextDouble());
      default -> {
        JsonNode part = original;
        for (int depth = 1 + random.nextInt(4); depth > 0 && !part.isEmpty(); depth--) {
          part = child(part, random.nextInt(part.size()));
        }
        yield part.deepCopy();
      }
    };
  }

  private byte[] editedText(String sound) {
    StringBuilder text = new StringBuilder(sound);
    int model = sound.indexOf("\"vocab\"");
    for (int edits = random.nextInt(4); edits > 0; edits--) {
      int at = random.nextInt(random.nextInt(3) == 0 ? text.length() : model);
      FileFuzz.edit(random, text, at, TOKENS);
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(8) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return random.nextInt(16) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private byte[] editedBytes(byte[] sound) {
    byte[] bytes = sound.clone();
    for (int edits = random.nextInt(4); edits > 0; edits--) {
      // The settings stand behind the pieces.
      int at = random.nextInt(bytes.length);
      at = random.nextInt(3) == 0 ? Math.max(0, bytes.length - 1 - random.nextInt(300)) : at;
      int length = Math.min(bytes.length - at, 1 + random.nextInt(12));
      ByteArrayOutputStream edited = new ByteArrayOutputStream();
      edited.write(bytes, 0, at);
      int from = at + (random.nextInt(3) == 0 ? 0 : length);
      byte[] fresh = new byte[random.nextInt(4)];
      random.nextBytes(fresh);
      edited.writeBytes(random.nextInt(3) == 0 ? fresh : Arrays.copyOf(fresh, from - at));
      edited.write(bytes, from, bytes.length - from);
      bytes = edited.size() == 0 ? bytes : edited.toByteArray();
    }
    return random.nextInt(16) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  /** The same tokenizer with the first tokens and the merges among them. */
  private static ObjectNode shortened(ObjectNode json) {
    ObjectNode vocabulary = (ObjectNode) json.get("model").get("vocab");
    List<String> tokens = new ArrayList<>();
    vocabulary.fieldNames().forEachRemaining(tokens::add);
    ObjectNode kept = MAPPER.createObjectNode();
    tokens.subList(0, PIECES).forEach(token -> kept.set(token, vocabulary.get(token)));
    ArrayNode merges = MAPPER.createArrayNode();
    for (JsonNode merge : json.get("model").get("merges")) {
      String left = merge.get(0).asText();
      String right = merge.get(1).asText();
      if (kept.has(left) && kept.has(right) && kept.has(left + right)) {
        merges.add(merge);
      }
    }
    ((ObjectNode) json.get("model")).set("vocab", kept);
    ((ObjectNode) json.get("model")).set("merges", merges);
    int next = PIECES;
    for (JsonNode added : json.get("added_tokens")) {
      JsonNode known = kept.get(added.get("content").asText());
      ((ObjectNode) added).put("id", known != null ? known.asInt() : next++);
    }
    return json;
  }

  /** The same model with its first pieces alone; each is a field of less than 128 bytes. */
  private static byte[] shortened(byte[] model) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    int at = 0;
    for (int piece = 0; model[at] == 0x0a; piece++) {
      int length = 2 + model[at + 1];
      if (piece < PIECES) {
        kept.write(model, at, length);
      }
      at += length;
    }
    kept.write(model, at, model.length - at);
    return kept.toByteArray();
  }
}
