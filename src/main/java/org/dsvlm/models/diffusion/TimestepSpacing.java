/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.io.JsonConfig;

/** The selection of training timesteps that a sampler visits. */
enum TimestepSpacing {
  /** Multiples of the stride, counted from 0, plus an offset: Stable Diffusion's. */
  LEADING {
    @Override
    long timestep(int index, int steps, int trainTimesteps, int offset) {
      return (long) index * (trainTimesteps / steps) + offset;
    }
  },

  /** Multiples of the stride, counted down from the last timestep. */
  TRAILING {
    @Override
    long timestep(int index, int steps, int trainTimesteps, int offset) {
      return Math.round(trainTimesteps * (index + 1.0) / steps) - 1;
    }
  },

  /** Evenly from the first timestep to the last. */
  LINSPACE {
    @Override
    long timestep(int index, int steps, int trainTimesteps, int offset) {
      return steps == 1 ? 0 : (long) Math.rint((trainTimesteps - 1.0) * index / (steps - 1));
    }
  };

  /** The timestep number {@code index} of {@code steps}, the least noisy first. */
  abstract long timestep(int index, int steps, int trainTimesteps, int offset);

  static TimestepSpacing of(JsonConfig config) {
    return DiffusersConfig.oneOf(config, "timestep_spacing", values(), "leading");
  }
}
