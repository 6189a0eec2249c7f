/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.Moments;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * Stable Diffusion's autoencoder, by absolute and squared error of the decoded pictures and a light
 * pull of the latents towards a standard normal. It sees pieces of the pictures until the last
 * steps: a convolution learns the same from them, for a fraction of the time.
 */
final class VaePart implements Pretrainable {
  private static final String CONFIG = "config.json";
  private static final double SQUARED_WEIGHT = 4;
  private static final double WHOLE_SHARE = 0.15;
  private static final int AT_ONCE = 50;
  private static final int SCALE_SAMPLES = 400;

  @Override
  public String name() {
    return "vae";
  }

  @Override
  public String folder() {
    return "stable_diffusion/" + StableDiffusionFolder.VAE;
  }

  @Override
  public String title() {
    return "autoencoder in Stable Diffusion's topology";
  }

  @Override
  public List<String> needs() {
    return List.of();
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new Training(workshop);
  }

  private final class Training implements PartTraining {
    private final WorldPart train;
    private final VaeConfig config;
    private final ParameterStore store;
    private final Vae vae;
    private final Batches batches;
    private final RandomState random;
    private final int piece;
    private final long wholeFrom;
    private final int wholeBatch;
    private final double klWeight;

    Training(Workshop workshop) {
      train = workshop.data("train");
      config = VaeConfig.parse(workshop.section("model"), "vae.model");
      random = workshop.random(name());
      store = ParameterStore.random(random, ScalarType.Float, "cpu");
      vae = new Vae(store.root(), config);
      store.setTrainable(parameter -> true);
      JsonConfig settings = workshop.config();
      batches = new Batches(random, train.size(), settings.size("batch_size"));
      piece = settings.size("piece");
      wholeFrom = Math.round((1 - WHOLE_SHARE) * settings.integer("steps", 0));
      wholeBatch = Math.max(1, batches.size() * piece * piece / (train.side() * train.side()));
      klWeight = settings.number("kl_weight");
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    @Override
    public Loss loss(long step) {
      Tensor pictures = pictures(step);
      Moments moments = vae.encode(pictures);
      Tensor noise = random.fork("noise").fork(step).normal(Torch.shape(moments.mean()));
      Tensor error = vae.decode(moments.sample(noise)).sub(pictures);
      Tensor absolute = error.abs().mean();
      Tensor squared = error.square().mean();
      Tensor divergence =
          moments
              .mean()
              .square()
              .add(moments.logvar().exp())
              .sub(moments.logvar())
              .sub(Torch.scalar(1))
              .mean()
              .mul(Torch.scalar(0.5));
      Tensor total =
          absolute
              .add(squared.mul(Torch.scalar(SQUARED_WEIGHT)))
              .add(divergence.mul(Torch.scalar(klWeight)));
      return new Loss(
          total,
          Map.of("absolute", absolute, "squared", squared, "kl", divergence),
          (int) pictures.size(0));
    }

    private Tensor pictures(long step) {
      long[] rows = batches.rows(step);
      if (step >= wholeFrom || piece >= train.side()) {
        return train.pictures(Arrays.copyOf(rows, wholeBatch));
      }
      long room = train.side() - piece + 1L;
      long down = random.fork("down").fork(step).below(room);
      long right = random.fork("right").fork(step).below(room);
      return train.pictures(rows).narrow(2, down, piece).narrow(3, right, piece).contiguous();
    }

    /** The factor that gives the latents a standard deviation of one is measured here. */
    @Override
    public void write(Path folder) throws IOException {
      Bfloat16Files.write(folder, StableDiffusionFolder.STEM, store.tensors());
      double factor;
      try (PointerScope scope = new PointerScope()) {
        Tensor pictures = train.pictures(train.first(SCALE_SAMPLES));
        Tensor latents = Torch.withoutGradient(() -> vae.encode(pictures).mean());
        factor = 1 / Torch.item(latents.to(ScalarType.Double).std());
      }
      ObjectNode json = config.withScalingFactor(factor).toJson();
      Files.writeString(folder.resolve(CONFIG), json.toPrettyString() + "\n");
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** The autoencoder in {@code folder}, its weights in {@code store}. */
  static Vae open(Path folder, ParameterStore store) {
    JsonConfig config = JsonConfig.read(folder.resolve(CONFIG));
    return new Vae(store.root(), VaeConfig.parse(config.json(), config.where()));
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Path folder = workshop.part(folder());
    Map<String, Double> figures = new LinkedHashMap<>();
    try (WeightSource stored = WeightFolder.open(folder);
        ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu")) {
      Vae vae = open(folder, store);
      for (String name : List.of("new-scenes", "new-concepts")) {
        figures.put("psnr_db " + name, psnr(vae, workshop.data(name)));
      }
    }
    return figures;
  }

  /** Of the mean squared error over all pictures; the levels' range is 2. */
  private static double psnr(Vae vae, WorldPart part) {
    double sum = 0;
    long[] all = part.first(part.size());
    for (int first = 0; first < all.length; first += AT_ONCE) {
      long[] rows = Arrays.copyOfRange(all, first, Math.min(all.length, first + AT_ONCE));
      try (PointerScope scope = new PointerScope()) {
        Tensor pictures = part.pictures(rows);
        Tensor error =
            Torch.withoutGradient(
                () ->
                    vae.decode(vae.encode(pictures).mean())
                        .clamp(
                            new ScalarOptional(Torch.scalar(-1)),
                            new ScalarOptional(Torch.scalar(1)))
                        .sub(pictures)
                        .square()
                        .mean());
        sum += rows.length * Torch.item(error);
      }
    }
    return 10 * Math.log10(4 / (sum / all.length));
  }
}
