/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A file of weights in memory as the system maps it: bytes come from disk when they are first
 * touched, and nothing passes through Java's heap.
 */
final class MappedFile implements AutoCloseable {
  private final Path file;
  private final Tensor bytes;
  private boolean closed;

  /** Maps the first {@code size} bytes of {@code file}. */
  MappedFile(Path file, long size) {
    this.file = file;
    try (PointerScope scope = new PointerScope()) {
      bytes =
          Torch.keep(
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
   * The {@code elements} numbers that start at byte {@code begin}, one after the other; a view of
   * the file wherever they are aligned.
   *
   * @param name of the tensor, for messages
   */
  Tensor numbers(String name, long begin, SafetensorsType type, long elements) {
    if (closed) {
      throw new DsVlmException(file + ": '" + name + "' is read after the file was closed");
    }
    ScalarType dtype = type.scalarType();
    if (elements == 0) {
      return Torch.tidy(
          () -> torch.empty(new long[] {0}, Torch.options(dtype), new MemoryFormatOptional()));
    }
    return Torch.tidy(
        () -> {
          Tensor own = bytes.narrow(0, begin, elements * type.bytes());
          // LibTorch reinterprets only what starts at a multiple of the element's size.
          Tensor aligned = begin % type.bytes() == 0 ? own : own.clone();
          return aligned.view(dtype);
        });
  }

  @Override
  public void close() {
    closed = true;
    bytes.close();
  }
}
