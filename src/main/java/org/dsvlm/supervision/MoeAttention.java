/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.bytedeco.pytorch.global.torch.linear;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.OpenState;
import org.dsvlm.kernels.MoeCrossAttention;
import org.dsvlm.models.diffusion.CrossAttention;
import org.dsvlm.models.diffusion.PlainCrossAttention;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The paper's mixture-of-experts cross-attention (its Eqs. 4–7): the queries attend to each feature
 * separately, and a router that reads the queries weighs the results.
 *
 * <pre>
 *   Q = to_q(Z)        K_e, V_e = to_k_e(c_e), to_v_e(c_e)
 *   Z_e = softmax(Q K_eᵀ / √headDim) V_e                        per head
 *   P = softmax over the experts of mean over the tokens of Q W_rᵀ
 *   out = to_out(Σ_e P_e Z_e)
 * </pre>
 *
 * <p>Text goes through Stable Diffusion's own keys and values, each other feature through a pair
 * that starts as their copy; so with equal contexts the output is at first the base's, whatever P
 * is. A feature that is switched off has no expert and no place in the softmax.
 */
public final class MoeAttention implements CrossAttention, AutoCloseable {
  private static final long[] TOKENS = {1};

  private final PlainCrossAttention base;
  private final int experts;
  private final List<Linear> toK = new ArrayList<>();
  private final List<Linear> toV = new ArrayList<>();
  private final Tensor router;
  private final Tensor routerRows;
  private final OpenState open = new OpenState("the cross-attention");
  private @Nullable Tensor lastRouterProbabilities;

  /**
   * New parameters, {@code to_k_low.weight} … {@code to_v_high.weight} and {@code router.weight},
   * are made at {@code parameters}; the base's stay its own.
   *
   * @param experts features present; contexts come in their order
   */
  MoeAttention(
      PlainCrossAttention base, Parameters parameters, Collection<? extends Feature> experts) {
    this.base = base;
    this.experts = experts.size();
    for (Feature expert : experts) {
      boolean text = expert == StandardFeature.TEXT;
      toK.add(text ? base.toK() : copy(base.toK(), parameters.at("to_k_" + expert.key())));
      toV.add(text ? base.toV() : copy(base.toV(), parameters.at("to_v_" + expert.key())));
    }
    long inner = base.toQ().weight().size(0);
    RouterRows rows = RouterRows.of(experts);
    router = parameters.at("router").get("weight", Init.ZEROS, rows.count(), inner);
    routerRows =
        Torch.keep(Torch.of(rows.ofExperts(), experts.size()).to(router.device(), ScalarType.Long));
  }

  /** Names and shapes of the parameters that the experts at {@code path} add. */
  static Map<String, long[]> shapes(
      String path, long inner, long crossWidth, Collection<? extends Feature> experts) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (Feature expert : experts) {
      if (expert != StandardFeature.TEXT) {
        shapes.put(path + "to_k_" + expert.key() + ".weight", new long[] {inner, crossWidth});
        shapes.put(path + "to_v_" + expert.key() + ".weight", new long[] {inner, crossWidth});
      }
    }
    shapes.put(path + "router.weight", new long[] {RouterRows.of(experts).count(), inner});
    return shapes;
  }

  private static Linear copy(Linear original, Parameters parameters) {
    Tensor weight = original.weight();
    Init sameValues = (random, shape) -> weight.detach().clone();
    return Linear.of(parameters, sameValues, weight.size(1), weight.size(0), false);
  }

  @Override
  public Tensor forward(Tensor hiddenStates, List<Tensor> contexts) {
    open.require();
    return Torch.tidy(
        () -> {
          Tensor q = base.toQ().forward(hiddenStates);
          Tensor probabilities = routerProbabilities(q);
          remember(probabilities);
          List<Tensor> keys = new ArrayList<>();
          List<Tensor> values = new ArrayList<>();
          for (int e = 0; e < experts; e++) {
            keys.add(heads(toK.get(e).forward(contexts.get(e))));
            values.add(heads(toV.get(e).forward(contexts.get(e))));
          }
          Tensor mixed = mixed(heads(q), keys, values, probabilities);
          return base.toOut().forward(mixed.flatten(2, -1));
        });
  }

  /**
   * Each expert has a softmax of its own, so more than one call takes are a sum of several calls.
   */
  private static Tensor mixed(
      Tensor q, List<Tensor> keys, List<Tensor> values, Tensor probabilities) {
    int most = MoeCrossAttention.MAX_EXPERTS;
    int experts = keys.size();
    if (experts <= most) {
      return MoeCrossAttention.forward(q, keys, values, probabilities);
    }
    Tensor first =
        MoeCrossAttention.forward(
            q, keys.subList(0, most), values.subList(0, most), probabilities.narrow(1, 0, most));
    return first.add(
        mixed(
            q,
            keys.subList(most, experts),
            values.subList(most, experts),
            probabilities.narrow(1, most, experts - most)));
  }

  /**
   * q: [batch, positions, inner]; [batch, experts]. The mean of the products is the product of the
   * mean: W_r is linear.
   */
  private Tensor routerProbabilities(Tensor q) {
    Tensor meanQuery = q.mean(TOKENS, false, new ScalarTypeOptional());
    return linear(meanQuery, router.index_select(0, routerRows)).softmax(-1);
  }

  /** [batch, tokens, inner] to [batch, tokens, heads, head width]. */
  private Tensor heads(Tensor x) {
    return x.unflatten(2, base.heads(), -1);
  }

  private void remember(Tensor probabilities) {
    forget();
    lastRouterProbabilities = Torch.keep(probabilities.detach());
  }

  private void forget() {
    if (lastRouterProbabilities != null) {
      lastRouterProbabilities.close();
      lastRouterProbabilities = null;
    }
  }

  /**
   * P of the latest forward pass, [batch, experts], without graph: a new tensor of the caller's
   * scope.
   *
   * @throws IllegalStateException before the first pass
   */
  public Tensor lastRouterProbabilities() {
    open.require();
    if (lastRouterProbabilities == null) {
      throw new IllegalStateException("no forward pass yet");
    }
    return lastRouterProbabilities.alias();
  }

  /** Frees the tensors kept from the latest pass; the parameters belong to their stores. */
  @Override
  public void close() {
    open.close();
    forget();
    routerRows.close();
  }
}
