/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/** Builds files as torch.save writes them by hand, sound ones and others. */
public final class PickleFiles {
  public static final Path RESOURCES = Path.of("src/test/resources/pickles");

  private PickleFiles() {}

  /** A pickle of protocol 2 with these instructions, each character one byte. */
  public static byte[] pickle(String instructions) {
    return ("\u0080\u0002" + instructions + ".").getBytes(StandardCharsets.ISO_8859_1);
  }

  public static String text(String text) {
    return "X" + littleEndian(text.length()) + text;
  }

  public static String number(int number) {
    return "J" + littleEndian(number);
  }

  public static String littleEndian(int number) {
    byte[] bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Instructions for {@code {"a": tensor}}, float32 numbers of storage {@code "0"}. */
  public static String dictionary(String tensor) {
    return "}" + text("a") + tensor + "s";
  }

  public static String tensor(int storageElements, int offset, int[] shape, int[] strides) {
    return tensor("0", "FloatStorage", storageElements, offset, shape, strides);
  }

  private static String tensor(
      String key, String storage, int elements, int offset, int[] shape, int[] strides) {
    return "ctorch._utils\n_rebuild_tensor_v2\n(("
        + text("storage")
        + "ctorch\n"
        + storage
        + "\n"
        + text(key)
        + text("cpu")
        + number(elements)
        + "tQ"
        + number(offset)
        + tuple(shape)
        + tuple(strides)
        + "\u0089)tR";
  }

  /** Writes {@code tensors} as torch.save does, each with a storage of its own. */
  public static void save(Path file, Map<String, Tensor> tensors) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    StringBuilder instructions = new StringBuilder("}");
    tensors.forEach(
        (name, tensor) -> {
          String key = Integer.toString(entries.size());
          entries.put("x/data/" + key, bytes(tensor));
          int[] shape = Arrays.stream(Torch.shape(tensor)).mapToInt(Math::toIntExact).toArray();
          int[] strides = IntStream.range(0, shape.length).map(i -> stride(tensor, i)).toArray();
          int elements = Math.toIntExact(tensor.numel());
          instructions
              .append(text(name))
              .append(tensor(key, storage(tensor), elements, 0, shape, strides))
              .append('s');
        });
    entries.put("x/data.pkl", pickle(instructions.toString()));
    Files.write(file, zip(entries, ZipEntry.STORED));
  }

  private static int stride(Tensor tensor, int dimension) {
    return Math.toIntExact(tensor.contiguous().stride(dimension));
  }

  private static String storage(Tensor tensor) {
    return switch (tensor.scalar_type().intern()) {
      case Double -> "DoubleStorage";
      case Float -> "FloatStorage";
      case Half -> "HalfStorage";
      case BFloat16 -> "BFloat16Storage";
      default -> throw new IllegalArgumentException(Torch.describe(tensor));
    };
  }

  private static byte[] bytes(Tensor tensor) {
    Tensor contiguous = tensor.detach().contiguous();
    byte[] bytes = new byte[Math.toIntExact(contiguous.numel() * contiguous.element_size())];
    new BytePointer(contiguous.data_ptr()).get(bytes);
    return bytes;
  }

  private static String tuple(int... numbers) {
    StringBuilder text = new StringBuilder("(");
    for (int number : numbers) {
      text.append(number(number));
    }
    return text.append('t').toString();
  }

  /** A file whose data.pkl is {@code pickle} and whose storage 0 has {@code bytes} zeros. */
  public static byte[] zip(byte[] pickle, int bytes) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("x/data.pkl", pickle);
    entries.put("x/data/0", new byte[bytes]);
    return zip(entries, ZipEntry.STORED);
  }

  public static byte[] zip(Map<String, byte[]> entries, int method) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(file)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        CRC32 sum = new CRC32();
        sum.update(content.getValue());
        entry.setMethod(method);
        entry.setSize(content.getValue().length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return file.toByteArray();
  }
}
