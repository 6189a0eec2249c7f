/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.awt.image.Raster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * JPEG. Grey and colour are left to libjpeg-turbo (see {@link TurboJpeg}), as Pillow leaves them.
 * ImageIO decodes the rest, CMYK above all; the usual JDKs use libjpeg too, so every value agrees.
 * ImageIO gives the components as stored, and colours are computed here with libjpeg's integer
 * tables, since ImageIO's conversion would apply colour profiles.
 */
final class JpegDecoder {
  private static final int HALF = 1 << 15;

  /** Encoders write some ten scans. */
  private static final int USUAL_SCANS = 32;

  /** Pixels passed over; some seconds' worth. */
  private static final long MOST_WORK = 1L << 29;

  private static final int RED_CR = fixed(1.40200);
  private static final int BLUE_CB = fixed(1.77200);
  private static final int GREEN_CR = fixed(0.71414);
  private static final int GREEN_CB = fixed(0.34414);

  private JpegDecoder() {}

  private static int fixed(double value) {
    return (int) (value * (1 << 16) + 0.5);
  }

  static Picture decode(byte[] data, String where, long most) throws IOException {
    JpegMarkers markers = JpegMarkers.read(data, where);
    Picture.requireSize(markers.width(), markers.height(), where, most);
    requireFewScans(markers, where);
    int components = markers.components();
    if (components == 2 || components > 4) {
      throw new DsVlmException(
          where + ": a JPEG of " + components + " components cannot be shown as RGB; convert it");
    }
    // libjpeg would say so too, but after the last row and on standard error, without a name.
    JpegScan.End end = JpegScan.end(markers);
    @Nullable Picture picture = components == 4 ? null : TurboJpeg.decode(end.without(data));
    if (picture == null) {
      picture = throughImageIo(markers);
    }
    int bytes = end.bytes() + markers.skipped();
    return bytes == 0 ? picture : picture.withWarning(joined(picture.warning(), bytes));
  }

  private static String joined(String warning, int bytes) {
    String more = "the JPEG has " + bytes + " bytes of no meaning before its end";
    return warning.isEmpty() ? more : warning + "; " + more;
  }

  /**
   * Each scan of a progressive file is a pass over all of its pixels, however few bytes it has, and
   * the decoder cannot be interrupted.
   */
  private static void requireFewScans(JpegMarkers markers, String where) {
    long work = (long) markers.scans() * markers.width() * markers.height();
    if (markers.scans() > USUAL_SCANS && work > MOST_WORK) {
      throw new DsVlmException(
          where
              + ": the JPEG passes over its "
              + markers.width()
              + " x "
              + markers.height()
              + " pixels "
              + markers.scans()
              + " times; save it anew");
    }
  }

  /** Decodes without libjpeg-turbo; takes CMYK too. */
  static Picture throughImageIo(JpegMarkers markers) throws IOException {
    int components = markers.components();
    List<String> warnings = new ArrayList<>();
    Raster raster =
        PlainDecoder.withReader(
            "jpeg",
            markers.untransformed(),
            reader -> {
              reader.addIIOReadWarningListener((source, text) -> warnings.add(text));
              return reader.readRaster(0, null);
            });
    boolean luminanceChrominance = markers.luminanceChrominance();
    int width = raster.getWidth();
    byte[] rgb = new byte[3 * width * raster.getHeight()];
    int[] row = new int[components * width];
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        pixel(row, x * components, components, luminanceChrominance);
        int out = 3 * (y * width + x);
        for (int channel = 0; channel < 3; channel++) {
          rgb[out + channel] = (byte) row[x * components + (components == 1 ? 0 : channel)];
        }
      }
    }
    Picture picture = new Picture(width, raster.getHeight(), rgb);
    return warnings.isEmpty()
        ? picture
        : picture.withWarning(
            "the JPEG is damaged (" + String.join(", ", warnings) + ")" + TurboJpeg.GREY);
  }

  /** Turns the components at {@code at} into red, green and blue, in place. */
  private static void pixel(int[] row, int at, int components, boolean luminanceChrominance) {
    if (luminanceChrominance) {
      int y = row[at];
      int cb = row[at + 1] - 128;
      int cr = row[at + 2] - 128;
      row[at] = clip(y + (RED_CR * cr + HALF >> 16));
      row[at + 1] = clip(y + (-GREEN_CB * cb - GREEN_CR * cr + HALF >> 16));
      row[at + 2] = clip(y + (BLUE_CB * cb + HALF >> 16));
    }
    if (components == 4) {
      // Adobe stores CMYK inverted: a value is the light that its ink lets through. In YCCK the
      // three
      // inks are stored as the YCbCr of what they would be as red, green and blue, that is upright.
      int paper = row[at + 3];
      for (int channel = 0; channel < 3; channel++) {
        int ink = luminanceChrominance ? row[at + channel] : 255 - row[at + channel];
        row[at + channel] = clip(paper - byteProduct(ink, paper));
      }
    }
  }

  /** a · b / 255, rounded. */
  private static int byteProduct(int a, int b) {
    int product = a * b + 128;
    return (product >> 8) + product >> 8;
  }

  private static int clip(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
