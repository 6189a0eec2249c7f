/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.diffusion;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.tensor.WeightSource;

/**
 * An autoencoder's checkpoint under today's names. The public Stable Diffusion 1.x files call the
 * parts of the attention {@code query}, {@code key}, {@code value} and {@code proj_attn}, and files
 * converted from the original layout keep their weights as 1×1 convolutions.
 */
public final class VaeWeights implements WeightSource {
  private static final Map<String, String> TODAYS_NAMES =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  private final WeightSource source;
  private final Map<String, String> storedNames = new LinkedHashMap<>();

  /** {@code source} as it is stored, in either spelling; closing this closes it. */
  public VaeWeights(WeightSource source) {
    this.source = source;
    source.names().forEach(stored -> storedNames.put(todaysName(stored), stored));
  }

  private static String todaysName(String stored) {
    String[] parts = stored.split("\\.");
    int part = parts.length - 2;
    if (part > 1 && parts[part - 2].equals("attentions")) {
      parts[part] = TODAYS_NAMES.getOrDefault(parts[part], parts[part]);
    }
    return String.join(".", parts);
  }

  private static boolean isAttentionMatrix(String name) {
    return name.contains(".attentions.") && name.endsWith(".weight") && name.contains(".to_");
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(storedNames.keySet());
  }

  @Override
  public long[] shape(String name) {
    long[] shape = source.shape(stored(name));
    return isAttentionMatrix(name) && shape.length == 4 ? Arrays.copyOf(shape, 2) : shape;
  }

  @Override
  public Tensor read(String name) {
    return Torch.tidy(() -> source.read(stored(name)).view(shape(name)));
  }

  @Override
  public String where(String name) {
    return source.where(stored(name));
  }

  private String stored(String name) {
    return storedNames.getOrDefault(name, name);
  }

  @Override
  public void close() {
    source.close();
  }
}
