/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.kernels.MoeCrossAttention;
import org.dsvlm.tensor.Torch;

/**
 * Kind {@code moe_cross_attention}: the operator between projections and router. Groups {@code
 * full.*} run in float32; {@code bf16.*} in float32 and, from the same numbers, in bfloat16. Each
 * by the reference implementation and natively.
 */
final class MoeCrossAttentionRunner implements GoldenRunner {
  private static final List<String> EXPERTS = List.of("text", "low", "mid", "high");

  private interface Operator {
    Tensor forward(Tensor query, List<Tensor> keys, List<Tensor> values, Tensor router);
  }

  @Override
  public boolean isInput(String name) {
    String own = name.substring(name.indexOf('.', name.indexOf('.') + 1) + 1);
    return own.matches("Z|c_\\w+|W_\\w+|b_out|upstream_\\w+")
        || (name.startsWith("bf16.") && own.matches("Q|[KV]_\\w+"));
  }

  @Override
  public void run(GoldenCase golden) {
    List<Operator> operators = new ArrayList<>(List.of(MoeCrossAttention::reference));
    if (Kernels.nativeLoaded()) {
      operators.add(MoeCrossAttention::forward);
    }
    for (Map.Entry<String, JsonNode> group : golden.description().path("groups").properties()) {
      long heads = group.getValue().path("heads").asLong();
      for (Operator operator : operators) {
        Group inFloat = new Group(golden, group.getKey(), heads, operator, ScalarType.Float);
        inFloat.compareOperator();
        if (group.getKey().startsWith("bf16.")) {
          new Group(golden, group.getKey(), heads, operator, ScalarType.BFloat16).compareOperator();
        } else {
          inFloat.compareModule();
        }
      }
    }
  }

  /** One group of tensors, computed by one implementation in one number format. */
  private static final class Group {
    private final GoldenCase golden;
    private final String prefix;
    private final long heads;
    private final Operator operator;
    private final ScalarType dtype;

    Group(GoldenCase golden, String name, long heads, Operator operator, ScalarType dtype) {
      this.golden = golden;
      this.prefix = name + ".";
      this.heads = heads;
      this.operator = operator;
      this.dtype = dtype;
    }

    private Tensor leaf(String name) {
      return golden.input(prefix + name).to(dtype).set_requires_grad(true);
    }

    /** [batch, tokens, heads · headDim] as the operator takes it. */
    private Tensor split(Tensor projected) {
      return projected.view(projected.size(0), projected.size(1), heads, projected.size(2) / heads);
    }

    private Tensor attend(Tensor q, Map<String, Tensor> leaves, List<String> experts, Tensor p) {
      List<Tensor> keys = experts.stream().map(e -> split(leaves.get("K_" + e))).toList();
      List<Tensor> values = experts.stream().map(e -> split(leaves.get("V_" + e))).toList();
      return operator.forward(split(q), keys, values, p).flatten(2, 3);
    }

    private static Tensor logits(Tensor q, Tensor router) {
      return torch.matmul(q.mean(new long[] {1}, false, new ScalarTypeOptional()), router);
    }

    /** From projected queries, keys and values to Z_new. */
    void compareOperator() {
      Map<String, Tensor> leaves = new TreeMap<>();
      leaves.put("Q", leaf("Q"));
      leaves.put("W_r", leaf("W_r"));
      for (String expert : EXPERTS) {
        leaves.put("K_" + expert, leaf("K_" + expert));
        leaves.put("V_" + expert, leaf("V_" + expert));
      }
      Tensor q = leaves.get("Q");
      Tensor logits = logits(q, leaves.get("W_r"));
      Tensor p = torch.softmax(logits, 1);
      logits.retain_grad();
      p.retain_grad();
      Tensor zNew = attend(q, leaves, EXPERTS, p);
      expect("P_logits", logits);
      expect("P", p);
      expect("Z_new", zNew);
      Tensor one = torch.ones(new long[] {q.size(0), 1}, Torch.options(dtype));
      for (String expert : EXPERTS) {
        expect("Z_" + expert, attend(q, leaves, List.of(expert), one));
      }
      Tensor upstream = golden.input(prefix + "upstream_Z_new").to(dtype);
      zNew.mul(upstream).sum().backward();
      leaves.put("P", p);
      leaves.put("P_logits", logits);
      leaves.forEach((name, leaf) -> expectIfStored("grad." + name, leaf.grad()));
      Tensor alone = leaf("Q");
      attend(alone, leaves, EXPERTS, p.detach()).mul(upstream).sum().backward();
      expect("grad.Q_fixed_P", alone.grad());
    }

    /** From the layer's input and the contexts to its output, through every projection. */
    void compareModule() {
      Map<String, Tensor> leaves = new TreeMap<>();
      for (String name : List.of("Z", "W_q", "W_r", "W_out", "b_out")) {
        leaves.put(name, leaf(name));
      }
      Map<String, Tensor> projected = new TreeMap<>();
      for (String expert : EXPERTS) {
        Tensor context = leaf("c_" + expert);
        leaves.put("c_" + expert, context);
        for (String side : List.of("k", "v")) {
          Tensor weight = leaf("W_" + side + "_" + expert);
          leaves.put("W_" + side + "_" + expert, weight);
          String name = side.toUpperCase(Locale.ROOT) + "_" + expert;
          projected.put(name, torch.linear(context, weight));
          expect(name, projected.get(name));
        }
      }
      Tensor q = torch.linear(leaves.get("Z"), leaves.get("W_q"));
      expect("Q", q);
      Tensor p = torch.softmax(logits(q, leaves.get("W_r")), 1);
      Tensor zNew = attend(q, projected, EXPERTS, p);
      Tensor out = torch.linear(zNew, leaves.get("W_out"), new TensorOptional(leaves.get("b_out")));
      expect("out", out);
      out.mul(golden.input(prefix + "upstream_out")).sum().backward();
      leaves.forEach((name, leaf) -> expectIfStored("module_grad." + name, leaf.grad()));
    }

    private void expectIfStored(String name, Tensor actual) {
      if (golden.has(prefix + name)) {
        expect(name, actual);
      }
    }

    /**
     * The tolerances that case.json describes in words: in both formats absolute ones scale with
     * max(0.1, largest expected), and bfloat16 has one for the largest difference and one for the
     * mean.
     */
    private void expect(String name, Tensor actual) {
      double[] expected = Torch.doubles(golden.input(prefix + name));
      double scale = 0.1;
      for (double value : expected) {
        scale = Math.max(scale, Math.abs(value));
      }
      if (dtype == ScalarType.Float) {
        golden.expect(prefix + name, actual, 5e-5, 1e-5 * scale);
        return;
      }
      golden.expect(prefix + name, actual, 0, 2e-2 * scale);
      double[] values = Torch.doubles(actual);
      double sum = 0;
      for (int i = 0; i < expected.length; i++) {
        sum += Math.abs(values[i] - expected[i]);
      }
      if (!(sum / expected.length <= 4e-3 * scale)) {
        golden.fail(prefix + name + ": mean difference " + sum / expected.length + " in bfloat16");
      }
    }
  }
}
