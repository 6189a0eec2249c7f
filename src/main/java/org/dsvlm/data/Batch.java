/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;
import org.jspecify.annotations.Nullable;

/**
 * Samples side by side, padded on the right to one length. It owns its tensors until {@link
 * #close}, so it may be made on one thread and used on another.
 *
 * @param inputIds [B, T] int64
 * @param attentionMask [B, T] int64: 1 for tokens, 0 for padding
 * @param labels [B, T] int64: −100 where nothing is learned
 * @param pixelValues [P, 3, H, W]: what the encoder sees of the P pictures of all samples, in the
 *     batch's order; null if there are none
 * @param picture [P, 3, S, S] in [−1, 1]: what the diffusion reconstructs; null if there are none
 * @param pictures how many pictures each sample has, B values
 * @param sampleIds each sample's index in its source, B values
 */
public record Batch(
    Tensor inputIds,
    Tensor attentionMask,
    Tensor labels,
    @Nullable Tensor pixelValues,
    @Nullable Tensor picture,
    int[] pictures,
    long[] sampleIds)
    implements AutoCloseable {

  /** Puts {@code samples}, of which there is at least one, together. */
  static Batch of(List<Sample> samples, long padToken, BatchLength length) {
    int rows = samples.size();
    int longest = samples.stream().mapToInt(sample -> sample.inputIds().length).max().orElseThrow();
    int columns = length.of(longest);
    long[] inputIds = new long[rows * columns];
    long[] attentionMask = new long[rows * columns];
    long[] labels = new long[rows * columns];
    Arrays.fill(inputIds, padToken);
    Arrays.fill(labels, TokenizedConversation.IGNORED);
    int[] pictures = new int[rows];
    long[] sampleIds = new long[rows];
    for (int row = 0; row < rows; row++) {
      Sample sample = samples.get(row);
      int tokens = sample.inputIds().length;
      int begin = row * columns;
      System.arraycopy(sample.inputIds(), 0, inputIds, begin, tokens);
      System.arraycopy(sample.labels(), 0, labels, begin, tokens);
      Arrays.fill(attentionMask, begin, begin + tokens, 1);
      pictures[row] = sample.pixelValues().size();
      sampleIds[row] = sample.id();
    }
    try (PointerScope scope = new PointerScope()) {
      Batch batch =
          new Batch(
              Torch.of(inputIds, rows, columns),
              Torch.of(attentionMask, rows, columns),
              Torch.of(labels, rows, columns),
              stacked(samples, Sample::pixelValues),
              stacked(samples, Sample::pictures),
              pictures,
              sampleIds);
      // Only now that nothing can fail any more do the tensors leave the scope.
      batch.tensors().forEach(Torch::keep);
      return batch;
    }
  }

  /**
   * Stacks pictures by copying them on the caller's thread: LibTorch's own stacking would wake its
   * threads, which the training needs, once for every batch.
   */
  private static @Nullable Tensor stacked(
      List<Sample> samples, Function<Sample, List<Tensor>> part) {
    List<Tensor> pictures = samples.stream().map(part).flatMap(List::stream).toList();
    if (pictures.isEmpty()) {
      return null;
    }
    long[] one = Torch.shape(pictures.get(0));
    long[] shape = LongStream.concat(LongStream.of(pictures.size()), LongStream.of(one)).toArray();
    Tensor stacked = torch.empty(shape);
    FloatPointer to = stacked.data_ptr_float();
    long values = pictures.get(0).numel();
    for (int i = 0; i < pictures.size(); i++) {
      Tensor picture = pictures.get(i);
      if (!Arrays.equals(Torch.shape(picture), one)) {
        throw new IllegalArgumentException(
            Torch.describe(picture) + " beside " + Torch.describe(pictures.get(0)));
      }
      Pointer.memcpy(
          to.getPointer(i * values), picture.contiguous().data_ptr_float(), Float.BYTES * values);
    }
    return stacked;
  }

  @Override
  public Tensor inputIds() {
    return live(inputIds);
  }

  @Override
  public Tensor attentionMask() {
    return live(attentionMask);
  }

  @Override
  public Tensor labels() {
    return live(labels);
  }

  @Override
  public @Nullable Tensor pixelValues() {
    return pixelValues == null ? null : live(pixelValues);
  }

  @Override
  public @Nullable Tensor picture() {
    return picture == null ? null : live(picture);
  }

  private static Tensor live(Tensor tensor) {
    return Torch.live(tensor, "the batch is closed; make it again");
  }

  private Stream<Tensor> tensors() {
    return Stream.of(inputIds, attentionMask, labels, pixelValues, picture)
        .filter(Objects::nonNull);
  }

  /** How many samples there are, B. */
  public int size() {
    return sampleIds.length;
  }

  /**
   * The names of each picture's random draws, P values: the sample's id, and the picture's number
   * where it is not the sample's first.
   */
  public List<String> pictureIds() {
    List<String> ids = new ArrayList<>();
    for (int row = 0; row < size(); row++) {
      for (int picture = 0; picture < pictures[row]; picture++) {
        ids.add(sampleIds[row] + (picture == 0 ? "" : "/" + picture));
      }
    }
    return ids;
  }

  @Override
  public void close() {
    tensors().forEach(Tensor::close);
  }
}
