/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.models.llava.ImageTokens;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.text.Tokenizer;

/**
 * Turns records into batches: tokens and labels by the conversation template, room for the
 * picture's vectors, the picture as the encoder sees it and as the diffusion reconstructs it. Safe
 * for use by several threads.
 */
public final class Collator {
  /**
   * The model's demands on a batch.
   *
   * @param imageToken id that stands for one vector of a picture
   * @param imageTokens vectors of one picture
   * @param padToken id that fills the shorter samples; it is masked out
   * @param maxLength most tokens of a sample, image tokens included; longer ones are cut at the end
   * @param length of a batch
   */
  public record Layout(
      long imageToken, int imageTokens, long padToken, int maxLength, BatchLength length) {}

  private final ConversationTemplate template;
  private final Tokenizer tokenizer;
  private final ImageProcessor processor;
  private final ReconstructionTarget target;
  private final Layout layout;

  /**
   * A collator: {@code processor} makes the encoder's pictures, {@code target} the
   * reconstruction's.
   */
  public Collator(
      ConversationTemplate template,
      Tokenizer tokenizer,
      ImageProcessor processor,
      ReconstructionTarget target,
      Layout layout) {
    template.requireTokens(tokenizer);
    this.template = template;
    this.tokenizer = tokenizer;
    this.processor = processor;
    this.target = target;
    this.layout = layout;
  }

  /**
   * One record as the model takes it, its tensors in the caller's scope.
   *
   * @param epoch decides how the picture is augmented, see {@link RecordSource#picture}
   * @throws DsVlmException if the record is bad; the message names it
   */
  Sample sample(RecordSource source, int index, long epoch) {
    LlavaRecord record = source.get(index);
    boolean lostFirst = record.lostFirst();
    TokenizedConversation tokens = explained(source, index, () -> tokens(record));
    if (!record.hasPicture()) {
      return new Sample(
          index, tokens.ids(), tokens.labels(), List.of(), List.of(), List.of(), lostFirst);
    }
    List<Picture> pictures = source.pictures(index, epoch);
    return explained(
        source,
        index,
        () -> {
          List<Picture> seen = pictures.stream().map(processor::resized).toList();
          return new Sample(
              index,
              tokens.ids(),
              tokens.labels(),
              seen.stream().map(processor::normalised).toList(),
              seen.stream().map(target::of).toList(),
              warnings(record, pictures),
              lostFirst);
        });
  }

  private static List<String> warnings(LlavaRecord record, List<Picture> pictures) {
    List<String> warnings = new ArrayList<>();
    for (int i = 0; i < pictures.size(); i++) {
      String warning = pictures.get(i).warning();
      if (!warning.isEmpty()) {
        warnings.add("image '" + Excerpt.of(record.images().get(i)) + "': " + warning);
      }
    }
    return warnings;
  }

  /** Runs {@code body} and adds the record to its errors. */
  private static <T> T explained(RecordSource source, int index, Supplier<T> body) {
    try {
      return body.get();
    } catch (DsVlmException e) {
      throw new DsVlmException(source.where(index) + ": " + e.getMessage(), e);
    }
  }

  /** Tokens and labels with room for the pictures, cut to the longest length. */
  private TokenizedConversation tokens(LlavaRecord record) {
    TokenizedConversation tokens = template.tokenize(record.turns(), tokenizer);
    long marker = ConversationTemplate.IMAGE_MARKER;
    int room = layout.imageTokens();
    long[] ids = ImageTokens.expand(tokens.ids(), marker, layout.imageToken(), room);
    long[] labels = ImageTokens.expandLabels(tokens.labels(), tokens.ids(), marker, room);
    int length = Math.min(ids.length, layout.maxLength());
    TokenizedConversation cut =
        new TokenizedConversation(Arrays.copyOf(ids, length), Arrays.copyOf(labels, length));
    check(cut, room * record.images().size());
    return cut;
  }

  private void check(TokenizedConversation tokens, int wanted) {
    long room = Arrays.stream(tokens.ids()).filter(id -> id == layout.imageToken()).count();
    if (room < wanted) {
      throw new DsVlmException(
          "the cut at "
              + layout.maxLength()
              + " tokens falls inside the pictures' "
              + wanted
              + "; raise max_length or shorten the record");
    }
    if (room > wanted) {
      throw new DsVlmException("the text itself holds the image token " + layout.imageToken());
    }
    if (Arrays.stream(tokens.labels()).allMatch(label -> label == TokenizedConversation.IGNORED)) {
      throw new DsVlmException(
          "nothing is left to learn within "
              + layout.maxLength()
              + " tokens; raise max_length or shorten the question");
    }
  }

  /** {@code samples}, at least one, side by side. */
  Batch collate(List<Sample> samples) {
    return Batch.of(samples, layout.padToken(), layout.length());
  }

  /** The records {@code indices} of {@code source} in one batch; any bad one is an error. */
  public Batch batch(RecordSource source, int[] indices, long epoch) {
    try (PointerScope scope = new PointerScope()) {
      return collate(
          Arrays.stream(indices).mapToObj(index -> sample(source, index, epoch)).toList());
    }
  }
}
