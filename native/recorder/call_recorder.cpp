/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Lists the operators that LibTorch runs for the calling thread, with the sizes of their inputs, so that tests
// can hold a plan against what happens. Autograd's engine runs CPU graphs on the thread that calls backward.
// No library that ships contains this: the Java class org.dsvlm.testing.LibTorchCalls loads it.
//
// A call is one line: its depth among the recorded calls, its name, then one field an argument, separated by
// tabs. A tensor is its sizes, "[2,3]", a list of tensors "{[2,3][4]}", an undefined one or None "-".
#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>
#include <jni.h>

#include <memory>
#include <sstream>
#include <string>

namespace {

std::ostringstream lines;
int depth = 0;
at::CallbackHandle handle = at::INVALID_CALLBACK_HANDLE;

void write(const at::Tensor& tensor) {
  if (!tensor.defined()) {
    lines << '-';
    return;
  }
  lines << '[';
  for (int64_t i = 0; i < tensor.dim(); i++) {
    lines << (i == 0 ? "" : ",") << tensor.size(i);
  }
  lines << ']';
}

void write(const c10::IValue& value) {
  if (value.isTensor()) {
    write(value.toTensor());
  } else if (value.isList()) {
    lines << '{';
    for (const c10::IValue& item : value.toListRef()) {
      write(item);
      if (!item.isTensor()) {
        lines << ' ';
      }
    }
    lines << '}';
  } else if (value.isBool()) {
    lines << (value.toBool() ? "true" : "false");
  } else if (value.isInt()) {
    lines << value.toInt();
  } else if (value.isDouble()) {
    lines << value.toDouble();
  } else {
    lines << '-';
  }
}

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& function) {
  lines << depth++ << '\t' << function.name();
  for (const c10::IValue& input : function.inputs()) {
    lines << '\t';
    write(input);
  }
  lines << '\n';
  return nullptr;
}

void on_end(const at::RecordFunction&, at::ObserverContext*) { depth--; }

}  // namespace

extern "C" JNIEXPORT void JNICALL Java_org_dsvlm_testing_LibTorchCalls_start(JNIEnv*, jclass) {
  lines.str("");
  depth = 0;
  handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(on_start, on_end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
}

extern "C" JNIEXPORT jstring JNICALL Java_org_dsvlm_testing_LibTorchCalls_stop(JNIEnv* environment, jclass) {
  at::removeCallback(handle);
  return environment->NewStringUTF(lines.str().c_str());
}
