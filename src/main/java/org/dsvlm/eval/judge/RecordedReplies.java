/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * A judge whose replies come from a file; rows that it does not hold have none. A reply of a log
 * counts only for the text that the judge was told then, which holds the prediction.
 */
public final class RecordedReplies implements Judge {
  private final Path file;
  private final Map<String, List<Kept>> replies;

  /**
   * A reply.
   *
   * @param asked names the text that the judge was told; null where the file does not say
   */
  private record Kept(String reply, @Nullable String asked) {
    boolean answers(JudgeRequest request) {
      return asked == null || asked.equals(ReplyLog.hash(request));
    }
  }

  private RecordedReplies(Path file, Map<String, List<Kept>> replies) {
    this.file = file;
    this.replies = replies;
  }

  /**
   * Reads a file as {@link ReplyLog} writes it, or one JSON object of replies by row.
   *
   * @throws DsVlmException naming file and line, if it is neither
   */
  public static RecordedReplies read(Path file) {
    return new RecordedReplies(file, parse(file));
  }

  private static Map<String, List<Kept>> parse(Path file) {
    Map<String, List<Kept>> replies = new HashMap<>();
    try (MappingIterator<JsonNode> values =
        StrictJson.json().readerFor(JsonNode.class).readValues(InputFiles.regular(file).toFile())) {
      while (values.hasNextValue()) {
        add(values.nextValue(), file, replies);
      }
    } catch (JsonProcessingException e) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s: line %d is no JSON (%s); delete that line and what follows it",
              file,
              e.getLocation().getLineNr(),
              StrictJson.problem(e)),
          e);
    } catch (FileNotFoundException e) {
      throw new DsVlmException(file + ": there is no such file of judge's replies", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    return replies;
  }

  private static void add(JsonNode value, Path file, Map<String, List<Kept>> replies) {
    if (value.path("row").isTextual() && value.path("reply").isTextual()) {
      Kept kept = new Kept(value.get("reply").textValue(), value.path("asked").textValue());
      replies.computeIfAbsent(value.get("row").textValue(), row -> new ArrayList<>()).add(kept);
      return;
    }
    if (!value.isObject()) {
      throw new DsVlmException(file + ": holds no object of judge's replies by row");
    }
    value
        .properties()
        .forEach(
            reply -> {
              if (!reply.getValue().isTextual()) {
                throw new DsVlmException(
                    file + ": the judge's reply to row '" + reply.getKey() + "' is no text");
              }
              replies.put(reply.getKey(), List.of(new Kept(reply.getValue().textValue(), null)));
            });
  }

  @Override
  public String name() {
    return "replies of " + file.getFileName();
  }

  /**
   * The kept replies.
   *
   * @throws DsVlmException if one was given to another text
   */
  @Override
  public Map<String, String> ask(String system, List<JudgeRequest> requests) {
    Map<String, String> own = new HashMap<>();
    for (JudgeRequest request : requests) {
      List<Kept> kept = replies.getOrDefault(request.row(), List.of());
      kept.stream()
          .filter(one -> one.answers(request))
          .findFirst()
          .ifPresent(one -> own.put(request.row(), one.reply()));
      if (!kept.isEmpty() && !own.containsKey(request.row())) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "%s: the judge's reply to row %s was given to another text: another prediction or"
                    + " other instructions; score with those, or ask again with --judge",
                file,
                request.row()));
      }
    }
    return own;
  }

  @Override
  public void close() {}
}
