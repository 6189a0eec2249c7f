/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * The denoising network on the autoencoder's latents, told what the picture shows. In some steps it
 * attends to the states of CLIP's text tower (Rombach et al. 2022), where one caption in ten is
 * left out. In the others it attends to the patches of the picture itself, as a low block of the
 * vision tower gives them: a caption says little about places, so from captions alone no query
 * learns to know its own.
 */
final class UNetPart implements Pretrainable {
  private static final String CONFIG = "config.json";
  private static final String VAE_FOLDER = "stable_diffusion/" + StableDiffusionFolder.VAE;
  private static final long UNTOLD_SHARE = 10;
  private static final int AT_ONCE = 50;
  private static final int MEASURED = 300;

  @Override
  public String name() {
    return "unet";
  }

  @Override
  public String folder() {
    return "stable_diffusion/" + StableDiffusionFolder.UNET;
  }

  @Override
  public String title() {
    return "denoising network, conditioned on captions and on a picture's patches";
  }

  @Override
  public List<String> needs() {
    return List.of(ClipPart.NAME, VisionPart.NAME, VAE_FOLDER);
  }

  /** Latents of all pictures of {@code part}, scaled, [pictures, channels, side, side]. */
  private static Tensor latents(Workshop workshop, WorldPart part, int most) {
    Path folder = workshop.part(VAE_FOLDER);
    try (PointerScope scope = new PointerScope();
        WeightSource stored = WeightFolder.open(folder);
        ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu")) {
      Vae vae = VaePart.open(folder, store);
      long[] all = part.first(most);
      List<Tensor> latents = new ArrayList<>();
      for (int first = 0; first < all.length; first += AT_ONCE) {
        long[] rows = Arrays.copyOfRange(all, first, Math.min(all.length, first + AT_ONCE));
        latents.add(
            Torch.withoutGradient(
                () ->
                    vae.encode(part.pictures(rows)).mean().mul(Torch.scalar(vae.scalingFactor()))));
      }
      return Torch.keep(Torch.cat(0, latents.toArray(Tensor[]::new)));
    }
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new Training(workshop);
  }

  private final class Training implements PartTraining {
    private final UNetConfig config;
    private final NoiseSchedule schedule;
    private final ParameterStore store;
    private final UNet unet;
    private final ToldCaption captions;
    private final ToldPatches patches;
    private final double patchesShare;
    private final GuidedCrossAttention.Guide guide;
    private final double guideWeight;
    private final Tensor latents;
    private final Batches batches;
    private final RandomState random;

    Training(Workshop workshop) {
      WorldPart train = workshop.data("train");
      captions = new ToldCaption(workshop, train);
      patches = new ToldPatches(workshop, train);
      patchesShare = workshop.config().number("patches_share");
      random = workshop.random(name());
      config = config(workshop);
      schedule = NoiseSchedule.parse(workshop.section("scheduler"), "unet.scheduler");
      Workshop.Started<UNet> started =
          workshop.started(random, parameters -> new UNet(parameters, config));
      store = started.store();
      unet = started.model();
      guide = new GuidedCrossAttention.Guide(patches.aSide());
      guideWeight = workshop.config().number("guide_weight");
      unet.replaceCrossAttention((path, base) -> guide.over(base));
      latents = latents(workshop, train, train.size());
      batches = new Batches(random, train.size(), workshop.config().size("batch_size"));
    }

