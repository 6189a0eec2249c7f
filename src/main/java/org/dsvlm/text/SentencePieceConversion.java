/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.dsvlm.text.SentencePieceModel.Piece;
import org.dsvlm.text.SentencePieceModel.PieceType;

/**
 * A sentencepiece model as the tokenizer.json that gives the same ids. Sentencepiece joins the two
 * neighbours whose joint piece has the highest score; the merges are therefore all pairs of pieces
 * that make up another one, in the order of its score.
 */
final class SentencePieceConversion {
  /** How sentencepiece writes a space. */
  private static final String SPACE = "\u2581";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final SentencePieceModel model;
  private final SentencePieceSettings settings;

  private SentencePieceConversion(SentencePieceModel model, SentencePieceSettings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** The content of tokenizer.json for {@code model}, used as {@code settings} say. */
  static ObjectNode tokenizerJson(SentencePieceModel model, SentencePieceSettings settings) {
    return new SentencePieceConversion(model, settings).json();
  }

  private ObjectNode json() {
    ObjectNode json = JSON.objectNode();
    json.put("version", "1.0").putNull("truncation").putNull("padding");
    json.set("added_tokens", addedTokens());
    json.set("normalizer", normalizer());
    json.set("pre_tokenizer", preTokenizer());
    json.set("post_processor", postProcessor());
    json.set("decoder", decoder());
    ObjectNode bpe = type("BPE");
    bpe.put("unk_token", model.unknown().text());
    bpe.put("fuse_unk", true).put("byte_fallback", model.byteFallback());
    ObjectNode ids = bpe.putObject("vocab");
    model.vocabulary().forEach(ids::put);
    bpe.set("merges", merges());
    json.set("model", bpe);
    return json;
  }

  private static ObjectNode type(String name) {
    return JSON.objectNode().put("type", name);
  }

  private static ObjectNode sequence(String key, ObjectNode... parts) {
    ObjectNode sequence = type("Sequence");
    sequence.putArray(key).addAll(List.of(parts));
    return sequence;
  }

  private ArrayNode addedTokens() {
    ArrayNode added = JSON.arrayNode();
    for (SentencePieceSettings.AddedToken token : settings.tokens()) {
      added
          .addObject()
          .put("id", token.id())
          .put("content", token.content())
          .put("single_word", token.singleWord())
          .put("lstrip", token.leftStrip())
          .put("rstrip", token.rightStrip())
          .put("normalized", false)
          .put("special", token.special());
    }
    return added;
  }

  private boolean beginsWithSpace() {
    return settings.legacy() ? model.addDummyPrefix() : settings.prefixSpace();
  }

  private ObjectNode normalizer() {
    ObjectNode escape = replace(" ", SPACE);
    return settings.legacy() && beginsWithSpace()
        ? sequence("normalizers", type("Prepend").put("prepend", SPACE), escape)
        : escape;
  }

  private static ObjectNode replace(String from, String to) {
    ObjectNode replace = type("Replace").put("content", to);
    replace.putObject("pattern").put("String", from);
    return replace;
  }

  /**
   * Unless {@code legacy}, a space stands before the first stretch of a text alone. "Metaspace"
   * with the prefix space of Hugging Face's own conversion would leave it out where the text begins
   * with a space. Here all spaces are escaped already, so that the first of the two always puts
   * one, which the second escapes.
   */
  private JsonNode preTokenizer() {
    if (settings.legacy() || !beginsWithSpace()) {
      return JSON.nullNode();
    }
    return sequence("pretokenizers", metaspace(" ", "first"), metaspace(SPACE, "never"));
  }

  private static ObjectNode metaspace(String replacement, String scheme) {
    return type("Metaspace")
        .put("replacement", replacement)
        .put("prepend_scheme", scheme)
        .put("split", false);
  }

  private ObjectNode decoder() {
    List<ObjectNode> parts = new ArrayList<>();
    parts.add(replace(SPACE, " "));
    if (model.byteFallback()) {
      parts.add(type("ByteFallback"));
    }
    parts.add(type("Fuse"));
    if (beginsWithSpace()) {
      parts.add(type("Strip").put("content", " ").put("start", 1).put("stop", 0));
    }
    return sequence("decoders", parts.toArray(ObjectNode[]::new));
  }

  private JsonNode postProcessor() {
    String beginning = settings.beginning();
    if (!settings.addBeginning() || beginning.isEmpty()) {
      return JSON.nullNode();
    }
    ObjectNode template = type("TemplateProcessing");
    for (String form : new String[] {"single", "pair"}) {
      ArrayNode parts = template.putArray(form);
      for (int i = 0; i < (form.equals("pair") ? 2 : 1); i++) {
        parts.addObject().putObject("SpecialToken").put("id", beginning).put("type_id", i);
        parts.addObject().putObject("Sequence").put("id", i == 0 ? "A" : "B").put("type_id", i);
      }
    }
    ObjectNode token = template.putObject("special_tokens").putObject(beginning);
    token.put("id", beginning).putArray("ids").add(settings.id(beginning));
    token.putArray("tokens").add(beginning);
    return template;
  }

  private ArrayNode merges() {
    List<Piece> byScore = new ArrayList<>(model.pieces());
    byScore.removeIf(piece -> piece.kind() != PieceType.NORMAL);
    byScore.sort(Comparator.comparingDouble(Piece::score).reversed());
    Set<String> parts = byScore.stream().map(Piece::text).collect(Collectors.toSet());
    ArrayNode merges = JSON.arrayNode();
    for (Piece piece : byScore) {
      String text = piece.text();
      for (int cut = 1; cut < text.length(); cut++) {
        String left = text.substring(0, cut);
        if (parts.contains(left) && parts.contains(text.substring(cut))) {
          merges.addArray().add(left).add(text.substring(cut));
        }
      }
    }
    return merges;
  }
}
