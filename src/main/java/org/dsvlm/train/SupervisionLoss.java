/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Batch;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.llava.Features;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.Feature;
import org.dsvlm.supervision.FeatureHooks;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.supervision.SupervisionDraw;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.parallel.RouterWeights;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.run.FilmStrip;
import org.dsvlm.train.run.Measurement;
import org.dsvlm.train.run.ReconstructionLog;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/** The diffusion supervision as the trainer sees it: a loss with parameters of its own. */
final class SupervisionLoss implements AuxiliaryLoss {
  private static final long[] PICTURES = {1};

  private final SupervisionConfig config;
  private final Llava llava;
  private final StableDiffusion diffusion;
  private final ParameterStore parameters;
  private final @Nullable PerceptualNetwork perceptual;
  private final DiffusionSupervisor supervisor;
  private final SupervisionDraw.Source draws;
  private final ScalarType dtype;
  private final String device;
  private final int instrumentTimesteps;
  private final @Nullable ReconstructionLog log;

  /**
   * Puts the supervision's experts into the UNet of {@code diffusion}.
   *
   * @param random the run's
   * @param log of reconstructions on the way; null: none
   */
  SupervisionLoss(
      Recipe recipe,
      Llava llava,
      StableDiffusion diffusion,
      RandomState random,
      ScalarType dtype,
      @Nullable ReconstructionLog log) {
    this.log = log;
    this.dtype = dtype;
    this.device = recipe.device();
    this.instrumentTimesteps = recipe.instruments().timesteps();
    this.config = recipe.supervisionConfig();
    this.llava = llava;
    this.diffusion = diffusion;
    PerceptualNetwork network =
        config.loss().needsNetwork()
            ? perceptual(recipe.model().perceptual(), random, dtype, recipe.device())
            : null;
    this.perceptual = network;
    try (WeightSource start = StartValues.multiAdapter(recipe)) {
      RandomState own = random.fork("multi adapter");
      boolean part = start != null && StartValues.holdsAdaptersAlone(recipe, start);
      this.parameters =
          start == null
              ? ParameterStore.random(own, dtype, recipe.device())
              : ParameterStore.from(start, own, name -> part, dtype, recipe.device());
      this.supervisor =
          new DiffusionSupervisor(
              config,
              diffusion,
              config.loss().build(network),
              parameters.root(),
              llava.config().text().hiddenSize(),
              llava.config().vision().hiddenSize());
      StartValues.requireWholeMultiAdapter(recipe, parameters);
    }
    this.draws = supervisor.draws(random);
  }

  private static PerceptualNetwork perceptual(
      Recipe.Perceptual recipe, RandomState random, ScalarType dtype, String device) {
    if (recipe.path().isEmpty()) {
      long[] widths = recipe.widths().stream().mapToLong(Long::longValue).toArray();
      return PerceptualNetwork.random(random.fork("perceptual"), widths, dtype, device);
    }
    Path folder = FilePath.model("recipe: model.perceptual.path", recipe.path());
    return PerceptualNetwork.open(weights(folder, "vgg"), weights(folder, "lpips"), dtype, device);
  }

  /** File names in either format; both projects publish the second. */
  static Path weights(Path folder, String stem) {
    Path pickled = folder.resolve(stem + ".pth");
    return Files.exists(pickled) ? pickled : folder.resolve(stem + ".safetensors");
  }

  @Override
  public String name() {
    return "reconstruction";
  }

  @Override
  public double weight() {
    return config.weight();
  }

  @Override
  public boolean reachesFeatures(long step) {
    return step >= config.warmupSteps();
  }

  @Override
  public double balance() {
    return config.balance().ratio();
  }

  @Override
  public Map<String, Tensor> parameters() {
    return parameters.setTrainable(name -> true);
  }

