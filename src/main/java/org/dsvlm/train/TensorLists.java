/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.Collection;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.dsvlm.tensor.Torch;

/**
 * LibTorch's operators over lists of tensors, which have no Java binding: one call for all
 * parameters where a loop would pay for each.
 */
final class TensorLists {
  private TensorLists() {}

  /** The operator {@code name.overload}, for the life of the process. */
  static OperatorHandle operator(String name, String overload) {
    Torch.load();
    OperatorHandle handle = Dispatcher.singleton().findSchemaOrThrow(name, overload);
    handle.retainReference();
    return handle;
  }

  /** {@code tensors} as an argument. */
  static IValue argument(Collection<Tensor> tensors) {
    GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
    tensors.forEach(tensor -> list.push_back(new IValue(tensor)));
    return new IValue(list);
  }

  /** Calls {@code operator}; gives its results. */
  static IValueVector call(OperatorHandle operator, IValue... arguments) {
    IValueVector stack = new IValueVector(arguments);
    operator.callBoxed(stack);
    return stack;
  }
}
