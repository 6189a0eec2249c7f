/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check_attention.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "attention_rows.h"
#include "case.h"
#include "emulator.h"
#include "kernels/cuda/launchers.h"
#include "tensors.h"

namespace dsvlm::check {
namespace {

// One problem of attention twice: in the type that is checked, and in float64.
struct Attention {
  int64_t batch, queries, heads, head_dim;
  std::vector<int64_t> tokens;
  DType type;
  Input query, grad_output, router;
  std::vector<Input> keys, values;
  double sharpness = 1;  // of the softmax: a factor of the scores

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
    p.scale = sharpness / std::sqrt(static_cast<double>(head_dim));
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
    Tensor output, logsumexp, context_outputs, grad_query, grad_router;
    std::vector<Tensor> grad_keys, grad_values;

    Results(const Attention& a, DType type)
        : output(a.batch * a.queries * a.heads * a.head_dim, type),
          logsumexp(a.batch * static_cast<int64_t>(a.tokens.size()) * a.heads * a.queries, accumulator(type)),
          context_outputs(
              keeps_context_outputs(type) ? output.size() * static_cast<int64_t>(a.tokens.size()) : 0, type),
          grad_query(output.size(), type),
          grad_router(a.batch * static_cast<int64_t>(a.tokens.size()), type) {
      for (int64_t count : a.tokens) {
        grad_keys.emplace_back(a.batch * count * a.heads * a.head_dim, type);
        grad_values.emplace_back(a.batch * count * a.heads * a.head_dim, type);
      }
    }

    MoeForward forward(const MoeProblem& p) { return {p, output.data(), logsumexp.data(), context_outputs.data()}; }

    MoeForward forward_of_sample(MoeProblem p, int64_t sample) {
      const auto moved = [&](const void* data, int64_t elements) {
        const void* there = nullptr;
        cuda::with_type(p.dtype, [&](auto type) { there = static_cast<const decltype(type)*>(data) + elements; });
        return there;
      };
      const auto part = [&](Tensor& of) { return static_cast<char*>(of.data()) + of.byte_size() / p.batch * sample; };
      const MoeForward call{{}, part(output), part(logsumexp), part(context_outputs)};
      p.query.data = moved(p.query.data, sample * p.query.stride[0]);
      for (int e = 0; e < p.experts; ++e) {
        p.keys[e].data = moved(p.keys[e].data, sample * p.keys[e].stride[0]);
        p.values[e].data = moved(p.values[e].data, sample * p.values[e].stride[0]);
      }
      p.router = moved(p.router, sample * p.router_stride[0]);
      p.batch = 1;
      return {p, call.output, call.logsumexp, call.context_outputs};
    }

    MoeBackward backward(const MoeProblem& p, const Strided4& grad) {
      MoeBackward call{};
      call.problem = p;
      call.grad_output = grad;
      call.logsumexp = logsumexp.data();
      call.context_outputs = context_outputs.data();
      call.grad_query = grad_query.data();
      for (int e = 0; e < p.experts; ++e) {
        call.grad_keys[e] = grad_keys[e].data();
        call.grad_values[e] = grad_values[e].data();
      }
      call.grad_router = grad_router.data();
      return call;
    }
  };

  static void attend(Case& here, const MoeForward& call) {
    Tensor workspace = Tensor::bytes(cuda::moe_cross_attention_forward_workspace(call));
    cuda::moe_cross_attention_forward(call, workspace.data(), nullptr);
    here.compare("workspace of the forward", workspace, Tensor(0, DType::f64));
  }

  // What a sample gives is the same among others, where a block takes all contexts, and alone, where it takes one.
  void check_samples() {
    Case here("moe_cross_attention, samples " + joined({batch, queries, heads, head_dim}), type);
    Results together(*this, type), alone(*this, type);
    const MoeProblem p = problem(Side::checked);
    attend(here, together.forward(p));
    for (int64_t b = 0; b < batch; ++b) {
      attend(here, alone.forward_of_sample(p, b));
    }
    here.compare_bytes("output", alone.output, together.output);
    here.compare_bytes("logarithms", alone.logsumexp, together.logsumexp);
    here.compare_bytes("kept outputs", alone.context_outputs, together.context_outputs);
  }

