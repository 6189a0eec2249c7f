/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.StreamedText;
import org.dsvlm.models.llama.TextListener;
import org.dsvlm.nn.Lora;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;

/**
 * A LLaVA with all it takes to talk to it: tokenizer, picture processor, conversation template and
 * the settings of its folder. Several threads may ask at once.
 *
 * <pre>{@code
 * try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
 *   String answer = chat.answer(Picture.read(file), "What is this?");
 * }
 * }</pre>
 */
public final class LlavaChat implements AutoCloseable {
  private static final int DEFAULT_MAX_NEW_TOKENS = 128;

  private final LlavaChatOptions options;
  private final GenerationSettings settings;
  private final ImageProcessor processor;
  private final LoadedLlava checkpoint;
  private final Lora adapter;
  private final Tokenizer tokenizer;

  private LlavaChat(Path folder, LlavaChatOptions options) {
    this.options = options;
    settings = GenerationSettings.read(folder, DEFAULT_MAX_NEW_TOKENS);
    ImageProcessor own = LlavaPictures.read(folder);
    Boolean pad = options.padToSquare();
    processor = pad == null ? own : own.paddedToSquare(pad);
    tokenizer = Tokenizer.open(folder);
    LoadedLlava opened = null;
    try {
      opened = LoadedLlava.openMapped(folder, options.dtype(), options.device());
      tokenizer.checkFits(opened.config().text().vocabularySize());
      Path lora = options.adapter();
      adapter = lora == null ? null : LlavaLora.read(lora, opened.parameters());
      checkpoint = opened;
    } catch (RuntimeException e) {
      tokenizer.close();
      if (opened != null) {
        opened.close();
      }
      throw e;
    }
  }

  /**
   * Opens the model in {@code folder}, in any of LLaVA's layouts. Weights that the files hold in
   * the wanted type stay mapped.
   *
   * @throws DsVlmException if a file is missing or unsound, naming file and key
   */
  public static LlavaChat open(Path folder, LlavaChatOptions options) {
    return new LlavaChat(folder, options);
  }

  /** What {@code generation_config.json} of the folder says; the likeliest token without it. */
  public GenerationSettings settings() {
    return settings;
  }

  /**
   * Answers one question.
   *
   * @param picture that the question is about; null for none
   * @throws DsVlmException if question and answer do not fit into the model's context
   */
  public String answer(Picture picture, String question) {
    return answer(picture, List.of(Turn.human(question)), settings, (record, piece) -> {}).strip();
  }

  /**
   * Goes on with a conversation.
   *
   * @param picture that the conversation is about, shown before its first turn unless {@code
   *     <image>} stands elsewhere in it; null for none
   * @param turns by human and assistant in turn, a human's last
   * @param listener hears of the answer while it is made
   * @return the whole answer
   * @throws DsVlmException if turns and answer do not fit into the model's context
   */
  public String answer(
      Picture picture, List<Turn> turns, GenerationSettings settings, TextListener listener) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      StringBuilder answer = new StringBuilder();
      StreamedText text =
          new StreamedText(
              tokenizer,
              settings.stopTokens(),
              (record, piece) -> {
                answer.append(piece);
                listener.onText(record, piece);
              });
      Llava llava = checkpoint.model();
      Features features = picture == null ? null : llava.encode(pixelValues(picture));
      llava.generate(List.of(ids(turns, picture != null)), features, settings, text);
      text.finish();
      return answer.toString();
    }
  }

  /**
   * Writes what the model makes of one question, for {@code benchmarks/peers/check_export.py} and
   * {@code check_adapter.py} to compare with the transformers library; see {@link ExportCheck}.
   *
   * @param newTokens to make, always the likeliest
   */
  public void writeCheck(Path file, Picture picture, String question, int newTokens) {
    try (PointerScope scope = new PointerScope()) {
      long[] ids = ids(List.of(Turn.human(question)), true);
      ExportCheck.write(file, checkpoint.model(), ids, pixelValues(picture), newTokens);
    }
  }

  /** Pixels [1, 3, height, width] as the vision tower takes them. */
  private Tensor pixelValues(Picture picture) {
    return processor
        .pixelValues(picture)
        .unsqueeze(0)
        .to(checkpoint.model().languageModel().device(), options.dtype());
  }

  private long[] ids(List<Turn> turns, boolean withPicture) {
    ConversationTemplate template = options.template();
    String prompt = template.generationPrompt(withPicture ? shown(turns) : turns);
    return ImageTokens.expand(
        template.tokenize(prompt, tokenizer),
        ConversationTemplate.IMAGE_MARKER,
        checkpoint.config().imageToken(),
        checkpoint.config().imageTokens());
  }

  /** {@code turns} with the picture before the first one, unless it has a place already. */
  private static List<Turn> shown(List<Turn> turns) {
    boolean placed =
        turns.stream().anyMatch(turn -> turn.text().contains(ConversationTemplate.IMAGE));
    if (placed || turns.isEmpty()) {
      return turns;
    }
    List<Turn> shown = new ArrayList<>(turns);
    shown.set(0, Turn.human(ConversationTemplate.IMAGE + "\n" + turns.get(0).text()));
    return shown;
  }

  @Override
  public void close() {
    if (adapter != null) {
      adapter.close();
    }
    checkpoint.close();
    tokenizer.close();
  }
}
