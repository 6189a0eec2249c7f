/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.TokenizerSource;
import org.jspecify.annotations.Nullable;

/**
 * The files of a model folder beside config and weights.
 *
 * @param tokenizer tokenizer.json, which is made where the folder has a tokenizer.model alone
 * @param tokenizerConfig tokenizer_config.json
 * @param preprocessor preprocessor_config.json
 * @param generation generation_config.json; null to have it made from the tokenizer's settings
 * @param template that the model was trained on, for chat_template.jinja; null if it is not known
 */
public record ModelFiles(
    ObjectNode tokenizer,
    ObjectNode tokenizerConfig,
    ObjectNode preprocessor,
    @Nullable ObjectNode generation,
    @Nullable ConversationTemplate template) {

  private static final String STOPS = "eos_token_id";

  static final String GENERATION = "generation_config.json";

  /** Files of a model whose template is not known. */
  public ModelFiles(
      ObjectNode tokenizer,
      ObjectNode tokenizerConfig,
      ObjectNode preprocessor,
      @Nullable ObjectNode generation) {
    this(tokenizer, tokenizerConfig, preprocessor, generation, null);
  }

  /**
   * Those of the LLaVA in {@code folder}.
   *
   * @throws DsVlmException if one is missing, but for generation_config.json
   */
  public static ModelFiles read(Path folder) {
    Path generation = folder.resolve(GENERATION);
    return new ModelFiles(
        TokenizerSource.json(folder),
        object(folder.resolve("tokenizer_config.json")),
        LlavaPictures.settings(folder),
        Files.exists(generation) ? object(generation) : null,
        TrainedTemplate.named(folder).orElse(null));
  }

  /** These files with other settings for pictures. */
  ModelFiles withPreprocessor(ObjectNode other) {
    return new ModelFiles(tokenizer, tokenizerConfig, other, generation, template);
  }

  /**
   * These files with {@code stops} as the tokens that end an answer, unless generation_config.json
   * names some.
   */
  ModelFiles withStopTokens(Set<Long> stops) {
    ObjectNode own = generation != null ? generation : generationFromTokenizer();
    return new ModelFiles(
        tokenizer, tokenizerConfig, preprocessor, withStops(own, stops), template);
  }

  /** Stop tokens that these files name. */
  Set<Long> stopTokens() {
    ObjectNode own = generation != null ? generation : generationFromTokenizer();
    return GenerationSettings.parse(own, GENERATION, 1).stopTokens();
  }

  /** Writes tokenizer and settings as they are, to be opened. */
  void writeTokenizer(Path folder) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer.toString());
    Files.writeString(folder.resolve("tokenizer_config.json"), tokenizerConfig.toString());
  }

  /** Removes what {@link #writeTokenizer} wrote, and {@code folder}; null for none. */
  static void deleteTokenizer(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try {
      Files.deleteIfExists(folder.resolve("tokenizer.json"));
      Files.deleteIfExists(folder.resolve("tokenizer_config.json"));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      folder.toFile().deleteOnExit();
    }
  }

  /** {@code generation} with {@code stops} where it names none. */
  static ObjectNode withStops(ObjectNode generation, Set<Long> stops) {
    if (generation.hasNonNull(STOPS) || stops.isEmpty()) {
      return generation;
    }
    ObjectNode complete = generation.deepCopy();
    if (stops.size() == 1) {
      return complete.put(STOPS, stops.iterator().next());
    }
    ArrayNode several = complete.putArray(STOPS);
    stops.stream().sorted().forEach(several::add);
    return complete;
  }

  /** These files of a model that was trained on {@code other}. */
  public ModelFiles withTemplate(ConversationTemplate other) {
    return new ModelFiles(tokenizer, tokenizerConfig, preprocessor, generation, other);
  }

  private static ObjectNode object(Path file) {
    return (ObjectNode) JsonConfig.read(file).json();
  }

  /** Id that the tokenizer gives {@code token}; null if it has none. */
  @Nullable Long id(String token) {
    for (JsonNode added : tokenizer.path("added_tokens")) {
      if (added.path("content").asText().equals(token)) {
        return added.path("id").asLong();
      }
    }
    JsonNode id = tokenizer.path("model").path("vocab").path(token);
    return id.isIntegralNumber() ? id.asLong() : null;
  }

  /** The id that an added token gets next. */
  long nextId() {
    long next = tokenizer.path("model").path("vocab").size();
    for (JsonNode added : tokenizer.path("added_tokens")) {
      next = Math.max(next, added.path("id").asLong() + 1);
    }
    return next;
  }

  /** All files by name for a model whose pictures stand at {@code imageToken}. */
  Map<String, ObjectNode> contents(LlavaConfig config) {
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    files.put("tokenizer.json", withImageToken(config.imageToken()));
    files.put("tokenizer_config.json", namingImageToken());
    files.put("preprocessor_config.json", preprocessor);
    files.put("processor_config.json", processor(config));
    files.put(GENERATION, generation != null ? generation : generationFromTokenizer());
    return files;
  }

  private ObjectNode withImageToken(long imageToken) {
    Long known = id(ConversationTemplate.IMAGE);
    if (known != null && known == imageToken) {
      return tokenizer;
    }
    if (known != null || nextId() != imageToken) {
      throw new DsVlmException(
          "the model's image token is "
              + imageToken
              + ", but tokenizer.json "
              + (known != null
                  ? "has '" + ConversationTemplate.IMAGE + "' at " + known
                  : "would place it at " + nextId())
              + "; they do not belong together");
    }
    ObjectNode extended = tokenizer.deepCopy();
    ArrayNode added =
        extended.has("added_tokens")
            ? (ArrayNode) extended.get("added_tokens")
            : extended.putArray("added_tokens");
    added
        .addObject()
        .put("id", imageToken)
        .put("content", ConversationTemplate.IMAGE)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    return extended;
  }

  private ObjectNode namingImageToken() {
    ObjectNode named = tokenizerConfig.deepCopy();
    named.put("image_token", ConversationTemplate.IMAGE).put("processor_class", "LlavaProcessor");
    if (template != null) {
      named.remove("chat_template"); // the language model's own
    }
    return named;
  }

  /** The settings by which transformers makes room for a picture in a text. */
  public static ObjectNode processor(LlavaConfig config) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("processor_class", "LlavaProcessor")
        .put("image_token", ConversationTemplate.IMAGE)
        .put("patch_size", config.vision().patchSize())
        .put("num_additional_image_tokens", config.classTokens())
        .put("vision_feature_select_strategy", config.dropFirstToken() ? "default" : "full");
  }

  private ObjectNode generationFromTokenizer() {
    ObjectNode made = JsonNodeFactory.instance.objectNode();
    for (String role : new String[] {"bos", "eos", "pad"}) {
      JsonNode token = tokenizerConfig.path(role + "_token");
      Long id = id(token.isObject() ? token.path("content").asText() : token.asText());
      if (id != null) {
        made.put(role + "_token_id", id);
      }
    }
    return made;
  }
}
