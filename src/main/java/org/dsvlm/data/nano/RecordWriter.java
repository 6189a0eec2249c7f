/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.dsvlm.image.Picture;
import org.dsvlm.image.Png;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.text.ConversationTemplate;

/**
 * Writes one part of the world: {@code images/}, {@code captions.json} and {@code
 * conversations.json} in LLaVA's form, and {@code labels.jsonl}, the truth about each record.
 */
final class RecordWriter implements AutoCloseable {
  /** File of the truth about each record. */
  static final String LABELS = "labels.jsonl";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the records say of their pictures beside the conversation. */
  private static final List<String> PROPERTIES =
      List.of("kind", "group", "colour", "count", "place");

  /** Questions of one conversation. */
  private static final int MOST_QUESTIONS = 3;

  /** Share of the questions that are asked with options under letters. */
  private static final double WITH_OPTIONS = 0.3;

  private final Path images;
  private final Writer captions;
  private final Writer conversations;
  private final Writer labels;
  private int written;

  RecordWriter(Path folder) throws IOException {
    images = Files.createDirectories(folder.resolve("images"));
    captions = Files.newBufferedWriter(folder.resolve("captions.json"));
    conversations = Files.newBufferedWriter(folder.resolve("conversations.json"));
    labels = Files.newBufferedWriter(folder.resolve(LABELS));
  }

  /**
   * Writes one record.
   *
   * @param questions what can be asked about the scene; {@code random} draws some of them
   * @return the picture's file as it was written
   */
  byte[] write(Scene scene, Picture picture, List<Question> questions, RandomState random)
      throws IOException {
    String id = String.format(Locale.ROOT, "%06d", written);
    String image = id + ".png";
    byte[] png = png(picture);
    Files.write(images.resolve(image), png);
    String caption = SceneWords.caption(scene);
    ObjectNode label = label(id, image, scene, caption);
    separate(captions);
    captions.write(
        record(id, image, List.of(ConversationTemplate.IMAGE, caption), label).toString());
    separate(conversations);
    conversations.write(record(id, image, turns(questions, new Dice(random)), label).toString());
    labels.write(label + "\n");
    written++;
    return png;
  }

  private void separate(Writer list) throws IOException {
    list.write(written == 0 ? "[\n" : ",\n");
  }

  private static ObjectNode record(String id, String image, List<String> turns, ObjectNode label) {
    ObjectNode record = JSON.createObjectNode().put("id", id).put("image", image);
    ObjectNode known = record.putObject("labels");
    for (String property : PROPERTIES) {
      if (!label.path(property).asText().isEmpty()) {
        known.set(property, label.get(property));
      }
    }
    ArrayNode conversation = record.putArray("conversations");
    for (int i = 0; i < turns.size(); i++) {
      conversation.addObject().put("from", i % 2 == 0 ? "human" : "gpt").put("value", turns.get(i));
    }
    return record;
  }

  private static List<String> turns(List<Question> questions, Dice dice) {
    List<String> turns = new ArrayList<>();
    for (Question question : dice.shuffled(questions).subList(0, most(questions))) {
      String picture = turns.isEmpty() ? ConversationTemplate.IMAGE + "\n" : "";
      if (dice.chance(WITH_OPTIONS)) {
        List<String> options = question.options(dice);
        turns.add(picture + question.withOptions(options));
        turns.add(Question.letter(options.indexOf(question.answer())));
      } else {
        turns.add(picture + question.text());
        turns.add(question.answer());
      }
    }
    return turns;
  }

  private static int most(List<Question> questions) {
    return Math.min(MOST_QUESTIONS, questions.size());
  }

  private static ObjectNode label(String id, String image, Scene scene, String caption) {
    ObjectNode label = JSON.createObjectNode().put("id", id).put("image", image);
    label.put("kind", scene.kind().key()).put("caption", caption);
    Optional<Scene.Placed> first = scene.things().stream().findFirst();
    label.put("group", first.map(thing -> thing.concept().category()).orElse("text"));
    label.put("colour", first.flatMap(thing -> thing.concept().colour()).orElse(""));
    label.put("count", scene.things().size());
    label.put("place", first.map(thing -> place(thing, scene.side())).orElse(""));
    label.put("text", scene.text());
    ArrayNode ground = label.putArray("ground").add(scene.ground().first());
    if (scene.ground().second() != null) {
      ground.add(scene.ground().second());
    }
    ArrayNode things = label.putArray("things");
    for (Scene.Placed thing : scene.things()) {
      things
          .addObject()
          .put("code", thing.concept().code())
          .put("name", thing.concept().name())
          .put("category", thing.concept().category())
          .put("colour", thing.concept().colour().orElse(""))
          .put("x", thing.x())
          .put("y", thing.y())
          .put("size", thing.size());
    }
    return label;
  }

  /** The third of the picture, across and down, that holds the middle of {@code thing}. */
  private static String place(Scene.Placed thing, int side) {
    int column = 3 * (2 * thing.x() + thing.size()) / (2 * side);
    int row = 3 * (2 * thing.y() + thing.size()) / (2 * side);
    return List.of("top", "middle", "bottom").get(row)
        + " "
        + List.of("left", "middle", "right").get(column);
  }

  private static byte[] png(Picture picture) throws IOException {
    return Png.bytes(picture.toImage());
  }

  @Override
  public void close() throws IOException {
    captions.write(written == 0 ? "[]\n" : "\n]\n");
    conversations.write(written == 0 ? "[]\n" : "\n]\n");
    captions.close();
    conversations.close();
    labels.close();
  }
}
