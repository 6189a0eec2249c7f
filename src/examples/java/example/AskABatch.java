/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;

/**
 * Asks one question about several pictures at once; each answer is the one that the picture gets
 * alone.
 *
 * <pre>
 *   tools/dsvlm --version                          # builds what is missing
 *   java -cp "target/classes:$(cat target/launcher.classpath)" \
 *     src/examples/java/example/AskABatch.java src/main/nano/llava \
 *     "What colour is the background?" src/test/resources/pictures/lossy.webp \
 *     src/test/resources/pictures/gray.jpg
 * </pre>
 */
public final class AskABatch {
  private AskABatch() {}

  /** A model's folder, a question, pictures. */
  public static void main(String[] arguments) {
    List<Path> files = Arrays.stream(arguments).skip(2).map(Path::of).toList();
    try (ChatModel model = ChatModel.open(Path.of(arguments[0]), LlavaChatOptions.DEFAULTS)) {
      List<ChatRequest> requests =
          files.stream().map(file -> ChatRequest.of(Picture.read(file), arguments[1])).toList();
      List<ChatAnswer> answers = model.askAll(requests);
      for (int i = 0; i < answers.size(); i++) {
        System.out.println(files.get(i).getFileName() + ": " + answers.get(i).text());
      }
    }
  }
}
