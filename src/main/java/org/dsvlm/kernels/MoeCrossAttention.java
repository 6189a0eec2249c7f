/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;

/**
 * Cross-attention of one set of queries to several contexts, mixed by a router (equations 4 and 7
 * of the DS-VLM paper): {@code Σₑ Pₑ · softmax(Q Kₑᵀ / √D) Vₑ}, with a softmax of its own for each
 * context.
 */
public final class MoeCrossAttention {
  /** Most contexts that one call takes. */
  public static final int MAX_EXPERTS = 8;

  private static final OperatorCall CALL = new OperatorCall("dsvlm::moe_cross_attention");

  private MoeCrossAttention() {}

  /**
   * Attends to all contexts at once. Any strides are accepted and none are copied, so projections
   * are passed as views, without a transpose. float32, float64 and bfloat16; on a GPU also float16.
   *
   * @param query [batch, queries, heads, headDim]
   * @param keys one tensor [batch, tokensₑ, heads, headDim] for each of 1 to 8 contexts
   * @param values like {@code keys}
   * @param routerProbabilities [batch, contexts]
   * @return [batch, queries, heads, headDim], differentiable in every argument
   * @throws org.dsvlm.io.DsVlmException if shapes, types or devices do not agree
   */
  public static Tensor forward(
      Tensor query, List<Tensor> keys, List<Tensor> values, Tensor routerProbabilities) {
    requireOpen(query, keys, values, routerProbabilities);
    if (!Kernels.areNativeForHeads(query)) {
      return reference(query, keys, values, routerProbabilities);
    }
    return CALL.run(
        () ->
            NativeOps.moe_cross_attention(
                query,
                new TensorVector(keys.toArray(Tensor[]::new)),
                new TensorVector(values.toArray(Tensor[]::new)),
                routerProbabilities,
                new DoubleOptional()));
  }

  /** The same in LibTorch's own operators: one attention call a context, then the weighted sum. */
  public static Tensor reference(
      Tensor query, List<Tensor> keys, List<Tensor> values, Tensor routerProbabilities) {
    requireOpen(query, keys, values, routerProbabilities);
    return CALL.run(
        () -> {
          checkArguments(query, keys, values, routerProbabilities);
          if (query.numel() == 0) {
            return empty(query, keys, values, routerProbabilities);
          }
          Tensor sum = null;
          for (int e = 0; e < keys.size(); e++) {
            Tensor attended = attend(query, keys.get(e), values.get(e));
            Tensor probability = routerProbabilities.select(1, e).view(-1, 1, 1, 1);
            Tensor weighted = OperatorCall.wide(attended).mul(OperatorCall.wide(probability));
            sum = sum == null ? weighted : sum.add(weighted);
          }
          return Objects.requireNonNull(sum).to(query.scalar_type());
        });
  }

  /** query [batch, queries, heads, headDim], key and value [batch, tokens, heads, headDim]. */
  private static Tensor attend(Tensor query, Tensor key, Tensor value) {
    Tensor q = query.transpose(1, 2);
    Tensor k = key.transpose(1, 2);
    Tensor v = value.transpose(1, 2);
    return (key.size(1) == 1 ? attendToOne(q, k, v) : attendToMany(q, k, v)).transpose(1, 2);
  }

  private static Tensor attendToMany(Tensor q, Tensor k, Tensor v) {
    return torch.scaled_dot_product_attention(
        q, k, v, Torch.none(), 0.0, false, new DoubleOptional(), false);
  }

  /**
   * The softmax over one token is 1 and the gradient of its key is 0. LibTorch's fused attention
   * computes both from a rounded logarithm and misses the 0 by more than rounding.
   */
  private static Tensor attendToOne(Tensor q, Tensor k, Tensor v) {
    Tensor scores = torch.matmul(q.mul(Torch.scalar(1 / Math.sqrt(q.size(3)))), k.transpose(2, 3));
    return torch.matmul(torch.softmax(scores, -1), v);
  }

  /** An empty result; it hangs on every argument, so that each gets its gradient of zeros. */
  private static Tensor empty(
      Tensor query, List<Tensor> keys, List<Tensor> values, Tensor routerProbabilities) {
    Tensor all = routerProbabilities.sum();
    for (int e = 0; e < keys.size(); e++) {
      all = all.add(keys.get(e).sum()).add(values.get(e).sum());
    }
    return query.mul(all);
  }

  private static void requireOpen(
      Tensor query, List<Tensor> keys, List<Tensor> values, Tensor routerProbabilities) {
    CALL.requireOpen("query", query);
    CALL.requireOpen("keys", keys);
    CALL.requireOpen("values", values);
    CALL.requireOpen("router_probabilities", routerProbabilities);
  }

  private static void checkArguments(
      Tensor query, List<Tensor> keys, List<Tensor> values, Tensor routerProbabilities) {
    int experts = keys.size();
    CALL.require(
        experts >= 1 && experts <= MAX_EXPERTS,
        "keys must hold 1 to " + MAX_EXPERTS + " contexts, but holds " + experts);
    CALL.require(
        values.size() == experts,
        "values holds " + values.size() + " contexts, but keys holds " + experts);
    CALL.requireFloating("query", query);
    CALL.requireShape("query", query, "[batch, queries, heads, head_dim]", -1, -1, -1, -1);
    CALL.require(query.size(3) > 0, "query has a head_dim of 0");
    for (int e = 0; e < experts; e++) {
      checkContext("keys[" + e + "]", keys.get(e), query, -1);
      checkContext("values[" + e + "]", values.get(e), query, keys.get(e).size(1));
    }
    CALL.requireShape(
        "router_probabilities", routerProbabilities, "[batch, contexts]", query.size(0), experts);
    CALL.requireLike("router_probabilities", routerProbabilities, "query", query);
  }

  private static void checkContext(String name, Tensor context, Tensor query, long tokens) {
    CALL.requireShape(
        name,
        context,
        "[batch, tokens, heads, head_dim]",
        query.size(0),
        tokens,
        query.size(2),
        query.size(3));
    CALL.requireLike(name, context, "query", query);
    CALL.require(context.size(1) > 0, name + " has no tokens");
  }
}
