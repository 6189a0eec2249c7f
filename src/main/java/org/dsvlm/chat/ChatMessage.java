/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.util.List;
import java.util.stream.Collectors;
import org.dsvlm.image.Picture;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.ConversationTemplate;

/**
 * One message of a conversation: texts and pictures in order. Immutable.
 *
 * @param role who says it
 * @param contents what is said, one below the other where no white space parts them already;
 *     pictures are the user's alone, and a message's only picture is shown before its words, as
 *     LLaVA is trained
 */
public record ChatMessage(Role role, List<Content> contents) {
  /** Who says something. */
  public enum Role {
    /** Whoever tells the model how to behave; the first message alone may be from it. */
    SYSTEM,
    /** Whoever asks. */
    USER,
    /** The model. */
    ASSISTANT
  }

  /** A part of a message. */
  public sealed interface Content permits Text, Image {}

  /**
   * Words.
   *
   * @param text without {@code <image>}, which stands for a picture
   */
  public record Text(String text) implements Content {
    /**
     * @throws DsVlmException if the text is null or holds {@code <image>}
     */
    public Text {
      if (Arguments.given(text, "text").contains(ConversationTemplate.IMAGE)) {
        throw new DsVlmException(
            "a text holds "
                + ConversationTemplate.IMAGE
                + ", which stands for a picture; give the picture as a content of its own, or"
                + " write the word in another way");
      }
    }
  }

  /**
   * A picture.
   *
   * @param picture in any size
   */
  public record Image(Picture picture) implements Content {
    /**
     * @throws DsVlmException if the picture is null
     */
    public Image {
      Arguments.given(picture, "picture");
    }
  }

  /**
   * @throws DsVlmException if something is null, the message is empty, or a picture is not the
   *     user's
   */
  public ChatMessage {
    Arguments.given(role, "role");
    Arguments.given(contents, "contents").forEach(one -> Arguments.given(one, "content"));
    contents = List.copyOf(contents);
    if (contents.isEmpty()) {
      throw new DsVlmException("a message has no contents; give it a text or a picture");
    }
    if (role != Role.USER && contents.stream().anyMatch(Image.class::isInstance)) {
      throw new DsVlmException("a message that is not the user's has a picture; show it in one");
    }
  }

  /** What the model is told before the conversation, in place of the template's own words. */
  public static ChatMessage system(String text) {
    return new ChatMessage(Role.SYSTEM, List.of(new Text(text)));
  }

  /** A question. */
  public static ChatMessage user(String text) {
    return user(List.of(new Text(text)));
  }

  /** A picture and a question about it. */
  public static ChatMessage user(Picture picture, String text) {
    return user(List.of(new Image(picture), new Text(text)));
  }

  /** Texts and pictures in any order. */
  public static ChatMessage user(List<? extends Content> contents) {
    return new ChatMessage(Role.USER, List.copyOf(Arguments.given(contents, "contents")));
  }

  /** What the model said before. */
  public static ChatMessage assistant(String text) {
    return new ChatMessage(Role.ASSISTANT, List.of(new Text(text)));
  }

  /** Its pictures in order. */
  List<Picture> pictures() {
    return contents.stream()
        .filter(Image.class::isInstance)
        .map(content -> ((Image) content).picture())
        .collect(Collectors.toList());
  }

  /** Its text, {@code <image>} in the place of each picture. */
  String marked() {
    StringBuilder marked = new StringBuilder();
    for (Content content : contents) {
      String next = content instanceof Text text ? text.text() : ConversationTemplate.IMAGE;
      if (!marked.isEmpty() && !next.isEmpty() && !parted(marked, next)) {
        marked.append('\n');
      }
      marked.append(next);
    }
    return marked.toString();
  }

  private static boolean parted(CharSequence before, String after) {
    return Character.isWhitespace(before.charAt(before.length() - 1))
        || Character.isWhitespace(after.charAt(0));
  }
}
