/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.io.DsVlmException;

/**
 * Makes the batches of a run by position. The position alone decides which records a batch holds
 * and how they are augmented, so batches can be made out of order and on several threads.
 *
 * <p>A bad record is noted in the ledger, and the next good one of the source takes its place:
 * batches keep their size.
 */
public final class BatchMaker {
  private final RecordSource source;
  private final SampleOrder order;
  private final Collator collator;
  private final RecordLedger ledger;

  /** A maker whose {@code order} covers as many records as {@code source} has. */
  public BatchMaker(
      RecordSource source, SampleOrder order, Collator collator, RecordLedger ledger) {
    if (order.size() != source.size()) {
      throw new IllegalArgumentException(
          "an order of " + order.size() + " for " + source.size() + " records");
    }
    this.source = source;
    this.order = order;
    this.collator = collator;
    this.ledger = ledger;
  }

  /**
   * The batch of {@code count} positions from {@code first} on, counted over all epochs. The caller
   * closes it.
   *
   * @throws DsVlmException if too many records are bad (see {@link RecordLedger})
   */
  public Batch make(long first, int count) {
    try (PointerScope scope = new PointerScope()) {
      List<Sample> samples = new ArrayList<>(count);
      for (long position = first; position < first + count; position++) {
        samples.add(sample((int) order.index(position), order.epoch(position)));
      }
      return collator.collate(samples);
    }
  }

  private Sample sample(int wanted, long epoch) {
    for (int step = 0; step < source.size(); step++) {
      int index = (int) ((wanted + (long) step) % source.size());
      if (ledger.contains(index)) {
        continue;
      }
      try {
        Sample sample = collator.sample(source, index, epoch);
        if (sample.lostFirst()) {
          ledger.noteLostFirst(index);
        }
        if (!sample.warnings().isEmpty()) {
          String warnings = String.join("; ", sample.warnings());
          ledger.noteDamaged(index, source.id(index), source.where(index) + ": " + warnings);
        }
        return sample;
      } catch (DsVlmException e) {
        ledger.add(index, source.id(index), e.getMessage());
      }
    }
    throw new DsVlmException(
        "none of "
            + source.size()
            + " records can be used. The first that was rejected: "
            + ledger.firstReason()
            + ". "
            + ledger.file()
            + " lists all");
  }
}
