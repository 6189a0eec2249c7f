/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.node.TextNode;

/**
 * A {@link ConversationTemplate} as the Jinja template that the transformers library's {@code
 * apply_chat_template} runs, so that other programs ask a model as it was trained. Messages are of
 * {@code user} and {@code assistant} in turn; their content is a text or a list of texts and
 * pictures.
 */
final class ChatTemplate {
  /** One picture of a message goes before its words, several stay where they are. */
  private static final String MACRO =
      """
      {%- macro words(content) -%}
        {%- if content is string -%}
          {{- content -}}
        {%- else -%}
          {%- set pictures = content | selectattr("type", "equalto", "image") | list | length -%}
          {%- if pictures == 1 -%}{{- "<image>\\n" -}}{%- endif -%}
          {%- for part in content -%}
            {%- if part["type"] == "text" -%}
              {{- part["text"] -}}
            {%- elif part["type"] != "image" -%}
              {{- raise_exception("this model reads texts and pictures alone") -}}
            {%- elif pictures > 1 -%}
              {{- "<image>\\n" -}}
            {%- endif -%}
          {%- endfor -%}
        {%- endif -%}
      {%- endmacro -%}
      """;

  private static final String LOOP =
      """
      {{- OPENING -}}
      {%- for message in messages -%}
        {%- if loop.index0 % 2 == 0 -%}
          {%- if message["role"] != "user" -%}
            {{- raise_exception("user and assistant take turns, the user first") -}}
          {%- endif -%}
          {{- BEFORE_QUESTION -}}{{- QUESTION -}}{{- AFTER_QUESTION -}}
        {%- else -%}
          {%- if message["role"] != "assistant" -%}
            {{- raise_exception("user and assistant take turns, the user first") -}}
          {%- endif -%}
          {{- BEFORE_ANSWER -}}{{- words(message["content"]) -}}{{- AFTER_ANSWER -}}
        {%- endif -%}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
        {{- TO_ANSWER -}}
      {%- endif -%}
      """;

  private ChatTemplate() {}

  /**
   * The template in Jinja.
   *
   * @param question an expression for a message's question
   * @param toAnswer what stands after the last question when an answer is asked for
   */
  static String of(
      String opening,
      String beforeQuestion,
      String question,
      String afterQuestion,
      String beforeAnswer,
      String afterAnswer,
      String toAnswer) {
    return MACRO
        + LOOP.replace("BEFORE_QUESTION", quoted(beforeQuestion))
            .replace("AFTER_QUESTION", quoted(afterQuestion))
            .replace("BEFORE_ANSWER", quoted(beforeAnswer))
            .replace("AFTER_ANSWER", quoted(afterAnswer))
            .replace("TO_ANSWER", quoted(toAnswer))
            .replace("OPENING", quoted(opening))
            .replace("QUESTION", question);
  }

  /** As a literal: Jinja's escapes are JSON's, as far as they are needed here. */
  static String quoted(String text) {
    return TextNode.valueOf(text).toString();
  }
}
