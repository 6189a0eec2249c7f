/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.dsvlm.io.JsonLines;
import org.jspecify.annotations.Nullable;

/** Which processes took up the run's stages, and when; from sessions.jsonl. */
final class Sessions {
  /**
   * One process in one stage.
   *
   * @param done steps of the stage that were done before
   * @param total all its steps
   * @param ended null if the process failed, was killed or is at work
   */
  private record Session(
      int stage,
      long done,
      long total,
      Instant started,
      @Nullable Instant ended,
      double seconds,
      double instrumentSeconds,
      JsonNode system) {}

  private final List<Session> sessions = new ArrayList<>();

  private Sessions() {}

  /** Reads {@code file}; without it there are none. */
  static Sessions read(Path file) {
    Sessions sessions = new Sessions();
    JsonLines.read(file, sessions::add);
    return sessions;
  }

  private void add(JsonNode json) {
    Instant time;
    try {
      time = Instant.parse(json.path("time").asText());
    } catch (DateTimeParseException e) {
      // It is none of a run's lines.
      return;
    }
    int stage = json.path("stage").asInt();
    if (json.path("event").asText().equals("started")) {
      long done = json.path("done").asLong();
      long total = json.path("total").asLong();
      sessions.add(new Session(stage, done, total, time, null, 0, 0, json.path("system")));
    } else if (!sessions.isEmpty() && last().stage() == stage) {
      Session begun = sessions.remove(sessions.size() - 1);
      sessions.add(
          new Session(
              stage,
              begun.done(),
              begun.total(),
              begun.started(),
              time,
              json.path("seconds").asDouble(),
              json.path("instruments_seconds").asDouble(),
              begun.system()));
    }
  }

  private Session last() {
    return sessions.get(sessions.size() - 1);
  }

  /** Steps of stages 1 and 2 together, as far as the run has come to know; 0 if not at all. */
  long totalSteps() {
    Map<Integer, Long> totals = new TreeMap<>();
    sessions.stream()
        .filter(session -> session.stage() > 0)
        .forEach(session -> totals.put(session.stage(), session.total()));
    return totals.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Time within stages, as far as it is known. */
  Duration time() {
    return sessions.stream()
        .filter(session -> session.ended() != null)
        .map(session -> Duration.between(session.started(), session.ended()))
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** The instruments' share of the time in stages 1 and 2; NaN if it is not known. */
  double instrumentShare() {
    double all = 0;
    double instruments = 0;
    for (Session session : sessions) {
      if (session.stage() > 0) {
        all += session.seconds();
        instruments += session.instrumentSeconds();
      }
    }
    return all > 0 ? instruments / all : Double.NaN;
  }

  /** Versions and machine of the last process, as {@code name value} pairs; empty if unknown. */
  String system() {
    JsonNode system = sessions.isEmpty() ? MissingNode.getInstance() : last().system();
    return system.properties().stream()
        .filter(entry -> !entry.getValue().asText().isEmpty())
        .map(entry -> entry.getKey() + " " + entry.getValue().asText())
        .collect(Collectors.joining(" · "));
  }

  /** The table; nothing without sessions. */
  String html() {
    if (sessions.isEmpty()) {
      return "";
    }
    List<List<String>> rows = new ArrayList<>();
    for (Session session : sessions) {
      rows.add(
          List.of(
              "stage " + session.stage(),
              Html.count(session.done()),
              Html.count(session.total()),
              time(session.started()),
              session.ended() == null
                  ? "not ended: failed, killed or at work"
                  : time(session.ended()),
              session.ended() == null
                  ? "–"
                  : Html.duration(Duration.between(session.started(), session.ended()))));
    }
    return Html.table(
        "Processes",
        List.of("", "steps done before", "steps in all", "taken up", "left", "time"),
        rows);
  }

  private static String time(Instant instant) {
    return instant.toString().replace('T', ' ').replace("Z", " UTC");
  }
}
