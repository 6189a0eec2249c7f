/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.AtomicFiles;
import org.dsvlm.tensor.Torch;
import org.dsvlm.vision.ImageProcessor;
import org.dsvlm.vision.Picture;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * From a file to what the vision encoder reads, on one thread: decode, resize the shorter edge to
 * 336, crop, normalise, as CLIP's preprocessing at LLaVA-1.5's size.
 */
public class DataLoadingBenchmark extends SuiteBenchmark {
  private static final Pattern SHAPE =
      Pattern.compile("(jpeg|png):([1-9]\\d{1,3})x([1-9]\\d{1,3})");

  /** Format, width and height of the file. */
  @Param({"jpeg:640x480", "png:640x480"})
  public String shape;

  /** Type of the result; pictures are always 8 bits a channel before. */
  @Param("float32")
  public String dtype;

  private Path file;
  private ImageProcessor processor;

  @Setup
  public void open() {
    Torch.load();
    file = file(shape);
    processor = ImageProcessor.read(file.resolveSibling("preprocessor_config.json"));
  }

  @TearDown
  public void close() {
    processor = null;
  }

  @Benchmark
  public void load(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(pixels());
    }
  }

  private Tensor pixels() {
    return processor.pixelValues(Picture.read(file));
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      return new double[] {Torch.item(pixels().to(ScalarType.Double).square().mean())};
    }
  }

  /** Soft shapes with some grain, about as hard to decode as a photograph. */
  private static Path file(String shape) {
    Matcher matcher = SHAPE.matcher(shape);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("shape '" + shape + "' is none like jpeg:640x480");
    }
    Path file = BenchmarkModels.folder().resolve("pictures").resolve(shape.replace(':', '.'));
    if (!Files.exists(file)) {
      int width = Integer.parseInt(matcher.group(2));
      int height = Integer.parseInt(matcher.group(3));
      AtomicFiles.text(
          file.resolveSibling("preprocessor_config.json"), BenchmarkModels.clipProcessor());
      AtomicFiles.file(file, path -> write(width, height, matcher.group(1), path));
    }
    return file;
  }

  private static void write(int width, int height, String format, Path path) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Random grain = new Random(1);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = level(Math.sin(x * 0.02) * Math.cos(y * 0.03), grain);
        int green = level(Math.sin(x * 0.011 + y * 0.017), grain);
        int blue = level(Math.cos(x * y * 0.0001), grain);
        image.setRGB(x, y, red << 16 | green << 8 | blue);
      }
    }
    ImageIO.write(image, format, path.toFile());
  }

  private static int level(double value, Random grain) {
    return (int) Math.max(0, Math.min(255, 127.5 + 100 * value + 8 * grain.nextGaussian()));
  }
}
