/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <utility>

namespace dsvlm {

template <typename Signature>
class Op;

// A registered operator as a C++ function: a call goes through LibTorch's dispatcher. The constructor looks the
// operator up, so a handle with static lifetime stands below its schema in the same file.
template <typename Result, typename... Arguments>
class Op<Result(Arguments...)> {
 public:
  explicit Op(const char* name)
      : handle_(c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Result(Arguments...)>()) {}

  Result operator()(Arguments... arguments) const { return handle_.call(std::forward<Arguments>(arguments)...); }

 private:
  c10::TypedOperatorHandle<Result(Arguments...)> handle_;
};

}  // namespace dsvlm
