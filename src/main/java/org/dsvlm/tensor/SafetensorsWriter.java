/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes safetensors files, byte for byte as the format's own library does: tensors ordered by
 * type, then name, the header padded with spaces to a multiple of 8.
 */
public final class SafetensorsWriter {
  /** What every file that PyTorch users load carries. */
  public static final Map<String, String> PYTORCH = Map.of("format", "pt");

  /** Bytes handed to the file at a time; a tensor may be longer than one Java buffer. */
  private static final long CHUNK = 1L << 26;

  private SafetensorsWriter() {}

  /**
   * Writes {@code tensors} into {@code file}, with the metadata {@code format: pt}. The file
   * appears whole or not at all; saving over a file that is mapped is safe (see {@link
   * AtomicFiles#file}).
   *
   * @throws DsVlmException if it cannot be written or a tensor's type has no safetensors name
   */
  public static void write(Path file, Map<String, Tensor> tensors) {
    write(file, tensors, PYTORCH);
  }

  /** As above, with the caller's own metadata. */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    List<Map.Entry<String, Tensor>> ordered =
        tensors.entrySet().stream()
            .sorted(
                Comparator.comparing(
                        (Map.Entry<String, Tensor> entry) -> type(entry.getKey(), entry.getValue()))
                    .reversed()
                    .thenComparing(
                        entry -> entry.getKey().getBytes(StandardCharsets.UTF_8),
                        Arrays::compareUnsigned))
            .toList();
    if (tensors.containsKey(SafetensorsJson.METADATA)) {
      throw new DsVlmException(
          file + ": no tensor can be called " + SafetensorsJson.METADATA + "; rename it");
    }
    byte[] header = header(file, ordered, metadata);
    AtomicFiles.file(
        file,
        path -> {
          try (FileChannel channel =
              FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeFully(channel, ByteBuffer.wrap(header));
            for (Map.Entry<String, Tensor> entry : ordered) {
              writeTensor(channel, entry.getValue());
            }
          }
        });
  }

  /**
   * Writes {@code tensors} into {@code folder}: {@code STEM.safetensors} if they fit into {@code
   * shardBytes}, else {@code STEM-00001-of-0000n.safetensors} and so on with the index last. The
   * folder itself is not replaced in one step; fill a new one under {@link AtomicFiles#folder}.
   *
   * @param stem {@code model} or {@code diffusion_pytorch_model}
   * @param shardBytes most bytes of tensors in one file; a single larger tensor has its own
   */
  public static void writeFolder(
      Path folder, String stem, Map<String, Tensor> tensors, long shardBytes) {
    List<Map<String, Tensor>> shards = split(tensors, shardBytes);
    if (shards.size() == 1) {
      write(folder.resolve(stem + ".safetensors"), tensors);
      return;
    }
    Map<String, String> shardOfTensor = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = String.format("%s-%05d-of-%05d.safetensors", stem, i + 1, shards.size());
      write(folder.resolve(name), shards.get(i));
      shards.get(i).keySet().forEach(tensor -> shardOfTensor.put(tensor, name));
    }
    long total = tensors.values().stream().mapToLong(SafetensorsWriter::bytes).sum();
    AtomicFiles.text(
        folder.resolve(stem + ".safetensors.index.json"), ShardIndex.write(shardOfTensor, total));
  }

  private static List<Map<String, Tensor>> split(Map<String, Tensor> tensors, long shardBytes) {
    List<Map<String, Tensor>> shards = new ArrayList<>();
    Map<String, Tensor> current = new LinkedHashMap<>();
    shards.add(current);
    long filled = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      long size = bytes(entry.getValue());
      if (!current.isEmpty() && filled + size > shardBytes) {
        current = new LinkedHashMap<>();
        shards.add(current);
        filled = 0;
      }
      current.put(entry.getKey(), entry.getValue());
      filled += size;
    }
    return shards;
  }

  /** Bytes that {@code tensor} takes in a file. */
  private static long bytes(Tensor tensor) {
    return tensor.numel() * tensor.element_size();
  }

  private static SafetensorsType type(String name, Tensor tensor) {
    return SafetensorsType.of(tensor.scalar_type())
        .orElseThrow(
            () ->
                new DsVlmException(
                    "tensor '"
                        + name
                        + "' is "
                        + Torch.describe(tensor)
                        + ", a type that safetensors has no name for; convert it first"));
  }

  private static byte[] header(
      Path file, List<Map.Entry<String, Tensor>> ordered, Map<String, String> metadata) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode strings = root.putObject(SafetensorsJson.METADATA);
      metadata.entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(entry -> strings.put(entry.getKey(), entry.getValue()));
    }
    long position = 0;
    for (Map.Entry<String, Tensor> entry : ordered) {
      Tensor tensor = entry.getValue();
      ObjectNode node = root.putObject(entry.getKey());
      node.put("dtype", type(entry.getKey(), tensor).name());
      ArrayNode shape = node.putArray("shape");
      Arrays.stream(Torch.shape(tensor)).forEach(shape::add);
      long end = position + bytes(tensor);
      node.putArray("data_offsets").add(position).add(end);
      position = end;
    }
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
    if (padded > SafetensorsHeader.LONGEST) {
      throw new DsVlmException(
          file
              + ": the header would be "
              + padded
              + " bytes, above the format's cap of "
              + SafetensorsHeader.LONGEST
              + "; write fewer tensors into one file");
    }
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    header.put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.array();
  }

  private static void writeTensor(FileChannel channel, Tensor tensor) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      Tensor stored = tensor.detach().cpu().contiguous();
      long total = bytes(stored);
      if (total == 0) {
        return;
      }
      BytePointer pointer = new BytePointer(stored.data_ptr());
      for (long begin = 0; begin < total; begin += CHUNK) {
        long end = Math.min(total, begin + CHUNK);
        writeFully(channel, pointer.position(begin).limit(end).asByteBuffer());
      }
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
