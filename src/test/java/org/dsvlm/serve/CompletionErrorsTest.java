/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.dsvlm.chat.ChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are refused, each with the key at fault. */
class CompletionErrorsTest {
  @TempDir private static Path folder;
  private static ChatModel model;
  private static ModelServer server;

  @BeforeAll
  static void start() {
    model = TinyServer.open(folder.resolve("model"));
    server = new TinyServer().start(model);
  }

  @AfterAll
  static void close() {
    server.close();
    model.close();
  }

  private static JsonNode error(int status, String body) throws Exception {
    HttpResponse<String> response = TinyServer.post(server, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    JsonNode error = TinyServer.json(response.body()).path("error");
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.has("param") && error.has("code")).isTrue();
    assertThat(error.path("message").asText())
        .isNotBlank()
        .doesNotContain(folder.toString(), "Exception", "java.", "\n");
    return error;
  }

  private static void assertRefused(String body, String param, String message) throws Exception {
    JsonNode error = error(400, body);
    assertThat(error.path("param").asText()).as(error.toString()).isEqualTo(param);
    assertThat(error.path("message").asText()).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "tools|[{\"type\": \"function\"}]|is supported with the value [] alone",
        "response_format|{\"type\": \"json_object\"}|alone; leave it out",
        "n|2|is supported with the value 1 alone",
        "frequency_penalty|0.5|is supported with the value 0",
        "presence_penalty|-1|alone",
        "logit_bias|{\"1\": 2}|alone",
        "reasoning_effort|\"low\"|is not supported by this server; leave it out",
        "audio|{}|is not supported",
        "something_else|0|is not supported",
        "temperature|-0.1|is -0.1; it has to be a number from 0.0 to 2.0",
        "temperature|2.1|from 0.0 to 2.0",
        "temperature|\"hot\"|it has to be a number",
        "top_p|0|it has to be a number",
        "top_p|1.01|it has to be a number",
        "top_k|-1|from 0",
        "repetition_penalty|0|it has to be a number",
        "seed|1.5|whole number",
        "seed|99999999999999999999|whole number",
        "max_tokens|0|from 1",
        "max_tokens|-3|from 1",
        "max_tokens|201|this server makes at most 200 tokens an answer (--max-tokens)",
        "max_completion_tokens|1e3|whole number",
        "stream|\"yes\"|it has to be true or false",
        "stream_options|{\"include_usage\": true}|is for streams alone",
        "logprobs|2|it has to be true or false",
        "top_logprobs|3|needs logprobs to be true",
        "stop|5|it has to be a list",
        "stop|[\"a\",\"b\",\"c\",\"d\",\"e\"]|at most 4",
        "stop|\"\"|is empty",
      })
  void aKeyThatCannotBe(String key, String value, String message) throws Exception {
    assertRefused(TinyServer.question("What?", ", \"%s\": %s".formatted(key, value)), key, message);
  }

  @Test
  void twoNamesOfOneSetting() throws Exception {
    assertRefused(
        TinyServer.question("What?", ", \"max_tokens\": 3, \"max_completion_tokens\": 4"),
        "max_tokens",
        "max_completion_tokens");
    assertRefused(
        TinyServer.question("What?", ", \"logprobs\": true, \"top_logprobs\": 21"),
        "top_logprobs",
        "from 0 to 20");
    assertRefused(
        TinyServer.question("What?", ", \"stream\": true, \"stream_options\": {\"each\": 1}"),
        "stream_options.each",
        "is not supported");
    assertRefused(TinyServer.question("What?", ", \"stop\": [\"a\", 1]"), "stop[1]", "a text");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "5|messages|it has to be a list",
        "[]|messages|is empty",
        "[1]|messages[0]|it has to be an object",
        "[{\"content\": \"a\"}]|messages[0].role|is missing",
        "[{\"role\": \"user\"}]|messages[0].content|is missing",
        "[{\"role\": \"user\", \"content\": null}]|messages[0].content|is missing",
        "[{\"role\": \"user\", \"content\": 3}]|messages[0].content|it has to be a list",
        "[{\"role\": \"user\", \"content\": []}]|messages[0].content|is empty",
        "[{\"role\": \"tool\", \"content\": \"a\"}]|messages[0].role|calls no tools",
        "[{\"role\": \"user\", \"content\": \"a\", \"name\": \"b\"}]|messages[0].name|not supported",
        "[{\"role\": \"user\", \"content\": \"a\", \"tool_calls\": [1]}]|messages[0].tool_calls|not",
        "[{\"role\": \"user\", \"content\": \"\\ud800\"}]|messages[0].content|half a surrogate pair",
        "[{\"role\": \"user\", \"content\": \"a <image>\"}]|messages[0].content|stands for a picture",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]|messages[0].content[0].text|missing",
        "[{\"role\": \"user\", \"content\": [{\"text\": \"a\"}]}]|messages[0].content[0].type|missing",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\"}]}]|messages[0].content[0].type|text or image_url",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": \"a\"}]}]|messages[0].content[0].image_url|an object",
        "[{\"role\": \"system\", \"content\": [{\"type\": \"image_url\"}]}]|messages[0].content[0].type|only messages of the user",
      })
  void aMessageThatCannotBe(String messages, String param, String message) throws Exception {
    assertRefused("{\"model\": \"tiny\", \"messages\": " + messages + "}", param, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://127.0.0.1:1/a.png|opens no address of the network and no file",
        "https://example.org/a.png|opens no address of the network and no file",
        "file:///etc/passwd|opens no address of the network and no file",
        "/etc/passwd|opens no address of the network and no file",
        "ftp://example.org/a|opens no address",
        "data:image/png,abc|is no picture in base64",
        "data:text/plain;base64,YWJj|is no picture in base64",
        "data:image/png;base64|is no picture in base64",
        "data:image/png;base64,a*b|is no base64",
        "data:image/png;base64,|the picture is empty",
        "data:image/png;base64,YWJj|JPEG, PNG, GIF, BMP and WebP are read",
        "data:image/png;base64,iVBORw0KGgo=|",
      })
  void aPictureThatIsNotRead(String url, String message) throws Exception {
    assertRefused(
        ("{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\":"
                + " \"image_url\", \"image_url\": {\"url\": \"%s\"}}]}]}")
            .formatted(url),
        "messages[0].content[0].image_url.url",
        message == null ? "" : message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "3",
        "{\"model\": \"tiny\", \"model\": \"tiny\"}",
        "{\"model\": \"tiny\"} {}",
        "{\"model\": NaN}",
        "{\"model\": \"tiny\", \"messages\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]"
      })
  void aBodyThatIsNoSoundJson(String body) throws Exception {
    JsonNode error = error(400, body);
    assertThat(error.path("message").asText()).startsWith("the body is no ");
    assertThat(error.path("param").isNull()).isTrue();
  }

  @Test
  void aBodyOfMillionsOfValues() throws Exception {
    JsonNode error = error(400, "{\"messages\": [" + "0,".repeat(200_000) + "0]}");
    assertThat(error.path("message").asText()).startsWith("the body is no sound JSON");
  }

  @Test
  void anotherModel() throws Exception {
    JsonNode error = error(404, TinyServer.question("What?", "").replace("tiny", "gpt-4o"));
    assertThat(error.path("code").asText()).isEqualTo("model_not_found");
    assertThat(error.path("message").asText()).contains("gpt-4o", "this server has tiny");
    assertRefused("{\"messages\": []}", "model", "it has to be tiny");
    assertRefused("{\"model\": 3}", "model", "a text");
  }

  @Test
  void aConversationThatTheModelCannotTake() throws Exception {
    String system = "{\"role\": \"system\", \"content\": \"a\"}";
    String user = "{\"role\": \"user\", \"content\": \"a\"}";
    String assistant = "{\"role\": \"assistant\", \"content\": \"a\"}";
    for (String messages :
        new String[] {
          system, user + "," + assistant, user + "," + system, user + "," + system + "," + user
        }) {
      error(400, "{\"model\": \"tiny\", \"messages\": [" + messages + "]}");
    }
    String tooLong = TinyServer.question("word ".repeat(3000), ", \"max_tokens\": 3");
    assertThat(error(400, tooLong).path("message").asText()).contains("context");
    String streamed = TinyServer.question("word ".repeat(3000), ", \"stream\": true");
    assertThat(error(400, streamed).path("message").asText()).contains("context");
    assertRefused(
        TinyServer.question("word ".repeat(15_000), ""), "messages[0].content", "shorten it");
  }
}
