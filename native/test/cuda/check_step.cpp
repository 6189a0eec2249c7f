/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check_step.h"

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "case.h"
#include "kernels/cuda/launchers.h"
#include "tensors.h"

namespace dsvlm::check {
namespace {

void check_group_norm_silu(DType type, int64_t batch, int64_t groups, int64_t width, int64_t positions) {
  const int64_t channels = groups * width, size = batch * channels * positions;
  Case here(
      "group_norm_silu " + std::to_string(batch) + "x" + std::to_string(channels) + "x" + std::to_string(positions) +
          " in " + std::to_string(groups) + " groups",
      type);
  const auto plain = [&](int64_t count) { return Input::planes({1, 1, count, 1}, type, generator); };
  const Input input = plain(size), weight = plain(channels), bias = plain(channels), upstream = plain(size);
  const int64_t wanted = pick(1, 7);
  struct Results {
    Tensor output, mean, inverse_deviation, input, weight, bias;
  };
  const auto results = [&](DType dtype) {
    const DType wide = accumulator(dtype);
    return Results{{size, dtype}, {batch * groups, wide}, {batch * groups, wide},
                   {size, dtype}, {channels, dtype},      {channels, dtype}};
  };
  const auto problem = [&](Side side) {
    return GroupNormSiluProblem{
        side == Side::checked ? type : DType::f64,
        batch,
        channels,
        groups,
        positions,
        input.view(side).data,
        weight.view(side).data,
        bias.view(side).data};
  };
  const auto forward = [&](Side side, Results& to) {
    return GroupNormSiluForward{problem(side), 1e-3, to.output.data(), to.mean.data(), to.inverse_deviation.data()};
  };
  const auto backward = [&](Side side, Results& to) {
    return GroupNormSiluBackward{
        problem(side),
        upstream.view(side).data,
        to.mean.data(),
        to.inverse_deviation.data(),
        wanted & 1 ? to.input.data() : nullptr,
        wanted & 2 ? to.weight.data() : nullptr,
        wanted & 4 ? to.bias.data() : nullptr};
  };
  Results expected = results(DType::f64), actual = results(type);
  cpu::group_norm_silu_forward(forward(Side::exact, expected));
  cpu::group_norm_silu_backward(backward(Side::exact, expected));
  cuda::group_norm_silu_forward(forward(Side::checked, actual), nullptr);
  const GroupNormSiluBackward call = backward(Side::checked, actual);
  Tensor workspace = Tensor::bytes(cuda::group_norm_silu_backward_workspace(call));
  cuda::group_norm_silu_backward(call, workspace.data(), nullptr);
  here.compare("workspace", workspace, Tensor(0, DType::f64));
  here.compare("value", actual.output, expected.output);
  if (wanted & 1) {
    here.compare("gradient of the input", actual.input, expected.input);
  }
  if (wanted & 2) {
    here.compare("gradient of the weight", actual.weight, expected.weight);
  }
  if (wanted & 4) {
    here.compare("gradient of the bias", actual.bias, expected.bias);
  }
}

// More tensors than a launch takes, and some of more elements than a block takes, or of none.
std::vector<int64_t> sizes() {
  std::vector<int64_t> sizes(static_cast<size_t>(pick(1, 110)));
  for (int64_t& size : sizes) {
    size = pick(0, 30) == 0 ? pick(0, 40000) : pick(0, 20);
  }
  return sizes;
}

void check_norms(DType type) {
  Case here("gradient_norms", type);
  std::deque<Input> inputs;
  std::vector<NormTensor> checked, exact;
  for (const int64_t size : sizes()) {
    inputs.push_back(Input::planes({1, 1, size, 1}, type, generator));
    checked.push_back({type, inputs.back().view(Side::checked).data, size});
    exact.push_back({DType::f64, inputs.back().view(Side::exact).data, size});
  }
  const int64_t count = static_cast<int64_t>(checked.size());
  Tensor actual(count, DType::f64), expected(count, DType::f64);
  cpu::gradient_norms_forward({exact.data(), count, static_cast<double*>(expected.data())});
  const NormsForward call{checked.data(), count, static_cast<double*>(actual.data())};
  Tensor workspace = Tensor::bytes(cuda::gradient_norms_workspace(call));
  cuda::gradient_norms(call, workspace.data(), nullptr);
  here.compare("workspace", workspace, Tensor(0, DType::f64));
  here.compare("norms", actual, expected);
}

// The state of one side after a step.
struct Update {
  std::deque<Tensor> parameters, averages, squares, rounded;
  std::vector<AdamWTensor> tensors;
};

Tensor copy_of(const Input& input, int64_t size, DType type, bool square) {
  Tensor copy(size, type);
  const double* from = static_cast<const double*>(input.view(Side::exact).data);
  for (int64_t i = 0; i < size; ++i) {
    copy.set(i, square ? from[i] * from[i] : from[i]);
  }
  return copy;
}

void check_adamw(DType type, bool masters) {
  Case here(masters ? "adamw with masters" : "adamw", type);
  const DType gradient_type = masters ? DType::bf16 : type;
  std::deque<Input> gradients;
  Update actual, expected;
  for (const int64_t size : sizes()) {
    const auto draw = [&](DType dtype) { return Input::planes({1, 1, size, 1}, dtype, generator); };
    gradients.push_back(draw(gradient_type));
    // Numbers that every type has, so that both sides start from the same ones.
    const Input parameter = draw(DType::bf16), average = draw(DType::bf16), square = draw(DType::bf16);
    const auto add = [&](Update& to, DType dtype, DType gradient_dtype, Side side) {
      to.parameters.push_back(copy_of(parameter, size, dtype, false));
      to.averages.push_back(copy_of(average, size, dtype, false));
      to.squares.push_back(copy_of(square, size, dtype, true));
      to.rounded.emplace_back(size, DType::bf16);
      to.tensors.push_back(
          {dtype, gradient_dtype, to.parameters.back().data(), gradients.back().view(side).data,
           to.averages.back().data(), to.squares.back().data(),
           masters && side == Side::checked ? to.rounded.back().data() : nullptr, size, 0.1 / (1 - 0.9),
           1 / std::sqrt(1 - 0.99)});
    };
    add(actual, type, gradient_type, Side::checked);
    add(expected, DType::f64, DType::f64, Side::exact);
  }
  const double scale = 0.5;
  const auto step = [&](const Update& of) {
    return AdamWStep{of.tensors.data(), static_cast<int64_t>(of.tensors.size()), 0.99, 0.9, 0.99, 1e-2, &scale};
  };
  cpu::adamw_update(step(expected));
  cuda::adamw_update(step(actual), nullptr);
  for (size_t i = 0; i < actual.tensors.size(); ++i) {
    here.compare("parameter", actual.parameters[i], expected.parameters[i]);
    here.compare("average", actual.averages[i], expected.averages[i]);
    here.compare("square", actual.squares[i], expected.squares[i]);
    if (masters) {
      Tensor rounded(actual.rounded[i].size(), DType::bf16);
      for (int64_t j = 0; j < rounded.size(); ++j) {
        rounded.set(j, actual.parameters[i].get(j));
      }
      here.compare("rounded parameter", actual.rounded[i], rounded);
    }
  }
}

}  // namespace

void check_step(int64_t shapes) {
  for (DType type : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    for (int64_t i = 0; i < 4 * shapes; ++i) {
      // Of few elements the deviation may be next to nothing, and the gradient then any number.
      check_group_norm_silu(type, pick(1, 3), pick(1, 5), pick(1, 20), pick(8, 300));
    }
    for (int64_t i = 0; i < shapes; ++i) {
      check_norms(type);
      check_adamw(type, false);
    }
  }
  check_adamw(DType::f32, true);
}

}  // namespace dsvlm::check
