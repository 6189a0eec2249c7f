/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class RidgeProbeTest {
  /**
   * One feature, −1 and 1 by turns, mean 0 and deviation 1 already. A fit on three of the four has
   * the slope b and the constant a that minimise Σ (a + b x − y)² + λ b² with λ = 1, solved here by
   * hand from the two normal equations.
   */
  @Test
  void eachRecordHasTheValueOfAFitOnTheOthers() {
    double[] x = {-1, 1, -1, 1};
    List<String> labels = List.of("blue", "red", "red", "red");
    double[] y = {0, 1, 1, 1}; // red
    try (PointerScope scope = new PointerScope()) {
      double[] values = RidgeProbe.leaveOneOut(Torch.of(x, 4, 1), labels, List.of("blue", "red"));
      for (int left = 0; left < 4; left++) {
        double n = 0;
        double sx = 0;
        double sxx = 0;
        double sy = 0;
        double sxy = 0;
        for (int i = 0; i < 4; i++) {
          if (i != left) {
            n++;
            sx += x[i];
            sxx += x[i] * x[i];
            sy += y[i];
            sxy += x[i] * y[i];
          }
        }
        // n a + sx b = sy,  sx a + (sxx + 1) b = sxy
        double determinant = n * (sxx + 1) - sx * sx;
        double a = (sy * (sxx + 1) - sx * sxy) / determinant;
        double b = (n * sxy - sx * sy) / determinant;
        assertThat(values[2 * left + 1])
            .as("red without %d", left)
            .isCloseTo(a + b * x[left], within(1e-12));
        assertThat(values[2 * left])
            .as("blue without %d", left)
            .isCloseTo(1 - a - b * x[left], within(1e-12));
      }
    }
  }

  /** A column more often changes no product, but another matrix is inverted. */
  @Test
  void moreFeaturesThanRecordsGiveTheSame() {
    double[] x = {-1, 0.5, -0.25, 2, 0.75, -3};
    List<String> labels = List.of("blue", "red", "red", "red", "blue", "red");
    List<String> names = List.of("blue", "red");
    try (PointerScope scope = new PointerScope()) {
      Tensor one = Torch.of(x, 6, 1);
      double[] narrow = RidgeProbe.leaveOneOut(one, labels, names);
      double[] wide = RidgeProbe.leaveOneOut(one.repeat(1, 9), labels, names);
      assertThat(wide).containsExactly(narrow, within(1e-12));
    }
  }

  @Test
  void findsLabelsThatTheFeaturesShowAndNoOthers() {
    RandomState random = new RandomState(3);
    int records = 60;
    double[] features = new double[2 * records];
    List<String> shown = new ArrayList<>();
    List<String> hidden = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      features[2 * i] = random.fork(i).unit();
      features[2 * i + 1] = 7;
      shown.add(features[2 * i] > 0.5 ? "right" : "left");
      hidden.add(random.fork("label").fork(i).below(3) == 0 ? "a" : "b");
    }
    try (PointerScope scope = new PointerScope()) {
      RidgeProbe found = RidgeProbe.of(Torch.of(features, records, 2), shown);
      assertThat(found.accuracy()).isGreaterThan(0.9);
      assertThat(found.records()).isEqualTo(records);
      assertThat(found.standardError())
          .isCloseTo(Math.sqrt(found.accuracy() * (1 - found.accuracy()) / records), within(1e-12));
      RidgeProbe none = RidgeProbe.of(Torch.of(features, records, 2), hidden);
      assertThat(none.accuracy()).isLessThanOrEqualTo(none.majority() + 0.05);
    }
  }
}
