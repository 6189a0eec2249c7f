/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Runs the CUDA kernels in the emulator and compares them with the CPU kernels in float64, on listed and on
// random shapes: value and gradients, all types, strided and unaligned inputs, outputs full of NaN beforehand.
//
//   check_kernels [SHAPES [SEED]]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "case.h"
#include "check_step.h"
#include "kernels/cuda/launchers.h"
#include "tensors.h"

namespace dsvlm::check {
namespace {

std::string joined(const std::vector<int64_t>& sizes) {
  std::string text;
  for (int64_t size : sizes) {
    text += (text.empty() ? "" : "x") + std::to_string(size);
  }
  return text;
}

// One problem of attention twice: in the type that is checked, and in float64.
struct Attention {
  int64_t batch, queries, heads, head_dim;
  std::vector<int64_t> tokens;
  DType type;
  Input query, grad_output, router;
  std::vector<Input> keys, values;

  Attention(int64_t batch, int64_t queries, int64_t heads, int64_t head_dim, std::vector<int64_t> tokens, DType type)
      : batch(batch),
        queries(queries),
        heads(heads),
        head_dim(head_dim),
        tokens(std::move(tokens)),
        type(type),
        query(rows(queries)),
        grad_output(rows(queries)),
        router(Input::uniform({batch, static_cast<int64_t>(this->tokens.size()), 1, 1}, type, generator)) {
    for (int64_t count : this->tokens) {
      keys.push_back(rows(count));
      values.push_back(rows(count));
    }
  }

  Input rows(int64_t count) { return Input::normal({batch, count, heads, head_dim}, type, generator); }

  MoeProblem problem(Side side) const {
    MoeProblem p{};
    p.dtype = side == Side::checked ? type : DType::f64;
    p.batch = batch;
    p.queries = queries;
    p.heads = heads;
    p.head_dim = head_dim;
    p.experts = static_cast<int>(tokens.size());
    p.scale = 1 / std::sqrt(static_cast<double>(head_dim));
    p.query = query.view(side);
    for (size_t e = 0; e < tokens.size(); ++e) {
      p.tokens[e] = tokens[e];
      p.keys[e] = keys[e].view(side);
      p.values[e] = values[e].view(side);
    }
    const Strided4 probabilities = router.view(side);
    p.router = probabilities.data;
    p.router_stride[0] = probabilities.stride[0];
    p.router_stride[1] = probabilities.stride[1];
    return p;
  }

  struct Results {
    Tensor output, logsumexp, grad_query, grad_router;
    std::vector<Tensor> grad_keys, grad_values;

    Results(const Attention& a, DType type)
        : output(a.batch * a.queries * a.heads * a.head_dim, type),
          logsumexp(a.batch * static_cast<int64_t>(a.tokens.size()) * a.heads * a.queries, accumulator(type)),
          grad_query(output.size(), type),
          grad_router(a.batch * static_cast<int64_t>(a.tokens.size()), type) {
      for (int64_t count : a.tokens) {
        grad_keys.emplace_back(a.batch * count * a.heads * a.head_dim, type);
        grad_values.emplace_back(a.batch * count * a.heads * a.head_dim, type);
      }
    }

    MoeForward forward(const MoeProblem& p) { return {p, output.data(), logsumexp.data()}; }

    MoeBackward backward(const MoeProblem& p, const Strided4& grad) {
      MoeBackward call{};
      call.problem = p;
      call.grad_output = grad;
      call.logsumexp = logsumexp.data();
      call.grad_query = grad_query.data();
      for (int e = 0; e < p.experts; ++e) {
        call.grad_keys[e] = grad_keys[e].data();
        call.grad_values[e] = grad_values[e].data();
      }
      call.grad_router = grad_router.data();
      return call;
    }
  };

  void check() {
    Case here("moe_cross_attention " + joined({batch, queries, heads, head_dim}) + " tokens " + joined(tokens), type);
    Results expected(*this, DType::f64), actual(*this, type);
    const MoeProblem reference = problem(Side::exact), p = problem(Side::checked);
    cpu::moe_cross_attention_forward(expected.forward(reference));
    cpu::moe_cross_attention_backward(expected.backward(reference, grad_output.view(Side::exact)));

    cuda::moe_cross_attention_forward(actual.forward(p), nullptr);
    here.compare("output", actual.output, expected.output);
    const MoeBackward call = actual.backward(p, grad_output.view(Side::checked));
    Tensor workspace = Tensor::bytes(cuda::moe_cross_attention_backward_workspace(call));
    cuda::moe_cross_attention_backward(call, workspace.data(), nullptr);
    here.compare("workspace", workspace, Tensor(0, DType::f64));
    here.compare("gradient of the query", actual.grad_query, expected.grad_query);
    here.compare("gradient of the router", actual.grad_router, expected.grad_router);
    for (size_t e = 0; e < tokens.size(); ++e) {
      here.compare("gradient of keys", actual.grad_keys[e], expected.grad_keys[e]);
      here.compare("gradient of values", actual.grad_values[e], expected.grad_values[e]);
    }
  }
};

void check_attention(int64_t shapes) {
  for (DType type : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    for (int64_t head_dim : {40, 64, 80, 128, 160, 256}) {
      Attention(1, pick(1, 140), 1, head_dim, {pick(1, 140), pick(1, 140)}, type).check();
    }
    for (int64_t i = 0; i < shapes; ++i) {
      std::vector<int64_t> tokens(static_cast<size_t>(pick(1, pick(0, 3) == 0 ? kMaxExperts : 3)));
      for (int64_t& count : tokens) {
        count = pick(0, 3) == 0 ? 1 : pick(1, 90);
      }
      Attention(
          pick(1, 2), pick(0, 4) == 0 ? 1 : pick(1, 150), pick(1, 2), pick(1, pick(0, 1) == 0 ? 256 : 90), tokens, type)
          .check();
    }
  }
}

void check_ssim(DType type, int64_t height, int64_t width, bool same) {
  const int64_t batch = pick(1, 2), channels = pick(1, 3);
  const Input::Shape shape = {batch, channels, height, width};
  Case here("ssim " + joined(shape) + (same ? " same" : " valid"), type);
  const Input x = Input::uniform(shape, type, generator), y = Input::uniform(shape, type, generator);
  const int64_t wanted = pick(0, 3);
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
    check_ssim(type, 33, 65, true);
    check_ssim(type, 43, 42, false);
    for (int64_t i = 0; i < 4 * shapes; ++i) {
      const bool same = pick(0, 1) == 1;
      check_ssim(type, pick(same ? 1 : kSsimWindow, 90), pick(same ? 1 : kSsimWindow, 80), same);
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
      check_perceptual(type, pick(1, 3), pick(1, 70), pick(1, 150));
    }
  }
}

}  // namespace
}  // namespace dsvlm::check

int main(int count, char** arguments) {
  using namespace dsvlm::check;
  const int64_t shapes = count > 1 ? atoll(arguments[1]) : 3;
  generator.seed(count > 2 ? static_cast<uint64_t>(atoll(arguments[2])) : 1);
  check_attention(shapes);
  check_ssim(shapes);
  check_perceptual(shapes);
  check_step(shapes);
  printf("CUDA kernels, emulated: %d comparisons, %d wrong\n", comparisons, failures);
  return failures == 0 ? 0 : 1;
}