  void check() {
    Case here("moe_cross_attention " + joined({batch, queries, heads, head_dim}) + " tokens " + joined(tokens), type);
    Results expected(*this, DType::f64), actual(*this, type);
    const MoeProblem reference = problem(Side::exact), p = problem(Side::checked);
    cpu::moe_cross_attention_forward(expected.forward(reference));
    cpu::moe_cross_attention_backward(expected.backward(reference, grad_output.view(Side::exact)));

    attend(here, actual.forward(p));
    here.compare("output", actual.output, expected.output);
    const Strided4 gradient = grad_output.view(Side::exact);
    const bool keeps = keeps_context_outputs(type);
    const AttentionRows rows = attention_rows(reference, gradient, type, nullptr);
    const AttentionRows of_kept = attention_rows(reference, gradient, type, keeps ? &actual.context_outputs : nullptr);
    if (keeps) {
      here.compare("kept outputs", actual.context_outputs, Tensor(0, DType::f64));
      here.compare_rows("kept outputs", actual.context_outputs, rows.context_outputs);
    }
    const MoeBackward call = actual.backward(p, grad_output.view(Side::checked));
    Tensor workspace = Tensor::bytes(cuda::moe_cross_attention_backward_workspace(call));
    cuda::moe_cross_attention_backward(call, workspace.data(), nullptr);
    here.compare("workspace", workspace, Tensor(0, DType::f64));
    here.compare("gradient of the query", actual.grad_query, expected.grad_query);
    here.compare("gradient of the router", actual.grad_router, Tensor(0, DType::f64));
    here.compare_rows("gradient of the query", actual.grad_query, of_kept.grad_query);
    here.compare_rows("gradient of the router", actual.grad_router, rows.grad_router);
    for (size_t e = 0; e < tokens.size(); ++e) {
      here.compare("gradient of keys", actual.grad_keys[e], expected.grad_keys[e]);
      here.compare("gradient of values", actual.grad_values[e], expected.grad_values[e]);
      here.compare_rows("gradient of keys", actual.grad_keys[e], rows.grad_keys[e]);
      here.compare_rows("gradient of values", actual.grad_values[e], rows.grad_values[e]);
    }
  }
};

// The longest heads in float64 by the shared memory of a device: on sm_86, 89 and 120, on sm_80, on sm_90 and 100.
void check_double_head_dim() {
  for (const auto& [kibibytes, longest] : {std::pair(99, 160), {163, 256}, {227, 256}}) {
    emulator::most_shared_bytes = static_cast<size_t>(kibibytes) * 1024;
    ++comparisons;
    if (cuda::most_double_head_dim() != longest) {
      printf(
          "WRONG: heads in float64 of up to %lld with %d KiB\n", static_cast<long long>(cuda::most_double_head_dim()),
          kibibytes);
      ++failures;
    }
  }
  emulator::most_shared_bytes = emulator::kSharedBytes;
}

}  // namespace

void check_attention(int64_t shapes) {
  check_double_head_dim();
  for (DType type : {DType::f64, DType::f32, DType::bf16, DType::f16}) {
    // On the device with the most shared memory, and on one with the least of all that tensor cores are used on.
    for (size_t shared : {emulator::kSharedBytes, static_cast<size_t>(99 * 1024)}) {
      emulator::most_shared_bytes = shared;
      for (int64_t head_dim : {40, 64, 80, 128, 160, 256}) {
        const bool has_small_tile = head_dim > 80 && type != DType::f64;
        if (shared == emulator::kSharedBytes || has_small_tile) {
          begin_case("attention of heads", type, head_dim);
          const int64_t queries = pick(1, 140), first = pick(1, 140), second = pick(1, 140);
          Attention(1, queries, 1, head_dim, {first, second}, type).check();
          if (keeps_context_outputs(type)) {
            begin_case("attention of many heads", type, head_dim);
            Attention(3, 18, 22, head_dim, {20, 9}, type).check();
          }
        }
      }
    }
    emulator::most_shared_bytes = emulator::kSharedBytes;
    // A row whose weight lies on one token, in any tile, has a small gradient that is a difference of large ones.
    for (int64_t sharpness : {3, 12, 24}) {
      begin_case("peaked attention", type, sharpness);
      Attention peaked(1, 90, 1, 80, {200, 140}, type);
      peaked.sharpness = static_cast<double>(sharpness);
      peaked.check();
    }
    // So far there were few blocks; here are more than kFewBlocks.
    if (keeps_context_outputs(type)) {
      begin_case("peaked attention of many heads", type, 0);
      Attention peaked(5, 18, 13, 80, {90, 140}, type);
      peaked.sharpness = 12;
      peaked.check();
      for (int64_t head_dim : {40, 80, 160, 256}) {
        begin_case("samples of attention", type, head_dim);
        Attention(2, 33, head_dim == 256 ? 17 : 33, head_dim, {40, 1, 65}, type).check_samples();
      }
    }
    for (int64_t i = 0; i < shapes; ++i) {
      begin_case("attention", type, i);
      std::vector<int64_t> tokens(static_cast<size_t>(pick(1, pick(0, 3) == 0 ? kMaxExperts : 3)));
      for (int64_t& count : tokens) {
        count = pick(0, 3) == 0 ? 1 : pick(1, 90);
      }
      const int64_t batch = pick(1, 2), queries = pick(0, 4) == 0 ? 1 : pick(1, 150), heads = pick(1, 2);
      const int64_t head_dim = pick(1, pick(0, 1) == 0 ? 256 : 90);
      Attention(batch, queries, heads, head_dim, tokens, type).check();
    }
  }
}

}  // namespace dsvlm::check
