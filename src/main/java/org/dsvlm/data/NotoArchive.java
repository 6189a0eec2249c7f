/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;

/**
 * The pictures of the Noto emoji set (Apache-2.0), read from the archive in which they are
 * published: {@code com.vanniktech:emoji-google-android}, strips of cells of 66 × 66 pixels, each a
 * picture of 64 × 64 within a border of one.
 */
public final class NotoArchive {
  /** Width and height of a picture. */
  public static final int SIZE = 64;

  /** System property that names the archive. */
  public static final String PROPERTY = "dsvlm.noto";

  private static final Path DEFAULT = Path.of("target", "noto", "emoji-google-android.zip");
  private static final String STRIP = "res/drawable-nodpi-v4/emoji_google_sheet_%d.png";
  private static final int CELL = 66;

  private final List<NotoEmoji> emoji;
  private final Map<String, int[]> pixels;

  private NotoArchive(List<NotoEmoji> emoji, Map<String, int[]> pixels) {
    this.emoji = emoji;
    this.pixels = pixels;
  }

  /**
   * Where the archive lies: the system property {@code dsvlm.noto}, which the launcher sets, or
   * else {@code target/noto} of the present folder, into which the build puts it.
   *
   * @throws DsVlmException if it is not there; the message says which command brings it
   */
  public static Path locate() {
    String named = System.getProperty(PROPERTY);
    Path archive = named == null ? DEFAULT : FilePath.of(PROPERTY, named);
    if (!Files.isRegularFile(archive)) {
      throw new DsVlmException(
          archive
              + ": the archive of the Noto pictures is missing; 'mvn process-resources' in the "
              + "project's folder brings it to "
              + DEFAULT
              + ", and -D"
              + PROPERTY
              + "=FILE names another place");
    }
    return archive;
  }

  /** Reads every picture of {@code archive}; takes about a second and 32 MB. */
  public static NotoArchive open(Path archive) {
    List<NotoEmoji> emoji = NotoEmoji.all();
    Map<String, int[]> pixels = new HashMap<>();
    try (ZipFile zip = new ZipFile(InputFiles.regular(archive).toFile())) {
      Map<Integer, BufferedImage> strips = new HashMap<>();
      for (NotoEmoji one : emoji) {
        BufferedImage strip = strips.get(one.sheet());
        if (strip == null) {
          strip = strip(archive, zip, one.sheet());
          strips.put(one.sheet(), strip);
        }
        pixels.put(one.code(), cell(archive, strip, one));
      }
    } catch (IOException e) {
      throw new DsVlmException(
          archive + ": cannot be read: " + e.getMessage() + "; fetch it again", e);
    }
    return new NotoArchive(emoji, pixels);
  }

  private static BufferedImage strip(Path archive, ZipFile zip, int number) throws IOException {
    String name = String.format(Locale.ROOT, STRIP, number);
    ZipEntry entry = zip.getEntry(name);
    BufferedImage strip =
        entry == null
            ? null
            : ImageIO.read(new MemoryCacheImageInputStream(zip.getInputStream(entry)));
    if (strip == null) {
      throw new DsVlmException(
          archive
              + ": has no picture "
              + name
              + "; version 0.23.0 of emoji-google-android is wanted");
    }
    return strip;
  }

  private static int[] cell(Path archive, BufferedImage strip, NotoEmoji emoji) {
    int top = emoji.row() * CELL + 1;
    if (strip.getWidth() != CELL || strip.getHeight() < top + SIZE) {
      throw new DsVlmException(
          archive
              + ": strip "
              + emoji.sheet()
              + " is too small for "
              + emoji.code()
              + "; version 0.23.0 of emoji-google-android is wanted");
    }
    return strip.getRGB(1, top, SIZE, SIZE, null, 0, SIZE);
  }

  /** The emoji of the archive, one picture each. */
  public List<NotoEmoji> emoji() {
    return emoji;
  }

  /** The picture with its transparency: 64 rows of 64 pixels, 0xAARRGGBB. */
  public int[] argb(NotoEmoji emoji) {
    return Objects.requireNonNull(pixels.get(emoji.code()), emoji.code()).clone();
  }

  /** The picture on white. */
  Picture picture(NotoEmoji emoji) {
    return picture(emoji, Look.PLAIN);
  }

  /** The picture as {@code look} varies it. */
  Picture picture(NotoEmoji emoji, Look look) {
    int[] source = Objects.requireNonNull(pixels.get(emoji.code()), emoji.code());
    byte[] rgb = new byte[3 * SIZE * SIZE];
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int fromX = (look.flipped() ? SIZE - 1 - x : x) - look.right();
        int fromY = y - look.down();
        boolean inside = fromX >= 0 && fromX < SIZE && fromY >= 0 && fromY < SIZE;
        int argb = inside ? source[fromY * SIZE + fromX] : 0;
        compose(argb, look.background(), rgb, 3 * (y * SIZE + x));
      }
    }
    return new Picture(SIZE, SIZE, rgb);
  }

  /** One pixel over the background, by its alpha, rounded to the nearest. */
  private static void compose(int argb, int background, byte[] rgb, int at) {
    int alpha = argb >>> 24;
    for (int channel = 0; channel < 3; channel++) {
      int shift = 16 - 8 * channel;
      int front = argb >>> shift & 255;
      int back = background >>> shift & 255;
      rgb[at + channel] = (byte) ((front * alpha + back * (255 - alpha) + 127) / 255);
    }
  }

  /**
   * How a picture is varied.
   *
   * @param right pixels that it is moved to the right (before the flip)
   * @param down pixels that it is moved down
   * @param flipped whether left and right are exchanged
   * @param background colour behind it, 0xRRGGBB
   */
  record Look(int right, int down, boolean flipped, int background) {
    static final Look PLAIN = new Look(0, 0, false, 0xFFFFFF);
  }
}
