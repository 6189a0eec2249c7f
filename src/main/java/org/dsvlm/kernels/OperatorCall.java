/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;

/**
 * The frame of every operator's call: refuses closed tensors, frees intermediates, and turns native
 * errors into {@link DsVlmException}s that name the operator. The {@code require} methods are the
 * reference implementations' counterpart of the checks in {@code native/ops/checks.h}.
 */
final class OperatorCall {
  private static final List<ScalarType> FLOATING =
      List.of(ScalarType.Float, ScalarType.Double, ScalarType.BFloat16);

  private final String operator;

  OperatorCall(String operator) {
    this.operator = operator;
  }

  /** Runs {@code body} in a scope of its own; its result goes to the caller's. */
  Tensor run(Supplier<Tensor> body) {
    try {
      return Torch.tidy(body);
    } catch (RuntimeException e) {
      throw named(e);
    }
  }

  /** The same for what works in place and has no result. */
  void perform(Runnable body) {
    try (PointerScope scope = new PointerScope()) {
      body.run();
    } catch (RuntimeException e) {
      throw named(e);
    }
  }

  private DsVlmException named(RuntimeException e) {
    if (e instanceof DsVlmException already) {
      return already;
    }
    String message = Excerpt.firstLine(e);
    return message.startsWith(operator)
        ? new DsVlmException(message, e)
        : new DsVlmException(operator + ": " + message, e);
  }

  /** A closed tensor has no address any more; dereferencing it natively would be a crash. */
  void requireOpen(String argument, Tensor tensor) {
    requireOpenOrUndefined(argument, tensor);
    require(tensor.defined(), argument + " is an undefined tensor");
  }

  private void requireOpenOrUndefined(String argument, Tensor tensor) {
    require(
        tensor != null && !tensor.isNull(),
        argument + " is null or was closed; keep its scope open until the call returns");
  }

  /** For gradients, which need not be there. */
  void requireOpenOrUndefined(String argument, List<Tensor> tensors) {
    for (int i = 0; i < tensors.size(); i++) {
      requireOpenOrUndefined(argument + "[" + i + "]", tensors.get(i));
    }
  }

  void requireOpen(String argument, List<Tensor> tensors) {
    for (int i = 0; i < tensors.size(); i++) {
      requireOpen(argument + "[" + i + "]", tensors.get(i));
    }
  }

  /** {@code tensor} has exactly {@code shape}; -1 stands for any size. */
  void requireShape(String argument, Tensor tensor, String meaning, long... shape) {
    long[] actual = Torch.shape(tensor);
    boolean same = actual.length == shape.length;
    for (int i = 0; same && i < shape.length; i++) {
      same = shape[i] == -1 || shape[i] == actual[i];
    }
    require(
        same,
        argument
            + " must be "
            + meaning
            + " "
            + Arrays.toString(shape).replace("-1", "any")
            + ", but has shape "
            + Arrays.toString(actual));
  }

  void requireFloating(String argument, Tensor tensor) {
    ScalarType dtype = tensor.scalar_type().intern();
    require(
        FLOATING.contains(dtype) || dtype == ScalarType.Half && tensor.is_cuda(),
        argument
            + " must be float32, float64 or bfloat16, or on a GPU float16, but is "
            + DTypes.name(dtype)
            + " on "
            + device(tensor));
  }

  void requireInt64(String argument, Tensor tensor) {
    ScalarType dtype = tensor.scalar_type().intern();
    require(dtype == ScalarType.Long, argument + " must be int64, but is " + DTypes.name(dtype));
  }

  /** {@code tensor} lives where {@code reference} does and has its type. */
  void requireLike(String argument, Tensor tensor, String referenceName, Tensor reference) {
    ScalarType dtype = tensor.scalar_type().intern();
    ScalarType wanted = reference.scalar_type().intern();
    require(
        dtype == wanted,
        argument
            + " is "
            + DTypes.name(dtype)
            + ", but "
            + referenceName
            + " is "
            + DTypes.name(wanted));
    requireDevice(argument, tensor, referenceName, reference);
  }

  /** {@code tensor} lives where {@code reference} does. */
  void requireDevice(String argument, Tensor tensor, String referenceName, Tensor reference) {
    String device = device(tensor);
    String wantedDevice = device(reference);
    require(
        device.equals(wantedDevice),
        argument + " is on " + device + ", but " + referenceName + " is on " + wantedDevice);
  }

  void require(boolean condition, String message) {
    if (!condition) {
      throw new DsVlmException(operator + ": " + message);
    }
  }

  /** {@code tensor} in the type that the operators compute in: float32 instead of shorter ones. */
  static Tensor wide(Tensor tensor) {
    boolean isWide = tensor.scalar_type().intern() == ScalarType.Double;
    return isWide ? tensor : tensor.to(ScalarType.Float);
  }

  private static String device(Tensor tensor) {
    return tensor.device().str().getString();
  }
}
