/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;

/**
 * The few calls that make LibTorch's tensors comfortable in Java: scopes, shapes, and the way in
 * and out of arrays.
 *
 * <p>Memory: every tensor belongs to the innermost {@link PointerScope} of the thread that made it
 * and is freed when that scope closes. {@link #tidy} runs a block in a scope of its own and hands
 * one result to the caller's; {@link #keep} takes a tensor out of all scopes until it is closed by
 * hand.
 */
public final class Torch {
  static {
    LibTorchVersion.require();
    LibraryExtraction.load(torch.class);
    // It cannot start on some processors, and says so at every convolution.
    torch.globalContext().setUserEnabledNNPACK(false);
    Threads.loaded();
  }

  private static final TensorOptional NONE = keepAlive(new TensorOptional());

  private Torch() {}

  private static TensorOptional keepAlive(TensorOptional optional) {
    optional.retainReference();
    return optional;
  }

  /** Loads LibTorch; calling it again does nothing. */
  public static void load() {}

  /** The absent tensor, for optional arguments such as a bias or a mask. */
  public static TensorOptional none() {
    return NONE;
  }

  /** Runs {@code body} in its own scope; everything but the result is freed when it returns. */
  public static Tensor tidy(Supplier<Tensor> body) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      Tensor result = body.get();
      if (outer != null) {
        outer.attach(result);
      } else {
        result.retainReference();
      }
      return result;
    }
  }

  /** Like {@link #tidy} for several results. */
  public static List<Tensor> tidyAll(Supplier<List<Tensor>> body) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> results = body.get();
      for (Tensor result : results) {
        if (outer != null) {
          outer.attach(result);
        } else {
          result.retainReference();
        }
      }
      return results;
    }
  }

  /** Runs {@code body} in its own scope and without recording gradients. */
  public static Tensor withoutGradient(Supplier<Tensor> body) {
    return tidy(
        () -> {
          try (NoGradGuard guard = new NoGradGuard()) {
            return body.get();
          }
        });
  }

  /** Takes {@code tensor} out of the current scope: it lives until its {@code close()}. */
  public static Tensor keep(Tensor tensor) {
    tensor.retainReference();
    return tensor;
  }

  /**
   * {@code tensor}, unless it is freed: native code would read what lies there by now.
   *
   * @param closed says so, and what to do
   * @throws DsVlmException of that text, if it is
   */
  public static Tensor live(Tensor tensor, String closed) {
    if (tensor.isNull()) {
      throw new DsVlmException(closed);
    }
    return tensor;
  }

  /** Sizes of all dimensions. */
  public static long[] shape(Tensor tensor) {
    long[] sizes = new long[(int) tensor.dim()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = tensor.size(i);
    }
    return sizes;
  }

  /** Shape and type as users read them: {@code float32 [2, 3, 64, 64]}. */
  public static String describe(Tensor tensor) {
    return DTypes.name(tensor.scalar_type()) + " " + Arrays.toString(shape(tensor));
  }

  /** Number as LibTorch's operators take it. */
  public static Scalar scalar(double value) {
    return new Scalar(value);
  }

  /** Options for new tensors of {@code dtype} on the CPU. */
  public static TensorOptions options(ScalarType dtype) {
    return options(dtype, "cpu");
  }

  /** Options for new tensors of {@code dtype} on {@code device} ("cpu", "cuda", "cuda:1"). */
  public static TensorOptions options(ScalarType dtype, String device) {
    return new TensorOptions()
        .dtype(new ScalarTypeOptional(dtype))
        .device(new DeviceOptional(Devices.of(device)));
  }

  /** Copies {@code values} into a new float32 tensor of {@code shape}. */
  public static Tensor of(float[] values, long... shape) {
    return tidy(
        () -> {
          // Pictures come this way: copied once, and on the caller's own thread.
          Tensor tensor = torch.empty(shape);
          if (tensor.numel() != values.length) {
            throw new IllegalArgumentException(
                values.length + " values do not fill " + describe(tensor));
          }
          if (values.length > 0) {
            tensor.data_ptr_float().put(values);
          }
          return tensor;
        });
  }

  /** Copies {@code values} into a new float64 tensor of {@code shape}. */
  public static Tensor of(double[] values, long... shape) {
    return tidy(
        () ->
            torch.from_blob(new DoublePointer(values), shape, options(ScalarType.Double)).clone());
  }

  /** Copies {@code values} into a new int64 tensor of {@code shape}. */
  public static Tensor of(long[] values, long... shape) {
    return tidy(
        () -> torch.from_blob(new LongPointer(values), shape, options(ScalarType.Long)).clone());
  }

  /** All elements in row-major order, as float. */
  public static float[] floats(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      Tensor flat = tensor.detach().cpu().to(ScalarType.Float).contiguous();
      float[] values = new float[Math.toIntExact(flat.numel())];
      if (values.length > 0) {
        flat.data_ptr_float().get(values);
      }
      return values;
    }
  }

  /** All elements in row-major order, as double. */
  public static double[] doubles(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      Tensor flat = tensor.detach().cpu().to(ScalarType.Double).contiguous();
      double[] values = new double[Math.toIntExact(flat.numel())];
      if (values.length > 0) {
        flat.data_ptr_double().get(values);
      }
      return values;
    }
  }

  /** All elements in row-major order, as long. */
  public static long[] longs(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      Tensor flat = tensor.detach().cpu().to(ScalarType.Long).contiguous();
      long[] values = new long[Math.toIntExact(flat.numel())];
      if (values.length > 0) {
        flat.data_ptr_long().get(values);
      }
      return values;
    }
  }

  /**
   * {@code tensor} on {@code device} in {@code dtype}; itself if it is so already. From the CPU to
   * a GPU it goes by pinned memory, so that the host does not wait until the GPU has done what it
   * was told before.
   */
  public static Tensor onto(Tensor tensor, Device device, ScalarType dtype) {
    if (!tensor.is_cpu() || device.is_cpu()) {
      return tensor.to(device, dtype);
    }
    return tidy(
        () ->
            tensor
                .pin_memory()
                .to(device, tensor.scalar_type(), true, false, new MemoryFormatOptional())
                // There: the host would put the converted numbers into memory that is not pinned.
                .to(dtype));
  }

  /** As above, to where {@code like} is and in its type. */
  public static Tensor onto(Tensor tensor, Tensor like) {
    return onto(tensor, like.device(), like.scalar_type());
  }

  /** The single element of a zero-dimensional tensor. Waits for the device. */
  public static double item(Tensor tensor) {
    return tensor.item_double();
  }

  /** {@code tensors} joined along {@code dim}. */
  public static Tensor cat(long dim, Tensor... tensors) {
    return torch.cat(new TensorVector(tensors), dim);
  }

  /** {@code tensors} of one shape joined along a new {@code dim}. */
  public static Tensor stack(long dim, Tensor... tensors) {
    return torch.stack(new TensorVector(tensors), dim);
  }
}
