/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.weights.StoredType;
import org.jspecify.annotations.Nullable;

/**
 * All Python names that a pickle of weights may use: functions that build a tensor, kinds of
 * storages, and types of numbers.
 */
final class PickleGlobal {
  /**
   * Works for files that name classes which are not installed, tensors that share memory, and
   * tensors below {@code state_dict} or {@code model}; runs no code but PyTorch's.
   */
  static final String HOW_TO_CONVERT =
      "if you trust the file, take its tensors with Python: import pickle, torch, types,"
          + " safetensors.torch; U = type(\"U\", (pickle.Unpickler,), {\"find_class\": lambda u, m,"
          + " n: pickle.Unpickler.find_class(u, m, n) if m.split(\".\")[0] in (\"torch\","
          + " \"collections\") else type(n, (), {\"__init__\": lambda *a, **k: None,"
          + " \"__setstate__\": lambda *a: None})}); P = types.SimpleNamespace(__name__=\"p\","
          + " Unpickler=U, load=lambda f, **k: U(f, **k).load()); d = torch.load(\"FILE\","
          + " map_location=\"cpu\", weights_only=False, pickle_module=P); d = d.get(\"state_dict\","
          + " d.get(\"model\", d)); safetensors.torch.save_file({k: v.detach().clone().contiguous()"
          + " for k, v in d.items() if isinstance(v, torch.Tensor)}, \"model.safetensors\")";

  /** The functions that a pickle may call. */
  private enum Function {
    ORDERED_DICT,
    SIZE,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_TENSOR_V3,
    REBUILD_PARAMETER
  }

  /** A kind of storage; without {@code type} where the tensors say it. */
  private record Storage(@Nullable StoredType type) {}

  private static final Map<String, Object> ALLOWED = new LinkedHashMap<>();

  static {
    ALLOWED.put("collections.OrderedDict", Function.ORDERED_DICT);
    ALLOWED.put("torch.Size", Function.SIZE);
    ALLOWED.put("torch._utils._rebuild_tensor", Function.REBUILD_TENSOR);
    ALLOWED.put("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2);
    ALLOWED.put("torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3);
    ALLOWED.put("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);
    ALLOWED.put("torch.storage.UntypedStorage", new Storage(null));
    ALLOWED.put("torch.UntypedStorage", new Storage(null));
    type("Double", "float64", StoredType.F64);
    type("Float", "float32", StoredType.F32);
    type("Half", "float16", StoredType.F16);
    type("BFloat16", "bfloat16", StoredType.BF16);
    type("Long", "int64", StoredType.I64);
    type("Int", "int32", StoredType.I32);
    type("Short", "int16", StoredType.I16);
    type("Char", "int8", StoredType.I8);
    type("Byte", "uint8", StoredType.U8);
    type("Bool", "bool", StoredType.BOOL);
    ALLOWED.put("torch.uint16", StoredType.U16);
    ALLOWED.put("torch.uint32", StoredType.U32);
    ALLOWED.put("torch.uint64", StoredType.U64);
    ALLOWED.put("torch.float8_e4m3fn", StoredType.F8_E4M3);
    ALLOWED.put("torch.float8_e5m2", StoredType.F8_E5M2);
    ALLOWED.put("torch.float8_e8m0fnu", StoredType.F8_E8M0);
  }

  private PickleGlobal() {}

  private static void type(String storage, String dtype, StoredType type) {
    ALLOWED.put("torch." + storage + "Storage", new Storage(type));
    ALLOWED.put("torch." + dtype, type);
  }

  /** The global {@code name} of {@code module}. */
  static Object named(Object module, Object name, PickleInput input) {
    Object global =
        module instanceof String && name instanceof String
            ? ALLOWED.get(module + "." + name)
            : null;
    if (global == null) {
      String text = module instanceof String && name instanceof String ? module + "." + name : "?";
      throw input.error(
          "names Python's '"
              + text
              + "', which is no part of a tensor, so nothing of the file is used; "
              + HOW_TO_CONVERT);
    }
    return global;
  }

  /** The result of {@code function} for {@code arguments}. */
  static Object call(Object function, Object arguments, PickleInput input) {
    if (!(function instanceof Function known) || !(arguments instanceof List<?> list)) {
      throw input.error("calls what is no function; the file is damaged");
    }
    return switch (known) {
      case ORDERED_DICT -> {
        if (!list.isEmpty()) {
          throw input.error("makes an OrderedDict of arguments, which no torch.save writes");
        }
        yield new LinkedHashMap<>();
      }
      case SIZE -> argument(list, 0, List.class, input);
      case REBUILD_PARAMETER -> argument(list, 0, PickledTensor.class, input);
      case REBUILD_TENSOR, REBUILD_TENSOR_V2 ->
          tensor(list, argument(list, 0, PickledStorage.class, input).type(), input);
      case REBUILD_TENSOR_V3 -> tensor(list, argument(list, 6, StoredType.class, input), input);
    };
  }

  /** arguments: storage, offset, sizes, strides, and what is for training alone. */
  private static PickledTensor tensor(
      List<?> arguments, @Nullable StoredType type, PickleInput input) {
    PickledStorage storage = argument(arguments, 0, PickledStorage.class, input);
    if (type == null || (storage.type() != null && storage.type() != type)) {
      throw input.error("has a tensor whose type is not that of its numbers");
    }
    PickledTensor tensor =
        new PickledTensor(
            storage,
            type,
            argument(arguments, 1, Long.class, input),
            longs(argument(arguments, 2, List.class, input), input),
            longs(argument(arguments, 3, List.class, input), input));
    String fault = tensor.fault();
    if (fault != null) {
      throw input.error("has a tensor that " + fault + "; the file is damaged");
    }
    return tensor;
  }

  /** The storage that a persistent id stands for: its kind, key, device and size. */
  static PickledStorage storage(Object id, PickleInput input) {
    if (!(id instanceof List<?> fields) || fields.size() < 5 || !"storage".equals(fields.get(0))) {
      throw input.error("refers to something outside the pickle that is no storage");
    }
    if (fields.size() > 5 && fields.get(5) != null) {
      throw input.error("has a storage that is a view of another; " + HOW_TO_CONVERT);
    }
    StoredType type = argument(fields, 1, Storage.class, input).type();
    long elements = argument(fields, 4, Long.class, input);
    if (elements < 0 || elements > Long.MAX_VALUE / Long.BYTES) {
      throw input.error("has a storage of " + elements + " numbers; the file is damaged");
    }
    return new PickledStorage(argument(fields, 2, String.class, input), type, elements);
  }

  private static <T> T argument(List<?> arguments, int index, Class<T> type, PickleInput input) {
    if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
      throw input.error(
          "calls a function with something else than a "
              + type.getSimpleName()
              + " in place "
              + index
              + "; the file is damaged");
    }
    return type.cast(arguments.get(index));
  }

  private static long[] longs(List<?> numbers, PickleInput input) {
    boolean sizes = numbers.size() <= PickledTensor.MOST_DIMENSIONS;
    if (!sizes || !numbers.stream().allMatch(Long.class::isInstance)) {
      throw input.error(
          "has a tensor whose sizes are not a few whole numbers; the file is damaged");
    }
    return numbers.stream().mapToLong(Long.class::cast).toArray();
  }
}
