/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Formats whose pixels ImageIO hands over as they are stored. ImageIO's own conversion to RGB is
 * not used, because it applies colour profiles and scales 16-bit values.
 */
final class PlainDecoder {
  /** Work with an opened reader. */
  @FunctionalInterface
  interface Step<T> {
    T with(ImageReader reader) throws IOException;
  }

  private PlainDecoder() {}

  static Picture decode(String format, byte[] data, String where, long most) throws IOException {
    return withReader(
        format,
        data,
        reader -> {
          Picture.requireSize(reader.getWidth(0), reader.getHeight(0), where, most);
          return picture(reader.read(0), null);
        });
  }

  /** A PNG's pixels; the colours of its palette are taken from the file, as it has them. */
  static Picture png(byte[] data, String where, long most) throws IOException {
    PngChunks chunks = PngChunks.read(data, where);
    return withReader(
        "png",
        chunks.pixels(),
        reader -> {
          Picture.requireSize(reader.getWidth(0), reader.getHeight(0), where, most);
          Picture picture = picture(reader.read(0), chunks.palette());
          String warning = chunks.warning();
          return warning.isEmpty() ? picture : picture.withWarning(warning);
        });
  }

  private static Picture picture(BufferedImage image, byte @Nullable [] palette) {
    byte[] rgb = palette == null ? rgb(image) : PaletteColours.of(palette).rgb(image.getRaster());
    return new Picture(image.getWidth(), image.getHeight(), rgb);
  }

  /** Opens ImageIO's reader for {@code format} on {@code data} and closes it after {@code step}. */
  static <T> T withReader(String format, byte[] data, Step<T> step) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(data))) {
      reader.setInput(stream);
      return step.with(reader);
    } finally {
      reader.dispose();
    }
  }

  private static byte[] rgb(BufferedImage image) {
    Raster raster = image.getRaster();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      return PaletteColours.of(palette).rgb(raster);
    }
    if (raster.getSampleModel() instanceof PixelInterleavedSampleModel model
        && raster.getDataBuffer() instanceof DataBufferByte bytes) {
      return levels(model, bytes);
    }
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    int[] bits = raster.getSampleModel().getSampleSize();
    byte[] rgb = new byte[3 * width * raster.getHeight()];
    int[] row = new int[bands * width];
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int i = 0; i < 3 * width; i++) {
        int band = bands < 3 ? 0 : i % 3;
        rgb[3 * width * y + i] = (byte) level(row[i / 3 * bands + band], bits[band], bands);
      }
    }
    return rgb;
  }

  /** Copies 8-bit levels that lie side by side, as in most files, without looking at them. */
  private static byte[] levels(PixelInterleavedSampleModel model, DataBufferByte bytes) {
    int[] offsets = model.getBandOffsets();
    byte[] stored = bytes.getData();
    byte[] rgb = new byte[3 * model.getWidth() * model.getHeight()];
    int to = 0;
    for (int y = 0; y < model.getHeight(); y++) {
      int from = bytes.getOffset() + y * model.getScanlineStride();
      for (int x = 0; x < model.getWidth(); x++) {
        rgb[to] = stored[from + offsets[0]];
        rgb[to + 1] = stored[from + offsets[offsets.length < 3 ? 0 : 1]];
        rgb[to + 2] = stored[from + offsets[offsets.length < 3 ? 0 : 2]];
        to += 3;
        from += model.getPixelStride();
      }
    }
    return rgb;
  }

  /** A stored value as one of 256 levels. */
  private static int level(int value, int bits, int bands) {
    if (bits == 16) {
      return bands == 1 ? Math.min(value, 255) : value >> 8;
    }
    return bits == 8 ? value : value * 255 / ((1 << bits) - 1);
  }
}
