/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

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
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.ShardIndex;
import org.dsvlm.weights.StoredType;
import org.dsvlm.weights.WeightSource;

/**
 * Writes safetensors files, byte for byte as the format's own library does: tensors ordered by
 * type, then name, the header padded with spaces to a multiple of 8.
 */
public final class SafetensorsWriter {
  /** The metadata that PyTorch users' files carry. */
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
    write(file, stored(tensors), metadata);
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
    writeFolder(folder, stem, stored(tensors), shardBytes);
  }

  /**
   * As {@link #writeFolder(Path, String, Map, long)}, each tensor read when its turn comes and
   * freed when it is written: no two are in memory at a time.
   */
  public static void writeFolder(Path folder, String stem, WeightSource source, long shardBytes) {
    List<Stored> tensors =
        source.names().stream()
            .map(
                name ->
                    new Stored(
                        name,
                        type(name, source.dtype(name), source.shape(name)),
                        source.shape(name),
                        () -> source.read(name)))
            .toList();
    writeFolder(folder, stem, tensors, shardBytes);
  }

  /** A tensor to be written, and its entry in the header. */
  private record Stored(String name, StoredType type, long[] shape, Supplier<Tensor> contents) {
    /** Bytes that it takes in a file. */
    long bytes() {
      return Arrays.stream(shape).reduce(type.bytes(), Math::multiplyExact);
    }
  }

  private static List<Stored> stored(Map<String, Tensor> tensors) {
    List<Stored> stored = new ArrayList<>();
    tensors.forEach(
        (name, tensor) -> {
          long[] shape = Torch.shape(tensor);
          stored.add(
              new Stored(name, type(name, tensor.scalar_type(), shape), shape, () -> tensor));
        });
    return stored;
  }

  private static StoredType type(String name, ScalarType dtype, long[] shape) {
    return StoredType.of(dtype)
        .orElseThrow(
            () ->
                new DsVlmException(
                    "tensor '"
                        + name
                        + "' is "
                        + DTypes.name(dtype)
                        + " "
                        + Arrays.toString(shape)
                        + ", a type that safetensors has no name for; convert it first"));
  }

  private static void writeFolder(Path folder, String stem, List<Stored> tensors, long shardBytes) {
    List<List<Stored>> shards = split(tensors, shardBytes);
    if (shards.size() == 1) {
      write(folder.resolve(stem + ".safetensors"), tensors, PYTORCH);
      return;
    }
    Map<String, String> shardOfTensor = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String file =
          String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", stem, i + 1, shards.size());
      write(folder.resolve(file), shards.get(i), PYTORCH);
      shards.get(i).forEach(tensor -> shardOfTensor.put(tensor.name(), file));
    }
    long total = tensors.stream().mapToLong(Stored::bytes).sum();
    AtomicFiles.text(
        folder.resolve(stem + ".safetensors.index.json"), ShardIndex.write(shardOfTensor, total));
  }

  private static List<List<Stored>> split(List<Stored> tensors, long shardBytes) {
    List<List<Stored>> shards = new ArrayList<>();
    List<Stored> current = new ArrayList<>();
    shards.add(current);
    long filled = 0;
    for (Stored tensor : tensors) {
      if (!current.isEmpty() && filled + tensor.bytes() > shardBytes) {
        current = new ArrayList<>();
        shards.add(current);
        filled = 0;
      }
      current.add(tensor);
      filled += tensor.bytes();
    }
    return shards;
  }

  private static void write(Path file, List<Stored> tensors, Map<String, String> metadata) {
    List<Stored> ordered =
        tensors.stream()
            .sorted(
                Comparator.comparing(Stored::type)
                    .reversed()
                    .thenComparing(
                        tensor -> tensor.name().getBytes(StandardCharsets.UTF_8),
                        Arrays::compareUnsigned))
            .toList();
    byte[] header = header(file, ordered, metadata);
    AtomicFiles.file(
        file,
        path -> {
          try (FileChannel channel =
              FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeFully(channel, ByteBuffer.wrap(header));
            for (Stored tensor : ordered) {
              writeTensor(channel, tensor);
            }
          }
        });
  }

  private static byte[] header(Path file, List<Stored> ordered, Map<String, String> metadata) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode strings = root.putObject(SafetensorsJson.METADATA);
      metadata.entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(entry -> strings.put(entry.getKey(), entry.getValue()));
    }
    long position = 0;
    for (Stored tensor : ordered) {
      if (tensor.name().equals(SafetensorsJson.METADATA)) {
        throw new DsVlmException(
            file + ": no tensor can be called " + SafetensorsJson.METADATA + "; rename it");
      }
      ObjectNode node = root.putObject(tensor.name());
      node.put("dtype", tensor.type().name());
      ArrayNode shape = node.putArray("shape");
      Arrays.stream(tensor.shape()).forEach(shape::add);
      long end = position + tensor.bytes();
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

  private static void writeTensor(FileChannel channel, Stored tensor) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      Tensor contents = tensor.contents().get().detach().cpu().contiguous();
      long total = contents.numel() * contents.element_size();
      if (total != tensor.bytes()) {
        throw new DsVlmException(
            "tensor '"
                + tensor.name()
                + "' is "
                + Torch.describe(contents)
                + ", not the "
                + Arrays.toString(tensor.shape())
                + " that was announced");
      }
      if (total == 0) {
        return;
      }
      BytePointer pointer = new BytePointer(contents.data_ptr());
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
