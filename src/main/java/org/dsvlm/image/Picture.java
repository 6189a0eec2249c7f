/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A picture of 8-bit RGB pixels.
 *
 * <p>{@link #read} gives what Pillow's {@code Image.open(file).convert("RGB")} gives, since the
 * published models were trained on that: alpha is dropped rather than blended, an animation shows
 * its first frame, 16-bit colour keeps its high byte while 16-bit grey is cut off at 255, colour
 * profiles and the EXIF orientation are not applied. JPEG, PNG, GIF, BMP and WebP are recognised by
 * content, whatever the file is called, and every value agrees with Pillow's; other formats are
 * refused by name.
 */
public final class Picture {
  private static final Logger LOG = LoggerFactory.getLogger(Picture.class);

  /**
   * Largest number of pixels that is decoded, as in Pillow; a header that claims more is refused.
   */
  public static final long MAX_PIXELS = 178_956_970;

  /** Largest picture file that is read, in bytes; pixels of the largest picture take half. */
  public static final int MAX_BYTES = 1 << 30;

  private static final int BYTE_BITS = 8;

  private final int width;
  private final int height;
  private final byte[] rgb;
  private final String warning;

  /**
   * @param rgb width · height · 3 values row by row, red first; not copied
   */
  public Picture(int width, int height, byte[] rgb) {
    this(width, height, rgb, "");
  }

  private Picture(int width, int height, byte[] rgb, String warning) {
    if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          rgb.length + " values are no RGB picture of " + width + " x " + height);
    }
    this.width = width;
    this.height = height;
    this.rgb = rgb;
    this.warning = warning;
  }

  /** The same pixels with what their decoder found amiss. */
  Picture withWarning(String found) {
    return new Picture(width, height, rgb, found);
  }

  /**
   * Reads a picture file.
   *
   * @throws DsVlmException naming the file, if it is missing, empty, cut short, larger than {@link
   *     #MAX_PIXELS}, or no picture
   */
  public static Picture read(Path file) {
    byte[] data;
    try (InputStream stream = InputFiles.stream(Arguments.given(file, "file"))) {
      data = bytes(stream, MAX_BYTES, file.toString());
    } catch (NoSuchFileException e) {
      throw new DsVlmException(
          file + ": there is no such picture; check the path and the folder that it is relative to",
          e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": the picture cannot be read: " + e.getMessage(), e);
    }
    return read(data, file.toString());
  }

  /**
   * Reads a picture file from a stream, to its end; the stream stays open.
   *
   * @param where its name in messages
   * @throws DsVlmException like {@link #read(Path)}
   */
  public static Picture read(InputStream stream, String where) {
    Arguments.given(where, "where");
    try {
      return read(bytes(Arguments.given(stream, "stream"), MAX_BYTES, where), where);
    } catch (IOException e) {
      throw new DsVlmException(where + ": the picture cannot be read: " + e.getMessage(), e);
    }
  }

  /** No more than {@code most}, whatever a stream goes on to give. */
  static byte[] bytes(InputStream stream, int most, String where) throws IOException {
    byte[] data = stream.readNBytes(most);
    if (stream.read() >= 0) {
      throw tooLarge(most, where);
    }
    return data;
  }

  private static DsVlmException tooLarge(int most, String where) {
    return new DsVlmException(
        where + ": the picture has more than " + most + " bytes; scale it down or leave it out");
  }

  /**
   * A copy of a picture of Java's own graphics. Alpha is dropped, and of grey with 16 bits the high
   * byte is kept.
   *
   * @throws DsVlmException if it is larger than {@link #MAX_PIXELS}
   */
  public static Picture of(BufferedImage image) {
    int width = Arguments.given(image, "image").getWidth();
    int height = image.getHeight();
    if ((long) width * height > MAX_PIXELS) {
      throw new DsVlmException(
          "an image of "
              + width
              + " x "
              + height
              + " pixels is larger than the limit of "
              + MAX_PIXELS
              + "; scale it down");
    }
    byte[] rgb = new byte[3 * width * height];
    boolean grey = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    int shift = grey ? Math.max(0, image.getSampleModel().getSampleSize(0) - BYTE_BITS) : 0;
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      if (grey) {
        // Java takes grey for linear light, and would brighten it.
        image.getRaster().getSamples(0, y, width, 1, 0, row);
      } else {
        image.getRGB(0, y, width, 1, row, 0, width);
      }
      for (int x = 0; x < width; x++) {
        int at = 3 * (y * width + x);
        int value = grey ? 0x010101 * (row[x] >> shift & 255) : row[x];
        rgb[at] = (byte) (value >> 16);
        rgb[at + 1] = (byte) (value >> 8);
        rgb[at + 2] = (byte) value;
      }
    }
    return new Picture(width, height, rgb);
  }

  /**
   * Decodes the bytes of a picture file.
   *
   * @param where its name in messages
   * @throws DsVlmException like {@link #read(Path)}
   */
  public static Picture read(byte[] data, String where) {
    return read(data, where, MAX_PIXELS);
  }

  /**
   * The same for bytes of strangers, whose pictures are to be smaller.
   *
   * @param where its name in messages
   * @param most pixels that are decoded; a header that claims more is refused
   * @throws DsVlmException like {@link #read(Path)}
   */
  public static Picture read(byte[] data, String where, long most) {
    Arguments.given(where, "where");
    if (Arguments.given(data, "data").length == 0) {
      throw new DsVlmException(where + ": the picture is empty (0 bytes); download it again");
    }
    if (data.length > MAX_BYTES) {
      throw tooLarge(MAX_BYTES, where);
    }
    try {
      Picture picture =
          PictureFormat.of(data, where).decode(data, where, Math.min(most, MAX_PIXELS));
      if (!picture.warning.isEmpty()) {
        LOG.warn("{}: {}", where, picture.warning);
      }
      return picture;
    } catch (OutOfMemoryError e) {
      // One large array that did not fit: the JVM goes on, and so can whoever has other pictures.
      throw new DsVlmException(
          where
              + ": the picture does not fit into memory; give the JVM more (-Xmx) or scale it down",
          e);
    } catch (IOException | RuntimeException e) {
      if (e instanceof DsVlmException known) {
        throw known;
      }
      // ImageIO's readers also answer broken files with unchecked exceptions of every kind.
      throw new DsVlmException(
          where + ": the picture is damaged (" + e.getMessage() + "); download it again", e);
    }
  }

  /** Refuses a size that a header claims, before anything of that size is allocated. */
  static void requireSize(long width, long height, String where, long most) {
    if (width < 1 || height < 1) {
      throw new DsVlmException(
          where + ": the header claims " + width + " x " + height + " pixels; the file is damaged");
    }
    if (width * height > most) {
      throw new DsVlmException(
          where
              + ": the header claims "
              + width
              + " x "
              + height
              + " pixels, more than the limit of "
              + most
              + "; scale the picture down or leave it out");
    }
    long heap = Runtime.getRuntime().maxMemory();
    if (3 * width * height > heap / 2) {
      throw new DsVlmException(
          where
              + ": "
              + width
              + " x "
              + height
              + " pixels take more than half of the JVM's "
              + (heap >> 20)
              + " MB; give it more (-Xmx, DSVLM_HEAP) or scale the picture down");
    }
  }

  /** Width in pixels. */
  public int width() {
    return width;
  }

  /** Height in pixels. */
  public int height() {
    return height;
  }

  /** The values row by row, red first; not a copy. */
  public byte[] rgb() {
    return rgb;
  }

  /**
   * What the decoder found amiss in the file and passed over, as Pillow does, such as broken data
   * within a JPEG; empty if all is sound.
   */
  public String warning() {
    return warning;
  }

  /** A copy for Java's own graphics. */
  public BufferedImage toImage() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] pixels = new int[width * height];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | (rgb[3 * i + 2] & 255);
    }
    image.setRGB(0, 0, width, height, pixels, 0, width);
    return image;
  }
}
