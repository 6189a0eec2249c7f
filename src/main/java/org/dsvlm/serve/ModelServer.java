/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.io.DsVlmException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A server that answers with one model. It may be closed by any thread. */
public final class ModelServer implements AutoCloseable {
  private static final int THREADS = 32;

  /** How often clients are looked for. */
  private static final Duration LOOK = Duration.ofMillis(200);

  /** What a cancelled answer has to end, which it does between two tokens. */
  private static final Duration CANCELLED = Duration.ofSeconds(10);

  private final ServeSettings settings;
  private final Server server;
  private final ServerConnector connector;
  private final Completions completions;
  private final ExecutorService preparing;
  private volatile int port;

  private ModelServer(ChatModel model, ServeSettings settings) {
    this.settings = settings;
    QueuedThreadPool threads = new QueuedThreadPool(THREADS);
    threads.setName("http");
    server = new Server(threads);
    preparing =
        Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(),
            work -> {
              Thread thread = new Thread(work, "requests");
              thread.setDaemon(true);
              return thread;
            });
    Metrics metrics = new Metrics();
    completions = new Completions(settings, model, metrics, preparing, threads);
    connector = new ClientConnector(server, settings);
    metrics.gauge(
        "dsvlm.requests.in.flight",
        "Requests for completions without a whole reply.",
        completions::inFlight);
    metrics.gauge("dsvlm.requests.waiting", "Requests that wait for the model.", model::waiting);
    metrics.gauge("dsvlm.batch.size", "Answers that are made together.", model::running);
    metrics.gauge(
        "dsvlm.connections", "Open connections.", () -> connector.getConnectedEndPoints().size());
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(settings.limits().connections(), connector));
    server.setHandler(new Router(settings, completions, metrics));
    server.setErrorHandler(new ErrorReply(metrics, completions::isClosing));
  }

  /**
   * Starts a server.
   *
   * @param model stays the caller's, to be closed after the server
   * @throws DsVlmException if the port is taken or may not be used
   */
  public static ModelServer start(ChatModel model, ServeSettings settings) {
    ModelServer started = new ModelServer(model, settings);
    try {
      started.server.start();
    } catch (IOException e) {
      started.stop();
      throw new DsVlmException(
          "port "
              + settings.port()
              + " of "
              + settings.host()
              + " cannot be listened on ("
              + e.getMessage()
              + "); another server may have it, so choose another by --port",
          e);
    } catch (Exception e) {
      started.stop();
      throw new DsVlmException("the server cannot be started: " + e.getMessage(), e);
    }
    started.port = started.connector.getLocalPort();
    started.look();
    return started;
  }

  /** Looks for clients that have left or are too slow, now and again. */
  private void look() {
    long slowest = settings.limits().idleTime().toNanos();
    for (EndPoint endPoint : connector.getConnectedEndPoints()) {
      if (endPoint instanceof ClientEndPoint client && client.isSlowerThan(slowest)) {
        client.close();
      }
    }
    completions.lookForClients();
    if (server.isRunning()) {
      connector.getScheduler().schedule(this::look, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Where it answers. */
  public URI address() {
    String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
    return URI.create("http://" + host + ":" + port + "/");
  }

  /**
   * Closes the server: refuses new requests, gives running answers their grace, ends those that
   * need longer, and frees the port.
   */
  @Override
  public void close() {
    completions.close();
    if (!idleWithin(settings.limits().grace())) {
      completions.cancel();
      idleWithin(CANCELLED);
    }
    stop();
  }

  private boolean idleWithin(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    boolean interrupted = false;
    while (completions.inFlight() > 0 && System.nanoTime() < end) {
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return completions.inFlight() == 0;
  }

  private void stop() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new DsVlmException("the server did not stop in order: " + e.getMessage(), e);
    } finally {
      preparing.shutdownNow();
    }
  }
}
