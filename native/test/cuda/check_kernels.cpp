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

#include "kernels/cuda/launchers.h"
#include "tensors.h"

namespace dsvlm::check {
namespace {

std::mt19937_64 generator;
int comparisons = 0, failures = 0;

int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(generator); }

// Largest |difference| / max(largest |expected|, 0.1) that a type may show.
double tolerance(DType type) {
  switch (type) {
    case DType::f64:
      return 1e-11;
    case DType::f32:
      return 3e-5;
    case DType::bf16:
      return 2e-2;
    case DType::f16:
      return 3e-3;
  }
  return 0;
}

class Case {
 public:
  Case(std::string name, DType type) : name_(std::move(name) + " " + type_name(type)), limit_(tolerance(type)) {}

  void compare(const char* what, const Tensor& actual, const Tensor& expected) {
    ++comparisons;
    double largest = 0.1, difference = 0;
    for (int64_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected.get(i)));
    }
    for (int64_t i = 0; i < expected.size(); ++i) {
      const double here = std::abs(actual.get(i) - expected.get(i)) / largest;
      difference = std::isnan(here) ? INFINITY : std::max(difference, here);
    }
    if (!actual.intact()) {
      printf("WRITTEN OUTSIDE: %s, %s\n", name_.c_str(), what);
      ++failures;
    }
    if (!(difference <= limit_)) {
      printf("WRONG: %s, %s: %.2e\n", name_.c_str(), what, difference);
      ++failures;
    }
  }

 private:
  std::string name_;
  double limit_;
};

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
    Case here(
        "moe_cross_attention " + joined({batch, queries, heads, head_dim}) + " tokens " + joined(tokens), type);
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
      Attention(pick(1, 2), pick(0, 4) == 0 ? 1 : pick(1, 150), pick(1, 2), pick(1, pick(0, 1) == 0 ? 256 : 90),
                tokens, type)
          .check();
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
  printf("CUDA kernels, emulated: %d comparisons, %d wrong\n", comparisons, failures);
  return failures == 0 ? 0 : 1;
}
