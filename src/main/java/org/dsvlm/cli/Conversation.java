/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.text.ConversationTemplate;
import picocli.CommandLine;

/**
 * Questions line by line, each answered with what was said before. {@code /picture FILE} shows a
 * picture with the next question, {@code /clear} forgets everything. A question that cannot be
 * answered is left out, and the conversation goes on.
 */
final class Conversation {
  private static final String PICTURE = "/picture";
  private static final String CLEAR = "/clear";

  /** What a decoder makes of bytes that are no character. */
  static final char UNREADABLE = '\uFFFD';

  private final ChatModel chat;
  private final GenerationSettings settings;
  private final CommandLine command;
  private final List<ChatMessage> messages = new ArrayList<>();

  /** Pictures that no question has shown yet. */
  private final List<Picture> waiting = new ArrayList<>();

  /**
   * @param shown pictures that are there from the beginning
   */
  Conversation(
      ChatModel chat, GenerationSettings settings, List<Picture> shown, CommandLine command) {
    this.chat = chat;
    this.settings = settings;
    this.command = command;
    waiting.addAll(shown);
  }

  /** Answers the lines of {@code input} to its end. */
  void hold(Reader input) {
    try (BufferedReader lines = new BufferedReader(input)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        try {
          take(line.strip());
        } catch (DsVlmException e) {
          command.getErr().println("dsvlm: " + e.getMessage());
        }
      }
    } catch (IOException e) {
      throw new DsVlmException("standard input cannot be read: " + e.getMessage(), e);
    }
  }

  private void take(String line) {
    if (line.indexOf(UNREADABLE) >= 0) {
      throw new DsVlmException(
          "the question has bytes that are no UTF-8, so it is not asked; set the terminal to UTF-8,"
              + " or convert the file");
    }
    if (line.equals(CLEAR)) {
      messages.clear();
      waiting.clear();
    } else if (line.equals(PICTURE) || line.startsWith(PICTURE + " ")) {
      String name = line.substring(PICTURE.length()).strip();
      if (name.isEmpty()) {
        throw new DsVlmException(PICTURE + " needs the name of a file");
      }
      waiting.add(Picture.read(FilePath.of("/picture", name)));
    } else if (line.startsWith("/")) {
      throw new DsVlmException(
          "'" + line + "' is no command; known: " + PICTURE + " FILE, " + CLEAR);
    } else if (!line.isEmpty()) {
      answer(line);
    }
  }

  /** Answers a question and prints the answer while it is made. */
  void answer(String question) {
    List<ChatMessage> asked = new ArrayList<>(messages);
    asked.add(ChatMessage.user(contents(question)));
    ChatRequest request = ChatRequest.builder().messages(asked).settings(settings).build();
    PrintWriter out = command.getOut();
    ChatAnswer answer =
        chat.stream(
            request,
            piece -> {
              out.print(piece);
              out.flush();
            });
    out.println();
    out.flush();
    waiting.clear();
    messages.clear();
    messages.addAll(asked);
    messages.add(ChatMessage.assistant(answer.text()));
  }

  /** The question with the waiting pictures where their marks stand, or else before it. */
  private List<ChatMessage.Content> contents(String question) {
    List<ChatMessage.Content> contents = new ArrayList<>();
    String[] texts = question.split(Pattern.quote(ConversationTemplate.IMAGE), -1);
    int marks = texts.length - 1;
    if (marks == 0) {
      waiting.forEach(picture -> contents.add(new ChatMessage.Image(picture)));
    } else if (marks != waiting.size()) {
      throw new DsVlmException(
          "the question has "
              + ConversationTemplate.IMAGE
              + " "
              + marks
              + " times, but its pictures are "
              + waiting.size());
    }
    for (int i = 0; i < texts.length; i++) {
      if (i > 0) {
        contents.add(new ChatMessage.Image(waiting.get(i - 1)));
      }
      if (!texts[i].isEmpty() || texts.length == 1) {
        contents.add(new ChatMessage.Text(texts[i]));
      }
    }
    return contents;
  }
}
