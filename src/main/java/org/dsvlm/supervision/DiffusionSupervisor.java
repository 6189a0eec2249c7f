/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.Calls;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.NativeErrors;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Diffusion supervision: a Stable Diffusion that sees a picture only through the vision-language
 * model's features has to reconstruct it, and its error flows back into the encoder, the connector
 * and the adapters.
 *
 * <pre>
 *   features ─ adapters ─ contexts ─┐
 *   picture ─ VAE encoder ─ x0 ─ noise ─ x_t ─ UNet ─ ε̂ ─ x̂0 ─ VAE decoder ─ loss against picture
 * </pre>
 *
 * <p>The supervisor decides nothing about what is trained: parameters gather gradients if whoever
 * holds their stores asks for it. The UNet's base, the VAE and the perceptual network are meant to
 * be frozen.
 */
public final class DiffusionSupervisor implements AutoCloseable {
  private final SupervisionConfig config;
  private final UNet unet;
  private final Vae vae;
  private final NoiseSchedule schedule;
  private final ReconstructionLoss loss;
  private final SupervisorArguments arguments;
  private final MultiAdapter multiAdapter;
  private final DenoisingLoop denoising;
  private final DenoisingLoop fromNoise;
  private final TimestepWeights weights;
  private final Calls calls;

  /**
   * The results of one call. Tensors that were not needed are null: the picture where only the
   * noise is compared, the noise and x̂0 where the reconstruction is unrolled, all three without
   * pictures.
   *
   * @param loss scalar: the mean of {@code perSample}, {@link SupervisionConfig#weight} not applied
   * @param perSample the loss of each picture, [pictures]
   * @param pictureHat the reconstruction of the pictures that are compared ({@link
   *     SupervisionDraw.Parts}), [these, 3, S, S], nominally in [-1, 1], not clamped
   * @param epsilonHat the noise that the UNet sees, [pictures, latent channels, h, w]
   * @param x0Hat the estimate of the clean latents, of the same shape
   * @param routerProbabilities P of every expert layer in running order, each [pictures, features],
   *     without graph; empty for shared attention
   */
  public record Result(
      Tensor loss,
      Tensor perSample,
      @Nullable Tensor pictureHat,
      @Nullable Tensor epsilonHat,
      @Nullable Tensor x0Hat,
      List<Tensor> routerProbabilities) {}

  /**
   * Supervision by {@code stableDiffusion}, whose UNet gets the experts (or loses those that an
   * earlier supervisor put there).
   *
   * @param parameters root of the names in {@code multi_adapter.safetensors}
   * @param textWidth width of the connector's output
   * @param imageWidth width of the vision encoder's hidden states
   * @throws DsVlmException if the configured picture size does not suit the networks
   */
  public DiffusionSupervisor(
      SupervisionConfig config,
      StableDiffusion stableDiffusion,
      ReconstructionLoss loss,
      Parameters parameters,
      long textWidth,
      long imageWidth) {
    this.config = config;
    this.unet = stableDiffusion.unet();
    this.vae = stableDiffusion.vae();
    this.schedule = stableDiffusion.schedule();
    this.loss = loss;
    requirePictureSize();
    long side = config.pictureSize() / vae.config().reduction();
    arguments =
        new SupervisorArguments(
            config.features(),
            textWidth,
            imageWidth,
            config.pictureSize(),
            new long[] {vae.config().latentChannels(), side, side});
    multiAdapter = new MultiAdapter(config, parameters, unet, textWidth, imageWidth);
    calls = new Calls("the supervisor", multiAdapter::close);
    SupervisionConfig.Reconstruct way = config.reconstruction();
    denoising = new DenoisingLoop(unet, new DdimSampler(schedule, way.steps()));
    fromNoise = new DenoisingLoop(unet, new DdimSampler(schedule, way.noiseSteps(), way.steps()));
    weights =
        new TimestepWeights(
            schedule, config.timesteps(), SupervisionDraw.reconstruction(schedule, config));
  }

  /**
   * Supervision by own features alone, see {@link SupervisionConfigBuilder#feature(String, long)};
   * no vision-language model is there to give a width.
   *
   * @param parameters root of the names in {@code multi_adapter.safetensors}
   * @throws DsVlmException if the configured picture size does not suit the networks, or {@code
   *     config} names a feature of a vision-language model
   */
  public DiffusionSupervisor(
      SupervisionConfig config,
      StableDiffusion stableDiffusion,
      ReconstructionLoss loss,
      Parameters parameters) {
    this(withoutModel(config), stableDiffusion, loss, parameters, 0, 0);
  }

