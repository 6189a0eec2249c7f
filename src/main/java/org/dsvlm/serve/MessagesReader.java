/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;

/** Reads the messages of a request, and decodes their pictures. */
final class MessagesReader {
  /** Characters of a token; no vocabulary has longer ones. */
  private static final int LONGEST_TOKEN = 256;

  private final ServeLimits limits;
  private final long mostCharacters;
  private long characters;
  private int pictures;
  private long pixelBytes;

  /**
   * @param contextLength of the model, in tokens
   */
  MessagesReader(ServeLimits limits, int contextLength) {
    this.limits = limits;
    mostCharacters = (long) LONGEST_TOKEN * contextLength;
  }

  /** Bytes that the pictures take, after {@link #read}. */
  long pixelBytes() {
    return pixelBytes;
  }

  List<ChatMessage> read(RequestValue messages) {
    List<ChatMessage> read = new ArrayList<>();
    for (RequestValue message : messages.entries()) {
      read.add(message(message.object()));
    }
    if (read.isEmpty()) {
      throw messages.wrong("is empty; it has to hold at least one message");
    }
    return read;
  }

  private ChatMessage message(RequestValue message) {
    refuseOthers(message, Set.of("role", "content"));
    RequestValue role = message.required("role");
    RequestValue content = message.required("content");
    return switch (role.text()) {
      case "system", "developer" ->
          new ChatMessage(ChatMessage.Role.SYSTEM, contents(content, false));
      case "user" -> new ChatMessage(ChatMessage.Role.USER, contents(content, true));
      case "assistant" -> new ChatMessage(ChatMessage.Role.ASSISTANT, contents(content, false));
      default ->
          throw role.wrong(
              "is "
                  + Excerpt.of(role.text())
                  + "; it has to be system, developer, user or assistant (this model calls no"
                  + " tools)");
    };
  }

  /** Keys that say nothing, such as {@code "tool_calls": []}, are what some clients always send. */
  static void refuseOthers(RequestValue object, Set<String> known) {
    for (Map.Entry<String, JsonNode> entry : object.json().properties()) {
      JsonNode value = entry.getValue();
      boolean silent = value.isNull() || value.isContainerNode() && value.isEmpty();
      if (!known.contains(entry.getKey()) && !silent) {
        throw new RequestValue(object.key() + "." + Excerpt.of(entry.getKey()), value)
            .wrong("is not supported here; leave it out");
      }
    }
  }

  private List<ChatMessage.Content> contents(RequestValue content, boolean mayShow) {
    if (content.json().isTextual()) {
      return List.of(text(content));
    }
    List<ChatMessage.Content> contents = new ArrayList<>();
    for (RequestValue part : content.entries()) {
      RequestValue type = part.object().required("type");
      switch (type.text()) {
        case "text" -> {
          refuseOthers(part, Set.of("type", "text"));
          contents.add(text(part.required("text")));
        }
        case "image_url" -> {
          if (!mayShow) {
            throw type.wrong("is image_url; only messages of the user may show pictures");
          }
          refuseOthers(part, Set.of("type", "image_url"));
          contents.add(picture(part.required("image_url").object()));
        }
        default ->
            throw type.wrong("is " + Excerpt.of(type.text()) + "; it has to be text or image_url");
      }
    }
    if (contents.isEmpty()) {
      throw content.wrong("is empty; it has to hold at least one part");
    }
    return contents;
  }

  private ChatMessage.Text text(RequestValue value) {
    String text = value.text();
    characters += text.length();
    if (characters > mostCharacters) {
      throw value.wrong(
          "ends a text of more than "
              + mostCharacters
              + " characters, which has no room in the model's context; shorten it");
    }
    try {
      return new ChatMessage.Text(text);
    } catch (DsVlmException e) {
      throw value.wrong(e.getMessage());
    }
  }

  private ChatMessage.Image picture(RequestValue image) {
    refuseOthers(image, Set.of("url", "detail"));
    RequestValue url = image.required("url");
    pictures++;
    if (pictures > limits.pictures()) {
      throw url.wrong(
          "is picture "
              + pictures
              + "; this server takes at most "
              + limits.pictures()
              + " a request (--max-pictures)");
    }
    Picture picture = Picture.read(DataUrl.picture(url), url.key(), limits.pixels());
    pixelBytes += picture.rgb().length;
    return new ChatMessage.Image(picture);
  }
}
