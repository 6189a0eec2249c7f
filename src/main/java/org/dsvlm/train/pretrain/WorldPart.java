/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.data.LlavaRecord;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.StrictJson;
import org.dsvlm.tensor.Torch;

/**
 * One part of the nano world in memory: pictures, and the truth about each.
 *
 * @param side the pictures' width and height
 * @param labels a record of {@code labels.jsonl} a picture
 * @param pixels uint8 [pictures, side, side, 3]; lives as long as the process
 * @param conversations the records of {@code conversations.json}
 */
record WorldPart(int side, List<JsonNode> labels, Tensor pixels, List<LlavaRecord> conversations) {
  private static final String DESCRIPTION = "world.json";

  /**
   * Reads the part {@code name} of {@code world}.
   *
   * @throws DsVlmException if the folder holds no nano world
   */
  static WorldPart read(Path world, String name) {
    if (!Files.isRegularFile(world.resolve(DESCRIPTION))) {
      throw new DsVlmException(
          world + ": is no nano world; 'dsvlm data nano --out " + world + "' makes one");
    }
    int side = JsonConfig.read(world.resolve(DESCRIPTION)).size("side");
    Path folder = world.resolve(name);
    List<JsonNode> labels = labels(folder.resolve("labels.jsonl"));
    List<LlavaRecord> conversations = new ArrayList<>();
    Path images = folder.resolve("images");
    try (LlavaJson json = LlavaJson.open(folder.resolve("conversations.json"), images)) {
      for (int i = 0; i < json.size(); i++) {
        conversations.add(json.get(i));
      }
    }
    return new WorldPart(side, labels, pixels(images, labels, side), conversations);
  }

  private static List<JsonNode> labels(Path file) {
    ObjectMapper json = StrictJson.json();
    List<JsonNode> labels = new ArrayList<>();
    try {
      for (String line : InputFiles.lines(file)) {
        labels.add(json.readTree(line));
      }
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
    return labels;
  }

  private static Tensor pixels(Path images, List<JsonNode> labels, int side) {
    int each = 3 * side * side;
    try (PointerScope scope = new PointerScope()) {
      Tensor pixels =
          torch.zeros(new long[] {labels.size(), side, side, 3}, Torch.options(ScalarType.Byte));
      BytePointer bytes = new BytePointer(pixels.data_ptr());
      for (int i = 0; i < labels.size(); i++) {
        Path file = images.resolve(labels.get(i).path("image").asText());
        Picture picture = Picture.read(file);
        if (picture.width() != side || picture.height() != side) {
          throw new DsVlmException(file + ": is not " + side + " pixels a side");
        }
        bytes.position((long) i * each).put(picture.rgb(), 0, each);
      }
      return Torch.keep(pixels);
    }
  }

  int size() {
    return labels.size();
  }

  String caption(int index) {
    return labels.get(index).path("caption").asText();
  }

  /** The pictures {@code rows}, float32 [rows, 3, side, side] in [-1, 1]. */
  Tensor pictures(long... rows) {
    return Torch.tidy(
        () ->
            pixels
                .index_select(0, Torch.of(rows, rows.length))
                .permute(0, 3, 1, 2)
                .to(ScalarType.Float)
                .div(Torch.scalar(127.5))
                .sub(Torch.scalar(1))
                .contiguous());
  }

  /** Numbers from 0 on, as many as there are pictures, at most {@code most}. */
  long[] first(int most) {
    long[] rows = new long[Math.min(most, size())];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i;
    }
    return rows;
  }
}
