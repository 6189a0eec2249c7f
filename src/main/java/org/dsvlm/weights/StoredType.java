/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Number formats of safetensors that LibTorch has too, in the order in which the format's own
 * library ranks them: it writes tensors of the highest rank first, so that each starts aligned.
 */
public enum StoredType {
  BOOL(ScalarType.Bool, 1),
  U8(ScalarType.Byte, 1),
  I8(ScalarType.Char, 1),
  F8_E5M2(ScalarType.Float8_e5m2, 1),
  F8_E4M3(ScalarType.Float8_e4m3fn, 1),
  F8_E8M0(ScalarType.Float8_e8m0fnu, 1),
  I16(ScalarType.Short, 2),
  U16(ScalarType.UInt16, 2),
  F16(ScalarType.Half, 2),
  BF16(ScalarType.BFloat16, 2),
  I32(ScalarType.Int, 4),
  U32(ScalarType.UInt32, 4),
  F32(ScalarType.Float, 4),
  C64(ScalarType.ComplexFloat, 8),
  F64(ScalarType.Double, 8),
  I64(ScalarType.Long, 8),
  U64(ScalarType.UInt64, 8);

  private final ScalarType scalarType;
  private final int bytes;

  StoredType(ScalarType scalarType, int bytes) {
    this.scalarType = scalarType;
    this.bytes = bytes;
  }

  /** The type that LibTorch calls it. */
  public ScalarType scalarType() {
    return scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The type of that name in a header. */
  public static Optional<StoredType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** The type that stands for LibTorch's. */
  public static Optional<StoredType> of(ScalarType scalarType) {
    ScalarType interned = scalarType.intern();
    return Arrays.stream(values()).filter(type -> type.scalarType == interned).findFirst();
  }

  /** All names, for error messages. */
  public static List<String> names() {
    return Arrays.stream(values()).map(Enum::name).toList();
  }
}
