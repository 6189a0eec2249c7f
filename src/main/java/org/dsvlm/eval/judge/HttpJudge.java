/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;

/** A judge behind an OpenAI-compatible service. Its replies are kept in a file as they come. */
public final class HttpJudge implements Judge {
  /** Each further time a reply is not readable, the judge may stray further: the tool's steps. */
  private static final double TEMPERATURE_STEP = 0.5;

  private final OpenState open = new OpenState("the judge");
  private final JudgeSettings settings;
  private final ChatClient client;
  private final ReplyLog log;

  /**
   * @param replies file that the replies are kept in, and those of an earlier run are taken from
   */
  public HttpJudge(JudgeSettings settings, Path replies) {
    this.settings = settings;
    client = new ChatClient(settings);
    log = new ReplyLog(replies);
  }

  @Override
  public String name() {
    return settings.model();
  }

  /**
   * Asks about every row that the file of replies lacks.
   *
   * @throws DsVlmException once all others have their reply, if a row has none; the replies are
   *     kept, so that another run asks only for those
   */
  @Override
  public Map<String, String> ask(String system, List<JudgeRequest> requests) {
    open.require();
    Map<String, String> replies = new ConcurrentHashMap<>();
    Map<String, String> failures = new ConcurrentHashMap<>();
    ExecutorService threads =
        Executors.newFixedThreadPool(
            settings.concurrency(),
            work -> {
              Thread thread = new Thread(work, "judge");
              thread.setDaemon(true);
              return thread;
            });
    List<Future<?>> all = new ArrayList<>();
    try {
      for (JudgeRequest request : requests) {
        all.add(threads.submit(() -> ask(system, request, replies, failures)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DsVlmException("interrupted while the judge was asked", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DsVlmException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      end(threads, all);
    }
    if (!failures.isEmpty()) {
      Map.Entry<String, String> first = new TreeMap<>(failures).firstEntry();
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "the judge gave no reply to %d of %d rows (row %s: %s); the others' are kept in %s, run again to ask for the rest",
              failures.size(),
              requests.size(),
              first.getKey(),
              first.getValue(),
              log.file()));
    }
    return new HashMap<>(replies);
  }

  /**
   * Drops what has not begun and lets what is under way end: an interrupt would close the file of
   * replies.
   */
  private void end(ExecutorService threads, List<Future<?>> all) {
    all.forEach(one -> one.cancel(false));
    threads.shutdown();
    try {
      threads.awaitTermination(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    threads.shutdownNow();
  }

  private void ask(
      String system,
      JudgeRequest request,
      Map<String, String> replies,
      Map<String, String> failures) {
    String reply = log.get(request).orElse(null);
    if (reply == null) {
      for (int attempt = 0; attempt < request.attempts(); attempt++) {
        ChatClient.Outcome outcome =
            client.reply(system, request.text(), TEMPERATURE_STEP * attempt);
        if (outcome.reply() == null) {
          failures.put(request.row(), outcome.failure());
          return;
        }
        reply = outcome.reply();
        if (request.readable().test(reply)) {
          break;
        }
      }
      Objects.requireNonNull(reply, "a request has at least one attempt");
      log.put(request, settings.model(), reply);
    }
    replies.put(request.row(), reply);
  }

  @Override
  public void close() {
    open.close();
    log.close();
  }
}
