/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Collection;
import java.util.stream.LongStream;

/**
 * Which row of a router's weight is whose. The four standard features have theirs whichever of them
 * are switched on, so a file fits every choice; own features follow in their order.
 *
 * @param count rows of the weight
 * @param ofExperts row of each expert, in the experts' order
 */
record RouterRows(long count, long[] ofExperts) {
  static RouterRows of(Collection<? extends Feature> experts) {
    boolean standard = experts.stream().anyMatch(StandardFeature.class::isInstance);
    long next = standard ? StandardFeature.values().length : 0;
    LongStream.Builder rows = LongStream.builder();
    for (Feature expert : experts) {
      rows.add(expert instanceof StandardFeature own ? own.ordinal() : next++);
    }
    return new RouterRows(next, rows.build().toArray());
  }
}
