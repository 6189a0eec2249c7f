/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.Prediction;
import org.dsvlm.tensor.Torch;

/** Kind {@code schedulers}: noise, velocity, x̂₀, and whole DDIM trajectories. */
final class SchedulersRunner implements GoldenRunner {
  private static final Set<String> INPUTS =
      Set.of(
          "add_noise.x0",
          "add_noise.noise",
          "add_noise.timesteps",
          "x0.model_output",
          "ddim.start");

  @Override
  public boolean isInput(String name) {
    return INPUTS.contains(name);
  }

  @Override
  public void run(GoldenCase golden) {
    for (String file : List.of("scheduler_config.json", "scheduler_config_full.json")) {
      Path config = golden.folder().resolve(file);
      if (Files.exists(config)) {
        NoiseSchedule schedule =
            NoiseSchedule.parse(JsonConfig.read(config).json(), config.toString());
        compareNoise(golden, schedule.withPrediction(Prediction.EPSILON));
        compareTrajectory(golden, "epsilon", schedule.withPrediction(Prediction.EPSILON));
        compareTrajectory(golden, "v", schedule.withPrediction(Prediction.V_PREDICTION));
      }
    }
  }

  private static void compareNoise(GoldenCase golden, NoiseSchedule schedule) {
    golden.expect("betas", schedule.betas());
    golden.expect("alphas_cumprod", schedule.alphasCumprod());
    Tensor x0 = golden.input("add_noise.x0");
    Tensor noise = golden.input("add_noise.noise");
    Tensor timesteps = golden.input("add_noise.timesteps");
    Tensor noisy = golden.input("add_noise.noisy");
    golden.expect("add_noise.noisy", schedule.addNoise(x0, noise, timesteps));
    golden.expect("add_noise.velocity", schedule.velocity(x0, noise, timesteps));
    Tensor output = golden.input("x0.model_output");
    golden.expect("x0.from_epsilon", schedule.predictOriginal(noisy, output, timesteps));
    NoiseSchedule velocity = schedule.withPrediction(Prediction.V_PREDICTION);
    golden.expect("x0.from_v", velocity.predictOriginal(noisy, output, timesteps));
  }

  private static void compareTrajectory(GoldenCase golden, String name, NoiseSchedule schedule) {
    int steps = golden.description().path("settings").path("num_inference_steps").asInt();
    DdimSampler sampler = new DdimSampler(schedule, steps);
    String prefix = "ddim." + name;
    golden.expectEqual(
        prefix + ".timesteps",
        sampler.timesteps(),
        Torch.longs(golden.input(prefix + ".timesteps")));
    Tensor sample = golden.input("ddim.start");
    List<Tensor> trajectory = new ArrayList<>();
    List<Tensor> originals = new ArrayList<>();
    for (long timestep : sampler.timesteps()) {
      // The case's stand-in for a network.
      Tensor output = sample.mul(Torch.scalar(0.1)).add(Torch.scalar(0.01 * timestep / 1000));
      Tensor batch = DdimSampler.timesteps(timestep, sample);
      originals.add(schedule.predictOriginal(sample, output, batch));
      sample = sampler.step(output, timestep, sample);
      trajectory.add(sample);
    }
    golden.expect(prefix + ".trajectory", Torch.stack(0, trajectory.toArray(Tensor[]::new)));
    // case.json gives no tolerance for pred_x0; each step's next sample is made of it, so the
    // trajectory's own is taken. Without an absolute part no entry near zero could ever pass.
    JsonNode tolerance = golden.description().path("tolerance");
    golden.expect(
        prefix + ".pred_x0",
        Torch.stack(0, originals.toArray(Tensor[]::new)),
        tolerance.path("rtol").asDouble(),
        tolerance.path("per_tensor").path(prefix + ".trajectory").path("atol").asDouble());
  }
}
