/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedRepliesTest {
  @TempDir private Path folder;

  private static JudgeRequest request(String row, String text) {
    return new JudgeRequest(row, text, 1, reply -> true);
  }

  @Test
  void anObjectHoldsAReplyForEachRow() throws IOException {
    Path file = Files.writeString(folder.resolve("replies.json"), "{\"1\": \"A\", \"2\": \"B\"}");
    Map<String, String> replies =
        RecordedReplies.read(file).ask("", List.of(request("2", "any"), request("3", "any")));
    assertThat(replies).containsExactly(Map.entry("2", "B"));
  }

  @Test
  void aReplyToAnotherTextDoesNotCount() {
    Path file = folder.resolve("judge-replies.jsonl");
    try (ReplyLog log = new ReplyLog(file)) {
      log.put(request("1", "Is 'a cat' right?"), "judge", "yes");
      log.put(request("1", "Is 'a dog' right?"), "judge", "no");
    }
    RecordedReplies recorded = RecordedReplies.read(file);
    assertThat(recorded.ask("", List.of(request("1", "Is 'a cat' right?"))))
        .containsExactly(Map.entry("1", "yes"));
    assertThat(recorded.ask("", List.of(request("1", "Is 'a dog' right?"))))
        .containsExactly(Map.entry("1", "no"));
    assertThatThrownBy(() -> recorded.ask("", List.of(request("1", "Is 'a cow' right?"))))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll(
            "judge-replies.jsonl", "row 1", "another prediction or other instructions", "--judge");
  }
}