  private static SupervisionConfig withoutModel(SupervisionConfig config) {
    for (Feature feature : config.features()) {
      if (feature instanceof StandardFeature) {
        throw new DsVlmException(
            "supervision: feature '"
                + feature.key()
                + "' is a vision-language model's, so its width has to be given; use the"
                + " constructor with textWidth and imageWidth, or name own features by"
                + " SupervisionConfig.builder().feature(name, width)");
      }
    }
    return config;
  }

  private void requirePictureSize() {
    int multiple = vae.config().reduction() << (unet.config().levels() - 1);
    if (config.pictureSize() % multiple != 0) {
      throw new DsVlmException(
          "supervision: picture_size "
              + config.pictureSize()
              + " is no multiple of "
              + multiple
              + ", by which the VAE and the UNet together reduce a picture");
    }
  }

  /**
   * Names and shapes of the parameters that supervision adds, found without a weight: adapters, and
   * for each of the UNet's cross-attentions keys, values and the router.
   */
  public static Map<String, long[]> parameterShapes(
      SupervisionConfig config, UNetConfig unet, long textWidth, long imageWidth) {
    return MultiAdapter.shapes(config, unet, textWidth, imageWidth);
  }

  /** Draws timesteps and noise by sample id and step; {@code random} is the run's. */
  public SupervisionDraw.Source draws(RandomState random) {
    long side = config.pictureSize() / vae.config().reduction();
    return SupervisionDraw.of(
        random, schedule, config, new long[] {vae.config().latentChannels(), side, side});
  }

  /**
   * The supervision of the records with a picture; text-only records are left out by the caller.
   * Without any picture the loss is zero and touches no parameter. Pictures and noise are brought
   * to the features' type and device.
   *
   * @param features by {@link Feature#key}, each [pictures, tokens, width]
   * @param picture [pictures, 3, S, S] in [-1, 1]
   * @param draw of these pictures
   */
  public Result loss(Map<String, Tensor> features, Tensor picture, SupervisionDraw draw) {
    return loss(features, picture, draw, true);
  }

  /**
   * The same at timesteps of the caller's choice: every picture, noised to its timestep, counts in
   * every loss and by 1.
   *
   * @param timesteps int64 [pictures]; not read by a reconstruction in several passes
   * @param noise [pictures, latent channels, h, w], standard normal: what is added to the latents,
   *     or what several passes start from
   * @throws DsVlmException naming the argument that has another shape, the feature that is missing
   *     or not switched on, or that the supervisor is closed
   */
  public Result loss(Map<String, Tensor> features, Tensor picture, Tensor timesteps, Tensor noise) {
    return loss(features, picture, new SupervisionDraw(timesteps, noise, null), false);
  }

  private Result loss(
      Map<String, Tensor> features, Tensor picture, SupervisionDraw draw, boolean drawn) {
    if (Arguments.given(picture, "picture").size(0) == 0) {
      return nothing(picture);
    }
    boolean stepped = !config.reconstruction().severalPasses();
    arguments.check(features, picture, draw.timesteps(), draw.noise(), stepped);
    return calls.run(
        () -> NativeErrors.plain("supervision", () -> computed(features, picture, draw, drawn)));
  }

