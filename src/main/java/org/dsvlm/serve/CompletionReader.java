/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.dsvlm.chat.Cancellation;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.StrictJson;
import org.dsvlm.models.llama.GenerationSettings;
import org.jspecify.annotations.Nullable;

/**
 * Reads requests for completions. A key that would change the answer of OpenAI's API and cannot do
 * so here is an error, unless it has the value that changes nothing.
 */
final class CompletionReader {
  /** As OpenAI's API has them. */
  private static final int MOST_STOPS = 4;

  private static final int MOST_LOGPROBS = 20;
  private static final double HIGHEST_TEMPERATURE = 2;

  /** Values that a body may hold; a list of millions of zeros would fill the memory. */
  private static final long MOST_VALUES = 100_000;

  private static final int DEEPEST = 32;

  private static final Set<String> READ =
      Set.of(
          "model",
          "messages",
          "stream",
          "stream_options",
          "temperature",
          "top_p",
          "top_k",
          "repetition_penalty",
          "seed",
          "stop",
          "max_tokens",
          "max_completion_tokens",
          "logprobs",
          "top_logprobs");

  /** Keys that change no answer. */
  private static final Set<String> HARMLESS =
      Set.of(
          "user",
          "metadata",
          "store",
          "service_tier",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_retention",
          "prediction",
          "parallel_tool_calls");

  /** Keys that are taken with the one value that changes nothing, as JSON. */
  private static final Map<String, Set<String>> ONE_VALUE =
      Map.of(
          "n", Set.of("1"),
          "frequency_penalty", Set.of("0", "0.0"),
          "presence_penalty", Set.of("0", "0.0"),
          "logit_bias", Set.of("{}"),
          "tools", Set.of("[]"),
          "functions", Set.of("[]"),
          "tool_choice", Set.of("\"none\"", "\"auto\""),
          "function_call", Set.of("\"none\"", "\"auto\""),
          "response_format", Set.of("{\"type\":\"text\"}"),
          "modalities", Set.of("[\"text\"]"));

  private final ServeLimits limits;
  private final String modelName;
  private final ChatModel model;
  private final ObjectMapper json;

  CompletionReader(ServeSettings settings, ChatModel model) {
    limits = settings.limits();
    modelName = settings.modelName();
    this.model = model;
    json =
        StrictJson.of(
            JsonFactory.builder()
                .streamReadConstraints(
                    StreamReadConstraints.builder()
                        .maxStringLength((int) Math.min(limits.bodyBytes(), Integer.MAX_VALUE))
                        .maxNestingDepth(DEEPEST)
                        .maxTokenCount(MOST_VALUES)
                        .build())
                .build());
  }

