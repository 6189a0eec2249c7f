/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeCommandTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "--port=70000|it has to be from 0 to 65535",
        "--port=no|'no' is not an int",
        "--host=no.such.host.invalid|this machine has no such name",
        "--host=0.0.0.0|set one of at least 16 characters in the environment, DSVLM_API_KEY",
        "--allow-origin=example.org|is no origin",
        "--max-body=nothing|is no size such as",
        "--max-body=100000TB|is no size such as",
        "--max-body=100000GB|give the JVM more (-Xmx, DSVLM_HEAP)",
        "--max-pixels=0|it has to be at least 1",
        "--max-pictures=-1|it has to be at least 0",
        "--max-tokens=0|it has to be at least 1",
        "--queue=0|it has to be at least 1",
        "--max-connections=0|it has to be at least 1",
        "--max-headers=10|it has to be at least 1024",
        "--answer-time=0|it has to be at least 1",
        "--body-time=0|it has to be at least 1",
        "--reply-time=0|it has to be at least 1",
        "--idle-time=0|it has to be at least 1",
        "--grace=-1|it has to be at least 0",
        "--nothing|Unknown option",
      })
  void anOptionThatMakesNoSense(String option, String message) {
    Outcome outcome = Outcome.of("serve", "--model=nano", option);
    assertThat(outcome.code()).as(outcome.toString()).isEqualTo(2);
    assertThat(outcome.err()).startsWith("dsvlm serve: ").contains(message);
    assertThat(outcome.out()).isEmpty();
  }

  @Test
  void aModelThatIsNotThere() {
    Outcome outcome = Outcome.of("serve", "--model=" + folder);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains("holds no model: config.json is missing");
    assertThat(Outcome.of("serve").code()).isEqualTo(2);
  }

  @Test
  void theShippedModelAnswersUntilASignalComes() throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    try (ChildProcess child =
        ChildProcess.start(
            List.of("env", "-u", "DSVLM_API_KEY"), log, "serve", "--model=nano", "--port=0")) {
      child.awaitLines(log, 1);
      String line = child.output();
      assertThat(line).startsWith("nano answers at http://127.0.0.1:");
      URI address = URI.create(line.replaceAll("(?s).* at (http\\S+) .*", "$1"));
      HttpClient client = HttpClient.newHttpClient();
      HttpRequest request =
          HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"model\": \"nano\", \"messages\": [{\"role\": \"user\", \"content\":"
                          + " \"What is this?\"}]}"))
              .build();
      assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
      CompletableFuture<HttpResponse<String>> last =
          client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
      child.signal("TERM");
      assertThat(child.exitCode()).as(child.output()).isZero();
      assertThat(child.output()).doesNotContain("\tat ", "WARN");
      // Too late for the port, too late for the answer, or in time.
      HttpResponse<String> response = last.exceptionally(failure -> null).join();
      if (response != null) {
        assertThat(response.statusCode()).isIn(200, 503);
      }
    }
  }
}
