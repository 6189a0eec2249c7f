/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/**
 * How well a ridge regression tells a record's label from its features: each record is judged by a
 * fit on all others.
 *
 * @param accuracy share of the records whose label is found
 * @param standardError of the accuracy, √(p (1 − p) / records)
 * @param majority share of the most frequent label: the accuracy without features
 * @param records that have the label
 */
public record RidgeProbe(double accuracy, double standardError, double majority, int records) {
  /**
   * Strength of the penalty. Features are standardised and their products divided by the features'
   * number, so 1 is the mean of the products' diagonal.
   */
  private static final double PENALTY = 1;

  /**
   * The probe of {@code labels} from {@code features}, with a constant that is not penalised.
   *
   * <p>With H = 11ᵀ/n + K (K + λI)⁻¹ and K = XXᵀ/d, where X are the standardised features, the fit
   * is Ŷ = HY, and the fit on all records but i gives record i the value yᵢ − (yᵢ − ŷᵢ)/(1 − Hᵢᵢ)
   * (Allen 1974). Y has a column for each label, 1 where a record has it and 0 elsewhere; the label
   * with the largest value is the answer.
   *
   * @param features [records, d], float64
   * @param labels one of each record, two at least
   */
  public static RidgeProbe of(Tensor features, List<String> labels) {
    List<String> names = List.copyOf(new TreeSet<>(labels));
    int records = labels.size();
    double[] left = leaveOneOut(features, labels, names);
    int right = 0;
    for (int i = 0; i < records; i++) {
      int best = 0;
      for (int c = 1; c < names.size(); c++) {
        best = left[i * names.size() + c] > left[i * names.size() + best] ? c : best;
      }
      right += names.get(best).equals(labels.get(i)) ? 1 : 0;
    }
    double accuracy = (double) right / records;
    return new RidgeProbe(
        accuracy,
        Math.sqrt(accuracy * (1 - accuracy) / records),
        (double) Collections.max(counts(labels).values()) / records,
        records);
  }

  private static Map<String, Integer> counts(List<String> labels) {
    Map<String, Integer> counts = new TreeMap<>();
    labels.forEach(label -> counts.merge(label, 1, Integer::sum));
    return counts;
  }

  /** The value of each label for each record by the fit on all others, [records, labels]. */
  static double[] leaveOneOut(Tensor features, List<String> labels, List<String> names) {
    int records = labels.size();
    double[] oneHot = new double[records * names.size()];
    for (int i = 0; i < records; i++) {
      oneHot[i * names.size() + names.indexOf(labels.get(i))] = 1;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor y = Torch.of(oneHot, records, names.size());
      Tensor x = standardised(features.cpu().to(ScalarType.Double));
      Tensor z = x.div(Torch.scalar(Math.sqrt(x.size(1))));
      // Z (ZᵀZ + λI)⁻¹ Zᵀ is ZZᵀ (ZZᵀ + λI)⁻¹: the smaller matrix is inverted.
      boolean narrow = z.size(1) < records;
      Tensor products = narrow ? z.t().matmul(z) : z.matmul(z.t());
      Tensor eye = torch.eye(products.size(0), Torch.options(ScalarType.Double));
      Tensor inverse = torch.inverse(products.add(eye.mul(Torch.scalar(PENALTY))));
      Tensor hat =
          (narrow ? z.matmul(inverse).matmul(z.t()) : products.matmul(inverse))
              .add(Torch.scalar(1.0 / records));
      Tensor residual = y.sub(hat.matmul(y));
      Tensor own = hat.diagonal().neg().add(Torch.scalar(1)).unsqueeze(1);
      return Torch.doubles(y.sub(residual.div(own)));
    }
  }

  /** Each column with mean 0 and deviation 1; one that is the same throughout becomes 0. */
  private static Tensor standardised(Tensor features) {
    Tensor centred = features.sub(features.mean(0L).unsqueeze(0));
    Tensor deviation = centred.square().mean(0L).sqrt().unsqueeze(0);
    return centred.div(deviation.clamp_min(Torch.scalar(1e-12)));
  }
}
