/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;

/**
 * Records in two parts: one to train on and one that is held out. All records of a picture are in
 * the same part, which a hash of the picture's path chooses: adding or removing records moves no
 * other.
 *
 * @param training to train on
 * @param heldOut not to train on
 */
public record HeldOutShare(RecordSource training, RecordSource heldOut) {
  /**
   * Chooses the records that are held out. It reads every record.
   *
   * @param share of the pictures that is held out, above 0 and below 1
   * @param seed the run's
   * @return whether each record of {@code all} is held out
   */
  public static boolean[] choose(RecordSource all, double share, long seed) {
    RandomState hash = new RandomState(seed).fork("held-out share");
    boolean[] held = new boolean[all.size()];
    for (int i = 0; i < held.length; i++) {
      held[i] = hash.fork(key(all, i)).unit() < share;
    }
    return held;
  }

  /**
   * Parts {@code all}, which each of the parts closes.
   *
   * @param held the result of {@link #choose}
   * @throws DsVlmException if one of the parts would be empty
   */
  public static HeldOutShare of(RecordSource all, boolean[] held) {
    int[] trained = IntStream.range(0, held.length).filter(i -> !held[i]).toArray();
    int[] rest = IntStream.range(0, held.length).filter(i -> held[i]).toArray();
    if (trained.length == 0 || rest.length == 0) {
      throw new DsVlmException(
          "data.validation: its share of "
              + held.length
              + " records leaves none to "
              + (trained.length == 0 ? "train on; lower it" : "validate on; raise it"));
    }
    return new HeldOutShare(new Subset(all, trained), new Subset(all, rest));
  }

  /** The picture's path; of a record without one, or of a bad one, its place. */
  private static String key(RecordSource all, int index) {
    try {
      List<String> images = all.get(index).images();
      return images.isEmpty() ? "record " + index : images.get(0);
    } catch (DsVlmException e) {
      return "record " + index;
    }
  }

  /** Some records of another source, in its order. */
  private record Subset(RecordSource all, int[] indices) implements RecordSource {
    @Override
    public int size() {
      return indices.length;
    }

    @Override
    public LlavaRecord get(int index) {
      return all.get(indices[index]);
    }

    @Override
    public List<Picture> pictures(int index, long epoch) {
      return all.pictures(indices[index], epoch);
    }

    @Override
    public Map<String, String> labels(int index) {
      return all.labels(indices[index]);
    }

    @Override
    public String id(int index) {
      return all.id(indices[index]);
    }

    @Override
    public String where(int index) {
      return all.where(indices[index]);
    }

    @Override
    public int words(int index) {
      return all.words(indices[index]);
    }

    @Override
    public boolean pictured(int index) {
      return all.pictured(indices[index]);
    }

    @Override
    public void close() {
      all.close();
    }
  }
}
