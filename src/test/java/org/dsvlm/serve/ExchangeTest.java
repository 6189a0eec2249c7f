/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An exchange whose writes end when the test says so. */
class ExchangeTest {
  private final List<String> ends = new ArrayList<>();
  private final List<Callback> writes = new ArrayList<>();
  private final List<String> written = new ArrayList<>();
  private final List<Object> statuses = new ArrayList<>();
  private @Nullable Integer errorStatus;

  private final Callback callback =
      Callback.from(() -> ends.add("succeeded"), failure -> ends.add("failed"));

  private final Request request =
      made(
          Request.class,
          Map.of(
              "getHeaders",
              HttpFields.EMPTY,
              "getConnectionMetaData",
              made(
                  ConnectionMetaData.class,
                  Map.of("getConnection", made(Connection.class, Map.of())))));

  private final Response response = made(Response.class, Map.of("getHeaders", HttpFields.build()));

  private final Exchange exchange =
      new Exchange(
          request, response, callback, new MemoryBudget().share(), ended -> ends.add("ended"));

  /** An object that answers as {@code answers} says and else with nothing. */
  private <T> T made(Class<T> type, Map<String, Object> answers) {
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              switch (method.getName()) {
                case "write" -> {
                  written.add(StandardCharsets.UTF_8.decode((ByteBuffer) arguments[1]).toString());
                  writes.add((Callback) arguments[2]);
                }
                case "setStatus" -> statuses.add(arguments[0]);
                case "getAttribute" -> {
                  return ErrorHandler.ERROR_STATUS.equals(arguments[0]) ? errorStatus : null;
                }
                default -> {
                  return answers.get(method.getName());
                }
              }
              return null;
            });
    return type.cast(proxy);
  }

  /** A reply that is under way was once also failed from beside, and then written by two. */
  @Test
  void aReplyThatIsUnderWayIsEndedByItsWriterAlone() {
    assertThat(exchange.claim()).isTrue();
    exchange.leave();
    exchange.leave();
    assertThat(exchange.cancellation().cancelled()).isTrue();
    assertThat(ends).isEmpty();
    assertThat(writes).isEmpty();
    exchange.end().failed(new IllegalStateException("the client has left"));
    assertThat(ends).containsExactlyInAnyOrder("failed", "ended");
  }

  @Test
  void withoutAReplyTheClientLearnsThatItHasLeft() {
    exchange.leave();
    exchange.leave();
    assertThat(statuses).containsExactly(499);
    assertThat(ends).isEmpty();
    writes.get(0).succeeded();
    assertThat(ends).containsExactlyInAnyOrder("succeeded", "ended");
    assertThat(exchange.claim()).isFalse();
  }

  @Test
  void whatIsDroppedWhileTheServerStopsIsNoFault() throws Exception {
    errorStatus = 500;
    for (boolean closing : new boolean[] {false, true}) {
      new ErrorReply(new Metrics(), () -> closing).handle(request, response, callback);
    }
    errorStatus = 400;
    new ErrorReply(new Metrics(), () -> true).handle(request, response, callback);
    assertThat(statuses).containsExactly(500, 503, 400);
    assertThat(written.get(1)).contains("\"closing\"");
  }
}