  private Result computed(
      Map<String, Tensor> features, Tensor picture, SupervisionDraw draw, boolean drawn) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> contexts = multiAdapter.contexts(features);
      Result result =
          config.reconstruction().severalPasses()
              ? severalPasses(contexts, picture, draw.noise())
              : oneStep(contexts, picture, draw, drawn);
      handOver(result, outer);
      return result;
    }
  }

  private static Result nothing(Tensor picture) {
    TensorOptions options = wide(picture).options();
    return new Result(
        torch.zeros(new long[] {}, options),
        torch.zeros(new long[] {0}, options),
        null,
        null,
        null,
        List.of());
  }

  /** drawn: whether the settings say what counts how much, and what starts from pure noise. */
  private Result oneStep(
      List<Tensor> contexts, Tensor picture, SupervisionDraw draw, boolean drawn) {
    Tensor like = contexts.get(0);
    SampleLosses losses = SampleLosses.of(config, loss, weights, draw, drawn, like);
    Tensor epsilon = Torch.onto(draw.noise(), like);
    Tensor steps = Torch.onto(draw.timesteps(), like.device(), ScalarType.Long);
    Tensor xt =
        losses.noisy(
            epsilon,
            rows ->
                schedule.addNoise(
                    latents(rows.of(picture.to(like))), rows.of(epsilon), rows.of(steps)));
    Tensor output = unet.forward(xt, steps, contexts);
    Tensor epsilonHat = wide(schedule.predictEpsilon(xt, output, steps));
    Tensor x0Hat = weights.bounded(schedule.predictOriginal(xt, output, steps), steps);
    Tensor pictureHat = losses.decodes() ? wide(decode(losses.reconstructed(x0Hat))) : null;
    Tensor perSample =
        losses.perSample(
            new Reconstruction(target(picture, like), pictureHat, wide(epsilon), epsilonHat),
            steps);
    return new Result(
        perSample.mean(),
        perSample,
        pictureHat,
        epsilonHat,
        x0Hat,
        multiAdapter.routerProbabilities());
  }

  private Result severalPasses(List<Tensor> contexts, Tensor picture, Tensor start) {
    Tensor like = contexts.get(0);
    SupervisionConfig.Reconstruct way = config.reconstruction();
    List<Tensor> trajectory =
        way.unrolled()
            ? denoising.run(start.to(like), contexts, way.gradientSteps())
            : fromNoise.run(start.to(like), contexts, way.noiseSteps());
    Tensor pictureHat = wide(decode(trajectory.get(trajectory.size() - 1)));
    Tensor perSample =
        loss.perSample(new Reconstruction(target(picture, like), pictureHat, null, null));
    return new Result(
        perSample.mean(), perSample, pictureHat, null, null, multiAdapter.routerProbabilities());
  }

  /** The picture as the reconstruction's target, in the precision of the losses. */
  private static Tensor target(Tensor picture, Tensor like) {
    return picture.to(like.device(), wide(like).scalar_type());
  }

  /** Gives the results to the caller's scope; the rest is freed with the inner scope. */
  private static void handOver(Result result, PointerScope outer) {
    List<@Nullable Tensor> tensors = new ArrayList<>(result.routerProbabilities());
    tensors.add(result.loss());
    tensors.add(result.perSample());
    tensors.add(result.pictureHat());
    tensors.add(result.epsilonHat());
    tensors.add(result.x0Hat());
    for (Tensor tensor : tensors) {
      if (tensor != null && outer != null) {
        outer.attach(tensor);
      } else if (tensor != null) {
        tensor.retainReference();
      }
    }
  }

  /**
   * Paths in the UNet of the layers that {@link Result#routerProbabilities} is of, in its order:
   * {@code down_blocks.0.attentions.0.transformer_blocks.0.attn2} …; none for shared attention.
   */
  public List<String> routerLayers() {
    return multiAdapter.routerLayers();
  }

  /**
   * The adapted features in the order of {@link SupervisionConfig#features}, each [pictures,
   * tokens, cross width]: what the UNet's cross-attention reads.
   *
   * @throws DsVlmException as {@link #loss} does
   */
  public List<Tensor> contexts(Map<String, Tensor> features) {
    arguments.checkFeatures(features, arguments.pictures(features));
    return calls.run(() -> multiAdapter.contexts(features));
  }

  /** The VAE's mean of {@code picture} [pictures, 3, S, S], scaled; no gradient is recorded. */
  public Tensor latents(Tensor picture) {
    return calls.run(
        () ->
            Torch.withoutGradient(
                () -> vae.encode(picture).mean().mul(Torch.scalar(vae.scalingFactor()))));
  }

  /** The picture of scaled latents [pictures, channels, h, w]; not clamped. */
  public Tensor decode(Tensor latents) {
    return calls.run(
        () -> Torch.tidy(() -> vae.decode(latents.div(Torch.scalar(vae.scalingFactor())))));
  }

  /**
   * The whole DDIM run from pure noise, without gradient: the latents after every step, first step
   * first.
   *
   * @param start standard normal, [pictures, channels, h, w]
   */
  public List<Tensor> denoise(Map<String, Tensor> features, Tensor start) {
    arguments.checkFeatures(features, arguments.pictures(features));
    return calls.run(
        () ->
            Torch.tidyAll(
                () -> {
                  try (NoGradGuard guard = new NoGradGuard()) {
                    return denoising.run(start, multiAdapter.contexts(features), 1);
                  }
                }));
  }

  /** Losses are sums of many small differences: at least float32. */
  private static Tensor wide(Tensor x) {
    ScalarType dtype = x.scalar_type().intern();
    boolean reduced = dtype == ScalarType.Half || dtype == ScalarType.BFloat16;
    return reduced ? x.to(ScalarType.Float) : x;
  }

  public SupervisionConfig config() {
    return config;
  }

  /**
   * Frees the tensors that the expert layers keep, when calls in flight have ended; later ones are
   * refused. Networks and parameters belong to their owners.
   */
  @Override
  public void close() {
    calls.close();
  }
}
