/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.dsvlm.eval.EncodedPicture;
import org.dsvlm.eval.Question;
import org.dsvlm.eval.QuestionPart;
import org.dsvlm.eval.Questions;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;
import org.dsvlm.io.StrictJson;

/**
 * Questions of one's own in LLaVA's form: a line of JSON each, {@code {"question_id", "image"?,
 * "text"}}, an image being one path or a list of them. Answers are written in the form of LLaVA's
 * own {@code model_vqa}.
 */
public final class LlavaQuestions implements Questions {
  private static final ObjectMapper JSON = StrictJson.json();
  private static final int ID_LENGTH = 22;

  private final Path file;
  private final Path pictures;
  private final List<ObjectNode> lines = new ArrayList<>();

  private LlavaQuestions(Path file, Path pictures) {
    this.file = file;
    this.pictures = pictures;
  }

  /**
   * Reads the file.
   *
   * @param pictures the folder that image paths start from
   * @throws DsVlmException naming file and line, if it is unsound
   */
  public static LlavaQuestions open(Path file, Path pictures) {
    LlavaQuestions questions = new LlavaQuestions(file, pictures);
    try {
      questions.read(InputFiles.lines(file));
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    return questions;
  }

  private void read(List<String> all) {
    Set<String> known = new HashSet<>();
    for (int i = 0; i < all.size(); i++) {
      if (!all.get(i).isBlank()) {
        ObjectNode line = line(all.get(i), file + ": line " + (i + 1));
        lines.add(line);
        if (!known.add(line.get("question_id").asText())) {
          throw new DsVlmException(
              String.format(
                  Locale.ROOT,
                  "%s: line %d: question_id %s stands in the file twice; answers are kept by it",
                  file,
                  i + 1,
                  line.get("question_id")));
        }
      }
    }
    if (lines.isEmpty()) {
      throw new DsVlmException(file + ": holds no question");
    }
  }

  private static ObjectNode line(String text, String where) {
    try {
      JsonNode json = JSON.readTree(text);
      JsonNode id = json.path("question_id");
      if (!(json instanceof ObjectNode object)) {
        throw new DsVlmException(where + " is no JSON object");
      }
      if (!id.isTextual() && !id.isIntegralNumber()) {
        throw new DsVlmException(where + ": question_id has to be a text or a whole number");
      }
      if (!json.path("text").isTextual()) {
        throw new DsVlmException(where + ": text is missing, the question");
      }
      for (JsonNode image : images(object)) {
        if (!image.isTextual() || image.textValue().isBlank()) {
          throw new DsVlmException(
              where + ": image is " + image + ", no path; leave it out for text alone");
        }
      }
      return object;
    } catch (JsonProcessingException e) {
      throw new DsVlmException(where + " is no JSON: " + StrictJson.problem(e), e);
    }
  }

  private static Iterable<JsonNode> images(ObjectNode line) {
    if (!line.has("image")) {
      return List.of();
    }
    return line.get("image").isArray() ? line.get("image") : List.of(line.get("image"));
  }

  @Override
  public int size() {
    return lines.size();
  }

  @Override
  public String index(int position) {
    return lines.get(position).get("question_id").asText();
  }

  @Override
  public Question get(int position) {
    ObjectNode line = lines.get(position);
    List<QuestionPart> parts = new ArrayList<>();
    for (JsonNode image : images(line)) {
      parts.add(new QuestionPart.Image(new PictureFile(pictures, image.textValue())));
    }
    parts.add(new QuestionPart.Text(line.get("text").textValue()));
    return new Question(index(position), parts);
  }

  private record PictureFile(Path folder, String path) implements EncodedPicture {
    @Override
    public byte[] bytes() {
      try {
        return InputFiles.bytes(folder.resolve(path));
      } catch (IOException e) {
        throw new DsVlmException(where() + " cannot be read: " + AtomicFiles.reason(e), e);
      } catch (InvalidPathException e) {
        throw new DsVlmException(where() + " is no path", e);
      }
    }

    @Override
    public String where() {
      return "image '" + path + "' below " + folder;
    }
  }

  /**
   * Writes the answers.
   *
   * @param model its name
   * @param replies by question_id
   */
  public void writeAnswers(Path target, String model, Map<String, String> replies) {
    StringBuilder text = new StringBuilder();
    for (ObjectNode line : lines) {
      String id = line.get("question_id").asText();
      if (replies.containsKey(id)) {
        ObjectNode answer = JSON.createObjectNode();
        answer.set("question_id", line.get("question_id"));
        answer.set("prompt", line.get("text"));
        answer.put("text", replies.get(id));
        // Drawn at random by LLaVA; equal runs are to write equal files.
        answer.put("answer_id", hash(model + "\n" + id));
        answer.put("model_id", model).putObject("metadata");
        text.append(answer).append('\n');
      }
    }
    AtomicFiles.text(target, text.toString());
  }

  private static String hash(String text) {
    byte[] digest = Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest).substring(0, ID_LENGTH);
  }

  @Override
  public void close() {}
}
