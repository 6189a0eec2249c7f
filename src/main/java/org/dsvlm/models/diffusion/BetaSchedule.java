/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.dsvlm.io.JsonConfig;

/** How the variance of the noise added at each timestep grows. */
enum BetaSchedule {
  /** β evenly spaced. */
  LINEAR {
    @Override
    double[] betas(int count, double first, double last) {
      return evenlySpaced(count, first, last);
    }
  },

  /** √β evenly spaced: Stable Diffusion's. */
  SCALED_LINEAR {
    @Override
    double[] betas(int count, double first, double last) {
      double[] betas = evenlySpaced(count, Math.sqrt(first), Math.sqrt(last));
      for (int i = 0; i < count; i++) {
        betas[i] *= betas[i];
      }
      return betas;
    }
  },

  /**
   * ᾱ a squared cosine (Nichol and Dhariwal 2021, equation 17), β at most 0.999; ends are not
   * asked.
   */
  SQUAREDCOS_CAP_V2 {
    @Override
    double[] betas(int count, double first, double last) {
      double[] betas = new double[count];
      for (int i = 0; i < count; i++) {
        double ratio = squaredCosine((i + 1.0) / count) / squaredCosine((double) i / count);
        betas[i] = Math.min(1 - ratio, 0.999);
      }
      return betas;
    }
  };

  /** {@code count} values of β. */
  abstract double[] betas(int count, double first, double last);

  static BetaSchedule of(JsonConfig config) {
    return DiffusersConfig.oneOf(config, "beta_schedule", values(), "linear");
  }

  private static double squaredCosine(double share) {
    double cosine = Math.cos((share + 0.008) / 1.008 * Math.PI / 2);
    return cosine * cosine;
  }

  private static double[] evenlySpaced(int count, double first, double last) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = count == 1 ? first : first + (last - first) * i / (count - 1);
    }
    return values;
  }
}
