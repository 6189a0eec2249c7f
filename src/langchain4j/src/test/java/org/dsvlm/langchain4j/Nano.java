/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;

/** The small model that the library ships, and pictures for it. */
final class Nano {
  static final String QUESTION = "What colour is the background?";

  private Nano() {}

  static ChatModel open() {
    return ChatModel.open(Path.of("../main/nano/llava"), LlavaChatOptions.DEFAULTS);
  }

  static Path file(String picture) {
    return Path.of("../test/resources/pictures", picture);
  }

  static Picture picture(String name) {
    return Picture.read(file(name));
  }

  /** A PNG of one colour. */
  static String plain(Color colour) {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(0, 0, 64, 64);
    graphics.dispose();
    try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
      ImageIO.write(image, "png", bytes);
      return Base64.getEncoder().encodeToString(bytes.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String base64(String name) {
    try {
      return Base64.getEncoder().encodeToString(Files.readAllBytes(file(name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
