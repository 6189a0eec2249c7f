/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

/** Words and special tokens that conversation templates begin and end their parts with. */
final class TemplateWords {
  private TemplateWords() {}

  static final class Vicuna {
    static final String WORDS =
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
            + " helpful, detailed, and polite answers to the user's questions.";
  }

  static final class Llama3 {
    static final String WORDS =
        "You are a helpful language and vision assistant. You are able to understand the"
            + " visual content that the user provides, and assist the user with a variety of tasks"
            + " using natural language.";
    static final String END = "<|eot_id|>";
    static final String SYSTEM = "<|start_header_id|>system<|end_header_id|>\n\n";
    static final String USER = "<|start_header_id|>user<|end_header_id|>\n\n";
    static final String ASSISTANT = "<|start_header_id|>assistant<|end_header_id|>\n\n";
    static final String OPENING = "<|begin_of_text|>" + SYSTEM + WORDS + END;
  }

  static final class ChatMl {
    static final String END = "<|im_end|>\n";
    static final String USER = "<|im_start|>user\n";
    static final String ASSISTANT = "<|im_start|>assistant\n";
    static final String WORDS = "You are a helpful assistant.";
    static final String OPENING = "<|im_start|>system\n" + WORDS + END;
  }
}
