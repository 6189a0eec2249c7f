/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/llama_decode.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <string>
#include <utility>
#include <vector>

#include "kernels/llama_decode.h"
#include "ops/checks.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"
#include "ops/views.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def(
      "llama_decode(Tensor ids, Tensor[] weights, Tensor[] biases, Tensor(a!)[] cache, Tensor cos, Tensor sin, "
      "Tensor starts, SymInt length, int heads, float eps) -> Tensor");
}

namespace {

constexpr const char* kName = "dsvlm::llama_decode";
constexpr size_t kLayerWeights = 9, kLayerBiases = 7;

using Signature = at::Tensor(
    const at::Tensor&, at::TensorList, at::TensorList, at::TensorList, const at::Tensor&, const at::Tensor&,
    const at::Tensor&, c10::SymInt, int64_t, double);

const Op<Signature> decode_op(kName);

// Looks at each tensor once, with the first weight for a standard.
class Arguments {
 public:
  explicit Arguments(const at::Tensor& table) : checks_(kName), table_(table) {}

  // One of the model's type and device, contiguous, as the kernel reads it.
  const at::Tensor& of_model(
      const std::string& name, const at::Tensor& tensor, const char* meaning, c10::SymIntArrayRef shape) const {
    checks_.defined(name.c_str(), tensor);
    checks_.shape(name, tensor, meaning, shape);
    checks_.like(name, tensor, "weights[0]", table_);
    contiguous(name, tensor);
    return tensor;
  }

  const int64_t* numbers(const char* name, const at::Tensor& tensor, int64_t batch) const {
    checks_.defined(name, tensor);
    checks_.shape(name, tensor, "[batch]", {batch});
    TORCH_CHECK(
        tensor.scalar_type() == at::kLong && tensor.is_cpu(), kName, ": ", name, " must be int64 on the CPU, but is ",
        Checks::type_name(tensor.scalar_type()), " on ", tensor.device().str());
    contiguous(name, tensor);
    return tensor.const_data_ptr<int64_t>();
  }

 private:
  const Checks checks_;
  const at::Tensor& table_;

