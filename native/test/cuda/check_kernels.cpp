/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Runs the CUDA kernels in the emulator and compares them with the CPU kernels in float64, on listed and on
// random shapes: value and gradients, all types, strided and unaligned inputs, outputs full of NaN beforehand.
//
//   check_kernels [SHAPES [SEED [LAUNCHES]]]     LAUNCHES: a file to be written, see emulator.h
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "case.h"
#include "check_attention.h"
#include "check_step.h"
#include "emulator.h"
#include "kernels/cuda/launchers.h"
#include "tensors.h"

namespace dsvlm::check {
namespace {

// wanted: 1 for the gradient of x, 2 for that of y.
void check_ssim(DType type, int64_t height, int64_t width, bool same, int64_t wanted) {
  const int64_t batch = pick(1, 2), channels = pick(1, 3);
  const Input::Shape shape = {batch, channels, height, width};
  Case here("ssim " + joined(shape) + (same ? " same" : " valid"), type);
  const Input x = Input::uniform(shape, type, generator), y = Input::uniform(shape, type, generator);
  const SsimTerms terms = pick(0, 1) == 0 ? SsimTerms{} : SsimTerms{0.85, -0.85, 0.15};
  const auto call = [&](Side side, DType dtype, Tensor& output, Tensor& grad_x, Tensor& grad_y) {
    SsimForward forward{};
    SsimProblem& p = forward.problem;
    p.dtype = dtype;
    p.batch = batch;
    p.channels = channels;
    p.height = height;
    p.width = width;
    p.padding = same ? kSsimRadius : 0;
    p.terms = terms;
    p.c1 = 1e-4;
    p.c2 = 9e-4;
    p.x = x.view(side);
    p.y = y.view(side);
    forward.output = output.data();
    forward.grad_x = wanted & 1 ? grad_x.data() : nullptr;
    forward.grad_y = wanted & 2 ? grad_y.data() : nullptr;
    return forward;
  };
  // Gradients are those of a mean over the map: as small as it is large.
  const int64_t pixels = height * width * channels;
  const auto scaled = [&](Tensor& gradient) {
    for (int64_t i = 0; i < gradient.size(); ++i) {
      gradient.set(i, gradient.get(i) * static_cast<double>(pixels));
    }
  };
  const auto map = [&](DType dtype) { return Tensor(batch * pixels, dtype); };
  Tensor expected(batch, DType::f64), expected_x = map(DType::f64), expected_y = map(DType::f64);
  Tensor actual(batch, accumulator(type)), actual_x = map(accumulator(type)), actual_y = map(accumulator(type));
  cpu::ssim_forward(call(Side::exact, DType::f64, expected, expected_x, expected_y));
  const SsimForward forward = call(Side::checked, type, actual, actual_x, actual_y);
  Tensor workspace = Tensor::bytes(cuda::ssim_forward_workspace(forward));
  cuda::ssim_forward(forward, workspace.data(), nullptr);
  here.compare("workspace", workspace, Tensor(0, DType::f64));
  here.compare("value", actual, expected);
  if (wanted & 1) {
    scaled(expected_x);
    scaled(actual_x);
    here.compare("gradient of x", actual_x, expected_x);
  }
  if (wanted & 2) {
    scaled(expected_y);
    scaled(actual_y);
    here.compare("gradient of y", actual_y, expected_y);
  }
}

void check_ssim(int64_t shapes) {
  for (DType type : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    begin_case("ssim of listed sizes", type, 0);
    check_ssim(type, 33, 65, true, 3);
    check_ssim(type, 43, 42, false, 0);
    for (int64_t i = 0; i < 4 * shapes; ++i) {
      begin_case("ssim", type, i);
      const bool same = pick(0, 1) == 1;
      const int64_t height = pick(same ? 1 : kSsimWindow, 90), width = pick(same ? 1 : kSsimWindow, 80);
      check_ssim(type, height, width, same, pick(0, 3));
    }
  }
}

void check_perceptual(DType type, int64_t batch, int64_t channels, int64_t positions) {
  Case here("perceptual_distance " + joined({batch, channels, positions}), type);
  const Input::Shape shape = {batch, channels, positions, 1};
  Input features = Input::planes(shape, type, generator), target = Input::planes(shape, type, generator);
  const Input weights = Input::planes({1, 1, channels, 1}, type, generator);
  Input upstream = Input::planes({1, 1, batch, 1}, accumulator(type), generator);
  const int64_t empty = pick(0, positions - 1);  // no feature, perhaps no target: a direction that does not exist
  for (int64_t c = 0; c < channels; ++c) {
    features.set(c * positions + empty, 0);
    if (channels % 2 == 0) {
      target.set(c * positions + empty, 0);
    }
  }
  const int64_t wanted = pick(1, 7);
  struct Results {
    Tensor output, features, target, weights;
  };
  const auto results = [&](DType dtype) {
    const int64_t size = batch * channels * positions;
    return Results{{batch, accumulator(dtype)}, {size, dtype}, {size, dtype}, {channels, dtype}};
  };
  const auto problem = [&](Side side) {
    return PerceptualProblem{
        side == Side::checked ? type : DType::f64,
        batch,
        channels,
        positions,
        features.view(side),
        target.view(side),
        weights.view(side).data};
  };
  const auto backward = [&](Side side, Results& to) {
    return PerceptualBackward{
        problem(side), upstream.view(side).data, wanted & 1 ? to.features.data() : nullptr,
        wanted & 2 ? to.target.data() : nullptr, wanted & 4 ? to.weights.data() : nullptr};
  };
  Results expected = results(DType::f64), actual = results(type);
  cpu::perceptual_distance_forward({problem(Side::exact), expected.output.data()});
  cpu::perceptual_distance_backward(backward(Side::exact, expected));
  const PerceptualForward forward{problem(Side::checked), actual.output.data()};
  Tensor workspace = Tensor::bytes(cuda::perceptual_distance_forward_workspace(forward));
  cuda::perceptual_distance_forward(forward, workspace.data(), nullptr);
  const PerceptualBackward call = backward(Side::checked, actual);
  Tensor more = Tensor::bytes(cuda::perceptual_distance_backward_workspace(call));
  cuda::perceptual_distance_backward(call, more.data(), nullptr);
  here.compare("workspace", workspace, Tensor(0, DType::f64));
  here.compare("workspace", more, Tensor(0, DType::f64));
  here.compare("value", actual.output, expected.output);
  if (wanted & 1) {
    here.compare("gradient of the features", actual.features, expected.features);
  }
  if (wanted & 2) {
    here.compare("gradient of the target", actual.target, expected.target);
  }
  if (wanted & 4) {
    here.compare("gradient of the weights", actual.weights, expected.weights);
  }
}

void check_perceptual(int64_t shapes) {
  for (DType type : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    for (int64_t i = 0; i < 4 * shapes; ++i) {
      begin_case("perceptual distance", type, i);
      const int64_t batch = pick(1, 3), channels = pick(1, 70), positions = pick(1, 150);
      check_perceptual(type, batch, channels, positions);
    }
  }
}

}  // namespace
}  // namespace dsvlm::check

int main(int count, char** arguments) {
  using namespace dsvlm::check;
  const int64_t shapes = count > 1 ? atoll(arguments[1]) : 3;
  seed = count > 2 ? static_cast<uint64_t>(atoll(arguments[2])) : 1;
  check_attention(shapes);
  check_ssim(shapes);
  check_perceptual(shapes);
  check_step(shapes);
  if (count > 3) {
    emulator::write_launches(arguments[3]);
  }
  printf("CUDA kernels, emulated: %d comparisons, %d wrong\n", comparisons, failures);
  return failures == 0 ? 0 : 1;
}
