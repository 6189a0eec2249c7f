/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.dsvlm.tensor.RandomState;

/**
 * LLaVA's {@code group_by_modality_length}: the records of a step all have a picture or all have
 * none, and its micro batches hold records of like length, so that little is padded and no process
 * waits long for another. The remainders of both kinds come last in an epoch, mixed.
 *
 * <p>Processes share a step by micro batches, so the order depends on the sizes of batch and micro
 * batch and not on the number of processes. Where an epoch ends within a step, the next epoch fills
 * that step in shuffled order and groups the records after it.
 */
final class GroupedOrder implements SampleOrder {
  /** Steps are made ahead of time, so two epochs are in use where one meets the next. */
  private static final int EPOCHS_HELD = 2;

  private final RandomState random;
  private final RecordSource source;
  private final SampleOrder shuffled;
  private final int batchSize;
  private final int microBatchSize;
  private final Map<Long, int[]> epochs = new LinkedHashMap<>();

  GroupedOrder(long seed, RecordSource source, int batchSize, int microBatchSize) {
    this.random = new RandomState(seed).fork("grouped order");
    this.source = source;
    this.shuffled = SampleOrder.shuffled(seed, source.size());
    this.batchSize = batchSize;
    this.microBatchSize = microBatchSize;
  }

  @Override
  public long size() {
    return shuffled.size();
  }

  @Override
  public long index(long position) {
    return epochOrder(epoch(position))[(int) (position % size())];
  }

  private synchronized int[] epochOrder(long epoch) {
    int[] order = epochs.get(epoch);
    if (order == null) {
      order = grouped(epoch);
      if (epochs.size() == EPOCHS_HELD) {
        epochs.remove(epochs.keySet().iterator().next());
      }
      epochs.put(epoch, order);
    }
    return order;
  }

  private int[] grouped(long epoch) {
    int count = (int) size();
    long first = epoch * count;
    int[] records = IntStream.range(0, count).map(i -> (int) shuffled.index(first + i)).toArray();
    int begun = (int) Math.min(count, Math.floorMod(-first, (long) batchSize));
    int[] grouped = records.clone();
    int at = begun;
    for (int[] step : steps(Arrays.copyOfRange(records, begun, count), epoch)) {
      System.arraycopy(step, 0, grouped, at, step.length);
      at += step.length;
    }
    return grouped;
  }

  /** {@code records} by steps; the last may be of any length. */
  private List<int[]> steps(int[] records, long epoch) {
    List<int[]> pictured = chunks(records, true);
    List<int[]> text = chunks(records, false);
    int[] rest = {};
    if (pictured.isEmpty() || text.isEmpty()) {
      pictured.addAll(text);
      // Of one kind alone: only a step that is not full has to come last.
      boolean full = pictured.isEmpty() || last(pictured).length == batchSize;
      rest = full ? rest : inMicroBatches(pictured.remove(pictured.size() - 1));
    } else {
      rest = joined(pictured.remove(pictured.size() - 1), text.remove(text.size() - 1));
      Arrays.sort(rest);
      pictured.addAll(text);
    }
    List<int[]> steps = new ArrayList<>();
    if (!pictured.isEmpty()) {
      SampleOrder order = SampleOrder.shuffled(random.fork(epoch).seed(), pictured.size());
      for (int i = 0; i < pictured.size(); i++) {
        steps.add(inMicroBatches(pictured.get((int) order.index(i))));
      }
    }
    steps.add(rest);
    return steps;
  }

  /** The records of one kind, in their order, a step's worth at a time. */
  private List<int[]> chunks(int[] records, boolean pictured) {
    int[] kind =
        Arrays.stream(records).filter(record -> source.pictured(record) == pictured).toArray();
    List<int[]> chunks = new ArrayList<>();
    for (int at = 0; at < kind.length; at += batchSize) {
      chunks.add(Arrays.copyOfRange(kind, at, Math.min(kind.length, at + batchSize)));
    }
    return chunks;
  }

  private static int[] last(List<int[]> chunks) {
    return chunks.get(chunks.size() - 1);
  }

  private static int[] joined(int[] a, int[] b) {
    int[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  /**
   * The records of a step, longest first, each given to the micro batch that has the fewest words
   * so far and still has room.
   */
  private int[] inMicroBatches(int[] step) {
    int[] byLength =
        Arrays.stream(step)
            .boxed()
            .sorted(Comparator.comparingInt(record -> -source.words(record)))
            .mapToInt(Integer::intValue)
            .toArray();
    int batches = (step.length + microBatchSize - 1) / microBatchSize;
    int[] taken = new int[batches];
    long[] words = new long[batches];
    int[] shared = new int[step.length];
    for (int record : byLength) {
      int emptiest = -1;
      for (int batch = 0; batch < batches; batch++) {
        int room = Math.min(microBatchSize, step.length - batch * microBatchSize);
        if (taken[batch] < room && (emptiest < 0 || words[batch] < words[emptiest])) {
          emptiest = batch;
        }
      }
      shared[emptiest * microBatchSize + taken[emptiest]++] = record;
      words[emptiest] += source.words(record);
    }
    return shared;
  }
}
