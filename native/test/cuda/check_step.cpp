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

// offset: of the input's and its gradient's first element from an address that vectors can be loaded from.
void check_group_norm_silu(
    DType type, int64_t batch, int64_t groups, int64_t width, int64_t positions, double input_mean = 0,
    int64_t offset = 0) {
  const int64_t channels = groups * width, size = batch * channels * positions;
  Case here(
      "group_norm_silu " + std::to_string(batch) + "x" + std::to_string(channels) + "x" + std::to_string(positions) +
          " in " + std::to_string(groups) + " groups",
      type);
  const auto plain = [&](int64_t count) { return Input::planes({1, 1, count, 1}, type, generator); };
  const auto map = [&](double mean) { return Input::planes({1, 1, size, 1}, type, generator, mean, offset); };
  const Input input = map(input_mean), weight = plain(channels), bias = plain(channels), upstream = map(0);
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
  const GroupNormSiluForward first = forward(Side::checked, actual);
  Tensor moments = Tensor::bytes(cuda::group_norm_silu_forward_workspace(first));
  cuda::group_norm_silu_forward(first, moments.data(), nullptr);
  const GroupNormSiluBackward call = backward(Side::checked, actual);
  Tensor workspace = Tensor::bytes(cuda::group_norm_silu_backward_workspace(call));
  cuda::group_norm_silu_backward(call, workspace.data(), nullptr);
  here.compare("workspace", moments, Tensor(0, DType::f64));
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

void check_cross_entropy(DType type, int64_t rows, int64_t classes, bool gradients) {
  Case here("cross_entropy " + joined({rows, classes}) + (gradients ? "" : " without gradients"), type);
  Input logits = Input::planes({1, 1, rows, classes}, type, generator);
  const int64_t peak = pick(0, classes - 1);  // of the first row: all the others are next to nothing
  logits.set(peak, 80);
  const double* from = static_cast<const double*>(logits.view(Side::exact).data);
  std::vector<int64_t> labels(static_cast<size_t>(rows));
  Tensor losses(rows, accumulator(type)), expected_losses(rows, DType::f64);
  Tensor actual(rows * classes, type), expected(rows * classes, DType::f64);
  const double scale = 0.5;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t label = labels[static_cast<size_t>(row)] = pick(0, classes - 1), first = row * classes;
    double sum = 0;
    for (int64_t i = first; i < first + classes; ++i) {
      actual.set(i, from[i]);
      sum += std::exp(from[i] - from[first + label]);
    }
    expected_losses.set(row, std::log(sum));
    for (int64_t i = first; i < first + classes; ++i) {
      const double p = std::exp(from[i] - from[first + label]) / sum;
      expected.set(i, gradients ? scale * (i == first + label ? p - 1 : p) : from[i]);
    }
  }
  cuda::cross_entropy_rows(
      {type, rows, classes, actual.data(), labels.data(), scale, gradients, losses.data()}, nullptr);
  here.compare("losses", losses, expected_losses);
  here.compare(gradients ? "gradient of the logits" : "logits", actual, expected);
}

