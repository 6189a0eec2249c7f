/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a file of weights, of which nothing passes through Java's heap. By default each
 * tensor is read into memory of its own, so that whatever happens to the file later does not
 * matter; a file that is cut short meanwhile is an error. Mapped, a file costs no memory and is
 * there at once: its bytes come from disk when they are first touched. But the operating system
 * ends a process (SIGBUS) that touches what another program has cut off, and gives it other numbers
 * where another program writes. The system property {@value #MAP_FROM} is the size in bytes from
 * which files are mapped, 8 GiB without it; 0 maps all, and a large number none. A file that is
 * replaced by a rename is safe either way, and the opened one is read.
 */
public final class MappedFile implements AutoCloseable {
  /** System property: size of a file in bytes from which it is mapped. */
  public static final String MAP_FROM = "dsvlm.weights.map.from";

  private static final long USUAL_MAP_FROM = 1L << 33;

  /** Bytes read at a time where the file is not mapped. */
  private static final int CHUNK = 1 << 26;

  private final Path file;
  private final FileChannel channel;
  private final Object identity;
  private final boolean maps;
  private @Nullable Tensor mapped;

  /**
   * @param channel of {@code file}, opened just now; closing this closes it
   */
  public MappedFile(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    this.identity = identity();
    this.maps = channel.size() >= mapFrom();
  }

  private static long mapFrom() {
    String text = System.getProperty(MAP_FROM);
    try {
      return text == null ? USUAL_MAP_FROM : Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw new DsVlmException(
          MAP_FROM + " is '" + text + "'; set it to a size in bytes, such as 0 to map all files",
          e);
    }
  }

  /** Reads the headers of an open file. */
  @FunctionalInterface
  public interface Headers<T> {
    T read(FileChannel channel) throws IOException;
  }

  /**
   * Opens {@code file} and has its headers read. The reader keeps the channel unless it fails.
   *
   * @throws DsVlmException if the file is not there or cannot be read
   */
  public static <T> T open(Path file, Headers<T> headers) {
    FileChannel channel = null;
    T result = null;
    try {
      channel = InputFiles.channel(file);
      result = headers.read(channel);
      return result;
    } catch (NoSuchFileException e) {
      throw new DsVlmException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    } finally {
      if (result == null && channel != null) {
        closeQuietly(channel);
      }
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // a file that was only read: there is nothing to lose
    }
  }

  /** Identifies the file, also after another file takes its name. */
  private Object identity() throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  /**
   * The {@code elements} numbers that start at byte {@code begin}, one after the other; a view of
   * the file wherever they are aligned.
   *
   * @param name of the tensor, for messages
   */
  public Tensor numbers(String name, long begin, StoredType type, long elements) {
    requireOpen(name);
    ScalarType dtype = type.scalarType();
    if (elements == 0) {
      return Torch.tidy(
          () -> torch.empty(new long[] {0}, Torch.options(dtype), new MemoryFormatOptional()));
    }
    return Torch.tidy(
        () -> {
          Tensor own = bytes(name, begin, elements * type.bytes());
          // LibTorch reinterprets only what starts at a multiple of the element's size.
          Tensor aligned = own.storage_offset() % type.bytes() == 0 ? own : own.clone();
          return aligned.view(dtype);
        });
  }

  private void requireOpen(String name) {
    if (!channel.isOpen()) {
      throw new DsVlmException(file + ": '" + name + "' is read after the file was closed");
    }
  }

  private boolean isStillThere() throws IOException {
    return Files.exists(file) && Objects.equals(identity, identity());
  }

  private synchronized Tensor bytes(String name, long begin, long count) {
    requireOpen(name);
    try {
      if (mapped == null && maps && isStillThere()) {
        mapped = map(channel.size());
      }
      return mapped == null ? copy(begin, count) : mapped.narrow(0, begin, count);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  private Tensor map(long size) {
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

  /** Also for a file whose name another file has taken: LibTorch maps by name alone. */
  private Tensor copy(long begin, long count) throws IOException {
    Tensor copy =
        torch.empty(new long[] {count}, Torch.options(ScalarType.Byte), new MemoryFormatOptional());
    BytePointer pointer = new BytePointer(copy.data_ptr());
    for (long done = 0; done < count; ) {
      long end = Math.min(count, done + CHUNK);
      int read = channel.read(pointer.position(done).limit(end).asByteBuffer(), begin + done);
      if (read < 0) {
        throw new IOException("it ends before byte " + (begin + count));
      }
      done += read;
    }
    return copy;
  }

  @Override
  public synchronized void close() {
    if (mapped != null) {
      mapped.close();
    }
    closeQuietly(channel);
  }
}
