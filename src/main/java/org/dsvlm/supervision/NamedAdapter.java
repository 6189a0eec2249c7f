/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Services;
import org.dsvlm.nn.Parameters;

/**
 * A shape of {@link Adapter} that recipes can name. Those of this library are {@link
 * StandardAdapter}; any that {@link java.util.ServiceLoader} finds under this interface join them,
 * for which a class has to be public with a public constructor without arguments.
 */
public interface NamedAdapter {
  /** Its name in a recipe. */
  String key();

  /**
   * The adapter.
   *
   * @param config settings that the recipe gives
   * @param parameters where its own stand
   * @param featureWidth of the feature that it reads
   * @param crossWidth that the UNet's cross-attention reads
   */
  Adapter build(AdapterConfig config, Parameters parameters, long featureWidth, long crossWidth);

  /**
   * Writes its operations down.
   *
   * @return tokens of the context of one picture
   */
  double cost(AdapterCost cost);

  /** Every adapter that can be named, this library's first. */
  static List<NamedAdapter> all() {
    return Stream.concat(
            Stream.of(StandardAdapter.values()), Services.load(NamedAdapter.class).stream())
        .toList();
  }

  /**
   * The adapter {@code name}.
   *
   * @param where the file, for messages
   * @throws DsVlmException for a name that is not known
   */
  static NamedAdapter named(String name, String where) {
    return all().stream()
        .filter(adapter -> adapter.key().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new DsVlmException(
                    where
                        + ": unknown adapter '"
                        + name
                        + "'; known: "
                        + all().stream().map(NamedAdapter::key).toList()));
  }
}
