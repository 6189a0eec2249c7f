/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.AtomicFiles;

/**
 * Learns byte-level BPE and writes it as tokenizer.json. The library that reads such files offers
 * no training to Java.
 */
final class BytePairs {
  /** Llama 3's split: words with the character before them, numbers of up to three digits. */
  private static final String SPLIT =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final List<String> SPECIAL = List.of("<s>", "</s>", "<pad>", "<image>");

  private final Map<String, Integer> vocabulary;
  private final List<Pair> merges;

  private record Pair(String left, String right) {}

  private BytePairs(Map<String, Integer> vocabulary, List<Pair> merges) {
    this.vocabulary = vocabulary;
    this.merges = merges;
  }

  /** A word as it is split at present, and how often it stands in the corpus. */
  private record Word(List<String> symbols, long count) {}

  /**
   * Merges the most frequent pair of neighbours, the first in the alphabet of those, until there
   * are {@code size} tokens or nothing stands twice.
   */
  static BytePairs learn(List<String> corpus, int size) {
    Map<String, Integer> vocabulary = new HashMap<>();
    SPECIAL.forEach(token -> vocabulary.put(token, vocabulary.size()));
    alphabet().stream().sorted().forEach(symbol -> vocabulary.put(symbol, vocabulary.size()));
    List<Word> words = words(corpus);
    List<Pair> merges = new ArrayList<>();
    while (vocabulary.size() < size) {
      Map<Pair, Long> counts = new HashMap<>();
      for (Word word : words) {
        for (int i = 1; i < word.symbols.size(); i++) {
          counts.merge(
              new Pair(word.symbols.get(i - 1), word.symbols.get(i)), word.count, Long::sum);
        }
      }
      Pair best =
          counts.entrySet().stream()
              .filter(entry -> entry.getValue() > 1)
              .min(
                  Comparator.<Map.Entry<Pair, Long>>comparingLong(entry -> -entry.getValue())
                      .thenComparing(entry -> entry.getKey().left)
                      .thenComparing(entry -> entry.getKey().right))
              .map(Map.Entry::getKey)
              .orElse(null);
      if (best == null) {
        break;
      }
      merges.add(best);
      vocabulary.put(best.left + best.right, vocabulary.size());
      words = words.stream().map(word -> merged(word, best)).toList();
    }
    return new BytePairs(vocabulary, merges);
  }

  private static List<Word> words(List<String> corpus) {
    Map<String, Long> counts = new TreeMap<>();
    Pattern split = Pattern.compile(SPLIT);
    for (String text : corpus) {
      Matcher matcher = split.matcher(text);
      while (matcher.find()) {
        counts.merge(matcher.group(), 1L, Long::sum);
      }
    }
    List<String> alphabet = alphabet();
    List<Word> words = new ArrayList<>();
    counts.forEach(
        (word, count) -> {
          List<String> symbols = new ArrayList<>();
          for (byte one : word.getBytes(StandardCharsets.UTF_8)) {
            symbols.add(alphabet.get(one & 255));
          }
          words.add(new Word(symbols, count));
        });
    return words;
  }

  private static Word merged(Word word, Pair pair) {
    List<String> symbols = new ArrayList<>();
    for (int i = 0; i < word.symbols.size(); i++) {
      String symbol = word.symbols.get(i);
      boolean follows = i + 1 < word.symbols.size() && word.symbols.get(i + 1).equals(pair.right);
      if (symbol.equals(pair.left) && follows) {
        symbols.add(pair.left + pair.right);
        i++;
      } else {
        symbols.add(symbol);
      }
    }
    return new Word(symbols, word.count);
  }

  /** GPT-2's letter for each byte: printable ones stand for themselves, the rest from U+0100 on. */
  private static List<String> alphabet() {
    List<String> letters = new ArrayList<>();
    int next = 256;
    for (int i = 0; i < 256; i++) {
      boolean printable = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
      letters.add(Character.toString(printable ? i : next++));
    }
    return letters;
  }

  /** Writes tokenizer.json and tokenizer_config.json for models of {@code context} tokens. */
  void write(Path folder, int context) {
    AtomicFiles.text(folder.resolve("tokenizer.json"), tokenizerJson().toPrettyString() + "\n");
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.put("add_bos_token", true).put("bos_token", SPECIAL.get(0));
    config.put("clean_up_tokenization_spaces", false).put("eos_token", SPECIAL.get(1));
    config.put("model_max_length", context).put("pad_token", SPECIAL.get(2));
    config.put("padding_side", "right").put("tokenizer_class", "PreTrainedTokenizerFast");
    AtomicFiles.text(folder.resolve("tokenizer_config.json"), config.toPrettyString() + "\n");
  }

  private ObjectNode tokenizerJson() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = json.putArray("added_tokens");
    for (String token : SPECIAL) {
      added
          .addObject()
          .put("id", vocabulary.get(token))
          .put("content", token)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    json.putNull("normalizer");
    ArrayNode before =
        json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode splitting = before.addObject().put("type", "Split");
    splitting.putObject("pattern").put("Regex", SPLIT);
    splitting.put("behavior", "Isolated").put("invert", false);
    byteLevel(before.addObject());
    postProcessor(json.putObject("post_processor"));
    byteLevel(json.putObject("decoder")).put("add_prefix_space", true).put("use_regex", true);
    ObjectNode model = json.putObject("model").put("type", "BPE").putNull("dropout");
    model.putNull("unk_token").putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode tokens = model.putObject("vocab");
    vocabulary.entrySet().stream()
        .sorted(Map.Entry.comparingByValue())
        .forEach(entry -> tokens.put(entry.getKey(), entry.getValue()));
    ArrayNode pairs = model.putArray("merges");
    merges.forEach(pair -> pairs.addArray().add(pair.left).add(pair.right));
    return json;
  }

  private static ObjectNode byteLevel(ObjectNode node) {
    return node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
  }

  /** The first special token before every text. */
  private void postProcessor(ObjectNode node) {
    node.put("type", "TemplateProcessing");
    ArrayNode single = node.putArray("single");
    beginning(single, 0);
    text(single, "A", 0);
    ArrayNode pair = node.putArray("pair");
    beginning(pair, 0);
    text(pair, "A", 0);
    beginning(pair, 1);
    text(pair, "B", 1);
    ObjectNode special = node.putObject("special_tokens").putObject(SPECIAL.get(0));
    special.put("id", SPECIAL.get(0)).putArray("ids").add(vocabulary.get(SPECIAL.get(0)));
    special.putArray("tokens").add(SPECIAL.get(0));
  }

  private static void beginning(ArrayNode list, int type) {
    list.addObject().putObject("SpecialToken").put("id", SPECIAL.get(0)).put("type_id", type);
  }

  private static void text(ArrayNode list, String id, int type) {
    list.addObject().putObject("Sequence").put("id", id).put("type_id", type);
  }
}
