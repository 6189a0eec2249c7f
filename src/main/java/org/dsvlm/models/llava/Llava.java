/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.CausalLm;
import org.dsvlm.models.llama.Generation;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.TokenListener;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * LLaVA (Liu et al. 2023): a vision tower's hidden states pass through the connector and replace
 * the image tokens of a prompt, which the language model reads.
 *
 * <p>Parameters: {@code vision_tower.vision_model.*}, {@code multi_modal_projector.*}, {@code
 * language_model.model.*}, {@code language_model.lm_head.*}.
 */
public final class Llava {
  private final LlavaConfig config;
  private final VisionTower visionTower;
  private final Connector connector;
  private final CausalLm languageModel;

  public Llava(Parameters root, LlavaConfig config) {
    this.config = config;
    visionTower = config.vision().tower(root.at("vision_tower.vision_model"));
    connector = new Connector(root.at("multi_modal_projector"), config);
    languageModel = new CausalLm(root.at("language_model"), config.text());
  }

  public LlavaConfig config() {
    return config;
  }

  public VisionTower visionTower() {
    return visionTower;
  }

  public CausalLm languageModel() {
    return languageModel;
  }

  /** pixelValues: [pictures, 3, height, width], normalised. */
  public Features encode(Tensor pixelValues) {
    List<Tensor> tensors =
        Torch.tidyAll(
            () -> {
              List<Tensor> states = new ArrayList<>(visionTower.hiddenStates(pixelValues));
              states.add(connector.forward(selected(states)));
              return states;
            });
    int last = tensors.size() - 1;
    return new Features(List.copyOf(tensors.subList(0, last)), tensors.get(last));
  }

  /**
   * As {@link #encode}, without the hidden states. Layers of the tower that the connector does not
   * take from are not run.
   */
  Features imageFeatures(Tensor pixelValues) {
    int highest = config.featureLayers().stream().mapToInt(this::depth).max().orElseThrow();
    return new Features(
        List.of(),
        Torch.tidy(
            () -> connector.forward(selected(visionTower.hiddenStates(pixelValues, highest)))));
  }

  /** The layers of the tower that a feature layer, which may count from the end, comes after. */
  private int depth(int featureLayer) {
    return Math.floorMod(featureLayer, config.vision().layers() + 1);
  }

  /** Of the hidden states those that the connector reads, [pictures, tokens, connector input]. */
  public Tensor selected(List<Tensor> states) {
    Tensor[] chosen =
        config.featureLayers().stream()
            .map(layer -> states.get(depth(layer)))
            .map(state -> config.dropFirstToken() ? state.narrow(1, 1, state.size(1) - 1) : state)
            .toArray(Tensor[]::new);
    return chosen.length == 1 ? chosen[0] : Torch.cat(-1, chosen);
  }

  /**
   * Embeddings of a batch, its pictures in place: they fill the image tokens in order, record by
   * record.
   *
   * @param inputIds int64 [batch, tokens], each picture as {@link LlavaConfig#imageTokens} image
   *     tokens; on the CPU or where the model is. They are checked, which does not wait for the
   *     device if they are on the CPU
   * @param features of all pictures of the batch in that order; null if no record has one
   * @return [batch, tokens, language width]
   * @throws DsVlmException if image tokens and pictures do not match, or for an id outside the
   *     embedding rows, naming the row of the batch
   */
  public Tensor merge(Tensor inputIds, @Nullable Features features) {
    return Torch.tidy(
        () -> {
          Tensor places = inputIds.eq(new Scalar(config.imageToken()));
          checkPlaces(Torch.longs(places.sum(1L)), features);
          if (features == null) {
            return languageModel.model().embed(inputIds);
          }
          // The image token need not have a row of its own, so another is looked up in its place.
          Tensor words = inputIds.masked_fill(places, new Scalar(0L));
          Tensor embedded = languageModel.model().embed(words);
          // Rows rather than a mask: the host knows their number, in the backward pass too.
          Tensor rows =
              Torch.onto(places.flatten().nonzero().squeeze(1), embedded.device(), ScalarType.Long);
          Tensor pictures = features.imageFeatures().flatten(0, 1).to(embedded.scalar_type());
          return embedded.flatten(0, 1).index_copy(0, rows, pictures).view_as(embedded);
        });
  }

