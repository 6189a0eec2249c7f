/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.nn.cost.Part;

/** A plan as people and as programs read it. */
public final class PlanReport {
  private static final double GIGABYTE = 1e9;
  private static final double TERA = 1e12;

  private final Plan plan;
  private final PrintWriter out;

  private PlanReport(Plan plan, PrintWriter out) {
    this.plan = plan;
    this.out = out;
  }

  /** Prints {@code plan} as tables. */
  public static void print(Plan plan, PrintWriter out) {
    new PlanReport(plan, out).print();
    out.flush();
  }

  private void print() {
    Hardware hardware = plan.hardware();
    line("device      %d × %s", plan.deployment().devices(), hardware.name());
    line("            %s", hardware.source());
    line(
        "precision   %s%s%s%s",
        plan.recipe().precision(),
        plan.deployment().masterWeights() && plan.deployment().bytes() < 4
            ? ", float32 master weights"
            : "",
        sharded(plan.deployment()),
        plan.recipe().activationCheckpointing() ? ", activations recomputed" : "");
    parameters();
    plan.stages().forEach(this::stage);
    double hours = plan.stages().stream().mapToDouble(StagePlan::hours).sum();
    line("");
    line("in all      %s", duration(hours));
  }

  private static String sharded(StagePlanner.Deployment deployment) {
    if (deployment.shardsGradients()) {
      return ", optimizer states and gradients sharded";
    }
    return deployment.shardsStates() ? ", optimizer states sharded" : "";
  }

  private void parameters() {
    line("");
    line("%-16s %15s %15s %15s", "parameters", "stage 1", "stage 2", "frozen in both");
    long[] sums = new long[3];
    for (Part part : plan.sizes().parts()) {
      long count = plan.sizes().parameters(part);
      boolean first = plan.sizes().trains(part, 1);
      boolean second = plan.sizes().trains(part, 2);
      sums[0] += first ? count : 0;
      sums[1] += second ? count : 0;
      sums[2] += first || second ? 0 : count;
      line(
          "%-16s %,15d %,15d %,15d",
          part.key(), first ? count : 0, second ? count : 0, first || second ? 0 : count);
    }
    line("%-16s %,15d %,15d %,15d", "all", sums[0], sums[1], sums[2]);
  }

  private void stage(StagePlan stage) {
    Memory memory = stage.memory();
    line("");
    line(
        "stage %d     %,d steps of %.0f records, %d micro batches on each device",
        stage.stage(), stage.steps(), stage.records(), stage.microBatches());
    line(
        "%-16s %9s %9s %9s %9s %10s %10s",
        "", "weights", "gradients", "AdamW", "kept", "forward", "backward");
    line("%-16s %9s %9s %9s %9s %10s %10s", "", "GB", "GB", "GB", "GB", "TFLOP", "TFLOP");
    for (Map.Entry<Part, Memory.PartMemory> entry : memory.parts().entrySet()) {
      Memory.PartMemory part = entry.getValue();
      line(
          "%-16s %9.3f %9.3f %9.3f %9.3f %10.3f %10.3f",
          entry.getKey().key(),
          part.weights() / GIGABYTE,
          part.gradients() / GIGABYTE,
          part.optimizerStates() / GIGABYTE,
          part.activations() / GIGABYTE,
          stage.flops(entry.getKey(), "forward") / TERA,
          stage.flops(entry.getKey(), "backward") / TERA);
    }
    line(
        "%-16s %9.3f %9.3f %9.3f %9.3f %21.3f",
        "all (kept: peak)",
        memory.weights() / GIGABYTE,
        memory.gradients() / GIGABYTE,
        memory.optimizerStates() / GIGABYTE,
        memory.activationPeak() / GIGABYTE,
        stage.totalFlops() / TERA);
    line(
        "memory      %.2f GB on each device (%.2f of the process and its operations); %s",
        memory.total() / GIGABYTE,
        (memory.working() + memory.exchange() + memory.runtime()) / GIGABYTE,
        memory.total() > plan.hardware().memory() ? "more than it has" : "fits");
    line(
        "kept        %.2f GB if all records are as long as they may be, %.2f GB if blocks were"
            + " recomputed",
        stage.longest() / GIGABYTE, stage.recomputed() / GIGABYTE);
    line(
        "time        %.3f s a step, %s; %.2f × that without supervision",
        stage.secondsPerStep(), duration(stage.hours()), stage.overhead());
    if (stage.instrumentSeconds() > 0) {
      line(
          "instruments %.2f %% of the time",
          100 * stage.instrumentSeconds() / (stage.secondsPerStep() + stage.instrumentSeconds()));
    }
  }

