/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;

/**
 * The same things in another hand: the Fluent emoji (MIT), which npm fetches. Flags, whose origin
 * there is not known, are no things of this world.
 */
public final class FluentStyle {
  private static final String PACKAGE = "@lobehub/fluent-emoji-3d";
  private static final String VERSION = "1.1.0";
  private static final long SECONDS = 180;

  private final Path assets;

  private FluentStyle(Path assets) {
    this.assets = assets;
  }

  /**
   * Fetches the pictures into {@code folder}.
   *
   * @param says is told why they are left out, if they are
   * @return empty where npm is not there, or does not bring them
   */
  public static Optional<FluentStyle> fetched(Path folder, Consumer<String> says) {
    List<String> command =
        List.of(
            "npm",
            "install",
            "--prefix",
            folder.toString(),
            "--ignore-scripts",
            "--no-save",
            "--no-audit",
            "--no-fund",
            PACKAGE + "@" + VERSION);
    Optional<String> failure = run(command, folder);
    Path assets = folder.resolve("node_modules").resolve(PACKAGE).resolve("assets");
    if (failure.isEmpty() && Files.isDirectory(assets)) {
      return Optional.of(new FluentStyle(assets));
    }
    says.accept(
        "the part "
            + NanoWorld.NEW_STYLE
            + " is left out: npm does not bring "
            + PACKAGE
            + " ("
            + failure.orElse("it holds no pictures")
            + ")");
    return Optional.empty();
  }

  private static Optional<String> run(List<String> command, Path folder) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("npm.log").toFile())
              .start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.of("no answer in " + SECONDS + " seconds");
      }
      return process.exitValue() == 0
          ? Optional.empty()
          : Optional.of("npm install ended with " + process.exitValue());
    } catch (IOException e) {
      return Optional.of(AtomicFiles.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    }
  }

  private Path file(Concept concept) {
    return assets.resolve(concept.code() + ".webp");
  }

  /** Whether the set shows {@code concept}. */
  boolean shows(Concept concept) {
    return Files.isRegularFile(file(concept));
  }

  /** The picture, 0xAARRGGBB; a few are higher than wide and get clear sides. */
  int[] argb(Concept concept) {
    Path file = file(concept);
    try {
      BufferedImage image = ImageIO.read(file.toFile());
      if (image == null) {
        throw new DsVlmException(file + ": is no WebP picture; fetch the package again");
      }
      return square(image);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  static int[] square(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    int side = Math.max(width, height);
    int[] pixels = new int[side * side];
    int first = (side - height) / 2 * side + (side - width) / 2;
    image.getRGB(0, 0, width, height, pixels, first, side);
    return pixels;
  }
}
