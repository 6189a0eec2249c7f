/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.Set;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightFilter;
import org.dsvlm.weights.WeightSource;

/**
 * A LLaVA's weights with rows added to the two tables of its vocabulary: the mean of the others, so
 * that none of the new tokens is ever the likeliest.
 */
final class WidenedWeights extends WeightFilter {
  private static final Set<String> TABLES =
      Set.of("language_model.model.embed_tokens.weight", "language_model.lm_head.weight");

  private final long rows;

  /** Gives both tables of {@code source} {@code rows} rows, at least as many as they have. */
  WidenedWeights(WeightSource source, long rows) {
    super(source);
    this.rows = rows;
  }

  @Override
  public long[] shape(String name) {
    long[] shape = super.shape(name);
    return TABLES.contains(name) ? new long[] {rows, shape[1]} : shape;
  }

  @Override
  public Tensor read(String name) {
    if (!TABLES.contains(name) || super.shape(name)[0] == rows) {
      return super.read(name);
    }
    return Torch.withoutGradient(
        () -> {
          Tensor table = super.read(name);
          Tensor mean = table.mean(new long[] {0}, true, new ScalarTypeOptional());
          return Torch.cat(0, table, mean.expand(rows - table.size(0), table.size(1)));
        });
  }
}