  private static void checkPlaces(long[] tokensOfRecord, @Nullable Features features) {
    long perPicture = features == null ? 0 : features.imageFeatures().size(1);
    for (int i = 0; i < tokensOfRecord.length; i++) {
      if (features == null && tokensOfRecord[i] > 0) {
        throw new DsVlmException(
            "record "
                + i
                + " of the batch has "
                + tokensOfRecord[i]
                + " image tokens, but no picture was given");
      }
      if (features != null && tokensOfRecord[i] % perPicture != 0) {
        throw new DsVlmException(
            "record "
                + i
                + " of the batch has "
                + tokensOfRecord[i]
                + " image tokens, but a picture takes "
                + perPicture);
      }
    }
    long pictures = features == null ? 0 : features.imageFeatures().size(0);
    long tokens = Arrays.stream(tokensOfRecord).sum();
    if (tokens != pictures * perPicture) {
      throw new DsVlmException(
          "the batch has image tokens for "
              + tokens / perPicture
              + " pictures, but "
              + pictures
              + " were given");
    }
  }

  /**
   * Logits of the next token at each place.
   *
   * @param inputIds as in {@link #merge}
   * @param attentionMask int64 [batch, tokens], 0 for padding; null without any; placed like {@code
   *     inputIds}
   * @param features as in {@link #merge}
   * @return [batch, tokens, vocabulary]
   */
  public Tensor logits(
      Tensor inputIds, @Nullable Tensor attentionMask, @Nullable Features features) {
    return Torch.tidy(() -> languageModel.logits(states(inputIds, attentionMask, features)));
  }

  /**
   * Cross entropy of the answers: the mean over all labels of the batch that are not −100.
   *
   * @param labels int64 [batch, tokens], not shifted, placed like {@code inputIds}; the rest as in
   *     {@link #logits}
   * @return a number
   */
  public Tensor loss(
      Tensor inputIds, @Nullable Tensor attentionMask, Tensor labels, @Nullable Features features) {
    return Torch.tidy(() -> languageModel.loss(states(inputIds, attentionMask, features), labels));
  }

  private Tensor states(
      Tensor inputIds, @Nullable Tensor attentionMask, @Nullable Features features) {
    return languageModel.model().forward(merge(inputIds, features), attentionMask);
  }

  /**
   * Answers to prompts, made together.
   *
   * @param prompts ids, each picture as its image tokens
   * @param features of all pictures of all prompts, in order; null if there are none
   * @param listener hears of each token
   * @return ids of each answer, without the token that ended it
   */
  public List<long[]> generate(
      List<long[]> prompts,
      @Nullable Features features,
      GenerationSettings settings,
      TokenListener listener) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      List<Generation.Prompt> merged = new ArrayList<>();
      long used = 0;
      for (long[] ids : prompts) {
        long pictures = Arrays.stream(ids).filter(id -> id == config.imageToken()).count();
        pictures /= config.imageTokens();
        Features own = features == null ? null : slice(features, used, pictures);
        used += pictures;
        Tensor embedded = embed(ids, own);
        merged.add(new Generation.Prompt(embedded, ids, merged.size(), settings.maxNewTokens()));
      }
      if (features != null && used != features.imageFeatures().size(0)) {
        throw new DsVlmException(
            "the prompts have image tokens for "
                + used
                + " pictures, but "
                + features.imageFeatures().size(0)
                + " were given");
      }
      return new Generation(languageModel, settings, listener).run(merged);
    }
  }

  /** Embeddings of one prompt, its pictures in place; see {@link #merge}. */
  Tensor embed(long[] ids, @Nullable Features features) {
    Tensor batch = Torch.of(ids, 1, ids.length);
    return merge(batch.to(languageModel.device(), batch.scalar_type()), features).squeeze(0);
  }

  private static @Nullable Features slice(Features features, long first, long pictures) {
    long available = features.imageFeatures().size(0);
    if (first + pictures > available) {
      throw new DsVlmException(
          "the prompts have image tokens for more than the " + available + " pictures given");
    }
    return pictures == 0
        ? null
        : new Features(List.of(), features.imageFeatures().narrow(0, first, pictures));
  }
}
