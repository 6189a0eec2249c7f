/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionsTest {
  private static final Picture GRAY = Picture.read(TinyServer.PICTURES.resolve("gray.png"));
  private static final Picture ALPHA = Picture.read(TinyServer.PICTURES.resolve("alpha.png"));

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

  private static JsonNode answer(String body) throws IOException, InterruptedException {
    HttpResponse<String> response = TinyServer.post(server, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    return TinyServer.json(response.body());
  }

  private static List<JsonNode> stream(String body) throws IOException, InterruptedException {
    HttpResponse<String> response = TinyServer.post(server, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("text/event-stream; charset=utf-8");
    return TinyServer.events(response.body());
  }

  private static String text(JsonNode answer) {
    return answer.at("/choices/0/message/content").textValue();
  }

  private static String joined(List<JsonNode> events) {
    return events.stream()
        .map(event -> event.at("/choices/0/delta/content").asText())
        .collect(Collectors.joining());
  }

  private static ChatAnswer alone(int tokens, List<ChatMessage.Content> contents) {
    return model.ask(
        ChatRequest.builder()
            .message(ChatMessage.user(contents))
            .settings(model.settings().withMaxNewTokens(tokens))
            .build());
  }

  private static String shown(String more, String... pictures) throws IOException {
    StringBuilder parts = new StringBuilder();
    for (String picture : pictures) {
      parts.append(
          "{\"type\": \"image_url\", \"image_url\": {\"url\": \"%s\", \"detail\": \"auto\"}}, "
              .formatted(TinyServer.dataUrl(picture)));
    }
    return "{\"model\": \"tiny\", \"messages\": [{\"role\": \"user\", \"content\": [%s{\"type\": \"text\", \"text\": \"Which?\"}]}]%s}"
        .formatted(parts, more);
  }

  @Test
  void anAnswerIsWhatTheModelAnswersByItself() throws Exception {
    JsonNode json = answer(TinyServer.question("What is this?", ", \"max_tokens\": 12"));
    ChatAnswer alone = alone(12, List.of(new ChatMessage.Text("What is this?")));
    assertThat(text(json)).isEqualTo(alone.text()).isNotEmpty();
    assertThat(json.path("id").asText()).startsWith("chatcmpl-");
    assertThat(json.path("object").asText()).isEqualTo("chat.completion");
    assertThat(json.path("model").asText()).isEqualTo("tiny");
    assertThat(json.path("created").asLong()).isPositive();
    assertThat(json.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(json.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    assertThat(json.at("/choices/0/logprobs").isNull()).isTrue();
    assertThat(json.at("/usage/prompt_tokens").asInt()).isEqualTo(alone.promptTokens());
    assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(12);
    assertThat(json.at("/usage/total_tokens").asInt()).isEqualTo(alone.promptTokens() + 12);
  }

  @Test
  void picturesStandWhereTheyAreSent() throws Exception {
    String more = ", \"max_completion_tokens\": 12";
    ChatMessage.Content which = new ChatMessage.Text("Which?");
    ChatMessage.Content gray = new ChatMessage.Image(GRAY);
    ChatMessage.Content alpha = new ChatMessage.Image(ALPHA);
    String both = text(answer(shown(more, "gray.png", "alpha.png")));
    assertThat(both).isEqualTo(alone(12, List.of(gray, alpha, which)).text());
    String turned = text(answer(shown(more, "alpha.png", "gray.png")));
    assertThat(turned).isEqualTo(alone(12, List.of(alpha, gray, which)).text());
    assertThat(turned).isNotEqualTo(both);
  }

  @Test
  void aConversationGoesOn() throws Exception {
    String body =
        """
        {"model": "tiny", "max_tokens": 10, "messages": [
          {"role": "system", "content": "Be short."},
          {"role": "user", "content": [{"type": "text", "text": "One?"}]},
          {"role": "assistant", "content": "Two.", "refusal": null, "tool_calls": []},
          {"role": "user", "content": "Three?"}]}
        """;
    ChatRequest same =
        ChatRequest.builder()
            .message(ChatMessage.system("Be short."))
            .message(ChatMessage.user("One?"))
            .message(ChatMessage.assistant("Two."))
            .message(ChatMessage.user("Three?"))
            .settings(model.settings().withMaxNewTokens(10))
            .build();
    assertThat(text(answer(body))).isEqualTo(model.ask(same).text());
    assertThat(text(answer(body.replace("system", "developer")))).isEqualTo(model.ask(same).text());
  }

  @Test
  void aStreamIsTheAnswerInPieces() throws Exception {
    String more = ", \"max_tokens\": 20";
    JsonNode whole = answer(shown(more, "gray.png"));
    List<JsonNode> events =
        stream(
            shown(
                more + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}",
                "gray.png"));
    assertThat(joined(events)).isEqualTo(text(whole));
    assertThat(events).hasSizeGreaterThan(6);
    assertThat(events.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    JsonNode closing = events.get(events.size() - 2);
    assertThat(closing.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    assertThat(closing.at("/usage").isNull()).isTrue();
    JsonNode usage = events.get(events.size() - 1);
    assertThat(usage.path("choices")).isEmpty();
    assertThat(usage.path("usage")).isEqualTo(whole.path("usage"));
    assertThat(events.stream().map(event -> event.path("id")).distinct()).hasSize(1);

    List<JsonNode> without = stream(shown(more + ", \"stream\": true", "gray.png"));
    assertThat(joined(without)).isEqualTo(text(whole));
    assertThat(without).noneMatch(event -> event.has("usage"));
  }

  @Test
  void drawsHaveASeed() throws Exception {
    String drawn = ", \"max_tokens\": 16, \"temperature\": 1.5, \"top_p\": 0.95";
    String first = text(answer(TinyServer.question("What?", drawn + ", \"seed\": 1")));
    assertThat(text(answer(TinyServer.question("What?", drawn + ", \"seed\": 1"))))
        .isEqualTo(first);
    List<JsonNode> streamed =
        stream(TinyServer.question("What?", drawn + ", \"seed\": 1, \"stream\": true"));
    assertThat(joined(streamed)).isEqualTo(first);
    assertThat(text(answer(TinyServer.question("What?", drawn + ", \"seed\": 2"))))
        .isNotEqualTo(first);
    assertThat(text(answer(TinyServer.question("What?", drawn)))).isNotEqualTo(first);
  }

  @Test
  void aStopTextEndsTheAnswerBeforeIt() throws Exception {
    String whole = text(answer(TinyServer.question("What is this?", ", \"max_tokens\": 20")));
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 2);
    String before = whole.substring(0, whole.indexOf(stop)).strip();
    String more = ", \"max_tokens\": 20, \"stop\": %s";
    for (String stops : List.of("\"" + stop + "\"", "[\"never there\", \"" + stop + "\"]")) {
      JsonNode stopped = answer(TinyServer.question("What is this?", more.formatted(stops)));
      assertThat(text(stopped).strip()).isEqualTo(before);
      assertThat(stopped.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
      List<JsonNode> events =
          stream(
              TinyServer.question("What is this?", more.formatted(stops) + ", \"stream\": true"));
      assertThat(joined(events)).isEqualTo(text(stopped));
    }
  }

  @Test
  void probabilitiesAreThoseOfTheTokens() throws Exception {
    String more = ", \"max_tokens\": 6, \"logprobs\": true, \"top_logprobs\": 3";
    JsonNode json = answer(TinyServer.question("What is this?", more));
    JsonNode content = json.at("/choices/0/logprobs/content");
    assertThat(content).hasSize(6);
    for (JsonNode token : content) {
      assertThat(token.path("logprob").asDouble()).isNegative();
      assertThat(token.path("top_logprobs")).hasSize(3);
      // Without draws the likeliest token is taken.
      assertThat(token.at("/top_logprobs/0/token")).isEqualTo(token.path("token"));
      assertThat(token.path("bytes")).isNotEmpty();
    }
    List<JsonNode> events =
        stream(TinyServer.question("What is this?", more + ", \"stream\": true"));
    assertThat(events.get(events.size() - 1).at("/choices/0/logprobs/content")).isEqualTo(content);
    JsonNode without =
        answer(TinyServer.question("What is this?", ", \"max_tokens\": 6, \"logprobs\": true"));
    assertThat(without.at("/choices/0/logprobs/content/0/top_logprobs")).isEmpty();
  }

  @Test
  void keysThatChangeNothingAreTaken() throws Exception {
    String more =
        ", \"max_tokens\": 5, \"user\": \"me\", \"metadata\": {\"a\": \"b\"}, \"store\": false, \"n\": 1,"
            + " \"tools\": [], \"tool_choice\": \"auto\", \"response_format\": {\"type\": \"text\"},"
            + " \"frequency_penalty\": 0, \"logit_bias\": null, \"stop\": null, \"seed\": null";
    assertThat(text(answer(TinyServer.question("What is this?", more))))
        .isEqualTo(text(answer(TinyServer.question("What is this?", ", \"max_tokens\": 5"))));
  }

  @Test
  void answersDoNotHangOnOneAnother() throws Exception {
    List<String> bodies =
        IntStream.range(0, 24)
            .mapToObj(
                i ->
                    TinyServer.question(
                        "What is " + "this ".repeat(i % 5) + "?",
                        ", \"temperature\": %d, \"seed\": %d, \"max_tokens\": %d"
                            .formatted(i % 2, i, 5 + i)))
            .toList();
    List<CompletableFuture<HttpResponse<String>>> together =
        bodies.stream()
            .map(
                body ->
                    TinyServer.CLIENT.sendAsync(
                        TinyServer.posted(server, body), HttpResponse.BodyHandlers.ofString()))
            .toList();
    for (int i = 0; i < bodies.size(); i++) {
      assertThat(text(TinyServer.json(together.get(i).join().body())))
          .isEqualTo(text(answer(bodies.get(i))));
    }
  }
}
