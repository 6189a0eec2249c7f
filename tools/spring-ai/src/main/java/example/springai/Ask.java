/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example.springai;

import java.util.function.Consumer;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/**
 * Asks the server about a picture by Spring AI: at once, and as a stream. Run by
 * tools/check-spring-ai.
 */
@SpringBootApplication
public class Ask {
  private static final String QUESTION = "What colour is the background?";

  /** A PNG, then Spring's own options. */
  public static void main(String[] arguments) {
    SpringApplication.run(Ask.class, arguments).close();
  }

  @Bean
  CommandLineRunner question(ChatClient.Builder builder) {
    return arguments -> {
      ChatClient client = builder.build();
      FileSystemResource file = new FileSystemResource(arguments[0]);
      Consumer<ChatClient.PromptUserSpec> picture =
          user -> user.text(QUESTION).media(MimeTypeUtils.IMAGE_PNG, file);
      System.out.println("text: " + client.prompt().user(QUESTION).call().content());
      System.out.println("picture: " + client.prompt().user(picture).call().content());
      System.out.println(
          "stream: "
              + String.join(
                  "", client.prompt().user(picture).stream().content().collectList().block()));
      System.out.println("refused: " + refusal(client));
    };
  }

  /** What reaches the program of the server's answer to a request that it does not take. */
  private static String refusal(ChatClient client) {
    try {
      return "no, but answered: " + client.prompt().user("<image>").call().content();
    } catch (RuntimeException e) {
      return e.getMessage();
    }
  }
}
