/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;
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

  private final LlavaChat chat;
  private final GenerationSettings settings;
  private final CommandLine command;
  private final List<Picture> pictures = new ArrayList<>();
  private final List<Turn> turns = new ArrayList<>();

  /** Pictures that no question has shown yet. */
  private int waiting;

  /**
   * @param shown pictures that are there from the beginning
   */
  Conversation(
      LlavaChat chat, GenerationSettings settings, List<Picture> shown, CommandLine command) {
    this.chat = chat;
    this.settings = settings;
    this.command = command;
    pictures.addAll(shown);
    waiting = shown.size();
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
      pictures.clear();
      turns.clear();
      waiting = 0;
    } else if (line.equals(PICTURE) || line.startsWith(PICTURE + " ")) {
      String name = line.substring(PICTURE.length()).strip();
      if (name.isEmpty()) {
        throw new DsVlmException(PICTURE + " needs the name of a file");
      }
      pictures.add(Picture.read(FilePath.of("/picture", name)));
      waiting++;
    } else if (line.startsWith("/")) {
      throw new DsVlmException(
          "'" + line + "' is no command; known: " + PICTURE + " FILE, " + CLEAR);
    } else if (!line.isEmpty()) {
      answer(line);
    }
  }

  private void answer(String line) {
    int places = ConversationTemplate.images(line);
    String marks = (ConversationTemplate.IMAGE + "\n").repeat(places == 0 ? waiting : 0);
    turns.add(Turn.human(marks + line));
    AnswerPrinter printer = new AnswerPrinter(command.getOut());
    String answer;
    try {
      answer = chat.answer(pictures, turns, settings, (record, piece) -> printer.print(piece));
    } catch (DsVlmException e) {
      turns.remove(turns.size() - 1);
      throw e;
    }
    printer.end();
    waiting = 0;
    turns.add(Turn.assistant(answer.strip()));
  }
}
