/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.testing.LibTorchCalls.Call;

/**
 * The matrix products, convolutions and attentions that LibTorch really runs in a forward and a
 * backward pass, and the comparison of them with those that a plan counts. Norms, functions and
 * other work on single elements are left out: a plan counts their bytes, not their operations.
 *
 * <p>A product is known by the two sides of its result, the shorter first, and the width that it
 * sums over: for a linear layer's weight autograd computes either the gradient or its transpose. A
 * call inside another counted one, such as a product in an attention, belongs to that.
 */
public final class ObservedWork {
  private static final String FORWARD = "forward";
  private static final String BACKWARD = "backward";

  /** Named like a product, a convolution or an attention, and none: reshapes and weights' forms. */
  private static final Set<String> NONE_OF_THEM = Set.of("aten::_convolution_mode");

  /** Outermost calls by pass. */
  private final Map<String, Integer> counts = new TreeMap<>();

  private double flops;

  /** Sizes of the head's inputs while calls are inside a cross entropy; else null. */
  private Call crossEntropy;

  private ObservedWork() {}

  /**
   * Runs {@code loss} and, if it has a gradient, its backward pass, and holds what ran against the
   * operations of {@code tape}.
   */
  public static void assertThatTapeHolds(Tape tape, Supplier<Tensor> loss) {
    ObservedWork observed = of(loss);
    ObservedWork planned = of(tape);
    assertThat(planned.counts)
        .as("operations of the plan, beside those that ran")
        .isEqualTo(observed.counts);
    assertThat(planned.flops).as("floating-point operations").isEqualTo(observed.flops);
    assertThat(observed.flops).isPositive();
  }

  /** Floating-point operations of {@code loss} and its backward pass. */
  public static double operations(Supplier<Tensor> loss) {
    return of(loss).flops;
  }

  private static ObservedWork of(Supplier<Tensor> loss) {
    ObservedWork work = new ObservedWork();
    List<Tensor> result = new ArrayList<>();
    work.add(FORWARD, LibTorchCalls.during(() -> result.add(loss.get())));
    if (result.get(0).requires_grad()) {
      work.add(BACKWARD, LibTorchCalls.during(() -> result.get(0).backward()));
    }
    return work;
  }

  private static ObservedWork of(Tape tape) {
    ObservedWork work = new ObservedWork();
    for (Operation operation : tape.operations()) {
      if (operation.flops() > 0) {
        work.counts.merge(describe(operation), 1, Integer::sum);
        work.flops += operation.flops();
      }
    }
    return work;
  }

  private static String describe(Operation operation) {
    List<Long> shape = operation.shape();
    Role role = operation.role();
    String pass = role.pass();
    return switch (operation.type()) {
      case MATRIX_PRODUCT -> {
        long rows = shape.get(0);
        long in = shape.get(1);
        long out = shape.get(2);
        yield switch (role) {
          case INPUT_GRADIENT -> product(pass, rows, out, in);
          case WEIGHT_GRADIENT -> product(pass, out, rows, in);
          default -> product(pass, rows, in, out);
        };
      }
      case CONVOLUTION -> line(pass, "convolution" + gradient(role), shape);
      case ATTENTION, EXPERT_ATTENTION ->
          line(
              pass,
              operation.type().key() + (role == Role.INPUT_GRADIENT ? " gradients" : ""),
              shape);
      default ->
          throw new AssertionError(operation + " has operations, but no shape to know it by");
    };
  }

  private static String gradient(Role role) {
    return switch (role) {
      case INPUT_GRADIENT -> " input gradient";
      case WEIGHT_GRADIENT -> " weight gradient";
      default -> "";
    };
  }

  private static String product(String pass, long m, long k, long n) {
    return line(pass, "product", List.of(Math.min(m, n), Math.max(m, n), k));
  }

  private static String line(String pass, String what, List<Long> shape) {
    return pass + " " + what + " " + shape;
  }

  private void add(String pass, List<Call> calls) {
    int inside = Integer.MAX_VALUE;
    for (Call call : calls) {
      if (call.depth() > inside) {
        continue;
      }
      inside = Integer.MAX_VALUE;
      if (crossEntropy != null && call.depth() <= crossEntropy.depth()) {
        crossEntropy = null;
      }
      if (count(pass, call)) {
        inside = call.depth();
      }
    }
  }