  @Override
  public Outcome loss(Features features, Batch batch, long step) {
    SupervisionDraw draw = draw(batch, step);
    Device place = Devices.of(device);
    Tensor picture = Torch.onto(Objects.requireNonNull(batch.picture()), place, dtype);
    DiffusionSupervisor.Result result = supervisor.loss(taken(features), picture, draw);
    return new Outcome(result.loss(), routerWeights(result.routerProbabilities()));
  }

  @Override
  public Map<String, Integer> blocks() {
    return config.blocks();
  }

  @Override
  public boolean shows(long step) {
    return log != null && log.isDue(step);
  }

  @Override
  public void show(long step, Features features, FixedPictures pictures) {
    Objects.requireNonNull(log).write(step, fixed(pictures).rows(taken(features)));
  }

  @Override
  public Measurement measure(Features features, FixedPictures pictures) {
    return fixed(pictures).measure(taken(features));
  }

  @Override
  public double measurePart(Features features, FixedPictures pictures) {
    return fixed(pictures).measurePart(taken(features));
  }

  private FixedReconstruction fixed(FixedPictures pictures) {
    Device place = new Device(device);
    SupervisionConfig.Reconstruct way = config.reconstruction();
    // Several passes start from noise, whatever the timestep is.
    long[] timesteps =
        way.severalPasses()
            ? new long[] {diffusion.schedule().samplingTimesteps(way.steps())[0]}
            : draws.quantiles(instrumentTimesteps);
    return new FixedReconstruction(
        supervisor,
        pictures.picture().to(place, dtype),
        pictures.meanPicture().to(place, dtype),
        draws.draw(pictures.ids(), FIXED_DRAW).noise().to(place, dtype),
        timesteps);
  }

  /** Timesteps and noise of the pictures of {@code batch}. */
  SupervisionDraw draw(Batch batch, long step) {
    return draws.draw(batch.pictureIds(), step);
  }

  private Map<String, Tensor> taken(Features features) {
    return FeatureHooks.take(
        config, llava.visionTower(), features.hiddenStates(), features.imageFeatures());
  }

  /** Draws how the first pictures of {@code batch} appear from noise, into {@code folder}. */
  void filmStrip(Path folder, Batch batch, Recipe.Report settings) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Device place = Devices.of(device);
      Tensor pictures = Objects.requireNonNull(batch.picture());
      Tensor pixelValues = Objects.requireNonNull(batch.pixelValues());
      long count = Math.min(settings.pictures(), pictures.size(0));
      Features features = llava.encode(pixelValues.narrow(0, 0, count).to(place, dtype));
      List<String> ids = batch.pictureIds().subList(0, (int) count);
      new FilmStrip(diffusion, settings.samplerSteps())
          .write(
              folder,
              pictures.narrow(0, 0, count),
              supervisor.contexts(taken(features)),
              draws.draw(ids, 0).noise().to(place, dtype));
    }
  }

  /** probabilities: of each layer [pictures, features]; shared attention has none. */
  private @Nullable RouterWeights routerWeights(List<Tensor> probabilities) {
    if (probabilities.isEmpty()) {
      return null;
    }
    Tensor all = Torch.stack(0, probabilities.toArray(Tensor[]::new));
    return new RouterWeights(
        supervisor.routerLayers().stream().map(SupervisionLoss::shortName).toList(),
        config.features().stream().map(Feature::key).toList(),
        all.to(ScalarType.Double).mean(PICTURES, false, new ScalarTypeOptional()));
  }

  /**
   * {@code down.0.1} for {@code down_blocks.0.attentions.1.transformer_blocks.0.attn2}; where a
   * transformer has several blocks, the further ones keep their number.
   */
  static String shortName(String path) {
    return path.replaceFirst("_blocks?", "")
        .replace(".attentions", "")
        .replaceFirst("\\.transformer_blocks(\\.0)?", "")
        .replaceFirst("\\.attn2$", "");
  }

  /** Writes the supervision's own parameters. */
  void write(Path file) {
    MultiAdapterFile.write(file, parameters);
  }

  @Override
  public void close() {
    supervisor.close();
    parameters.close();
    if (perceptual != null) {
      perceptual.close();
    }
  }
}
