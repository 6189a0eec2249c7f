/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.nio.file.Path;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * The parameters that DS-VLM adds to Stable Diffusion, as one file beside its folder: {@code
 * adapters.<feature>.…} and, for every cross-attention of the UNet, {@code
 * unet.<path>.attn2.to_{k,v}_<feature>.weight} (all but {@code text}) and {@code ….router.weight}.
 * Stable Diffusion's own weights stay untouched.
 */
public final class MultiAdapterFile {
  /** Its name inside a folder. */
  public static final String NAME = "multi_adapter.safetensors";

  private static final String ADAPTERS = "adapters.";

  private MultiAdapterFile() {}

  /** The name of a parameter of a feature's linear adapter: {@code weight} or {@code bias}. */
  public static String ofLinearAdapter(String feature, String parameter) {
    return ADAPTERS + feature + "." + parameter;
  }

  /** Whether {@code name} is that of an adapter's parameter. */
  public static boolean isOfAdapter(String name) {
    return name.startsWith(ADAPTERS);
  }

  /** The tensors in {@code file}, as a source for the store that the supervisor is built from. */
  public static WeightSource open(Path file) {
    return Safetensors.open(file);
  }

  /** Writes all that {@code store} holds; the file appears whole or not at all. */
  public static void write(Path file, ParameterStore store) {
    SafetensorsWriter.write(file, store.tensors());
  }
}
