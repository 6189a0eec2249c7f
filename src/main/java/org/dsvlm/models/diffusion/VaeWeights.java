/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightFilter;
import org.dsvlm.weights.WeightSource;

/**
 * An autoencoder's checkpoint under today's names. The public Stable Diffusion 1.x files call the
 * parts of the attention {@code query}, {@code key}, {@code value} and {@code proj_attn}, and files
 * converted from the original layout keep their weights as 1×1 convolutions.
 */
public final class VaeWeights extends WeightFilter {
  private static final Map<String, String> TODAYS_NAMES =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  /** {@code source} as it is stored, in either spelling; closing this closes it. */
  public VaeWeights(WeightSource source) {
    super(new RenamedWeights(source, VaeWeights::todaysName));
  }

  private static String todaysName(String stored) {
    String[] parts = stored.split("\\.");
    int part = parts.length - 2;
    if (part > 1 && parts[part - 2].equals("attentions")) {
      parts[part] = TODAYS_NAMES.getOrDefault(parts[part], parts[part]);
    }
    return String.join(".", parts);
  }

  /** The matrix's shape, [out, in], where the file has a 1×1 convolution in the attention. */
  @Override
  public long[] shape(String name) {
    long[] shape = super.shape(name);
    boolean attentionMatrix = name.contains(".attentions.") && name.contains(".to_");
    boolean pointwise = shape.length == 4 && shape[2] == 1 && shape[3] == 1;
    return attentionMatrix && pointwise ? Arrays.copyOf(shape, 2) : shape;
  }

  @Override
  public Tensor read(String name) {
    return Torch.tidy(() -> super.read(name).view(shape(name)));
  }
}