// Groups that a block holds alone, small and large, and ones that are cut, with rows of whole vectors and of odd sizes,
// with addresses that suit vectors and others. A mean far from 0 shows a variance that is a difference of squares.
void check_listed_group_norms(DType type) {
  const int64_t share = type == DType::f64 ? 4 : type == DType::f32 ? 2 : 1;
  const int64_t large = 18432 / share;  // more than 256 threads hold, fewer than 512
  int64_t index = 0;
  const auto check = [&](auto... arguments) {
    begin_case("group_norm_silu of listed sizes", type, index++);
    check_group_norm_silu(type, arguments...);
  };
  check(2, 3, 5, 64, 50.0);
  check(2, 3, 5, 64, 50.0, 1);
  check(1, 64, 9, large / 9, 50.0);
  check(1, 64, 6, 601, 50.0);  // the same for single elements
  check(1, 2, 3, 12288, 50.0);
  check(1, 2, 3, 12288, 50.0, 1);
  check(1, 3, 70, 136, 50.0);
  check(2, 1, 3, 4099, 50.0);
  check(1, 1, 1, 70000, 50.0);  // as many segments as there may be
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
    inputs.push_back(Input::planes({1, 1, size, 1}, type, generator, 0, pick(0, 1)));
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

// Numbers that the type has, so that both sides start from the same ones.
std::vector<double> draw(int64_t size, DType type, bool squares) {
  const Input input = Input::planes({1, 1, size, 1}, type, generator);
  const double* from = static_cast<const double*>(input.view(Side::exact).data);
  Tensor numbers(size, type);
  std::vector<double> drawn;
  for (int64_t i = 0; i < size; ++i) {
    numbers.set(i, squares ? from[i] * from[i] : from[i]);
    drawn.push_back(numbers.get(i));
  }
  return drawn;
}

Tensor tensor_of(const std::vector<double>& numbers, DType type) {
  Tensor tensor(static_cast<int64_t>(numbers.size()), type);
  for (size_t i = 0; i < numbers.size(); ++i) {
    tensor.set(static_cast<int64_t>(i), numbers[i]);
  }
  return tensor;
}

// Every number is rounded to the type once, when it is stored. Before that some operations of the type that is computed
// in: no more than ten, on numbers no larger than `sizes`.
BoundedRows rounded_once(const Tensor& exact, const std::vector<double>& sizes, DType type) {
  BoundedRows rows;
  for (int64_t i = 0; i < exact.size(); ++i) {
    rows.values.push_back(exact.get(i));
    rows.bounds.push_back(
        1.01 * unit_roundoff(type) * std::abs(exact.get(i)) +
        10 * unit_roundoff(accumulator(type)) * sizes[static_cast<size_t>(i)] + smallest_roundoff(type));
  }
  return rows;
}

void check_adamw(DType type, bool masters) {
  Case here(masters ? "adamw with masters" : "adamw", type);
  const DType gradient_type = masters ? DType::bf16 : type;
  const double scale = 0.5, eps = 1e-2, step_size = 0.1 / (1 - 0.9), correction = 1 / std::sqrt(1 - 0.99);
  std::deque<Input> gradients;
  std::deque<std::vector<double>> average_sizes, parameter_sizes;  // of what is added up
  Update actual, expected;
  for (const int64_t size : sizes()) {
    gradients.push_back(Input::planes({1, 1, size, 1}, gradient_type, generator, 0, pick(0, 1)));
    const auto parameter = draw(size, type, false), average = draw(size, type, false), square = draw(size, type, true);
    const auto add = [&](Update& to, DType dtype, DType gradient_dtype, Side side) {
      to.parameters.push_back(tensor_of(parameter, dtype));
      to.averages.push_back(tensor_of(average, dtype));
      to.squares.push_back(tensor_of(square, dtype));
      to.rounded.emplace_back(size, DType::bf16);
      to.tensors.push_back(
          {dtype, gradient_dtype, to.parameters.back().data(), gradients.back().view(side).data,
           to.averages.back().data(), to.squares.back().data(),
           masters && side == Side::checked ? to.rounded.back().data() : nullptr, size, step_size, correction});
    };
    add(actual, type, gradient_type, Side::checked);
    add(expected, DType::f64, DType::f64, Side::exact);
    average_sizes.emplace_back();
    parameter_sizes.emplace_back();
    for (size_t i = 0; i < parameter.size(); ++i) {
      const double gradient = scale * static_cast<const double*>(gradients.back().view(Side::exact).data)[i];
      const double moments = std::abs(gradient) + std::abs(average[i]);
      const double deviation = std::sqrt(0.99 * square[i] + 0.01 * gradient * gradient);
      average_sizes.back().push_back(moments);
      parameter_sizes.back().push_back(std::abs(parameter[i]) + step_size * moments / (deviation * correction + eps));
    }
  }
  const auto step = [&](const Update& of) {
    return AdamWStep{of.tensors.data(), static_cast<int64_t>(of.tensors.size()), 0.99, 0.9, 0.99, eps, &scale};
  };
  cpu::adamw_update(step(expected));
  cuda::adamw_update(step(actual), nullptr);
  for (size_t i = 0; i < actual.tensors.size(); ++i) {
    std::vector<double> squares;
    for (int64_t j = 0; j < expected.squares[i].size(); ++j) {
      squares.push_back(expected.squares[i].get(j));
    }
    here.compare_rows(
        "parameter", actual.parameters[i], rounded_once(expected.parameters[i], parameter_sizes[i], type));
    here.compare_rows("average", actual.averages[i], rounded_once(expected.averages[i], average_sizes[i], type));
    here.compare_rows("square", actual.squares[i], rounded_once(expected.squares[i], squares, type));
    for (const Tensor* tensor : {&actual.parameters[i], &actual.averages[i], &actual.squares[i], &actual.rounded[i]}) {
      here.compare("state", *tensor, Tensor(0, DType::f64));
    }
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
    check_listed_group_norms(type);
    for (int64_t i = 0; i < 4 * shapes; ++i) {
      begin_case("group_norm_silu", type, i);
      const int64_t batch = pick(1, 3), groups = pick(1, 5), width = pick(1, 20);
      // Of few elements the deviation may be next to nothing, and the gradient then any number.
      check_group_norm_silu(type, batch, groups, width, pick(8, 300));
    }
    begin_case("cross_entropy of listed sizes", type, 0);
    check_cross_entropy(type, 2, 8 * 300, true);
    check_cross_entropy(type, 2, 8 * 300 + 1, true);
    for (int64_t i = 0; i < 2 * shapes; ++i) {
      begin_case("cross_entropy", type, i);
      check_cross_entropy(type, pick(1, 4), pick(0, 1) == 0 ? 8 * pick(1, 400) : pick(1, 3000), pick(0, 3) != 0);
    }
    for (int64_t i = 0; i < shapes; ++i) {
      begin_case("gradient_norms", type, i);
      check_norms(type);
      begin_case("adamw", type, i);
      check_adamw(type, false);
    }
  }
  begin_case("adamw with masters", DType::f32, 0);
  check_adamw(DType::f32, true);
}

}  // namespace dsvlm::check