  static void contiguous(const std::string& name, const at::Tensor& tensor) {
    TORCH_CHECK(tensor.is_contiguous(), kName, ": ", name, " must be contiguous");
  }
};

void check_counts(size_t weights, size_t biases, size_t cache) {
  TORCH_CHECK(
      weights >= 3 && (weights - 3) % kLayerWeights == 0, kName,
      ": weights must be the embedding table, 9 of each layer, a norm and the head, but are ", weights);
  const size_t layers = (weights - 3) / kLayerWeights;
  TORCH_CHECK(
      layers > 0 && cache == 2 * layers, kName, ": cache must be keys and values of each of ", layers,
      " layers, at least one, but has ", cache, " tensors");
  TORCH_CHECK(
      biases == 0 || biases == kLayerBiases * layers, kName, ": biases must be none or 7 of each of ", layers,
      " layers, but are ", biases);
}

void check_records(const LlamaDecode& p, int64_t vocabulary) {
  for (int64_t b = 0; b < p.batch; ++b) {
    TORCH_CHECK(
        p.ids[b] >= 0 && p.ids[b] < vocabulary, kName, ": ids[", b, "] is ", p.ids[b], ", but the model has ",
        vocabulary, " tokens");
    TORCH_CHECK(
        p.starts[b] >= 0 && p.starts[b] <= p.length, kName, ": starts[", b, "] is ", p.starts[b],
        ", but the cache holds ", p.length, " tokens");
  }
}

std::vector<DecodeLayer> layers_of(
    const Arguments& arguments, const LlamaDecode& p, at::TensorList weights, at::TensorList biases,
    at::TensorList cache) {
  const int64_t queries = p.heads * p.head_dim, keys = p.key_heads * p.head_dim;
  std::vector<DecodeLayer> layers(cache.size() / 2);
  for (size_t i = 0; i < layers.size(); ++i) {
    const size_t first = 1 + kLayerWeights * i;
    const auto norm = [&](size_t at) {
      const std::string name = "weights[" + std::to_string(first + at) + "]";
      return arguments.of_model(name, weights[first + at], "[width]", {p.width}).const_data_ptr();
    };
    const auto product = [&](size_t at, size_t bias_at, int64_t rows, int64_t columns) {
      const std::string name = "weights[" + std::to_string(first + at) + "]";
      const at::Tensor& weight = arguments.of_model(name, weights[first + at], "[out, in]", {rows, columns});
      const void* bias = nullptr;
      if (!biases.empty()) {
        const size_t place = kLayerBiases * i + bias_at;
        TORCH_CHECK(biases[place].defined(), kName, ": biases[", place, "] is an undefined tensor");
        if (biases[place].numel() > 0) {
          const std::string bias_name = "biases[" + std::to_string(place) + "]";
          bias = arguments.of_model(bias_name, biases[place], "[out]", {rows}).const_data_ptr();
        }
      }
      return DecodeProduct{weight.const_data_ptr(), bias, rows, columns};
    };
    const auto stored = [&](size_t at) {
      const std::string name = "cache[" + std::to_string(2 * i + at) + "]";
      return arguments
          .of_model(
              name, cache[2 * i + at], "[batch, key_heads, capacity, head_dim]",
              {p.batch, p.key_heads, p.capacity, p.head_dim})
          .mutable_data_ptr();
    };
    layers[i] = {
        norm(0),
        norm(5),
        product(1, 0, queries, p.width),
        product(2, 1, keys, p.width),
        product(3, 2, keys, p.width),
        product(4, 3, p.width, queries),
        product(6, 4, p.inner, p.width),
        product(7, 5, p.inner, p.width),
        product(8, 6, p.width, p.inner),
        stored(0),
        stored(1)};
  }
  return layers;
}

at::Tensor decode_cpu(
    const at::Tensor& ids, at::TensorList weights, at::TensorList biases, at::TensorList cache, const at::Tensor& cos,
    const at::Tensor& sin, const at::Tensor& starts, int64_t length, int64_t heads, double eps) {
  check_counts(weights.size(), biases.size(), cache.size());
  const Checks checks(kName);
  const at::Tensor& table = weights[0];
  checks.defined("weights[0]", table);
  checks.floating("weights[0]", table);
  checks.shape("weights[0]", table, "[vocabulary, width]", {-1, -1});
  checks.defined("ids", ids);
  checks.defined("weights[7]", weights[7]);
  checks.shape("weights[7]", weights[7], "[inner, width]", {-1, table.size(1)});
  checks.defined("cache[0]", cache[0]);
  checks.shape("cache[0]", cache[0], "[batch, key_heads, capacity, head_dim]", {-1, -1, -1, -1});

  LlamaDecode p{};
  p.dtype = dtype_of(table);
  p.batch = ids.numel();
  p.width = table.size(1);
  p.inner = weights[7].size(0);
  p.heads = heads;
  p.key_heads = cache[0].size(1);
  p.capacity = cache[0].size(2);
  p.head_dim = cache[0].size(3);
  p.length = length;
  p.eps = eps;
  TORCH_CHECK(
      p.key_heads > 0 && heads > 0 && heads % p.key_heads == 0, kName, ": ", heads, " heads cannot share ", p.key_heads,
      " key heads evenly");
  TORCH_CHECK(
      p.head_dim > 0 && p.head_dim % 2 == 0 && p.width > 0 && p.inner > 0, kName,
      ": width and inner must not be 0 and head_dim even, but they are ", p.width, ", ", p.inner, " and ", p.head_dim);
  TORCH_CHECK(
      length >= 0 && length < p.capacity, kName, ": a cache of ", p.capacity, " tokens has no room after ", length);
  const Arguments arguments(table);
  p.ids = arguments.numbers("ids", ids, p.batch);
  p.starts = arguments.numbers("starts", starts, p.batch);
  check_records(p, table.size(0));
  p.embeddings = arguments.of_model("weights[0]", table, "[vocabulary, width]", {-1, -1}).const_data_ptr();
  p.cos = arguments.of_model("cos", cos, "[positions, head_dim]", {-1, p.head_dim}).const_data_ptr();
  p.sin = arguments.of_model("sin", sin, "shaped like cos,", cos.sym_sizes()).const_data_ptr();
  TORCH_CHECK(length < cos.size(0), kName, ": cos has ", cos.size(0), " positions, but the token may be at ", length);
  const std::vector<DecodeLayer> layers = layers_of(arguments, p, weights, biases, cache);
  p.layers = layers.data();
  p.layer_count = static_cast<int64_t>(layers.size());
  const size_t last = weights.size() - 1;
  p.norm = arguments.of_model("the last norm", weights[last - 1], "[width]", {p.width}).const_data_ptr();
  const at::Tensor& head = arguments.of_model("the head", weights[last], "[vocabulary, width]", {-1, p.width});
  p.head = {head.const_data_ptr(), nullptr, head.size(0), p.width};
  at::Tensor logits = at::empty({p.batch, head.size(0)}, table.options().dtype(accumulator_of(table)));
  p.logits = logits.mutable_data_ptr();
  if (logits.numel() > 0) {
    cpu::llama_decode_forward(p);
  }
  return logits;
}

at::Tensor decode_meta(
    const at::Tensor& ids, at::TensorList weights, at::TensorList biases, at::TensorList cache,
    const at::Tensor& /*cos*/, const at::Tensor& /*sin*/, const at::Tensor& /*starts*/, c10::SymInt /*length*/,
    int64_t /*heads*/, double /*eps*/) {
  check_counts(weights.size(), biases.size(), cache.size());
  const Checks checks(kName);
  checks.shape("ids", ids, "[batch]", {-1});
  checks.shape("the head", weights.back(), "[vocabulary, width]", {-1, -1});
  return at::empty_symint(
      {ids.sym_size(0), weights.back().sym_size(0)}, weights[0].options().dtype(accumulator_of(weights[0])));
}

at::Tensor without_gradients(
    const at::Tensor& ids, at::TensorList weights, at::TensorList biases, at::TensorList cache, const at::Tensor& cos,
    const at::Tensor& sin, const at::Tensor& starts, c10::SymInt length, int64_t heads, double eps) {
  TORCH_CHECK(
      !at::GradMode::is_enabled() || !(needs_grad(weights) || needs_grad(biases) || needs_grad(cache)), kName,
      ": has no gradient; call it without recording gradients");
  at::AutoDispatchBelowADInplaceOrView below;
  return decode_op(ids, weights, biases, cache, cos, sin, starts, std::move(length), heads, eps);
}

}  // namespace

at::Tensor llama_decode(
    const at::Tensor& ids, at::TensorList weights, at::TensorList biases, at::TensorList cache, const at::Tensor& cos,
    const at::Tensor& sin, const at::Tensor& starts, int64_t length, int64_t heads, double eps) {
  return decode_op(ids, weights, biases, cache, cos, sin, starts, length, heads, eps);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) { library.impl("llama_decode", without_gradients); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) { library.impl("llama_decode", decode_meta); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) { library.impl("llama_decode", decode_cpu); }

}  // namespace dsvlm
