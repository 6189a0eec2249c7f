/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;

/** Turns the JSON of one record into a {@link LlavaRecord}, or says what is wrong with it. */
final class LlavaRecordReader {
  /** Key of the turns in records for chat templates. */
  private static final String MESSAGES = "messages";

  private static final Set<String> HUMAN = Set.of("human", "user");
  private static final Set<String> ASSISTANT = Set.of("gpt", "assistant");

  private final String where;
  private final JsonNode record;

  /**
   * A reader of one record.
   *
   * @param where file and index, for messages
   */
  LlavaRecordReader(String where, JsonNode record) {
    this.where =
        record.path("id").isValueNode() ? where + " (id " + Excerpt.of(id(record)) + ")" : where;
    this.record = record;
  }

  /** The id, or nothing if the record has none. */
  static String id(JsonNode record) {
    return record.path("id").asText();
  }

  /**
   * The labels; none if the record has none.
   *
   * @throws DsVlmException if they are no object of texts, numbers, true and false
   */
  static Map<String, String> labels(String where, JsonNode record) {
    Map<String, String> labels = new LinkedHashMap<>();
    JsonNode given = record.path("labels");
    if (!given.isMissingNode() && !given.isObject()) {
      throw new DsVlmException(
          where
              + ": 'labels' is "
              + Excerpt.of(given)
              + "; write an object such as {\"colour\": \"red\"}");
    }
    for (Map.Entry<String, JsonNode> label : given.properties()) {
      if (!label.getValue().isValueNode() || label.getValue().isNull()) {
        throw new DsVlmException(
            where
                + ": the label '"
                + Excerpt.of(label.getKey())
                + "' is no text or number; leave it out");
      }
      labels.put(label.getKey(), label.getValue().asText());
    }
    return labels;
  }

  LlavaRecord read() {
    if (!record.isObject()) {
      throw bad("is not a JSON object");
    }
    List<String> images = images();
    List<Turn> turns = turns();
    int pictures = 0;
    List<Turn> tidied = new ArrayList<>();
    for (Turn turn : ConversationTemplate.fromQuestion(turns)) {
      int count = ConversationTemplate.images(turn.text());
      if (count > 0 && !turn.fromHuman()) {
        throw bad("has <image> inside an answer; it belongs into the question");
      }
      pictures += count;
      tidied.add(new Turn(turn.fromHuman(), ConversationTemplate.imageFirst(turn.text())));
    }
    if (!images.isEmpty() && pictures == 0) {
      throw bad("has an image, but no <image> in its questions to say where it goes");
    }
    if (images.isEmpty() && pictures > 0) {
      throw bad("has <image> in a question, but no image");
    }
    if (pictures != images.size()) {
      throw bad(
          "has <image> "
              + pictures
              + " times, but its images are "
              + images.size()
              + "; each needs its place");
    }
    boolean lostFirst = ConversationTemplate.beginsWithAnswer(turns);
    return new LlavaRecord(id(record), images, tidied, lostFirst);
  }

  /** One path or a list of them, under LLaVA's key or under that of records with messages. */
  private List<String> images() {
    if (!record.has("image")) {
      JsonNode several = record.path("images");
      return several.isMissingNode() || (several.isArray() && several.isEmpty())
          ? List.of()
          : paths(several);
    }
    return paths(record.get("image"));
  }

  private List<String> paths(JsonNode image) {
    List<String> paths = new ArrayList<>();
    for (JsonNode one : image.isArray() && !image.isEmpty() ? image : List.of(image)) {
      if (!one.isTextual() || one.textValue().isBlank()) {
        throw bad(
            "has an image that is not a path but "
                + (one.isNumber() ? one.asText() : type(one))
                + "; leave the field out for text alone");
      }
      paths.add(one.textValue());
    }
    return paths;
  }

  private static String type(JsonNode node) {
    return node.getNodeType().toString().toLowerCase(Locale.ROOT);
  }

  private List<Turn> turns() {
    JsonNode conversations = record.path(record.has(MESSAGES) ? MESSAGES : "conversations");
    if (!conversations.isArray()) {
      throw bad(
          record.has("prompt") || record.has("question") || record.has("instruction")
              ? "has neither 'conversations' nor 'messages'; its question and answer have to be"
                  + " turns of a list"
              : "has no list 'conversations'");
    }
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < conversations.size(); i++) {
      turns.add(turn(i, conversations.get(i)));
    }
    List<Turn> used = ConversationTemplate.fromQuestion(turns);
    if (used.isEmpty() || used.size() % 2 != 0) {
      throw bad("has " + used.size() + " turns; every question needs its answer");
    }
    for (int i = 0; i < used.size(); i++) {
      if (used.get(i).fromHuman() != (i % 2 == 0)) {
        throw bad("has two turns of one side in a row; question and answer must alternate");
      }
    }
    return turns;
  }

  private Turn turn(int number, JsonNode turn) {
    String from = turn.path(turn.has("role") ? "role" : "from").asText();
    boolean human = HUMAN.contains(from);
    if (!human && !ASSISTANT.contains(from)) {
      throw bad("turn " + number + " is from '" + Excerpt.of(from) + "'; human and gpt are known");
    }
    JsonNode value = turn.path(turn.has("content") ? "content" : "value");
    if (value.isMissingNode()
        || value.isNull()
        || (value.isTextual() && value.asText().isBlank())) {
      throw bad("turn " + number + " is empty");
    }
    if (!value.isTextual()) {
      throw bad(
          "turn "
              + number
              + " is "
              + (value.isNumber() || value.isBoolean()
                  ? Excerpt.of(value) + ", a " + type(value) + "; write it as text, in quotes"
                  : "of type " + type(value) + "; a turn is one text"));
    }
    return new Turn(human, value.textValue());
  }

  private DsVlmException bad(String what) {
    return new DsVlmException(where + " " + what);
  }
}
