/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Numbers that the host knows and every pass reads, such as a schedule's: made once for each device
 * and type, so that a pass copies nothing to a GPU for them. They are few, and stay for as long as
 * their owner.
 */
public final class DeviceConstant {
  private final Supplier<Tensor> make;
  private final Map<Place, Tensor> kept = new ConcurrentHashMap<>();

  /** index: the number of a GPU; −1 of a processor. */
  private record Place(int type, int index, ScalarType dtype) {
    static Place of(Device device, ScalarType dtype) {
      return new Place(device.type().value, device.index(), dtype.intern());
    }
  }

  /** make: gives them on the CPU, with all digits. */
  public DeviceConstant(Supplier<Tensor> make) {
    this.make = make;
  }

  /** {@code values}, float64 on the CPU, in a tensor of {@code shape}. */
  public static DeviceConstant of(double[] values, long... shape) {
    double[] own = values.clone();
    return new DeviceConstant(() -> Torch.of(own, shape));
  }

  /**
   * The numbers on {@code device} in {@code dtype}, for reading alone. The first call for a device
   * waits for the copy, since the next may be on another of its streams.
   */
  public Tensor on(Device device, ScalarType dtype) {
    return kept.computeIfAbsent(
        Place.of(device, dtype),
        place -> Torch.keep(Torch.withoutGradient(() -> make.get().to(device, dtype))));
  }

  /** The numbers where {@code like} is and in its type. */
  public Tensor on(Tensor like) {
    return on(like.device(), like.scalar_type());
  }
}
