/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004): an 11×11 Gaussian window with σ =
 * 1.5, K₁ = 0.01, K₂ = 0.03, computed per channel and averaged over the map and the channels.
 */
public final class Ssim {
  /** The treatment of places where the window leaves the picture. */
  public enum Border {
    /** The map ends where the window would leave: (H − 10) × (W − 10). */
    VALID,
    /** Zeros surround the picture and the map is as large as it is. */
    SAME
  }

  private static final int RADIUS = 5;
  private static final int WINDOW = 2 * RADIUS + 1;
  private static final double SIGMA = 1.5;
  private static final double K1 = 0.01;
  private static final double K2 = 0.03;
  private static final long[] ONE = {1, 1};

  private static final OperatorCall CALL = new OperatorCall("dsvlm::ssim");
  private static final OperatorCall JOINT_CALL = new OperatorCall("dsvlm::ssim_l1");

  private Ssim() {}

  /**
   * Mean similarity of each pair of pictures.
   *
   * @param x [batch, channels, height, width]
   * @param y like {@code x}
   * @param dataRange distance between the largest and the smallest value that a picture can hold
   * @return [batch], at most 1; float32 for bfloat16 pictures, differentiable in {@code x} and
   *     {@code y}
   * @throws org.dsvlm.io.DsVlmException if the pictures differ in shape, type or device, or are
   *     smaller than the window where {@code border} is {@code VALID}
   */
  public static Tensor perSample(Tensor x, Tensor y, Border border, double dataRange) {
    requireOpen(CALL, x, y);
    if (!Kernels.areNativeFor(x)) {
      return reference(x, y, border, dataRange);
    }
    return CALL.run(() -> NativeOps.ssim(x, y, name(border), dataRange));
  }

  /**
   * A photometric loss of each pair of pictures, in one pass: {@code similarityWeight} · (1 − SSIM)
   * + {@code differenceWeight} · mean |x − y| (Zhao, Gallo, Frosio, Kautz 2017).
   *
   * @param x [batch, channels, height, width]
   * @param y like {@code x}
   * @param dataRange as for {@link #perSample}; the mean absolute difference is in the pictures'
   *     own units
   * @return [batch]; float32 for bfloat16 pictures, differentiable in {@code x} and {@code y}
   * @throws org.dsvlm.io.DsVlmException as {@link #perSample}, and for a weight that is no finite
   *     number
   */
  public static Tensor lossPerSample(
      Tensor x,
      Tensor y,
      double similarityWeight,
      double differenceWeight,
      Border border,
      double dataRange) {
    requireOpen(JOINT_CALL, x, y);
    if (!Kernels.areNativeFor(x)) {
      return lossReference(x, y, similarityWeight, differenceWeight, border, dataRange);
    }
    return JOINT_CALL.run(
        () -> NativeOps.ssim_l1(x, y, similarityWeight, differenceWeight, name(border), dataRange));
  }

  /** {@link #lossPerSample} in LibTorch's own operators. */
  public static Tensor lossReference(
      Tensor x,
      Tensor y,
      double similarityWeight,
      double differenceWeight,
      Border border,
      double dataRange) {
    requireOpen(JOINT_CALL, x, y);
    return JOINT_CALL.run(
        () -> {
          checkArguments(JOINT_CALL, x, y, border, dataRange);
          return loss(reference(x, y, border, dataRange), x, y, similarityWeight, differenceWeight);
        });
  }

  private static Tensor loss(
      Tensor similarity, Tensor x, Tensor y, double similarityWeight, double differenceWeight) {
    JOINT_CALL.require(
        Double.isFinite(similarityWeight) && Double.isFinite(differenceWeight),
        "similarity_weight and difference_weight must be finite, but are "
            + similarityWeight
            + " and "
            + differenceWeight);
    if (x.numel() == 0) {
      return similarity;
    }
    Tensor difference = OperatorCall.wide(x).sub(OperatorCall.wide(y)).abs().flatten(1, 3).mean(1);
    return affine(similarity, -similarityWeight, similarityWeight)
        .add(difference.mul(Torch.scalar(differenceWeight)));
  }

  /** The same in LibTorch's own operators: the window as two convolutions over five maps. */
  public static Tensor reference(Tensor x, Tensor y, Border border, double dataRange) {
    requireOpen(CALL, x, y);
    return CALL.run(
        () -> {
          checkArguments(CALL, x, y, border, dataRange);
          if (x.numel() == 0) {
            return OperatorCall.wide(x).mul(OperatorCall.wide(y)).flatten(1, 3).sum(1);
          }
          long batch = x.size(0);
          return similarity(planes(x), planes(y), border, dataRange).view(batch, -1).mean(1);
        });
  }

