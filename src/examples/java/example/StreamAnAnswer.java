/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import java.nio.file.Path;
import java.util.Locale;
import org.dsvlm.chat.Cancellation;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;

/**
 * Prints an answer piece by piece while it is made, and goes on with the conversation. Where the
 * process is stopped, the answer ends with what it has.
 *
 * <pre>
 *   tools/dsvlm --version                          # builds what is missing
 *   java -cp "target/classes:$(cat target/launcher.classpath)" \
 *     src/examples/java/example/StreamAnAnswer.java src/main/nano/llava \
 *     src/test/resources/pictures/lossy.webp "What colour is the background?" \
 *     "How many shapes are there?"
 * </pre>
 */
public final class StreamAnAnswer {
  private StreamAnAnswer() {}

  /** A model's folder, a picture, a question, a second question. */
  public static void main(String[] arguments) {
    Cancellation cancellation = new Cancellation();
    Thread hook = new Thread(cancellation::cancel);
    Runtime.getRuntime().addShutdownHook(hook);
    try (ChatModel model = ChatModel.open(Path.of(arguments[0]), LlavaChatOptions.DEFAULTS)) {
      ChatMessage first = ChatMessage.user(Picture.read(Path.of(arguments[1])), arguments[2]);
      ChatAnswer answer = tell(model, request(cancellation).message(first));
      ChatMessage said = ChatMessage.assistant(answer.text());
      ChatMessage second = ChatMessage.user(arguments[3]);
      tell(model, request(cancellation).message(first).message(said).message(second));
    }
    Runtime.getRuntime().removeShutdownHook(hook);
  }

  private static ChatRequest.Builder request(Cancellation cancellation) {
    return ChatRequest.builder().cancellation(cancellation);
  }

  private static ChatAnswer tell(ChatModel model, ChatRequest.Builder request) {
    ChatAnswer answer =
        model.stream(
            request.build(),
            piece -> {
              System.out.print(piece);
              System.out.flush();
            });
    System.out.printf(
        Locale.ROOT,
        "%n%d tokens in, %d out, ended by %s%n",
        answer.promptTokens(),
        answer.answerTokens(),
        answer.finishReason());
    return answer;
  }
}
