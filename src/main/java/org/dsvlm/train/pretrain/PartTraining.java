/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** The training of one part, from its random start. */
interface PartTraining extends AutoCloseable {
  /** Everything that is trained, by the names of its files. */
  Map<String, Tensor> parameters();

  /** The loss of {@code step}, counted from 0; depends on seed, data, parameters and step alone. */
  Loss loss(long step);

  /** Writes the part in its public layout into the empty {@code folder}. */
  void write(Path folder) throws IOException;

  /**
   * Writes what the folder of all parts needs beside the part's own.
   *
   * @param parts the folder of all parts
   */
  default void complete(Path parts) throws IOException {}

  @Override
  void close();
}
