/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One safetensors file, mapped into memory: opening reads the header alone, and a tensor's bytes
 * come from disk when they are first touched.
 *
 * <p>The mapping stays valid when the file is replaced by a rename, which is how {@link
 * SafetensorsWriter} saves; a file that another program cuts short while it is mapped ends the
 * process (SIGBUS), as with every mapping.
 */
public final class Safetensors implements WeightSource {
  private final Path file;
  private final SafetensorsHeader header;
  private final Tensor bytes;
  private boolean closed;

  private Safetensors(Path file) throws IOException {
    this.file = file;
    try (FileChannel channel = FileChannel.open(file)) {
      header = SafetensorsHeader.read(file.toString(), channel);
      bytes = map(file, channel.size());
    }
  }

  private static Tensor map(Path file, long size) {
    try (PointerScope scope = new PointerScope()) {
      return Torch.keep(
          torch.from_file(
              file.toString(),
              new BoolOptional(false),
              new LongOptional(size),
              Torch.options(ScalarType.Byte)));
    } catch (RuntimeException e) {
      throw new DsVlmException(file + ": cannot be mapped: " + e.getMessage(), e);
    }
  }

  /**
   * Maps {@code file} and reads its header.
   *
   * @throws DsVlmException if the file cannot be read or is not sound safetensors; the message
   *     names the file, the tensor and the offset
   */
  public static Safetensors open(Path file) {
    if (Files.isDirectory(file)) {
      throw new DsVlmException(file + ": is a folder; a safetensors file is wanted");
    }
    try {
      return new Safetensors(file);
    } catch (NoSuchFileException e) {
      throw new DsVlmException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
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
    if (closed) {
      throw new DsVlmException(file + ": '" + name + "' is read after the file was closed");
    }
    ScalarType dtype = entry.type().scalarType();
    if (entry.bytes() == 0) {
      return Torch.tidy(
          () -> torch.empty(entry.sizes(), Torch.options(dtype), new MemoryFormatOptional()));
    }
    return Torch.tidy(
        () -> {
          long begin = header.dataStart() + entry.begin();
          Tensor own = bytes.narrow(0, begin, entry.bytes());
          // LibTorch reinterprets only what starts at a multiple of the element's size.
          Tensor aligned = begin % entry.type().bytes() == 0 ? own : own.clone();
          return aligned.view(dtype).view(entry.sizes());
        });
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
    closed = true;
    bytes.close();
  }
}
