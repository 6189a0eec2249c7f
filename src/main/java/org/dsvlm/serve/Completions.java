/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatListener;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.FinishReason;
import org.dsvlm.io.DsVlmException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests for completions. */
final class Completions {
  private static final Logger LOG = LoggerFactory.getLogger(Completions.class);

  private final ServeSettings settings;
  private final ChatModel model;
  private final Metrics metrics;
  private final CompletionReader reader;
  private final Executor preparing;
  private final Executor writing;
  private final MemoryBudget budget = new MemoryBudget();

  /** Requests whose reply has not ended, those whose bodies are still read included. */
  private final Set<Exchange> open = ConcurrentHashMap.newKeySet();

  /** Those that the model has, or is about to have. */
  private final Set<Exchange> asked = ConcurrentHashMap.newKeySet();

  private volatile boolean closing;

  /**
   * @param preparing reads requests and decodes their pictures, a few at a time
   * @param writing writes replies
   */
  Completions(
      ServeSettings settings,
      ChatModel model,
      Metrics metrics,
      Executor preparing,
      Executor writing) {
    this.settings = settings;
    this.model = model;
    this.metrics = metrics;
    this.preparing = preparing;
    this.writing = writing;
    reader = new CompletionReader(settings, model);
  }

  int inFlight() {
    return open.size();
  }

  /** From now on requests are refused; those that are here get their answers. */
  void close() {
    closing = true;
  }

  boolean isClosing() {
    return closing;
  }

  /** Ends the answers that are being made. */
  void cancel() {
    open.forEach(exchange -> exchange.cancellation().cancel());
  }

  /** Cancels the answers of clients that have left, and lets go of those that take no reply. */
  void lookForClients() {
    for (Exchange exchange : asked) {
      if (exchange.isClientGone()) {
        exchange.leave();
        metrics.countGone();
      }
    }
    open.forEach(exchange -> exchange.endIfNotTaken(settings.limits().replyTime()));
  }

  void answer(Request request, Response response, Callback callback) {
    Exchange exchange = new Exchange(request, response, callback, budget.share(), this::ended);
    open.add(exchange);
    @Nullable ApiError refusal = isJson(request) ? refusal(exchange) : noJson();
    if (refusal != null) {
      exchange.refuse(refusal);
      return;
    }
    new BodyReader(
            request,
            settings.limits(),
            exchange.memory(),
            body -> {
              exchange.bodyIsRead();
              preparing.execute(() -> prepare(exchange, body));
            },
            exchange::refuse)
        .run();
  }

  private void ended(Exchange exchange) {
    open.remove(exchange);
    asked.remove(exchange);
  }

  private @Nullable ApiError refusal(Exchange exchange) {
    if (closing) {
      return ApiError.closing();
    }
    if (asked.size() >= settings.limits().queue() && !asked.contains(exchange)) {
      return ApiError.busy(
          "the server makes and keeps waiting "
              + settings.limits().queue()
              + " answers at a time (--queue); ask again later");
    }
    return null;
  }

  private static boolean isJson(Request request) {
    @Nullable String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    return type != null && type.split(";", 2)[0].strip().equalsIgnoreCase("application/json");
  }

  private static ApiError noJson() {
    return ApiError.refused(
        415, "no_json", "the header Content-Type has to be application/json, as the body is");
  }

  private void prepare(Exchange exchange, byte[] body) {
    try {
      RequestValue parsed = reader.parse(body);
      @Nullable ApiError otherModel = reader.otherModel(parsed);
      if (otherModel != null) {
        exchange.refuse(otherModel);
        return;
      }
      ask(exchange, reader.read(parsed, exchange.cancellation()));
    } catch (DsVlmException e) {
      exchange.refuse(ApiError.badRequest(RequestValue.keyOf(e), e.getMessage()));
    } catch (RuntimeException | OutOfMemoryError e) {
      LOG.error("a request failed", e);
      exchange.refuse(ApiError.internal());
    }
  }

  private void ask(Exchange exchange, CompletionRequest request) {
    if (!exchange.memory().hold(request.pixelBytes())) {
      exchange.refuse(
          ApiError.busy("the server holds as many pictures as its memory has room for"));
      return;
    }
    synchronized (asked) {
      @Nullable ApiError refusal = refusal(exchange);
      if (refusal != null) {
        exchange.refuse(refusal);
        return;
      }
      asked.add(exchange);
    }
    CompletionJson json = new CompletionJson(settings.modelName());
    @Nullable StreamedReply stream =
        request.stream() ? new StreamedReply(exchange, request, json, writing) : null;
    ChatListener listener = stream == null ? piece -> {} : stream::piece;
    model
        .submit(request.chat(), listener)
        .whenCompleteAsync(
            (answer, failure) -> {
              // A client that reads slowly, or not at all, is not to keep others waiting.
              asked.remove(exchange);
              exchange.isAnswered();
              try {
                reply(exchange, request, json, stream, answer, failure);
              } catch (RuntimeException e) {
                LOG.error("a reply failed", e);
                exchange.fail(e);
              }
            },
            writing);
  }

  /**
   * Replies with what the model has made.
   *
   * @param stream null where the answer is sent as a whole
   * @param answer null where it failed
   */
  private void reply(
      Exchange exchange,
      CompletionRequest request,
      CompletionJson json,
      @Nullable StreamedReply stream,
      @Nullable ChatAnswer answer,
      @Nullable Throwable failure) {
    @Nullable ApiError error = null;
    if (failure != null) {
      error = problem(failure);
    } else if (answer != null) {
      metrics.count(answer);
      error = problem(answer);
    }
    if (stream != null) {
      stream.end(answer, error);
    } else if (error != null || answer == null) {
      exchange.refuse(error == null ? ApiError.internal() : error);
    } else if (exchange.claim()) {
      Reply.json(exchange.response(), exchange.end(), 200, json.whole(answer, request.logprobs()));
    }
  }

  /** What is wrong with an answer that was not finished. */
  private @Nullable ApiError problem(ChatAnswer answer) {
    if (answer.finishReason() == FinishReason.DEADLINE) {
      return ApiError.server(
          504,
          "answer_too_slow",
          "the answer was not complete within "
              + settings.limits().answerTime().toSeconds()
              + " s (--answer-time); ask for fewer tokens, or when the server has less to do");
    }
    return answer.finishReason() == FinishReason.CANCELLED ? ApiError.closing() : null;
  }

  private ApiError problem(Throwable thrown) {
    Throwable failure =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (failure instanceof CancellationException) {
      return ApiError.closing();
    }
    if (failure instanceof DsVlmException bad && failure.getCause() == null) {
      return ApiError.badRequest(RequestValue.keyOf(bad), bad.getMessage());
    }
    LOG.error("an answer failed", failure);
    return ApiError.internal();
  }
}