  /** Counts {@code call} if it is one of those that a plan lists. */
  private boolean count(String pass, Call call) {
    switch (call.operator()) {
      case "dsvlm::linear", "aten::linear" -> {
        long[] x = call.sizes(0);
        long[] weight = call.sizes(1);
        product(passOf(pass, call), x, weight[0]);
      }
      // Of batches autograd makes those of a frozen layer whose maps do not lie in rows.
      case "aten::matmul", "aten::mm", "aten::bmm" -> product(pass, call, 0);
      case "aten::addmm", "aten::baddbmm" -> product(pass, call, 1);
      case "aten::conv2d", "aten::convolution" -> convolution(pass, call);
      case "aten::convolution_backward" -> convolutionBackward(pass, call);
      case "aten::scaled_dot_product_attention" -> attention(pass, call, 0);
      case "aten::_scaled_dot_product_flash_attention_for_cpu_backward" -> attention(pass, call, 1);
      case "dsvlm::moe_cross_attention" -> experts(pass, call, 0);
      case "dsvlm::_moe_cross_attention_backward" -> experts(pass, call, 1);
      case "dsvlm::_linear_cross_entropy_forward" -> {
        crossEntropy = call;
        return false;
      }
      case "dsvlm::linear_cross_entropy" -> {
        return false;
      }
      default -> {
        assertThat(call)
            .as("a call that looks like work, and that nobody here knows how to count")
            .matches(other -> !looksLikeWork(other.operator()));
        return false;
      }
    }
    return true;
  }

  private static boolean looksLikeWork(String operator) {
    // Autograd's engine reports itself as well, and the name of the node that it runs.
    return !operator.startsWith("autograd::")
        && operator.matches(
            ".*(mm|matmul|bmm|conv|attention|linear|einsum|bilinear|addmv|::mv|::dot|rnn|lstm|gru).*")
        && !operator.matches(".*(upsample|common|comm|index|linear_?space|linspace).*")
        && !NONE_OF_THEM.contains(operator);
  }

  /**
   * The head's cross entropy makes its gradients on the way, in the forward pass. A plan counts
   * them where they belong, with the backward pass.
   */
  private String passOf(String pass, Call product) {
    if (crossEntropy == null) {
      return pass;
    }
    long[] states = product.sizes(0);
    boolean logits =
        Arrays.equals(product.sizes(1), crossEntropy.sizes(1))
            && states[1] == crossEntropy.sizes(0)[1];
    return logits ? pass : BACKWARD;
  }

  /** Of the tensors at {@code first} and after; those of a batch count as one of all its rows. */
  private void product(String pass, Call call, int first) {
    long[] columns = call.sizes(first + 1);
    product(pass, call.sizes(first), columns[columns.length - 1]);
  }

  /** x: [..., k], times [k, n]. */
  private void product(String pass, long[] x, long n) {
    long k = x[x.length - 1];
    long rows = LongStream.of(x).limit(x.length - 1).reduce(1, Math::multiplyExact);
    write(product(pass, rows, k, n), 2.0 * rows * k * n);
  }

  private void convolution(String pass, Call call) {
    long[] padding = call.numbers(4);
    long[] input = call.sizes(0);
    long[] weight = call.sizes(1);
    long stride = call.numbers(3)[0];
    long height = (input[2] + 2 * padding[0] - weight[2]) / stride + 1;
    long width = (input[3] + 2 * padding[0] - weight[3]) / stride + 1;
    convolution(pass + " convolution ", input[0], weight, height, width, stride);
  }

  private void convolutionBackward(String pass, Call call) {
    long[] output = call.sizes(0);
    long stride = call.numbers(4)[0];
    int mask = call.arguments().size() - 1;
    if (call.flag(mask, 0)) {
      convolution(
          pass + " convolution input gradient ",
          output[0],
          call.sizes(2),
          output[2],
          output[3],
          stride);
    }
    if (call.flag(mask, 1)) {
      convolution(
          pass + " convolution weight gradient ",
          output[0],
          call.sizes(2),
          output[2],
          output[3],
          stride);
    }
  }

  private void convolution(
      String what, long batch, long[] weight, long height, long width, long stride) {
    List<Long> shape = List.of(batch, weight[1], weight[0], height, width, weight[2], stride);
    write(
        what + shape, 2.0 * batch * height * width * weight[0] * weight[1] * weight[2] * weight[3]);
  }

  /** Backward, the scores are computed again: five products for the forward pass's two. */
  private void attention(String pass, Call call, int first) {
    long[] q = call.sizes(first);
    long[] k = call.sizes(first + 1);
    List<Long> shape = List.of(q[0], q[1], k[1], q[2], k[2], q[3]);
    double product = 2.0 * q[0] * q[1] * q[2] * k[2] * q[3];
    write(
        line(pass, OperationType.ATTENTION.key() + (first > 0 ? " gradients" : ""), shape),
        (first > 0 ? 5 : 2) * product);
  }

  private void experts(String pass, Call call, int first) {
    long[] q = call.sizes(first);
    List<long[]> contexts = call.listedSizes(first + 1);
    long keys = contexts.stream().mapToLong(context -> context[1]).sum();
    List<Long> shape = List.of(q[0], q[2], q[1], keys, q[3], (long) contexts.size());
    double product = 2.0 * q[0] * q[1] * q[2] * q[3] * keys;
    write(
        line(pass, OperationType.EXPERT_ATTENTION.key() + (first > 0 ? " gradients" : ""), shape),
        (first > 0 ? 5 : 2) * product);
  }

  private void write(String what, double operations) {
    counts.merge(what, 1, Integer::sum);
    flops += operations;
  }

  @Override
  public String toString() {
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " × " + entry.getKey())
        .collect(Collectors.joining("\n"));
  }
}
