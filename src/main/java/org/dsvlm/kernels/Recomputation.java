/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * One checkpointed call. Its output is {@code body(input) + 0 · token}, the body outside the graph
 * and the zero connected to the input, so the graph is
 *
 * <pre>input → view → empty slice → sum (0) → · token → + body(input) → output</pre>
 *
 * <p>When the output's gradient arrives, its hook runs the body again, this time recorded, and goes
 * backward through it; what reaches the input is kept. The zero that comes down the graph is then
 * replaced by it in the view's hook.
 *
 * <p>The multiplication saves {@code token}. So the token's reference count tells when the graph
 * has been freed, by its backward or because no one wanted it: then only this object holds it.
 *
 * <p>Native code refers to hooks weakly and its nodes may outlive their backward. So hooks are
 * neither collected nor freed: {@link ActivationCheckpoint} uses these objects again and again.
 */
final class Recomputation {
  private final VoidTensorHook recompute =
      new VoidTensorHook() {
        @Override
        public void call(TensorBase outputGradient) {
          backward(outputGradient);
        }
      };
  private final TensorTensorHook replace =
      new TensorTensorHook() {
        @Override
        public TensorBase call(TensorBase zero) {
          return inputGradient == null ? zero : inputGradient;
        }
      };

  private Thread owner = Thread.currentThread();
  private @Nullable UnaryOperator<Tensor> body;
  private @Nullable Tensor input;
  private @Nullable Tensor token;
  private @Nullable Tensor randomState;
  private @Nullable Tensor inputGradient;

  /** Tensors that the body reads beside its input. */
  private List<Tensor> captured = List.of();

  Recomputation() {
    recompute.retainReference();
    replace.retainReference();
  }

  /**
   * The body's output, connected to {@code source}, of which a reference is held until {@link
   * #end}, as of {@code others}.
   */
  Tensor begin(UnaryOperator<Tensor> computation, Tensor source, List<Tensor> others) {
    owner = Thread.currentThread();
    body = computation;
    captured = List.copyOf(others);
    captured.forEach(Torch::keep);
    input = Torch.keep(new Tensor(source));
    token = Torch.keep(torch.zeros(new long[0], like(source)));
    randomState = Torch.keep(generator().get_state());
    Tensor output = Torch.withoutGradient(() -> computation.apply(source()));
    Tensor origin = origin();
    Tensor view = origin.view_as(origin);
    view.register_hook(replace);
    Tensor connected = output.add(view.narrow(0, 0, 0).sum().mul(token));
    connected.register_hook(recompute);
    return connected;
  }

  /**
   * Where the graph starts. An input without gradient (the first block over frozen embeddings)
   * still has to bring the backward here, for the parameters inside: a leaf of its own stands in
   * for it.
   */
  private Tensor origin() {
    Tensor source = source();
    return source.requires_grad()
        ? source
        : torch.zeros(new long[] {1}, like(source)).set_requires_grad(true);
  }

  private Tensor source() {
    return Objects.requireNonNull(input);
  }

  private static TensorOptions like(Tensor tensor) {
    return new TensorOptions()
        .dtype(new ScalarTypeOptional(tensor.scalar_type()))
        .device(new DeviceOptional(tensor.device()));
  }

  private void backward(TensorBase outputGradient) {
    if (input == null) {
      throw new DsVlmException(
          "checkpoint: a second backward through the same graph; pass retain_graph to the first");
    }
    ActivationCheckpoint.releaseFinished();
    try (PointerScope scope = new PointerScope()) {
      Tensor detached = input.detach().set_requires_grad(input.requires_grad());
      Tensor output = runAgain(detached);
      if (output.requires_grad()) {
        output.backward(
            new Tensor(outputGradient), new BoolOptional(), false, new TensorArrayRefOptional());
      }
      Tensor gradient = detached.grad();
      free(inputGradient);
      inputGradient = gradient.defined() ? Torch.keep(new Tensor(gradient)) : null;
    }
  }

  private Tensor runAgain(Tensor detached) {
    Generator generator = generator();
    Tensor now = generator.get_state();
    generator.set_state(randomState);
    try (AutoGradMode recording = new AutoGradMode(true)) {
      return Objects.requireNonNull(body).apply(detached);
    } finally {
      generator.set_state(now);
    }
  }

  private Generator generator() {
    return torch.globalContext().defaultGenerator(source().device());
  }

  /**
   * Whether the graph is gone, or has had its backward. Only the thread that began it can tell: the
   * token is free a moment before the backward asks for what reached the input.
   */
  boolean finished() {
    boolean ours = owner == Thread.currentThread() || !owner.isAlive();
    return ours && Objects.requireNonNull(token).use_count() == 1;
  }

  /** Lets go of everything but the hooks. */
  void end() {
    free(input);
    free(token);
    free(randomState);
    free(inputGradient);
    captured.forEach(Tensor::close);
    captured = List.of();
    body = null;
    input = null;
    token = null;
    randomState = null;
    inputGradient = null;
  }

  private static void free(@Nullable Tensor tensor) {
    if (tensor != null) {
      tensor.close();
    }
  }
}
