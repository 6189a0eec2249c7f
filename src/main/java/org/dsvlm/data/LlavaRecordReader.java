/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;

/** Turns the JSON of one record into a {@link LlavaRecord}, or says what is wrong with it. */
final class LlavaRecordReader {
  private final String where;
  private final JsonNode record;

  /**
   * A reader of one record.
   *
   * @param where file and index, for messages
   */
  LlavaRecordReader(String where, JsonNode record) {
    this.where = record.path("id").isValueNode() ? where + " (id " + id(record) + ")" : where;
    this.record = record;
  }

  /** The id, or nothing if the record has none. */
  static String id(JsonNode record) {
    return record.path("id").asText();
  }

  LlavaRecord read() {
    if (!record.isObject()) {
      throw bad("is not a JSON object");
    }
    List<String> images = images();
    List<Turn> turns = turns();
    int pictures = 0;
    List<Turn> tidied = new ArrayList<>();
    for (Turn turn : turns) {
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
    return new LlavaRecord(id(record), images, tidied);
  }

  /** One path or a list of them. */
  private List<String> images() {
    if (!record.has("image")) {
      return List.of();
    }
    JsonNode image = record.get("image");
    List<String> paths = new ArrayList<>();
    for (JsonNode one : image.isArray() && !image.isEmpty() ? image : List.of(image)) {
      if (!one.isTextual() || one.textValue().isBlank()) {
        throw bad(
            "has an image that is not a path but "
                + one.getNodeType().toString().toLowerCase(Locale.ROOT)
                + "; leave the field out for text alone");
      }
      paths.add(one.textValue());
    }
    return paths;
  }

  private List<Turn> turns() {
    JsonNode conversations = record.path("conversations");
    if (!conversations.isArray()) {
      throw bad("has no list 'conversations'");
    }
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < conversations.size(); i++) {
      turns.add(turn(i, conversations.get(i)));
    }
    // As LLaVA's reader does: a greeting before the first question is dropped.
    if (!turns.isEmpty() && !turns.get(0).fromHuman()) {
      turns.remove(0);
    }
    if (turns.isEmpty() || turns.size() % 2 != 0) {
      throw bad("has " + turns.size() + " turns; every question needs its answer");
    }
    for (int i = 0; i < turns.size(); i++) {
      if (turns.get(i).fromHuman() != (i % 2 == 0)) {
        throw bad("has two turns of one side in a row; question and answer must alternate");
      }
    }
    return turns;
  }

  private Turn turn(int number, JsonNode turn) {
    String from = turn.path("from").asText();
    boolean human = from.equals("human");
    if (!human && !from.equals("gpt")) {
      throw bad("turn " + number + " is from '" + from + "'; human and gpt are known");
    }
    JsonNode value = turn.path("value");
    if (!value.isTextual() || value.textValue().isBlank()) {
      throw bad("turn " + number + " is empty");
    }
    return new Turn(human, value.textValue());
  }

  private DsVlmException bad(String what) {
    return new DsVlmException(where + " " + what);
  }
}
