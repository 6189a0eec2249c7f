/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;

/**
 * A decoder with its output head: {@code model.*} and {@code lm_head.weight}, the latter absent
 * where the embedding table serves for both.
 */
public final class CausalLm {
  private final LlamaModel model;
  private final Linear head;

  public CausalLm(Parameters parameters, LlamaConfig config) {
    model = new LlamaModel(parameters.at("model"), config);
    head =
        config.tiedEmbeddings()
            ? Linear.sharing(model.embeddingTable())
            : Linear.of(
                parameters.at("lm_head"),
                Init.normal(config.initializerRange()),
                config.hiddenSize(),
                config.vocabularySize(),
                false);
  }

  public LlamaModel model() {
    return model;
  }

  public LlamaConfig config() {
    return model.config();
  }

  /** All that the model computes with, in running order. */
  DecoderWeights decoderWeights() {
    DecoderWeights all = new DecoderWeights();
    model.addTo(all);
    all.addHead(head);
    return all;
  }

  /** Where its parameters are. */
  public Device device() {
    return head.weight().device();
  }

  /** hiddenStates, after the final norm: [..., hidden] in, [..., vocabulary] out. */
  public Tensor logits(Tensor hiddenStates) {
    return head.forward(hiddenStates);
  }

  /**
   * Cross entropy of each token with the label of the next, the mean over all labels of the batch
   * that are not {@link TokenizedConversation#IGNORED}. Logits are computed for those alone, in
   * float32 at least.
   *
   * @param hiddenStates after the final norm, [batch, tokens, hidden]
   * @param labels int64 [batch, tokens], not shifted; on the CPU, where they are checked without
   *     waiting for the device, or where the model is
   * @return a number; 0 if every label is ignored
   * @throws DsVlmException for a label that is no token, naming the row of the batch
   */
  public Tensor loss(Tensor hiddenStates, Tensor labels) {
    return Torch.tidy(
        () -> {
          long tokens = labels.size(1);
          Tensor targets = labels.narrow(1, 1, tokens - 1).reshape(-1);
          Tensor states = hiddenStates.narrow(1, 0, tokens - 1).reshape(-1, hiddenStates.size(2));
          Tensor counted =
              targets.ne(Torch.scalar(TokenizedConversation.IGNORED)).nonzero().squeeze(1);
          if (counted.numel() == 0) {
            return hiddenStates.narrow(0, 0, 0).sum();
          }
          Tensor kept = targets.index_select(0, counted);
          checkLabels(kept, counted, tokens - 1);
          Tensor rows = Torch.onto(counted, device(), ScalarType.Long);
          return head.crossEntropy(
              states.index_select(0, rows), Torch.onto(kept, device(), ScalarType.Long));
        });
  }

  private void checkLabels(Tensor kept, Tensor counted, long perRecord) {
    long rows = config().vocabularySize();
    if (kept.max().item_long() < rows && kept.min().item_long() >= 0) {
      return;
    }
    long[] labels = Torch.longs(kept);
    long[] places = Torch.longs(counted);
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= rows) {
        throw new DsVlmException(
            "record "
                + places[i] / perRecord
                + " of the batch, token "
                + (places[i] % perRecord + 1)
                + ": label "
                + labels[i]
                + " is none of the model's "
                + rows
                + " tokens");
      }
    }
  }
}
