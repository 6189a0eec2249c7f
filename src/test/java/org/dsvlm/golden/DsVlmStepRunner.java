/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.weights.WeightSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Kind {@code ds_vlm_step}: the whole supervised training step, see {@link DsVlmStep}. */
final class DsVlmStepRunner implements GoldenRunner {
  private static final Logger LOG = LoggerFactory.getLogger(DsVlmStepRunner.class);

  private static final Set<String> INPUTS =
      Set.of(
          "input_ids",
          "attention_mask",
          "labels",
          "has_picture",
          "pixel_values",
          "picture",
          "timesteps",
          "noise",
          "unrolled.start");

  @Override
  public boolean isInput(String name) {
    return INPUTS.contains(name);
  }

  /**
   * In float32. Where a gradient of a loss with kinks alone is off, again in float64, as the case's
   * notes ask: a ReLU of the VGG nearly at 0 may fall on the other side in another float32 run and
   * shift a whole gradient. A fault of the code is one in float64 too.
   */
  @Override
  public void run(GoldenCase golden) {
    run(golden, ScalarType.Float);
    List<String> failures = golden.failures();
    if (!failures.isEmpty() && failures.stream().allMatch(DsVlmStepRunner::isOfKinkedLoss)) {
      LOG.info("repeating {} in float64 because of {}", golden.folder(), failures);
      failures.clear();
      run(golden, ScalarType.Double);
    }
  }

  private static boolean isOfKinkedLoss(String failure) {
    return failure.startsWith("grad.")
        && !failure.startsWith("grad.epsilon.")
        && !failure.startsWith("grad.ssim.");
  }

  private static void run(GoldenCase golden, ScalarType dtype) {
    Path folder = golden.folder();
    Path perceptual = folder.resolve("perceptual");
    try (LoadedLlava llava = LoadedLlava.open(folder.resolve("llava"), dtype, "cpu");
        StableDiffusion diffusion =
            StableDiffusionFolder.open(folder.resolve("stable_diffusion"), dtype, "cpu");
        PerceptualNetwork network =
            PerceptualNetwork.open(
                perceptual.resolve("vgg.safetensors"),
                perceptual.resolve("lpips.safetensors"),
                dtype,
                "cpu");
        WeightSource added = MultiAdapterFile.open(folder.resolve(MultiAdapterFile.NAME));
        ParameterStore adapters = ParameterStore.from(added, dtype, "cpu")) {
      DsVlmStep step = new DsVlmStep(golden, llava, diffusion, network, adapters);
      step.experts();
      if (!adapters.surplus().isEmpty()) {
        golden.fail("multi_adapter.safetensors: no module reads " + adapters.surplus());
      }
      step.shared();
      step.subsets();
      step.unrolled();
    }
  }
}
