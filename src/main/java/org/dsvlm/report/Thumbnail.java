/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;

/**
 * A picture within the page, small enough for it.
 *
 * @param width in pixels
 * @param height in pixels
 * @param data the data URI
 */
public record Thumbnail(int width, int height, String data) {
  /** Longest file that goes into the page as it is. */
  private static final int MOST_BYTES = 32 * 1024;

  private static final float QUALITY = 0.9f;

  /**
   * The picture in {@code file}, scaled down to {@code mostWidth} pixels where it is wider.
   *
   * @throws DsVlmException if it cannot be read
   */
  static Thumbnail of(Path file, int mostWidth) {
    try {
      byte[] bytes = InputFiles.bytes(file);
      BufferedImage image = Picture.read(bytes, file.toString()).toImage();
      if (image.getWidth() <= mostWidth && bytes.length <= MOST_BYTES) {
        return of(image, "png", bytes);
      }
      BufferedImage scaled = scaled(image, Math.min(mostWidth, image.getWidth()));
      return of(scaled, "jpeg", jpeg(scaled));
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** {@code picture}, scaled down to {@code mostWidth} pixels where it is wider. */
  public static Thumbnail of(Picture picture, int mostWidth) {
    BufferedImage image = picture.toImage();
    try {
      BufferedImage scaled = scaled(image, Math.min(mostWidth, image.getWidth()));
      return of(scaled, "jpeg", jpeg(scaled));
    } catch (IOException e) {
      throw new DsVlmException("a picture cannot be encoded: " + e.getMessage(), e);
    }
  }

  /** The picture {@code image}, whose file in {@code format} is {@code bytes}. */
  static Thumbnail of(BufferedImage image, String format, byte[] bytes) {
    return new Thumbnail(
        image.getWidth(),
        image.getHeight(),
        "data:image/" + format + ";base64," + Base64.getEncoder().encodeToString(bytes));
  }

  private static BufferedImage scaled(BufferedImage image, int width) {
    int height = Math.max(1, Math.round((float) image.getHeight() * width / image.getWidth()));
    BufferedImage scaled = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return scaled;
  }

  private static byte[] jpeg(BufferedImage image) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      settings.setCompressionQuality(QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), settings);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** The tag. */
  public String html(String description) {
    return String.format(
        Locale.ROOT,
        "<img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"%s\">",
        data,
        width,
        height,
        Html.escape(description));
  }
}
