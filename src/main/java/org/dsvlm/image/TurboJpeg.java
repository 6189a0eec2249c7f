/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.leptonica;
import org.dsvlm.io.LibraryLoading;
import org.dsvlm.tensor.LibraryExtraction;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libjpeg-turbo, which Leptonica's JAR brings. It computes what libjpeg computes, several times as
 * fast, and is the same in every JDK.
 */
final class TurboJpeg {
  private static final Logger LOG = LoggerFactory.getLogger(TurboJpeg.class);

  /** Leptonica's severity above all: it prints nothing. */
  private static final int SILENT = 6;

  /** What comes of damage that still leaves a picture. */
  static final String GREY = "; parts of it may be grey";

  private TurboJpeg() {}

  /** Loads the library when first asked for. */
  private static final class Holder {
    static final boolean LOADED = load();

    private static boolean load() {
      try {
        // Leptonica's JAR has a libgomp, too; LibTorch's own is to be the only one.
        Torch.load();
        LibraryExtraction.load(leptonica.class);
        leptonica.setMsgSeverity(SILENT);
        return true;
      } catch (LinkageError e) {
        String reason = LibraryLoading.failure(e).map(Throwable::getMessage).orElseThrow();
        LOG.info("JPEG through ImageIO, without libjpeg-turbo: {}", reason);
        return false;
      }
    }
  }

  /**
   * Decodes a grey or RGB picture.
   *
   * @return nothing if the library is not there or cannot read the picture
   */
  static @Nullable Picture decode(byte[] jpeg) {
    if (!Holder.LOADED) {
      return null;
    }
    try (PointerScope scope = new PointerScope()) {
      IntPointer warnings = new IntPointer(1);
      PIX pix = leptonica.pixReadMemJpeg(new BytePointer(jpeg), jpeg.length, 0, 1, warnings, 0);
      if (pix == null) {
        return null;
      }
      try {
        Picture picture = picture(pix);
        // libjpeg itself writes what is wrong to standard error, but not in which file.
        return picture == null || warnings.get() == 0
            ? picture
            : picture.withWarning(
                "the JPEG is damaged (" + warnings.get() + " warnings of libjpeg)" + GREY);
      } finally {
        leptonica.pixDestroy(pix);
      }
    }
  }

  /** Copies pixels, which are words of four bytes with red or the first grey one uppermost. */
  private static @Nullable Picture picture(PIX pix) {
    int width = pix.w();
    int height = pix.h();
    boolean grey = pix.d() == 8;
    if ((!grey && pix.d() != 32) || pix.colormap() != null) {
      return null;
    }
    byte[] rgb = new byte[3 * width * height];
    int[] words = new int[pix.wpl()];
    IntPointer data = pix.data();
    int to = 0;
    for (int y = 0; y < height; y++) {
      data.position((long) y * words.length).get(words);
      for (int x = 0; x < width; x++) {
        int word = grey ? (words[x / 4] >>> 24 - x % 4 * 8 & 0xff) * 0x01010100 : words[x];
        rgb[to] = (byte) (word >>> 24);
        rgb[to + 1] = (byte) (word >>> 16);
        rgb[to + 2] = (byte) (word >>> 8);
        to += 3;
      }
    }
    return new Picture(width, height, rgb);
  }
}
