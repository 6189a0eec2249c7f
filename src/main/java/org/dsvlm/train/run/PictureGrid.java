/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Rows of pictures as one PNG file.
 *
 * @param width in pixels
 * @param height in pixels
 * @param png the file
 */
record PictureGrid(int width, int height, byte[] png) {
  private static final int CHANNELS = 3;

  /**
   * The grid of {@code rows}, each [pictures, 3, height, width] with values from -1 to 1 (what lies
   * beyond is clamped); at most the first {@code most} pictures of each.
   */
  static PictureGrid of(int most, Tensor... rows) {
    return of(most, "", rows);
  }

  /** The same of rows that have names; the file's text {@code Description} lists them. */
  static PictureGrid of(int most, Map<String, Tensor> rows) {
    return of(most, String.join(", ", rows.keySet()), rows.values().toArray(Tensor[]::new));
  }

  private static PictureGrid of(int most, String description, Tensor... rows) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor all = Torch.stack(0, rows);
      all = all.narrow(1, 0, Math.min(most, all.size(1)));
      int height = (int) (all.size(0) * all.size(3));
      int width = (int) (all.size(1) * all.size(4));
      // [rows, pictures, channels, h, w] to [rows, h, pictures, w, channels]
      Tensor levels =
          all.clamp_min(Torch.scalar(-1))
              .clamp_max(Torch.scalar(1))
              .add(Torch.scalar(1))
              .mul(Torch.scalar(127.5))
              .round()
              .permute(0, 3, 1, 4, 2)
              .to(ScalarType.Float);
      return new PictureGrid(width, height, png(Torch.floats(levels), width, height, description));
    }
  }

  private static byte[] png(float[] levels, int width, int height, String description) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] pixels = new int[width * height];
    for (int i = 0; i < pixels.length; i++) {
      int first = CHANNELS * i;
      pixels[i] =
          (int) levels[first] << 16 | (int) levels[first + 1] << 8 | (int) levels[first + 2];
    }
    image.setRGB(0, 0, width, height, pixels, 0, width);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    try (ImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(stream);
      writer.write(new IIOImage(image, null, metadata(writer, image, description)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static @Nullable IIOMetadata metadata(
      ImageWriter writer, BufferedImage image, String description) throws IOException {
    if (description.isEmpty()) {
      return null;
    }
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
    IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
    entry.setAttribute("keyword", "Description");
    entry.setAttribute("value", description);
    IIOMetadataNode texts = new IIOMetadataNode("tEXt");
    texts.appendChild(entry);
    IIOMetadataNode root = new IIOMetadataNode("javax_imageio_png_1.0");
    root.appendChild(texts);
    metadata.mergeTree("javax_imageio_png_1.0", root);
    return metadata;
  }
}
