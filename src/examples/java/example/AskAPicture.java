/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import java.nio.file.Path;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;

/**
 * Asks a model about a picture.
 *
 * <pre>
 *   tools/dsvlm --version                          # builds what is missing
 *   java -cp "target/classes:$(cat target/launcher.classpath)" \
 *     src/examples/java/example/AskAPicture.java src/main/nano/llava \
 *     src/test/resources/pictures/lossy.webp "What colour is the background?"
 * </pre>
 */
public final class AskAPicture {
  private AskAPicture() {}

  /** A model's folder, a picture, a question. */
  public static void main(String[] arguments) {
    try (ChatModel model = ChatModel.open(Path.of(arguments[0]), LlavaChatOptions.DEFAULTS)) {
      Picture picture = Picture.read(Path.of(arguments[1]));
      System.out.println(model.ask(ChatRequest.of(picture, arguments[2])).text());
    }
  }
}
