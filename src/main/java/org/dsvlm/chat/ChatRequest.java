/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.dsvlm.image.Picture;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that waits for an answer, and how to make it. Immutable, so that any thread may
 * use it, and one request may be asked several times.
 *
 * <pre>{@code
 * ChatRequest request =
 *     ChatRequest.builder()
 *         .message(ChatMessage.user(Picture.read(file), "What is this?"))
 *         .settings(model.settings().withMaxNewTokens(40))
 *         .deadline(Duration.ofSeconds(20))
 *         .build();
 * }</pre>
 */
public final class ChatRequest {
  /** The most alternatives that {@link Builder#logprobs} gives. */
  public static final int MOST_LOGPROBS = 20;

  private final List<ChatMessage> messages;
  private final @Nullable GenerationSettings settings;
  private final List<String> stop;
  private final int logprobs;
  private final @Nullable Duration deadline;
  private final Cancellation cancellation;

  private ChatRequest(Builder builder) {
    messages = List.copyOf(builder.messages);
    settings = builder.settings;
    stop = builder.stop;
    logprobs = builder.logprobs;
    deadline = builder.deadline;
    cancellation = builder.cancellation;
    if (messages.isEmpty()) {
      throw new DsVlmException("a request has no messages; add the user's question");
    }
  }

  /**
   * One question.
   *
   * @param picture that it is about; null for none
   */
  public static ChatRequest of(@Nullable Picture picture, String question) {
    Arguments.given(question, "question");
    return builder()
        .message(picture == null ? ChatMessage.user(question) : ChatMessage.user(picture, question))
        .build();
  }

  /** A request to be filled in. */
  public static Builder builder() {
    return new Builder();
  }

  /** The conversation, the user's question last. */
  public List<ChatMessage> messages() {
    return messages;
  }

  /** How tokens are chosen; none for the model's own settings. */
  public Optional<GenerationSettings> settings() {
    return Optional.ofNullable(settings);
  }

  /** Strings that end the answer, which holds none of them. */
  public List<String> stop() {
    return stop;
  }

  /** How many alternatives of each token are told; -1 if no probabilities are told. */
  public int logprobs() {
    return logprobs;
  }

  /** How long the answer may take from the request on, waiting included. */
  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }

  /** Stops the answer from outside. */
  public Cancellation cancellation() {
    return cancellation;
  }

  /** Fills in a request. For one thread. */
  public static final class Builder {
    private final List<ChatMessage> messages = new ArrayList<>();
    private @Nullable GenerationSettings settings;
    private List<String> stop = List.of();
    private int logprobs = -1;
    private @Nullable Duration deadline;
    private Cancellation cancellation = new Cancellation();

    private Builder() {}

    /** Adds a message to the conversation. */
    public Builder message(ChatMessage message) {
      messages.add(Arguments.given(message, "message"));
      return this;
    }

    /** Adds messages to the conversation. */
    public Builder messages(List<ChatMessage> several) {
      Arguments.given(several, "messages").forEach(this::message);
      return this;
    }

    /**
     * How tokens are chosen. Begin with {@link ChatModel#settings}, which knows the tokens that end
     * an answer of the model.
     */
    public Builder settings(GenerationSettings chosen) {
      settings = Arguments.given(chosen, "settings");
      return this;
    }

    /**
     * Strings that end the answer before them.
     *
     * @throws DsVlmException for an empty one
     */
    public Builder stop(List<String> strings) {
      Arguments.given(strings, "stop").forEach(one -> Arguments.given(one, "stop"));
      if (strings.contains("")) {
        throw new DsVlmException("a stop string is empty; leave it out");
      }
      stop = List.copyOf(strings);
      return this;
    }

    /**
     * Tells the probability of each token and of the likeliest in its place.
     *
     * @param top how many of the likeliest, 0 to {@link ChatRequest#MOST_LOGPROBS}; -1 to tell none
     *     at all
     * @throws DsVlmException for another number
     */
    public Builder logprobs(int top) {
      if (top < -1 || top > MOST_LOGPROBS) {
        throw new DsVlmException(
            "logprobs is " + top + "; it has to be -1 for none, or 0 to " + MOST_LOGPROBS);
      }
      logprobs = top;
      return this;
    }

    /**
     * How long the answer may take from the request on. One that is late ends with what it has.
     *
     * @throws DsVlmException for a time that is not above 0
     */
    public Builder deadline(Duration time) {
      if (Arguments.given(time, "deadline").isZero() || time.isNegative()) {
        throw new DsVlmException("the deadline is " + time + "; it has to be above 0");
      }
      deadline = time;
      return this;
    }

    /** Stops the answer from outside. */
    public Builder cancellation(Cancellation handle) {
      cancellation = Arguments.given(handle, "cancellation");
      return this;
    }

    /**
     * The request.
     *
     * @throws DsVlmException if it has no messages
     */
    public ChatRequest build() {
      return new ChatRequest(this);
    }
  }
}