    /** Widths of latents and text are those of the parts that are there. */
    private UNetConfig config(Workshop workshop) {
      ObjectNode model = workshop.section("model").deepCopy();
      JsonConfig vae = JsonConfig.read(workshop.part(VAE_FOLDER).resolve(CONFIG));
      int channels = vae.size("latent_channels");
      model.put("in_channels", channels).put("out_channels", channels);
      model.put("cross_attention_dim", captions.width());
      return UNetConfig.parse(model, "unet.model");
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    @Override
    public Loss loss(long step) {
      long[] rows = batches.rows(step);
      RandomState own = random.fork("step").fork(step);
      long[] timesteps = new long[rows.length];
      boolean inPatches = own.fork("patches").unit() < patchesShare;
      long[] told = rows.clone();
      for (int i = 0; i < rows.length; i++) {
        timesteps[i] = timestep(own.fork("timestep").fork(i), inPatches);
        if (own.fork("untold").fork(i).below(UNTOLD_SHARE) == 0) {
          told[i] = captions.empty();
        }
      }
      Tensor x0 = latents.index_select(0, Torch.of(rows, rows.length));
      Tensor noise = own.fork("noise").normal(Torch.shape(x0));
      Tensor at = Torch.of(timesteps, timesteps.length);
      Tensor states = inPatches ? patches.states(rows) : captions.states(told);
      Tensor output = unet.forward(schedule.addNoise(x0, noise, at), at, List.of(states));
      Tensor error = output.sub(schedule.target(x0, noise, at)).square().mean();
      if (!inPatches) {
        return new Loss(error, Map.of("error_of_captions", error), rows.length);
      }
      Tensor distance = guide.distance();
      return new Loss(
          error.add(distance.mul(Torch.scalar(guideWeight))),
          Map.of("error_of_patches", error, "distance_of_attention", distance),
          rows.length);
    }

    /** The patches are of use where the picture is hardly to be seen: the noisier of two. */
    private long timestep(RandomState random, boolean inPatches) {
      long steps = schedule.trainTimesteps();
      long one = random.below(steps);
      return inPatches ? Math.max(one, random.fork("second").below(steps)) : one;
    }

    @Override
    public void write(Path folder) throws IOException {
      Bfloat16Files.write(folder, StableDiffusionFolder.STEM, store.tensors());
      Files.writeString(folder.resolve(CONFIG), config.toJson().toPrettyString() + "\n");
    }

    /** The schedule that it was trained by, and the index that make a Stable Diffusion of it. */
    @Override
    public void complete(Path parts) throws IOException {
      Path folder = parts.resolve("stable_diffusion");
      JsonConfig vae = JsonConfig.read(parts.resolve(VAE_FOLDER).resolve(CONFIG));
      Map<String, ObjectNode> files =
          StableDiffusionFolder.configurations(
              config, VaeConfig.parse(vae.json(), vae.where()), schedule);
      for (String name :
          List.of(StableDiffusionFolder.SCHEDULER_CONFIG, StableDiffusionFolder.INDEX)) {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(
            path,
            new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(files.get(name))
                + "\n");
      }
    }

    @Override
    public void close() {
      captions.close();
      patches.close();
      latents.close();
      store.close();
    }
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Path folder = workshop.part(folder());
    JsonConfig config = JsonConfig.read(folder.resolve(CONFIG));
    JsonConfig scheduler =
        JsonConfig.read(folder.resolveSibling(StableDiffusionFolder.SCHEDULER_CONFIG));
    Map<String, Double> figures = new LinkedHashMap<>();
    try (WeightSource stored = WeightFolder.open(folder);
        ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu")) {
      UNetErrors errors =
          new UNetErrors(
              new UNet(store.root(), UNetConfig.parse(config.json(), config.where())),
              NoiseSchedule.parse(scheduler.json(), scheduler.where()));
      for (String name : List.of("new-scenes", "new-concepts")) {
        WorldPart part = workshop.data(name);
        Tensor latents = latents(workshop, part, MEASURED);
        try (ToldCaption captions = new ToldCaption(workshop, part);
            ToldPatches patches = new ToldPatches(workshop, part)) {
          errors.ofNoise(latents, captions).into(figures, "epsilon_error", "caption", name);
          errors.ofNoise(latents, patches).into(figures, "epsilon_error", "patches", name);
          errors.fromNoise(latents, patches).into(figures, "from_noise_error", "patches", name);
        }
        latents.close();
      }
    }
    return figures;
  }
}
