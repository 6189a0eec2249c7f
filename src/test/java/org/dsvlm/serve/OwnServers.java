/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.nio.file.Path;
import org.dsvlm.chat.ChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that start servers with settings of their own, on one small model. */
abstract class OwnServers {
  @TempDir private static Path folder;
  static ChatModel model;

  final TinyServer settings = new TinyServer();

  @BeforeAll
  static void open() {
    model = TinyServer.open(folder.resolve("model"));
  }

  @AfterAll
  static void close() {
    model.close();
  }
}
