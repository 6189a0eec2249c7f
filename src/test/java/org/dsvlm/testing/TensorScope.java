/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** Frees whatever tensors a test makes, those of its own set-up included. */
public final class TensorScope implements BeforeEachCallback, AfterEachCallback {
  private static final Namespace NAMESPACE = Namespace.create(TensorScope.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    Torch.load();
    context.getStore(NAMESPACE).put(PointerScope.class, new PointerScope());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    context.getStore(NAMESPACE).remove(PointerScope.class, PointerScope.class).close();
  }
}
