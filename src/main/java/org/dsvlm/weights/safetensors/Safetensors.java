/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.MappedFile;
import org.dsvlm.weights.WeightSource;

/**
 * One safetensors file: opening reads the header alone, and each tensor is read when it is asked
 * for, copied or mapped as {@link MappedFile} says. A file that is replaced by a rename, which is
 * how {@link SafetensorsWriter} saves, is read to its end.
 */
public final class Safetensors implements WeightSource {
  private final Path file;
  private final SafetensorsHeader header;
  private final MappedFile bytes;

  private Safetensors(Path file, FileChannel channel) throws IOException {
    this.file = file;
    header = SafetensorsHeader.read(file.toString(), channel);
    bytes = new MappedFile(file, channel);
  }

  /**
   * Opens {@code file} and reads its header.
   *
   * @throws DsVlmException if the file cannot be read or is not sound safetensors; the message
   *     names the file, the tensor and the offset
   */
  public static Safetensors open(Path file) {
    return MappedFile.open(file, channel -> new Safetensors(file, channel));
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(header.tensors().keySet());
  }

  /** The strings that the writer left beside the tensors, such as {@code format: pt}. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  @Override
  public long[] shape(String name) {
    return entry(name).sizes();
  }

  @Override
  public ScalarType dtype(String name) {
    return entry(name).type().scalarType();
  }

  @Override
  public Tensor read(String name) {
    SafetensorsEntry entry = entry(name);
    return Torch.tidy(
        () ->
            bytes
                .numbers(
                    name,
                    header.dataStart() + entry.begin(),
                    entry.type(),
                    entry.bytes() / entry.type().bytes())
                .view(entry.sizes()));
  }

  private SafetensorsEntry entry(String name) {
    SafetensorsEntry entry = header.tensors().get(name);
    if (entry == null) {
      throw new DsVlmException(file + ": no tensor '" + name + "'");
    }
    return entry;
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
