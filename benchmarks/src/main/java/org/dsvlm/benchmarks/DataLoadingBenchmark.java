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
import org.dsvlm.data.Batch;
import org.dsvlm.data.BatchLength;
import org.dsvlm.data.Collator;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.data.ReconstructionTarget;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.text.Tokenizer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The loader's work on a file, on one thread: {@code load} what the vision encoder reads, as CLIP's
 * preprocessing at LLaVA-1.5's size; {@code record} a whole batch of one record, padded to a
 * square, with the picture that the diffusion reconstructs and the tokens and labels of four turns;
 * {@code decode} the picture alone.
 */
public class DataLoadingBenchmark extends SuiteBenchmark {
  private static final Pattern SHAPE =
      Pattern.compile("(jpeg|png):([1-9]\\d{1,3})x([1-9]\\d{1,3})");

  /** Pixels along a side that the diffusion reconstructs. */
  private static final int TARGET_SIDE = 512;

  private static final int IMAGE_TOKENS = 576;
  private static final int MAX_LENGTH = 2048;

  private static final String RECORDS =
      """
      [{"id": "bus", "image": "%s", "conversations": [
        {"from": "human", "value": "<image>\\nWhat are the colours of the bus in the picture?"},
        {"from": "gpt", "value": "The bus in the picture is white and red."},
        {"from": "human", "value": "What can be seen on the back of the bus?"},
        {"from": "gpt", "value": "The back of the bus shows an advertisement."},
        {"from": "human", "value": "Is the bus driving down the street or standing at its side?"},
        {"from": "gpt", "value": "It drives down the street, among people and other vehicles."},
        {"from": "human", "value": "What may the sign above its door be good for?"},
        {"from": "gpt", "value": "It tells passengers which way the bus takes, so that they can decide\
       in time whether to get on; it may also name the last stop."}]}]
      """;

  /** Format, width and height of the file. */
  @Param({"jpeg:640x480", "png:640x480"})
  public String shape;

  /** Type of the result; pictures are always 8 bits a channel before. */
  @Param("float32")
  public String dtype;

  private Path file;
  private ImageProcessor processor;
  private Tokenizer tokenizer;
  private LlavaJson records;
  private Collator collator;

  @Setup
  public void open() {
    Torch.load();
    file = file(shape);
    processor = ImageProcessor.read(file.resolveSibling("preprocessor_config.json"));
    Path folder = file.getParent();
    Path list = folder.resolve(file.getFileName() + ".records.json");
    AtomicFiles.text(list, RECORDS.formatted(file.getFileName()));
    tokenizer = Tokenizer.open(BenchmarkModels.tokenizer());
    records = LlavaJson.open(list, folder);
    collator =
        new Collator(
            ConversationTemplate.VICUNA_V1,
            tokenizer,
            processor.paddedToSquare(true),
            new ReconstructionTarget(TARGET_SIDE),
            new Collator.Layout(
                tokenizer.id(ConversationTemplate.IMAGE),
                IMAGE_TOKENS,
                0,
                MAX_LENGTH,
                BatchLength.LONGEST));
  }

  @TearDown
  public void close() {
    records.close();
    tokenizer.close();
  }

  @Benchmark
  public void load(Blackhole hole) {
    try (PointerScope scope = new PointerScope()) {
      hole.consume(pixels());
    }
  }

  @Benchmark
  public void record(Blackhole hole) {
    try (Batch batch = batch()) {
      hole.consume(batch);
    }
  }

  @Benchmark
  public Picture decode() {
    return Picture.read(file);
  }

  private Tensor pixels() {
    return processor.pixelValues(Picture.read(file));
  }

  private Batch batch() {
    return collator.batch(records, new int[1], 0);
  }

  @Override
  public double[] check(String mode) {
    try (PointerScope scope = new PointerScope()) {
      if (mode.equals("load")) {
        return new double[] {meanSquare(pixels())};
      }
      if (mode.equals("decode")) {
        byte[] rgb = decode().rgb();
        double sum = 0;
        for (byte level : rgb) {
          sum += (level & 0xff) * (double) (level & 0xff);
        }
        return new double[] {sum / rgb.length};
      }
      try (Batch batch = batch()) {
        Tensor learned = batch.labels().ne(Torch.scalar(TokenizedConversation.IGNORED));
        return new double[] {
          meanSquare(batch.pixelValues()),
          meanSquare(batch.picture()),
          meanSquare(batch.inputIds()),
          meanSquare(learned),
        };
      }
    }
  }

  private static double meanSquare(Tensor tensor) {
    return Torch.item(tensor.to(ScalarType.Double).square().mean());
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
