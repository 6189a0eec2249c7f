/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.image.Picture;

/** LangChain4j's messages as the library's; each error names the message, counted from 0. */
final class Messages {
  private static final String BASE64 = ";base64,";

  private Messages() {}

  static List<ChatMessage> of(List<dev.langchain4j.data.message.ChatMessage> given) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      messages.add(message(given.get(i), "message " + i));
    }
    return messages;
  }

  private static ChatMessage message(dev.langchain4j.data.message.ChatMessage given, String where) {
    if (given instanceof SystemMessage system) {
      return ChatMessage.system(system.text());
    }
    if (given instanceof AiMessage answer) {
      return answer(answer, where);
    }
    if (given instanceof UserMessage user) {
      if (user.name() != null) {
        throw unsupported(where, "the user's name");
      }
      List<ChatMessage.Content> contents = new ArrayList<>();
      for (int i = 0; i < user.contents().size(); i++) {
        contents.add(content(user.contents().get(i), where + ", content " + i));
      }
      return ChatMessage.user(contents);
    }
    throw unsupported(where, given.type().toString());
  }

  private static ChatMessage answer(AiMessage answer, String where) {
    if (answer.hasToolExecutionRequests()) {
      throw unsupported(where, "tools");
    }
    if (answer.thinking() != null) {
      throw unsupported(where, "thinking");
    }
    if (!answer.images().isEmpty()) {
      throw unsupported(where, "a picture of the model's");
    }
    if (answer.text() == null) {
      throw new InvalidRequestException(where + " is an answer without text");
    }
    return ChatMessage.assistant(answer.text());
  }

  private static ChatMessage.Content content(Content given, String where) {
    if (given instanceof TextContent text) {
      return new ChatMessage.Text(text.text());
    }
    if (given instanceof ImageContent image) {
      return new ChatMessage.Image(Picture.read(bytes(image.image(), where), where));
    }
    throw unsupported(where, given.type().toString());
  }

  private static byte[] bytes(Image image, String where) {
    String text = image.base64Data();
    if (text == null) {
      text = ofDataUrl(image.url(), where);
    }
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(
          where + " is a picture whose base64 is unsound: " + e.getMessage(), e);
    }
  }

  private static String ofDataUrl(URI url, String where) {
    if (url == null) {
      throw new InvalidRequestException(where + " is a picture without base64 and without a URL");
    }
    String text = url.toString();
    int start = text.indexOf(BASE64);
    if (!"data".equalsIgnoreCase(url.getScheme()) || start < 0) {
      String shown = text.length() > 100 ? text.substring(0, 100) + "…" : text;
      throw new UnsupportedFeatureException(
          where
              + " is a picture at the URL "
              + shown
              + ", which is not fetched; give its bytes as base64");
    }
    return text.substring(start + BASE64.length());
  }

  private static UnsupportedFeatureException unsupported(String where, String what) {
    return new UnsupportedFeatureException(
        where + " has " + what + ", which this model does not support");
  }
}
