/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.ByVal;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.annotation.StdString;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;

/**
 * The C++ functions of {@code native/ops}, one to one. Callers go through {@link
 * MoeCrossAttention}, {@link Ssim} and so on, which run reference implementations when this is not
 * loaded.
 */
@Properties(
    @Platform(
        value = "linux-x86_64",
        compiler = "cpp20",
        include = "dsvlm_ops.h",
        link = "dsvlm_ops"))
final class NativeOps {
  private NativeOps() {}

  @Namespace("dsvlm")
  static native @ByVal Tensor moe_cross_attention(
      @Const @ByRef Tensor query,
      @Const @ByRef TensorVector keys,
      @Const @ByRef TensorVector values,
      @Const @ByRef Tensor routerProbabilities,
      @ByVal DoubleOptional scale);

  @Namespace("dsvlm")
  static native @ByVal Tensor ssim(
      @Const @ByRef Tensor x, @Const @ByRef Tensor y, @StdString String border, double dataRange);

  @Namespace("dsvlm")
  static native @ByVal Tensor ssim_l1(
      @Const @ByRef Tensor x,
      @Const @ByRef Tensor y,
      double similarityWeight,
      double differenceWeight,
      @StdString String border,
      double dataRange);

  @Namespace("dsvlm")
  static native @ByVal Tensor perceptual_distance(
      @Const @ByRef Tensor features, @Const @ByRef Tensor target, @Const @ByRef Tensor weights);

  @Namespace("dsvlm")
  static native @ByVal Tensor linear_cross_entropy(
      @Const @ByRef Tensor hiddenStates,
      @Const @ByRef Tensor weight,
      @Const @ByRef Tensor labels,
      @Cast("int64_t") long chunkRows);

  @Namespace("dsvlm")
  static native void resize_picture(
      @Cast("const uint8_t*") byte[] picture,
      @Cast("int64_t") long height,
      @Cast("int64_t") long width,
      @Cast("int64_t") long canvasHeight,
      @Cast("int64_t") long canvasWidth,
      @Cast("int64_t") long top,
      @Cast("int64_t") long left,
      @Cast("const uint8_t*") byte[] colour,
      @Cast("const int32_t*") int[] columnBegins,
      @Cast("const int32_t*") int[] columnWeights,
      @Cast("int64_t") long columns,
      @Cast("int64_t") long columnTaps,
      @Cast("const int32_t*") int[] rowBegins,
      @Cast("const int32_t*") int[] rowWeights,
      @Cast("int64_t") long rows,
      @Cast("int64_t") long rowTaps,
      @Cast("uint8_t*") byte[] output);

  @Namespace("dsvlm")
  static native @ByVal Tensor linear(
      @Const @ByRef Tensor x, @Const @ByRef Tensor weight, @Const @ByRef TensorOptional bias);

  @Namespace("dsvlm")
  static native @ByVal Tensor llama_decode(
      @Const @ByRef Tensor ids,
      @Const @ByRef TensorVector weights,
      @Const @ByRef TensorVector biases,
      @Const @ByRef TensorVector cache,
      @Const @ByRef Tensor cos,
      @Const @ByRef Tensor sin,
      @Const @ByRef Tensor starts,
      @Cast("int64_t") long length,
      @Cast("int64_t") long heads,
      double eps);

  @Namespace("dsvlm")
  static native @ByVal Tensor group_norm_silu(
      @Const @ByRef Tensor input,
      @Const @ByRef Tensor weight,
      @Const @ByRef Tensor bias,
      @Cast("int64_t") long groups,
      double eps);

  @Namespace("dsvlm")
  static native @ByVal Tensor gradient_norms(@Const @ByRef TensorVector gradients);

  @Namespace("dsvlm")
  static native void adamw_(
      @Const @ByRef TensorVector parameters,
      @Const @ByRef TensorVector gradients,
      @Const @ByRef TensorVector averages,
      @Const @ByRef TensorVector squares,
      @Const @ByRef TensorVector rounded,
      @Const @ByRef Tensor steps,
      @Const @ByRef TensorOptional gradientScale,
      double learningRate,
      double beta1,
      double beta2,
      double eps,
      double weightDecay);
}
