/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.GitLfsPointer;
import org.dsvlm.weights.MappedFile;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/**
 * A file that {@code torch.save} wrote ({@code .bin}, {@code .pth}, {@code .pt}): a dictionary of
 * tensors, or one that holds such a one as {@code state_dict}. Other entries are ignored.
 *
 * <p>Such a file is a program in Python's pickle format. It is not run: {@link PickleMachine} reads
 * what describes tensors and refuses a file that asks for more. The numbers are read as those of
 * {@link Safetensors} are.
 */
public final class PickledWeights implements WeightSource {
  /** How many first bytes {@link #startsLike} looks at. */
  public static final int SIGNATURE_BYTES = 15;

  private static final byte[] ZIP = {'P', 'K', 3, 4};

  /** The magic number of files before PyTorch 1.6, as they spell it. */
  private static final byte[] LEGACY = HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e");

  private final Path file;
  private final Map<String, PickledTensor> tensors;
  private final Map<String, Long> storages;
  private final MappedFile bytes;

  private PickledWeights(Path file, FileChannel channel) throws IOException {
    this.file = file;
    GitLfsPointer.refuse(file.toString(), channel);
    byte[] start = start(file);
    if (!startsLike(start)) {
      throw new DsVlmException(
          file
              + ": does not begin like a file of torch.save"
              + (start.length == 0 ? " (it is empty)" : "")
              + "; fetch it again");
    }
    PickledFile content =
        start[0] == ZIP[0]
            ? PickledFile.zip(file.toString(), channel)
            : PickledFile.legacy(file.toString(), channel);
    tensors = content.tensors();
    storages = content.storages();
    if (tensors.isEmpty()) {
      throw new DsVlmException(
          file + ": holds no dictionary of tensors; save the model's state_dict()");
    }
    bytes = new MappedFile(file, channel);
  }

  private static byte[] start(Path file) throws IOException {
    try (var in = InputFiles.stream(file)) {
      return in.readNBytes(SIGNATURE_BYTES);
    }
  }

  /** Whether a file whose first bytes are {@code start} is one of {@code torch.save}. */
  public static boolean startsLike(byte[] start) {
    return Arrays.equals(start, LEGACY)
        || (start.length >= ZIP.length && Arrays.equals(Arrays.copyOf(start, ZIP.length), ZIP));
  }

  /**
   * Reads what tensors {@code file} holds and keeps it open.
   *
   * @throws DsVlmException if the file cannot be read, is damaged, or is a pickle of more than
   *     tensors; the message names the file, the byte, and what to do
   */
  public static PickledWeights open(Path file) {
    return MappedFile.open(file, channel -> new PickledWeights(file, channel));
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  @Override
  public ScalarType dtype(String name) {
    return tensor(name).type().scalarType();
  }

  @Override
  public Tensor read(String name) {
    PickledTensor tensor = tensor(name);
    long begin = Objects.requireNonNull(storages.get(tensor.storage().key()));
    long first = begin + tensor.offset() * tensor.type().bytes();
    return Torch.tidy(
        () ->
            bytes
                .numbers(name, first, tensor.type(), tensor.span())
                .as_strided(tensor.shape(), tensor.strides())
                .contiguous());
  }

  private PickledTensor tensor(String name) {
    PickledTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new DsVlmException(file + ": no tensor '" + name + "'");
    }
    return tensor;
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
