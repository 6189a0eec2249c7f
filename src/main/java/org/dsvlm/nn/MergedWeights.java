/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightFilter;
import org.dsvlm.weights.WeightSource;

/** A model's weights with an adapter merged into each as it is read. */
public final class MergedWeights extends WeightFilter {
  private static final String WEIGHT = ".weight";

  private final ParameterStore shapes;
  private final Lora adapter;

  /**
   * Reads the adapter alone; closing this closes {@code base} too.
   *
   * @param base by the names of {@code model}, in the type to merge in
   * @param model builds the model on the parameters it is given
   * @param adapter attaches it to the model on a store that has shapes and no numbers
   * @throws org.dsvlm.io.DsVlmException if the adapter is unsound or belongs to another model
   */
  public MergedWeights(
      WeightSource base, Consumer<Parameters> model, Function<ParameterStore, Lora> adapter) {
    super(base);
    shapes = ParameterStore.ofShapes(base);
    try {
      model.accept(shapes.root());
      this.adapter = adapter.apply(shapes);
    } catch (RuntimeException e) {
      shapes.close();
      throw e;
    }
  }

  /** As {@link Lora#mergeForGood} would leave it. */
  @Override
  public Tensor read(String name) {
    return name.endsWith(WEIGHT)
        ? Torch.withoutGradient(
            () ->
                adapter.merged(
                    name.substring(0, name.length() - WEIGHT.length()),
                    adapter.replaced(name, super.read(name))))
        : Torch.withoutGradient(() -> adapter.replaced(name, super.read(name)));
  }

  @Override
  public void close() {
    adapter.close();
    shapes.close();
    super.close();
  }
}
