/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpJudgeTest {
  private static final String KEY = "sk-not-for-any-file";

  @TempDir private Path folder;
  private FaultyService service;

  @BeforeEach
  void start() throws IOException {
    service = new FaultyService();
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private JudgeSettings settings(int tries) {
    return new JudgeSettings(
        service.address(),
        "judge-1",
        KEY,
        Duration.ofMillis(1500),
        tries,
        3,
        Duration.ofMillis(10),
        Duration.ofSeconds(3));
  }

  private Path log() {
    return folder.resolve("out/judge-replies.jsonl");
  }

  private static JudgeRequest request(String row) {
    return new JudgeRequest(row, "question " + row, 1, reply -> true);
  }

  private Map<String, String> ask(JudgeSettings settings, List<JudgeRequest> requests) {
    try (HttpJudge judge = new HttpJudge(settings, log())) {
      return judge.ask("be fair", requests);
    }
  }

  private void noFileHoldsTheKey() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file)).as(file.toString()).doesNotContain(KEY);
      }
    }
  }

  @Test
  @BadInput(
      number = 73,
      value = "a judge that is slow, answers 429 or 500, is cut off, sends no JSON or many replies",
      then = "is asked again after a while, by Retry-After where it is sent; no reply is lost")
  void losesNothingToAServiceThatMisbehaves() throws IOException {
    service.plan("question slow", FaultyService.slow(4000));
    service.plan("question busy", FaultyService.tooMany("1"), FaultyService.tooMany("soon"));
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Instant.now().plusSeconds(1).atZone(ZoneOffset.UTC));
    service.plan("question dated", FaultyService.tooMany(date));
    service.plan("question broken", FaultyService.status(500, KEY), FaultyService.status(503, ""));
    service.plan("question cut", FaultyService.cutOff());
    service.plan("question text", FaultyService.body("<html>" + KEY), FaultyService.body(""));
    service.plan(
        "question count",
        FaultyService.body(FaultyService.choices(0, "x")),
        FaultyService.body(FaultyService.choices(2, "x")),
        FaultyService.body("{\"choices\": [{\"message\": {\"content\": null}}]}"));
    List<JudgeRequest> requests = new ArrayList<>();
    for (String row : List.of("slow", "busy", "dated", "broken", "cut", "text", "count")) {
      requests.add(request(row));
    }
    for (int i = 0; i < 20; i++) {
      requests.add(request("plain " + i));
    }
    Map<String, String> replies = ask(settings(6), requests);
    assertThat(replies).hasSize(requests.size());
    for (JudgeRequest request : requests) {
      assertThat(replies).containsEntry(request.row(), "reply to " + request.text());
    }
    assertThat(service.mostAtOnce).hasValueLessThanOrEqualTo(3 + 1);
    assertThat(service.keys).containsOnly("Bearer " + KEY);
    assertThat(service.bodies.peek().path("messages").path(0).path("content").asText())
        .isEqualTo("be fair");
    noFileHoldsTheKey();

    int asked = service.requests.get();
    assertThat(ask(settings(6), requests)).isEqualTo(replies);
    assertThat(service.requests).as("kept replies are not asked for again").hasValue(asked);
    assertThat(RecordedReplies.read(log()).ask("", requests)).isEqualTo(replies);
  }

  @Test
  void keepsWhatCameWhereARowGetsNoReply() throws IOException {
    FaultyService.Behaviour failing = FaultyService.status(500, "down " + KEY);
    service.plan("question bad", failing, failing, failing);
    List<JudgeRequest> requests = List.of(request("bad"), request("good"));
    assertThatThrownBy(() -> ask(settings(2), requests))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("1 of 2 rows", "row bad", "HTTP 500", "(key)", "after 2 tries")
        .hasMessageContaining("run again")
        .hasMessageNotContaining(KEY);
    assertThat(Files.readString(log())).contains("reply to question good");
    noFileHoldsTheKey();
    int asked = service.requests.get();
    assertThat(ask(settings(2), requests)).hasSize(2);
    assertThat(service.requests).as("one more failure, one reply").hasValue(asked + 2);
  }

  @Test
  void stopsAtOnceWhereTheKeyIsRefused() throws IOException {
    service.plan("question a", FaultyService.status(401, "wrong key " + KEY));
    assertThatThrownBy(() -> ask(settings(5), List.of(request("a"))))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("HTTP 401", "check the judge's address, model and key")
        .hasMessageNotContaining(KEY);
    assertThat(service.requests).hasValue(1);
    noFileHoldsTheKey();
  }

  @Test
  void givesUpARowThatMustWaitTooLong() {
    service.plan("question a", FaultyService.tooMany("3600"));
    assertThatThrownBy(() -> ask(settings(5), List.of(request("a"))))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("HTTP 429", "3600 s");
    assertThat(service.requests).hasValue(1);
  }

  @Test
  void asksAgainWhereAReplyCannotBeRead() {
    service.plan("question a", FaultyService.body(FaultyService.choices(1, "hm")));
    JudgeRequest request =
        new JudgeRequest("a", "question a", 3, reply -> reply.startsWith("reply"));
    assertThat(ask(settings(2), List.of(request))).containsEntry("a", "reply to question a");
    assertThat(service.bodies)
        .extracting(body -> body.path("temperature").asDouble())
        .containsExactly(0.0, 0.5);
  }

  @Test
  void aLineThatWasCutOffIsAskedAgain() throws IOException {
    List<JudgeRequest> requests = List.of(request("a"), request("b"));
    Map<String, String> replies = ask(settings(2), requests);
    String text = Files.readString(log());
    Files.writeString(log(), text.substring(0, text.length() - 9));
    assertThat(ask(settings(2), requests)).isEqualTo(replies);
    assertThat(service.requests).hasValue(3);
    Files.writeString(log(), "no JSON\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> ask(settings(2), requests))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("judge-replies.jsonl", "line 3", "delete that line");
  }

  @Test
  void aQuestionThatChangedIsAskedAgain() {
    ask(settings(2), List.of(request("a")));
    JudgeRequest changed = new JudgeRequest("a", "another question", 1, reply -> true);
    assertThat(ask(settings(2), List.of(changed))).containsEntry("a", "reply to another question");
  }

  @Test
  void theKeyIsKeptToItself() {
    URI remote = URI.create("http://192.0.2.1/v1");
    assertThatThrownBy(() -> JudgeSettings.of(remote, "m", KEY))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("unencrypted")
        .hasMessageNotContaining(KEY);
    assertThatThrownBy(() -> JudgeSettings.of(service.address(), "m", KEY + "\nx"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageNotContaining(KEY);
    assertThatThrownBy(() -> JudgeSettings.of(URI.create("https://u:p@192.0.2.1/v1"), "m", null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("no password");
    assertThat(settings(1).toString()).doesNotContain(KEY);
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    assertThat(RetryAfter.parse(" 7 ", now)).contains(Duration.ofSeconds(7));
    assertThat(RetryAfter.parse("Thu, 01 Jan 2026 00:01:00 GMT", now))
        .contains(Duration.ofMinutes(1));
    assertThat(RetryAfter.parse("Wed, 31 Dec 2025 23:59:00 GMT", now)).contains(Duration.ZERO);
    assertThat(RetryAfter.parse("soon", now)).isEmpty();
  }

  @Test
  @Closes(HttpJudge.class)
  void aClosedJudgeSaysSo() {
    HttpJudge judge = new HttpJudge(settings(1), log());
    Closed.saysSo(judge, () -> judge.ask("be fair", List.of(request("1"))));
  }

  @Test
  @BadInput(
      number = 73,
      value = "a judge whose answer has no end",
      then = "it is cut off at 4 MB, and asked again")
  void anAnswerThatIsTooLongIsCutOff() {
    service.plan("question long", FaultyService.longer(100 << 20));
    assertThat(ask(settings(2), List.of(request("long"))))
        .containsEntry("long", "reply to question long");
    service.plan("question long", FaultyService.longer(100 << 20));
    assertThatThrownBy(
            () -> {
              Files.delete(log());
              ask(settings(1), List.of(request("long")));
            })
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("its answer is longer than " + BoundedBody.MOST + " bytes");
  }
}
