/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.List;
import java.util.Map;

/** A part that can be pretrained. */
interface Pretrainable {
  /** Its name on the command line and in recipes. */
  String name();

  /** Where it lies in the folder of all parts. */
  default String folder() {
    return name();
  }

  /** Parts that have to be there before. */
  List<String> needs();

  /** What the part is, in a line. */
  String title();

  /** Its training, before the first step. */
  PartTraining start(Workshop workshop);

  /**
   * How good the part in the workshop's folder is, on the world's tests.
   *
   * @return figures by name
   */
  Map<String, Double> figures(Workshop workshop);
}