  /** x, y: [planes, 1, H, W]; the map [planes, 1, H', W']. */
  private static Tensor similarity(Tensor x, Tensor y, Border border, double dataRange) {
    Tensor moments = window(Torch.cat(1, x, y, x.square(), y.square(), x.mul(y)), border);
    Tensor meanX = moments.narrow(1, 0, 1);
    Tensor meanY = moments.narrow(1, 1, 1);
    Tensor varianceX = moments.narrow(1, 2, 1).sub(meanX.square());
    Tensor varianceY = moments.narrow(1, 3, 1).sub(meanY.square());
    Tensor covariance = moments.narrow(1, 4, 1).sub(meanX.mul(meanY));
    // Variances are never negative; where rounding makes one so, it and the covariance count as 0.
    Tensor none = torch.minimum(varianceX, varianceY).lt(Torch.scalar(0));
    covariance = covariance.sub(covariance.mul(none).detach());
    varianceX = varianceX.sub(varianceX.clamp_max(Torch.scalar(0)).detach());
    varianceY = varianceY.sub(varianceY.clamp_max(Torch.scalar(0)).detach());
    double c1 = Math.pow(K1 * dataRange, 2);
    double c2 = Math.pow(K2 * dataRange, 2);
    Tensor numerator = affine(meanX.mul(meanY), 2, c1).mul(affine(covariance, 2, c2));
    Tensor denominator =
        affine(meanX.square().add(meanY.square()), 1, c1)
            .mul(affine(varianceX.add(varianceY), 1, c2));
    return numerator.div(denominator);
  }

  private static Tensor affine(Tensor tensor, double factor, double offset) {
    return tensor.mul(Torch.scalar(factor)).add(Torch.scalar(offset));
  }

  /** Filters every channel of maps [planes, 5, H, W] with the Gaussian, rows then columns. */
  private static Tensor window(Tensor maps, Border border) {
    long channels = maps.size(1);
    Tensor gaussian = gaussian().to(maps.device(), maps.scalar_type());
    long pad = border == Border.SAME ? RADIUS : 0;
    Tensor rows =
        torch.conv2d(
            maps,
            gaussian.view(1, 1, 1, WINDOW).expand(channels, 1, 1, WINDOW),
            Torch.none(),
            ONE,
            new long[] {0, pad},
            ONE,
            channels);
    return torch.conv2d(
        rows,
        gaussian.view(1, 1, WINDOW, 1).expand(channels, 1, WINDOW, 1),
        Torch.none(),
        ONE,
        new long[] {pad, 0},
        ONE,
        channels);
  }

  private static Tensor gaussian() {
    double[] weights = new double[WINDOW];
    double sum = 0;
    for (int i = 0; i < WINDOW; i++) {
      weights[i] = Math.exp(-Math.pow(i - RADIUS, 2) / (2 * SIGMA * SIGMA));
      sum += weights[i];
    }
    for (int i = 0; i < WINDOW; i++) {
      weights[i] /= sum;
    }
    return Torch.of(weights, WINDOW);
  }

  private static Tensor planes(Tensor picture) {
    return OperatorCall.wide(picture).reshape(-1, 1, picture.size(2), picture.size(3));
  }

  private static String name(Border border) {
    return border.name().toLowerCase(Locale.ROOT);
  }

  private static void requireOpen(OperatorCall call, Tensor x, Tensor y) {
    call.requireOpen("x", x);
    call.requireOpen("y", y);
  }

  private static void checkArguments(
      OperatorCall call, Tensor x, Tensor y, Border border, double dataRange) {
    call.requireFloating("x", x);
    call.requireShape("x", x, "[batch, channels, height, width]", -1, -1, -1, -1);
    call.requireShape("y", y, "shaped like x,", Torch.shape(x));
    call.requireLike("y", y, "x", x);
    call.require(dataRange > 0, "data_range must be positive, but is " + dataRange);
    call.require(
        border == Border.SAME || (x.size(2) >= WINDOW && x.size(3) >= WINDOW),
        "border 'valid' needs pictures of at least 11x11, but x has shape "
            + java.util.Arrays.toString(Torch.shape(x)));
  }
}
