/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.pickle.PickledWeights;
import org.dsvlm.weights.safetensors.Safetensors;

/** One file of weights, in whichever format it is. */
public final class WeightFile {
  private WeightFile() {}

  /**
   * Maps {@code file} and reads what tensors it holds: safetensors, or what {@code torch.save}
   * writes (see {@link PickledWeights}), which its first bytes tell.
   *
   * @throws DsVlmException if the file cannot be read or is sound in neither format
   */
  public static WeightSource open(Path file) {
    return namesPickle(file.toString()) || startsAsPickle(file)
        ? PickledWeights.open(file)
        : Safetensors.open(file);
  }

  /** Whether a file of this name is PyTorch's own format by custom. */
  static boolean namesPickle(String name) {
    return name.endsWith(".bin")
        || name.endsWith(".pth")
        || name.endsWith(".pt")
        || name.endsWith(".ckpt");
  }

  private static boolean startsAsPickle(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = InputFiles.stream(file)) {
      return PickledWeights.startsLike(in.readNBytes(PickledWeights.SIGNATURE_BYTES));
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }
}
