/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.Excerpt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The memory of a GPU that LibTorch's caching allocator holds for this process. */
public final class DeviceMemory {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceMemory.class);
  private static final AtomicBoolean SAID = new AtomicBoolean();
  private static final double GIBIBYTE = 1L << 30;

  private DeviceMemory() {}

  /**
   * The most that was held at once.
   *
   * @param tensorBytes by tensors
   * @param reservedBytes taken from the device, of which tensors have a part; the rest is cached
   */
  public record Peak(long tensorBytes, long reservedBytes) {
    String sentence() {
      return String.format(
          Locale.ROOT,
          "Tensors held %.2f GiB at most, of %.2f GiB that LibTorch had taken.",
          tensorBytes / GIBIBYTE,
          reservedBytes / GIBIBYTE);
    }
  }

  /** The peak since the last call, of the GPU that {@code tensor} is on; empty on a processor. */
  public static Optional<Peak> takePeak(Tensor tensor) {
    if (!tensor.is_cuda()) {
      return Optional.empty();
    }
    byte index = tensor.device().index();
    Optional<Peak> peak = peak(index);
    peak.ifPresent(known -> torch.resetPeakStats(index));
    return peak;
  }

  /**
   * The peak of the GPU numbered {@code index} since it was last taken. No run ends for want of the
   * figure: it is empty, and the log says why once, where LibTorch does not tell it.
   */
  static Optional<Peak> peak(int index) {
    try (PointerScope scope = new PointerScope()) {
      DeviceStats stats = torch.getDeviceStats((byte) index);
      return Optional.of(new Peak(stats.allocated_bytes().peak(), stats.reserved_bytes().peak()));
    } catch (RuntimeException | LinkageError e) {
      if (!SAID.getAndSet(true)) {
        LOG.warn("The memory of cuda:{} cannot be read: {}", index, Excerpt.firstLine(e));
      }
      return Optional.empty();
    }
  }
}
