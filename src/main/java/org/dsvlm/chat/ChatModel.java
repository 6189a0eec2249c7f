/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;

/**
 * A model that answers. Any number of threads may ask at once, and one may close it meanwhile.
 *
 * <pre>{@code
 * try (ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS)) {
 *   ChatRequest request = ChatRequest.of(Picture.read(file), "What is this?");
 *   String answer = model.ask(request).text();
 * }
 * }</pre>
 */
public final class ChatModel implements AutoCloseable {
  private final LlavaChat chat;
  private final ChatEngine engine;
  private final String name;

  private ChatModel(Path folder, LlavaChatOptions options) {
    chat = LlavaChat.open(folder, options);
    name = Objects.toString(folder.toAbsolutePath().normalize().getFileName(), "model");
    engine = new ChatEngine(chat, folder + ": the model");
  }

  /**
   * Opens the model in {@code folder}, in any of LLaVA's layouts.
   *
   * @throws DsVlmException if a file is missing or unsound, naming file and key
   */
  public static ChatModel open(Path folder, LlavaChatOptions options) {
    return new ChatModel(Arguments.given(folder, "folder"), Arguments.given(options, "options"));
  }

  /**
   * Answers a request, and waits for the answer.
   *
   * @throws InterruptedAnswerException if the calling thread is interrupted, which stops the
   *     answer; the thread stays interrupted
   * @throws DsVlmException if the request does not suit the model, such as one that does not fit
   *     into its context, or the model is closed
   */
  public ChatAnswer ask(ChatRequest request) {
    return stream(request, ChatListener.NONE);
  }

  /**
   * Answers several requests, together as far as they fit.
   *
   * @return the answers in the order of the requests
   * @throws DsVlmException as {@link #ask} does, the first one; the other answers are stopped
   */
  public List<ChatAnswer> askAll(List<ChatRequest> requests) {
    Arguments.given(requests, "requests").forEach(one -> Arguments.given(one, "request"));
    List<CompletableFuture<ChatAnswer>> running =
        requests.stream().map(request -> submit(request, ChatListener.NONE)).toList();
    try {
      return running.stream().map(this::await).toList();
    } finally {
      running.forEach(one -> one.cancel(false));
    }
  }

  /**
   * As {@link #ask}; {@code listener} hears of the answer while it is made.
   *
   * @throws RuntimeException that the listener throws
   */
  public ChatAnswer stream(ChatRequest request, ChatListener listener) {
    return await(submit(request, listener));
  }

  /**
   * Asks without waiting. The request is made ready on the calling thread, which takes as long as
   * its pictures are large.
   *
   * @return the answer to come; it fails with a {@link DsVlmException} where {@link #ask} would
   *     throw one, and whoever cancels it stops the answer
   */
  public CompletableFuture<ChatAnswer> submit(ChatRequest request, ChatListener listener) {
    return engine.submit(
        Arguments.given(request, "request"), Arguments.given(listener, "listener"));
  }

  private ChatAnswer await(CompletableFuture<ChatAnswer> answer) {
    if (engine.isOwnThread() && !answer.isDone()) {
      answer.cancel(false);
      throw new DsVlmException(
          "a listener waits for another answer, which its own thread would have to make; use"
              + " submit, or another thread");
    }
    try {
      return answer.get();
    } catch (InterruptedException e) {
      answer.cancel(false);
      Thread.currentThread().interrupt();
      throw new InterruptedAnswerException();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }

  /** The settings of the model's folder, which requests without their own have. */
  public GenerationSettings settings() {
    return chat.settings();
  }

  /** Requests that wait until there is room beside those that are being answered. */
  public int waiting() {
    return engine.waiting();
  }

  /** Requests that are being answered. */
  public int running() {
    return engine.running();
  }

  /** The name of the model's folder. */
  public String name() {
    return name;
  }

  /** The most tokens that a request and its answer may have together. */
  public int contextLength() {
    return chat.contextLength();
  }

  /**
   * Tokens of a request, those of its pictures included.
   *
   * @throws DsVlmException if the request does not suit the model's template
   */
  public int tokens(ChatRequest request) {
    Prompt prompt = Prompt.of(Arguments.given(request, "request"));
    return chat.tokens(prompt.system(), prompt.pictures().size(), prompt.turns());
  }

  /**
   * Closes the model. Answers that were asked for before are finished first; what is asked later is
   * refused with a {@link DsVlmException}. From within a listener it returns at once, and the model
   * is freed when the last answer has ended.
   */
  @Override
  public void close() {
    engine.close();
  }
}
