/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One safetensors file, mapped into memory. */
public final class Safetensors implements WeightSource {
  private record Entry(ScalarType dtype, long[] shape, long begin, long end) {}

  private static final Map<String, ScalarType> TYPES =
      Map.of(
          "F64", ScalarType.Double,
          "F32", ScalarType.Float,
          "F16", ScalarType.Half,
          "BF16", ScalarType.BFloat16,
          "I64", ScalarType.Long,
          "I32", ScalarType.Int,
          "I16", ScalarType.Short,
          "I8", ScalarType.Char,
          "U8", ScalarType.Byte,
          "BOOL", ScalarType.Bool);

  private final Path file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Tensor bytes;

  private Safetensors(Path file) throws IOException {
    this.file = file;
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(length, 0);
      long headerLength = length.flip().getLong();
      ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(headerLength));
      channel.read(header, 8);
      JsonNode json = new ObjectMapper().readTree(header.array());
      json.properties()
          .forEach(
              field -> {
                if (!field.getKey().equals("__metadata__")) {
                  JsonNode value = field.getValue();
                  long[] shape = new long[value.get("shape").size()];
                  for (int i = 0; i < shape.length; i++) {
                    shape[i] = value.get("shape").get(i).asLong();
                  }
                  entries.put(
                      field.getKey(),
                      new Entry(
                          TYPES.get(value.get("dtype").asText()),
                          shape,
                          8 + headerLength + value.get("data_offsets").get(0).asLong(),
                          8 + headerLength + value.get("data_offsets").get(1).asLong()));
                }
              });
      bytes =
          Torch.keep(
              torch.from_file(
                  file.toString(),
                  new BoolOptional(false),
                  new LongOptional(channel.size()),
                  Torch.options(ScalarType.Byte)));
    }
  }

  /** Maps {@code file} and reads its header. */
  public static Safetensors open(Path file) {
    try {
      return new Safetensors(file);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  @Override
  public long[] shape(String name) {
    return entries.get(name).shape().clone();
  }

  @Override
  public Tensor read(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new DsVlmException(file + ": no tensor '" + name + "'");
    }
    return Torch.tidy(
        () ->
            bytes
                .narrow(0, entry.begin(), entry.end() - entry.begin())
                .view(entry.dtype())
                .view(entry.shape()));
  }

  @Override
  public String where(String name) {
    return file.toString();
  }

  @Override
  public void close() {
    bytes.close();
  }
}
