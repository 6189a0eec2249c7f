/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.FinishReason;
import org.dsvlm.chat.TokenLogprob;
import org.jspecify.annotations.Nullable;

/** One answer in the JSON of OpenAI's API, whole or in pieces. */
final class CompletionJson {
  private final String id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
  private final long created = Instant.now().getEpochSecond();
  private final String modelName;

  CompletionJson(String modelName) {
    this.modelName = modelName;
  }

  ObjectNode whole(ChatAnswer answer, boolean logprobs) {
    ObjectNode json = head("chat.completion");
    ObjectNode choice = choice(json, finishReason(answer));
    choice
        .putObject("message")
        .put("role", "assistant")
        .put("content", answer.text())
        .putNull("refusal");
    putLogprobs(choice, logprobs ? answer : null);
    putUsage(json, answer);
    return json;
  }

  /** The piece that says who speaks. */
  ObjectNode opening(boolean includeUsage) {
    ObjectNode json = chunk(includeUsage);
    choice(json, null).putObject("delta").put("role", "assistant").put("content", "");
    return json;
  }

  ObjectNode piece(String text, boolean includeUsage) {
    ObjectNode json = chunk(includeUsage);
    choice(json, null).putObject("delta").put("content", text);
    return json;
  }

  /** The piece that says why the answer ended, with the probabilities of all its tokens. */
  ObjectNode closing(ChatAnswer answer, boolean logprobs, boolean includeUsage) {
    ObjectNode json = chunk(includeUsage);
    ObjectNode choice = choice(json, finishReason(answer));
    choice.putObject("delta");
    putLogprobs(choice, logprobs ? answer : null);
    return json;
  }

  /** The piece with the counts of tokens, without a choice. */
  ObjectNode usage(ChatAnswer answer) {
    ObjectNode json = head("chat.completion.chunk");
    json.putArray("choices");
    putUsage(json, answer);
    return json;
  }

  private ObjectNode head(String object) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", modelName);
  }

  private ObjectNode chunk(boolean includeUsage) {
    ObjectNode json = head("chat.completion.chunk");
    return includeUsage ? json.putNull("usage") : json;
  }

  private static ObjectNode choice(ObjectNode json, @Nullable String finishReason) {
    return json.putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", finishReason)
        .putNull("logprobs");
  }

  private static String finishReason(ChatAnswer answer) {
    return answer.finishReason() == FinishReason.STOP ? "stop" : "length";
  }

  private static void putUsage(ObjectNode json, ChatAnswer answer) {
    json.putObject("usage")
        .put("prompt_tokens", answer.promptTokens())
        .put("completion_tokens", answer.answerTokens())
        .put("total_tokens", answer.promptTokens() + answer.answerTokens());
  }

  private static void putLogprobs(ObjectNode choice, @Nullable ChatAnswer answer) {
    if (answer != null) {
      ObjectNode logprobs = choice.putObject("logprobs");
      ArrayNode content = logprobs.putArray("content");
      for (TokenLogprob token : answer.logprobs()) {
        ArrayNode top = put(content.addObject(), token).putArray("top_logprobs");
        token.top().forEach(alternative -> put(top.addObject(), alternative));
      }
      logprobs.putNull("refusal");
    }
  }

  private static ObjectNode put(ObjectNode json, TokenLogprob token) {
    json.put("token", token.token()).put("logprob", token.logprob());
    ArrayNode bytes = json.putArray("bytes");
    for (byte each : token.bytes()) {
      bytes.add(Byte.toUnsignedInt(each));
    }
    return json;
  }
}
