/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * What the folder of a LLaVA says beside its weights. A key that one file leaves out means what
 * another file of the folder says, so every reader of a folder asks here.
 *
 * <table>
 * <caption>Where each is looked for, in this order</caption>
 * <tr><td>tokenizer<td>tokenizer.json, tokenizer.model; tokenizer_config.json, added_tokens.json,
 *     special_tokens_map.json
 * <tr><td>template<td>our key in config.json, chat_template.jinja, chat_template.json,
 *     tokenizer_config.json, the tokens that the tokenizer has
 * <tr><td>stop tokens<td>generation_config.json, config.json, its text_config,
 *     tokenizer_config.json, special_tokens_map.json; the template's own end in any case
 * <tr><td>pictures<td>processor_config.json, preprocessor_config.json, those of the vision tower
 * </table>
 */
final class LlavaSettings implements AutoCloseable {
  static final int DEFAULT_MAX_NEW_TOKENS = 128;

  private final Path folder;
  private final Tokenizer tokenizer;
  private final ConversationTemplate template;
  private final GenerationSettings generation;

  private LlavaSettings(
      Path folder,
      Tokenizer tokenizer,
      ConversationTemplate template,
      GenerationSettings generation) {
    this.folder = folder;
    this.tokenizer = tokenizer;
    this.template = template;
    this.generation = generation;
  }

  /**
   * Reads all but the settings for pictures, which not every conversation needs.
   *
   * @param wanted template that is used whatever the folder says; null for the folder's
   * @throws org.dsvlm.io.DsVlmException if a file is missing or unsound, or the tokenizer lacks a
   *     token of the template
   */
  static LlavaSettings open(Path folder, @Nullable ConversationTemplate wanted) {
    GenerationSettings generation = GenerationSettings.read(folder, DEFAULT_MAX_NEW_TOKENS);
    Tokenizer tokenizer = Tokenizer.open(folder);
    try {
      ConversationTemplate template =
          wanted == null ? TrainedTemplate.of(folder, tokenizer) : wanted;
      template.requireTokens(tokenizer);
      Set<Long> stops = new TreeSet<>(stopTokens(folder, generation.stopTokens(), tokenizer));
      template.endToken(tokenizer).ifPresent(stops::add);
      return new LlavaSettings(folder, tokenizer, template, generation.withStopTokens(stops));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** {@code named}, or without any the end that the tokenizer's settings name. */
  static Set<Long> stopTokens(Path folder, Set<Long> named, Tokenizer tokenizer) {
    if (!named.isEmpty()) {
      return named;
    }
    for (String name : new String[] {"tokenizer_config.json", "special_tokens_map.json"}) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        OptionalLong end = tokenizer.token(JsonConfig.read(file).json().path("eos_token"));
        if (end.isPresent()) {
          return Set.of(end.getAsLong());
        }
      }
    }
    return Set.of();
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  ConversationTemplate template() {
    return template;
  }

  GenerationSettings generation() {
    return generation;
  }

  /** Reads how pictures are processed. */
  ImageProcessor pictures() {
    return LlavaPictures.read(folder);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
