/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.supervision.ConditionUse;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.run.Measurement;

/**
 * Reconstructions of fixed pictures from their features, at fixed timesteps and with fixed noise.
 */
final class FixedReconstruction {
  private static final String ERROR = "reconstruction_mae";

  private final DiffusionSupervisor supervisor;
  private final Tensor picture;
  private final Tensor meanPicture;
  private final Tensor noise;
  private final long[] timesteps;

  /**
   * Of some pictures.
   *
   * @param picture [pictures, 3, S, S] in [-1, 1]
   * @param meanPicture [3, S, S]
   * @param noise [pictures, latent channels, h, w]
   */
  FixedReconstruction(
      DiffusionSupervisor supervisor,
      Tensor picture,
      Tensor meanPicture,
      Tensor noise,
      long[] timesteps) {
    this.supervisor = supervisor;
    this.picture = picture;
    this.meanPicture = meanPicture;
    this.noise = noise;
    this.timesteps = timesteps;
  }

  private DiffusionSupervisor.Result at(Map<String, Tensor> features, long timestep) {
    return supervisor.loss(features, picture, DdimSampler.timesteps(timestep, picture), noise);
  }

  private Tensor pictureHat(DiffusionSupervisor.Result result) {
    Tensor decoded = result.pictureHat();
    Tensor latents = result.x0Hat();
    return decoded != null
        ? decoded
        : supervisor.decode(
            Objects.requireNonNull(latents, "a reconstruction has a picture or its latents"));
  }

  /** The autoencoder's own: no diffusion can do better. */
  private Tensor autoencoder() {
    return supervisor.decode(supervisor.latents(picture));
  }

  /**
   * The pictures, the autoencoder's own reconstruction, and one at each timestep, by name, each
   * float32 [pictures, 3, S, S].
   */
  Map<String, Tensor> rows(Map<String, Tensor> features) {
    Map<String, Tensor> rows = new LinkedHashMap<>();
    rows.put("original", picture);
    rows.put("autoencoder", autoencoder());
    for (long timestep : timesteps) {
      rows.put("t = " + timestep, Torch.tidy(() -> pictureHat(at(features, timestep)).clone()));
    }
    rows.replaceAll((name, row) -> row.to(ScalarType.Float));
    return rows;
  }

  /**
   * The condition use, and the mean absolute error of the reconstructions (in [-1, 1]) between that
   * of the autoencoder and that of the mean picture.
   */
  Measurement measure(Map<String, Tensor> features) {
    List<Tensor> errors = new ArrayList<>();
    ConditionUse use =
        ConditionUse.measure(
            features,
            timesteps,
            (seen, timestep) -> {
              DiffusionSupervisor.Result result = at(seen, timestep);
              if (seen == features) {
                errors.add(Torch.keep(error(pictureHat(result))));
              }
              return result.perSample();
            });
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(Measurement.CONDITION_USE, use.mean());
    figures.put("condition_use_zeros", use.zeros());
    figures.put(ERROR, errors.stream().mapToDouble(Torch::item).average().orElse(Double.NaN));
    figures.put(ERROR + "_autoencoder", Torch.item(error(autoencoder())));
    figures.put(ERROR + "_mean_picture", Torch.item(error(meanPicture.unsqueeze(0))));
    errors.forEach(Tensor::close);
    Map<String, Double> byTimestep = new LinkedHashMap<>();
    use.byTimestep().forEach((timestep, share) -> byTimestep.put(Long.toString(timestep), share));
    return new Measurement(
        figures,
        Map.of(
            "condition_use_by_timestep", byTimestep, "condition_use_by_feature", use.byFeature()),
        0);
  }

  /** One pass of those that {@link #measure} makes; gives its share. */
  double measurePart(Map<String, Tensor> features) {
    Torch.item(Torch.tidy(() -> at(features, timesteps[0]).loss().clone()));
    return 1.0 / (timesteps.length * ConditionUse.passes(features.size()));
  }

  private Tensor error(Tensor reconstruction) {
    return Torch.tidy(() -> reconstruction.to(ScalarType.Double).sub(picture).abs().mean());
  }
}
