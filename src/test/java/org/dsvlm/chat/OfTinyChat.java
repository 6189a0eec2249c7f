/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that ask one small model. */
abstract class OfTinyChat {
  @TempDir private static Path folder;
  static TinyChat chat;
  static ChatModel model;

  @BeforeAll
  static void open() {
    chat = new TinyChat(folder.resolve("model"));
    model = chat.model();
  }

  @AfterAll
  static void close() {
    chat.close();
  }
}