  private static String duration(double hours) {
    return hours >= 1
        ? String.format(Locale.ROOT, "%.1f hours", hours)
        : String.format(Locale.ROOT, "%.1f minutes", hours * 60);
  }

  private void line(String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
  }

  /** {@code plan} with all its figures; bytes, operations and seconds. */
  public static ObjectNode json(Plan plan) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("device", plan.hardware().name());
    json.put("devices", plan.deployment().devices());
    json.put("device_figures", plan.hardware().source());
    json.put("precision", plan.recipe().precision());
    json.put("master_weights", plan.deployment().masterWeights());
    json.put("zero", plan.deployment().zero());
    json.put("activation_checkpointing", plan.recipe().activationCheckpointing());
    ObjectNode parameters = json.putObject("parameters");
    for (Part part : plan.sizes().parts()) {
      ObjectNode one = parameters.putObject(part.key());
      one.put("count", plan.sizes().parameters(part));
      one.put("trained_in_stage1", plan.sizes().trains(part, 1));
      one.put("trained_in_stage2", plan.sizes().trains(part, 2));
    }
    ObjectNode stages = json.putObject("stages");
    plan.stages().forEach(stage -> stages.set("stage" + stage.stage(), json(stage)));
    json.put("hours", plan.stages().stream().mapToDouble(StagePlan::hours).sum());
    return json;
  }

  private static ObjectNode json(StagePlan stage) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("steps", stage.steps());
    json.put("batch_size", stage.records());
    json.put("micro_batches", stage.microBatches());
    json.put("flops_per_step", stage.totalFlops());
    ObjectNode flops = json.putObject("flops");
    ObjectNode operations = json.putObject("operations");
    stage
        .flops()
        .forEach(
            (part, kinds) -> {
              ObjectNode sum = flops.putObject(part.key());
              sum.put("forward", stage.flops(part, "forward"));
              sum.put("backward", stage.flops(part, "backward"));
              ObjectNode one = operations.putObject(part.key());
              kinds.forEach(
                  (kind, roles) -> {
                    ObjectNode counts = one.putObject(kind.key());
                    roles.forEach((role, count) -> counts.put(role.key(), count));
                  });
            });
    ObjectNode memory = json.putObject("memory");
    memory.put("total", stage.memory().total());
    memory.put("weights", stage.memory().weights());
    memory.put("gradients", stage.memory().gradients());
    memory.put("optimizer_states", stage.memory().optimizerStates());
    memory.put("activations_peak", stage.memory().activationPeak());
    memory.put("activations_longest", stage.longest());
    memory.put("activations_recomputed", stage.recomputed());
    memory.put("working", stage.memory().working());
    memory.put("exchange", stage.memory().exchange());
    memory.put("runtime", stage.memory().runtime());
    ObjectNode parts = memory.putObject("parts");
    stage
        .memory()
        .parts()
        .forEach(
            (part, bytes) ->
                parts
                    .putObject(part.key())
                    .put("weights", bytes.weights())
                    .put("gradients", bytes.gradients())
                    .put("optimizer_states", bytes.optimizerStates())
                    .put("activations", bytes.activations()));
    json.put("seconds_per_step", stage.secondsPerStep());
    json.put("seconds_per_step_unsupervised", stage.secondsUnsupervised());
    json.put("instruments_seconds_per_step", stage.instrumentSeconds());
    json.put("overhead", stage.overhead());
    json.put("hours", stage.hours());
    return json;
  }
}
