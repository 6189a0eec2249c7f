/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;

/** A linear regression over some steps: AdamW, clipping and the schedule together. */
final class OptimRunner implements GoldenRunner {
  @Override
  public boolean isInput(String name) {
    return List.of("x", "y", "w0", "b0").contains(name);
  }

  @Override
  public void run(GoldenCase golden) throws Exception {
    JsonNode settings = golden.description().path("settings");
    checkRates(golden, settings);
    double decay = settings.path("weight_decay").asDouble();
    train(golden, settings, "one_group", decay);
    train(golden, settings, "two_groups", 0);
  }

  private static CosineWithWarmup schedule(JsonNode settings) {
    return CosineWithWarmup.ofRatio(
        settings.path("warmup_ratio").asDouble(), settings.path("steps").asLong());
  }

  private static void checkRates(GoldenCase golden, JsonNode settings) throws Exception {
    CosineWithWarmup schedule = schedule(settings);
    golden.expectEqual(
        "warmup_steps",
        new long[] {schedule.warmupSteps()},
        new long[] {settings.path("warmup_steps").asLong()});
    JsonNode rates =
        new ObjectMapper().readTree(golden.folder().resolve("lr.json").toFile()).path("lr");
    for (int step = 0; step < rates.size(); step++) {
      double rate = settings.path("lr").asDouble() * schedule.factor(step);
      double expected = rates.get(step).asDouble();
      if (Math.abs(rate - expected) > 2 * Math.ulp(expected)) {
        golden.fail("lr.json: step " + step + " has rate " + rate + ", expected " + expected);
      }
    }
  }

  private static void train(GoldenCase golden, JsonNode settings, String run, double biasDecay) {
    Tensor x = golden.input("x");
    Tensor y = golden.input("y");
    Tensor w = golden.leaf("w0");
    Tensor b = golden.leaf("b0");
    double rate = settings.path("lr").asDouble();
    double decay = settings.path("weight_decay").asDouble();
    List<ParameterGroup> groups =
        biasDecay == decay
            ? List.of(new ParameterGroup("all", Map.of("w", w, "b", b), rate, decay))
            : List.of(
                new ParameterGroup("weights", Map.of("w", w), rate, decay),
                new ParameterGroup("biases", Map.of("b", b), rate, biasDecay));
    JsonNode betas = settings.path("betas");
    CosineWithWarmup schedule = schedule(settings);
    List<Double> rates = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    List<Double> norms = new ArrayList<>();
    try (AdamW optimizer =
        new AdamW(
            groups,
            betas.get(0).asDouble(),
            betas.get(1).asDouble(),
            settings.path("eps").asDouble())) {
      for (int step = 0; step < settings.path("steps").asInt(); step++) {
        try (PointerScope scope = new PointerScope()) {
          Tensor rows = rows(step, x.size(0));
          Tensor error = x.index_select(0, rows).matmul(w).add(b).sub(y.index_select(0, rows));
          Tensor loss =
              error.square().mean().mul(Torch.scalar(settings.path("loss_factor").asDouble()));
          loss.backward();
          rates.add(rate * schedule.factor(step));
          losses.add(Torch.item(loss));
          GradientClipping clipping = GradientClipping.of(optimizer.gradients());
          norms.add(clipping.norms().all());
          optimizer.step(
              schedule.factor(step), clipping.factor(settings.path("clip_norm").asDouble()));
          optimizer.zeroGradients();
          String prefix = run + ".step" + (step + 1) + ".";
          if (golden.has(prefix + "w")) {
            golden.expect(prefix + "w", w);
            golden.expect(prefix + "b", b);
          }
        }
      }
      golden.expect(run + ".exp_avg.w", optimizer.state().get("w.exp_avg"));
      golden.expect(run + ".exp_avg_sq.w", optimizer.state().get("w.exp_avg_sq"));
    }
    golden.expect(run + ".lr", vector(rates));
    golden.expect(run + ".loss", vector(losses));
    golden.expect(run + ".grad_norm", vector(norms));
  }

  private static Tensor rows(int step, long n) {
    long[] rows = new long[8];
    for (int j = 0; j < rows.length; j++) {
      rows[j] = (7L * step + j) % n;
    }
    return Torch.of(rows, rows.length);
  }

  private static Tensor vector(List<Double> values) {
    return Torch.of(values.stream().mapToDouble(Double::doubleValue).toArray(), values.size());
  }
}
