/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;

/** Names of number formats: as users write them, as safetensors writes them, and their sizes. */
public final class DTypes {
  private static final Map<String, ScalarType> BY_NAME =
      Map.ofEntries(
          Map.entry("float64", ScalarType.Double),
          Map.entry("float32", ScalarType.Float),
          Map.entry("float16", ScalarType.Half),
          Map.entry("bfloat16", ScalarType.BFloat16),
          Map.entry("int64", ScalarType.Long),
          Map.entry("int32", ScalarType.Int),
          Map.entry("int16", ScalarType.Short),
          Map.entry("int8", ScalarType.Char),
          Map.entry("uint8", ScalarType.Byte),
          Map.entry("bool", ScalarType.Bool));

  private DTypes() {}

  /**
   * The type of that name ({@code float32}, {@code bfloat16}, …).
   *
   * @throws DsVlmException for a name that is none of them
   */
  public static ScalarType parse(String name) {
    ScalarType type = BY_NAME.get(name);
    if (type == null) {
      throw new DsVlmException(
          "unknown dtype '" + name + "'; known: " + BY_NAME.keySet().stream().sorted().toList());
    }
    return type;
  }

  /** Types that models compute in; files may hold others, which are for storage alone. */
  private static final List<String> COMPUTED = List.of("bfloat16", "float16", "float32", "float64");

  /**
   * The type of that name for a model to compute in.
   *
   * @param where the option or key, for messages
   * @throws DsVlmException for another name, or one of a type for storage alone
   */
  public static ScalarType parseComputed(String where, String name) {
    if (!COMPUTED.contains(name)) {
      throw new DsVlmException(
          where
              + " is '"
              + Excerpt.of(name)
              + "', "
              + (BY_NAME.containsKey(name)
                  ? "a type that numbers are stored in"
                  : "which is no type")
              + "; a model computes in one of "
              + String.join(", ", COMPUTED));
    }
    return parse(name);
  }

  /** Whether a model can compute in {@code type}. */
  public static boolean isComputed(ScalarType type) {
    return COMPUTED.contains(name(type));
  }

  /** The name that {@link #parse} reads; LibTorch's own for types outside that list. */
  public static String name(ScalarType type) {
    ScalarType interned = type.intern();
    return BY_NAME.entrySet().stream()
        .filter(entry -> entry.getValue() == interned)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(interned.toString());
  }

  /** Bytes that one number of that type takes. */
  public static long bytes(ScalarType type) {
    return torch.elementSize(type);
  }
}