  /** The body as JSON. */
  RequestValue parse(byte[] body) {
    try {
      JsonNode root = json.readTree(body);
      if (!root.isObject()) {
        throw new DsVlmException("the body is no JSON object");
      }
      return new RequestValue("", root);
    } catch (JsonProcessingException e) {
      throw new DsVlmException("the body is no sound JSON: " + StrictJson.problem(e), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The error of a request for another model; null if it asks for this one. */
  @Nullable ApiError otherModel(RequestValue body) {
    @Nullable RequestValue wanted = child(body, "model");
    if (wanted == null) {
      return ApiError.badRequest("model", "model: is missing; it has to be " + modelName);
    }
    String name = wanted.text();
    return name.equals(modelName)
        ? null
        : new ApiError(
            404,
            "invalid_request_error",
            "model_not_found",
            "model",
            "model: " + Excerpt.of(name) + " is not here; this server has " + modelName);
  }

  /**
   * The request in {@code body}.
   *
   * @throws DsVlmException whose message begins with the key at fault
   */
  CompletionRequest read(RequestValue body, Cancellation cancellation) {
    refuseOthers(body);
    boolean stream = flag(body, "stream");
    boolean includeUsage = includeUsage(body, stream);
    int logprobs = logprobs(body);
    ChatRequest.Builder chat =
        ChatRequest.builder()
            .settings(settings(body))
            .stop(stops(body))
            .logprobs(logprobs)
            .deadline(limits.answerTime())
            .cancellation(cancellation);
    @Nullable RequestValue messages = child(body, "messages");
    if (messages == null) {
      throw new DsVlmException("messages: is missing; it has to hold the conversation");
    }
    MessagesReader reader = new MessagesReader(limits, model.contextLength());
    chat.messages(reader.read(messages));
    return new CompletionRequest(
        chat.build(), stream, includeUsage, logprobs >= 0, reader.pixelBytes());
  }

  /** A key of the body itself; null where it is absent or null. */
  private static @Nullable RequestValue child(RequestValue body, String name) {
    @Nullable JsonNode child = body.json().get(name);
    return child == null || child.isNull() ? null : new RequestValue(name, child);
  }

  private static void refuseOthers(RequestValue body) {
    for (Map.Entry<String, JsonNode> entry : body.json().properties()) {
      String name = entry.getKey();
      if (READ.contains(name) || HARMLESS.contains(name) || entry.getValue().isNull()) {
        continue;
      }
      RequestValue value = new RequestValue(Excerpt.of(name), entry.getValue());
      @Nullable Set<String> allowed = ONE_VALUE.get(name);
      if (allowed == null) {
        throw value.wrong("is not supported by this server; leave it out");
      }
      if (!allowed.contains(entry.getValue().toString())) {
        throw value.wrong(
            "is supported with the value "
                + String.join(" or ", allowed.stream().sorted().limit(2).toList())
                + " alone; leave it out");
      }
    }
  }

  private static boolean flag(RequestValue body, String name) {
    @Nullable RequestValue value = child(body, name);
    return value != null && value.flag();
  }

  private static boolean includeUsage(RequestValue body, boolean stream) {
    @Nullable RequestValue options = child(body, "stream_options");
    if (options == null) {
      return false;
    }
    if (!stream) {
      throw options.wrong("is for streams alone; leave it out, or set stream to true");
    }
    // The other option pads the pieces of a stream, and changes no answer.
    MessagesReader.refuseOthers(options.object(), Set.of("include_usage", "include_obfuscation"));
    @Nullable RequestValue include = options.child("include_usage");
    return include != null && include.flag();
  }

  private static int logprobs(RequestValue body) {
    boolean wanted = flag(body, "logprobs");
    @Nullable RequestValue top = child(body, "top_logprobs");
    if (top == null) {
      return wanted ? 0 : -1;
    }
    int alternatives = (int) top.integer(0, MOST_LOGPROBS);
    if (!wanted) {
      throw top.wrong("needs logprobs to be true");
    }
    return alternatives;
  }

  private static List<String> stops(RequestValue body) {
    @Nullable RequestValue stop = child(body, "stop");
    if (stop == null) {
      return List.of();
    }
    List<RequestValue> entries = stop.json().isTextual() ? List.of(stop) : stop.entries();
    if (entries.size() > MOST_STOPS) {
      throw stop.wrong("has " + entries.size() + " texts; at most " + MOST_STOPS + " are taken");
    }
    List<String> stops = new ArrayList<>();
    for (RequestValue entry : entries) {
      if (entry.text().isEmpty()) {
        throw entry.wrong("is empty, which stands everywhere; leave it out");
      }
      stops.add(entry.text());
    }
    return stops;
  }

  private GenerationSettings settings(RequestValue body) {
    GenerationSettings own = model.settings();
    double temperature = number(body, "temperature", 0, HIGHEST_TEMPERATURE, own.temperature());
    double topP = number(body, "top_p", Double.MIN_VALUE, 1, own.topP());
    @Nullable RequestValue topK = child(body, "top_k");
    int amongBest = topK == null ? own.topK() : (int) topK.integer(0, Integer.MAX_VALUE);
    @Nullable RequestValue seed = child(body, "seed");
    long draws =
        seed == null
            ? ThreadLocalRandom.current().nextLong()
            : seed.integer(Long.MIN_VALUE, Long.MAX_VALUE);
    double penalty =
        number(
            body,
            "repetition_penalty",
            Double.MIN_VALUE,
            Double.MAX_VALUE,
            own.repetitionPenalty());
    return own.withSampling(temperature, amongBest, topP, draws)
        .withRepetitionPenalty(penalty)
        .withMaxNewTokens(mostTokens(body, own));
  }

  private static double number(
      RequestValue body, String name, double least, double most, double otherwise) {
    @Nullable RequestValue value = child(body, name);
    return value == null ? otherwise : value.number(least, most);
  }

  private int mostTokens(RequestValue body, GenerationSettings own) {
    @Nullable RequestValue older = child(body, "max_tokens");
    @Nullable RequestValue newer = child(body, "max_completion_tokens");
    if (older != null && newer != null && !older.json().equals(newer.json())) {
      throw older.wrong("is not max_completion_tokens, which means the same; leave it out");
    }
    @Nullable RequestValue most = newer == null ? older : newer;
    if (most == null) {
      return Math.min(own.maxNewTokens(), limits.tokens());
    }
    long tokens = most.integer(1, Integer.MAX_VALUE);
    if (tokens > limits.tokens()) {
      throw most.wrong(
          "is "
              + tokens
              + "; this server makes at most "
              + limits.tokens()
              + " tokens an answer (--max-tokens)");
    }
    return (int) tokens;
  }
}
