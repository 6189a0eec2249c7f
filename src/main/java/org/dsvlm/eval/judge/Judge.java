/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import java.util.List;
import java.util.Map;

/** Someone who reads replies. */
public interface Judge extends AutoCloseable {
  /** Its name in results: a model, or the file that its replies come from. */
  String name();

  /**
   * The replies by row. A row is absent where the judge did not reply; a reply may be unreadable.
   *
   * @param system who the judge is told to be
   */
  Map<String, String> ask(String system, List<JudgeRequest> requests);

  @Override
  void close();
}
