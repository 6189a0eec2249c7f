/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.dsvlm.nn.Parameters;

/** The adapters of this library, a row each: how it is built and what it costs. */
enum StandardAdapter implements NamedAdapter {
  LINEAR((config, p, from, to) -> new LinearAdapter(p, from, to), AdapterCost::linear),
  MLP((config, p, from, to) -> new MlpAdapter(p, from, to), AdapterCost::mlp),
  QFORMER(
      (config, p, from, to) -> new QFormerAdapter(p, from, to, config.queries(), config.depth()),
      AdapterCost::qformer);

  /** As {@link NamedAdapter#build}. */
  private interface Builder {
    Adapter build(AdapterConfig config, Parameters parameters, long featureWidth, long crossWidth);
  }

  private final Builder builder;
  private final ToDoubleFunction<AdapterCost> cost;

  StandardAdapter(Builder builder, ToDoubleFunction<AdapterCost> cost) {
    this.builder = builder;
    this.cost = cost;
  }

  @Override
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Adapter build(
      AdapterConfig config, Parameters parameters, long featureWidth, long crossWidth) {
    return builder.build(config, parameters, featureWidth, crossWidth);
  }

  @Override
  public double cost(AdapterCost into) {
    return cost.applyAsDouble(into);
  }
}
