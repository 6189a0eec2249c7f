/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;
import org.dsvlm.kernels.PerceptualDistance;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.DeviceConstant;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frozen network that measures the perceptual distance of two pictures: LPIPS (Zhang et al.
 * 2018, version 0.1) on VGG-16, or the plain difference of its relu3_3. It owns its weights.
 *
 * <p>The target's features are computed without a graph, in a pass of their own: one batch of both
 * pictures would also keep and differentiate the target's half.
 */
public final class PerceptualNetwork implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PerceptualNetwork.class);

  /** LPIPS' own normalisation of pictures in [-1, 1]. */
  private static final DeviceConstant LPIPS_SHIFT = channels(-0.03, -0.088, -0.188);

  private static final DeviceConstant LPIPS_SCALE = channels(0.458, 0.448, 0.45);

  /** ImageNet's mean and deviation of pictures in [0, 1]. */
  private static final DeviceConstant IMAGENET_MEAN = channels(0.485, 0.456, 0.406);

  private static final DeviceConstant IMAGENET_DEVIATION = channels(0.229, 0.224, 0.225);

  private static final double UNIT_EPS = 1e-10;

  /** relu3_3 is the output of the third stage. */
  private static final int RELU3_3 = 3;

  private final ParameterStore vggParameters;
  private final ParameterStore lpipsParameters;
  private final VggFeatures vgg;
  private final List<Tensor> channelWeights = new ArrayList<>();
  private final OpenState open = new OpenState("the perceptual network");

  private PerceptualNetwork(
      ParameterStore vggParameters, ParameterStore lpipsParameters, VggFeatures vgg) {
    this.vggParameters = vggParameters;
    this.lpipsParameters = lpipsParameters;
    this.vgg = vgg;
    for (int i = 0; i < VggFeatures.STAGES; i++) {
      long channels = vgg.widths().get(i);
      Parameters layer = lpipsParameters.root().at("lin" + i + ".model.1");
      channelWeights.add(
          Torch.keep(layer.get("weight", uniform(channels), 1, channels, 1, 1).view(channels)));
    }
  }

  /** Without learned weights every channel counts the same and a layer is their mean. */
  private static Init uniform(long channels) {
    return (random, shape) -> Init.ONES.sample(random, shape).div(Torch.scalar(channels));
  }

  /**
   * The pretrained network.
   *
   * @param vgg file of torchvision's VGG-16, safetensors or its own {@code .pth}: {@code
   *     features.N.weight}, {@code .bias}
   * @param lpips file of the LPIPS heads, likewise: {@code linK.model.1.weight}, [1, channels, 1,
   *     1]
   * @throws DsVlmException naming the file, if a tensor is missing or of another shape
   */
  public static PerceptualNetwork open(Path vgg, Path lpips, ScalarType dtype, String device) {
    try (WeightSource vggFile = WeightFile.open(vgg);
        WeightSource lpipsFile = WeightFile.open(lpips)) {
      ParameterStore vggParameters = ParameterStore.from(vggFile, dtype, device);
      ParameterStore lpipsParameters = ParameterStore.from(lpipsFile, dtype, device);
      try {
        return new PerceptualNetwork(
            vggParameters, lpipsParameters, VggFeatures.stored(vggParameters.root()));
      } catch (RuntimeException e) {
        vggParameters.close();
        lpipsParameters.close();
        throw e;
      }
    }
  }

  /**
   * A network of fixed random weights, every channel with the same say: enough to compare textures
   * and edges where nothing pretrained is at hand. Its distance is no LPIPS.
   *
   * @param widths channels of the five stages
   */
  public static PerceptualNetwork random(
      RandomState random, long[] widths, ScalarType dtype, String device) {
    if (widths.length != VggFeatures.STAGES) {
      throw new DsVlmException(
          "perceptual network: five stage widths are needed, not " + Arrays.toString(widths));
    }
    LOG.debug(
        "the perceptual network has fixed random weights, widths {}: its distance is no LPIPS",
        Arrays.toString(widths));
    ParameterStore vgg = ParameterStore.random(random.fork("perceptual.vgg"), dtype, device);
    ParameterStore lpips = ParameterStore.random(random.fork("perceptual.lpips"), dtype, device);
    return new PerceptualNetwork(vgg, lpips, VggFeatures.ofWidths(vgg.root(), widths));
  }

  /** Convolutions of the stage numbered {@code stage} from 0. */
  public static int convolutions(int stage) {
    return VggFeatures.convolutions(stage);
  }

  /** Names and shapes of a network's parameters, of the heads too. */
  public static Map<String, long[]> shapes(List<Long> widths) {
    Map<String, long[]> shapes =
        new LinkedHashMap<>(
            ParameterShapes.of(
                root ->
                    VggFeatures.ofWidths(
                        root, widths.stream().mapToLong(Long::longValue).toArray())));
    for (int i = 0; i < VggFeatures.STAGES; i++) {
      shapes.put("lin" + i + ".model.1.weight", new long[] {1, widths.get(i), 1, 1});
    }
    return shapes;
  }

  /** Channels of the five stages. */
  public List<Long> widths() {
    return vgg.widths();
  }

  /** What each channel counts, of all stages in turn. */
  public double[] heads() {
    open.require();
    return channelWeights.stream().flatMapToDouble(w -> Arrays.stream(Torch.doubles(w))).toArray();
  }

  /** Names of the parameters in the file of VGG-16, or of the heads. */
  public static List<String> names(boolean heads) {
    List<Long> anyWidths = Collections.nCopies(VggFeatures.STAGES, 1L);
    return shapes(anyWidths).keySet().stream()
        .filter(name -> name.startsWith("lin") == heads)
        .toList();
  }

  /** LPIPS. x, target: [pictures, 3, height, width] in [-1, 1]; [pictures]. */
  public Tensor lpips(Tensor x, Tensor target) {
    return Torch.tidy(() -> lpipsLayers(x, target).sum(1));
  }

  /** The five layers' shares of {@link #lpips}, [pictures, 5]. */
  public Tensor lpipsLayers(Tensor x, Tensor target) {
    return Torch.tidy(
        () -> {
          List<Tensor> expected =
              targetFeatures(target, LPIPS_SHIFT, LPIPS_SCALE, channelWeights.size());
          List<Tensor> actual = lpipsFeatures(x);
          Tensor[] layers = new Tensor[channelWeights.size()];
          for (int i = 0; i < layers.length; i++) {
            layers[i] =
                PerceptualDistance.perSample(actual.get(i), expected.get(i), channelWeights.get(i));
          }
          return Torch.stack(1, layers);
        });
  }

  /**
   * Outputs of relu1_2, relu2_2, relu3_3, relu4_3, relu5_3 for x in [-1, 1], as LPIPS sees them.
   */
  public List<Tensor> lpipsFeatures(Tensor x) {
    return features(x, LPIPS_SHIFT, LPIPS_SCALE, channelWeights.size());
  }

  /**
   * Mean absolute difference of relu3_3. x01, target01: [pictures, 3, height, width] in [0, 1];
   * [pictures].
   */
  public Tensor relu3L1(Tensor x01, Tensor target01) {
    return Torch.tidy(
        () -> {
          List<Tensor> expected =
              targetFeatures(target01, IMAGENET_MEAN, IMAGENET_DEVIATION, RELU3_3);
          List<Tensor> actual = features(x01, IMAGENET_MEAN, IMAGENET_DEVIATION, RELU3_3);
          return meanPerSample(actual.get(RELU3_3 - 1).sub(expected.get(RELU3_3 - 1)).abs());
        });
  }

  /** Mean over all dimensions but the first. */
  public static Tensor meanPerSample(Tensor x) {
    return x.flatten(1, -1).mean(new long[] {1}, false, new ScalarTypeOptional());
  }

  /** Mean over height and width, [pictures, channels]. */
  static Tensor meanPerChannel(Tensor x) {
    return x.flatten(2, 3).mean(new long[] {2}, false, new ScalarTypeOptional());
  }

  /** x in [-1, 1] as LPIPS' network sees it. */
  static Tensor lpipsNormalised(Tensor x) {
    return x.sub(LPIPS_SHIFT.on(x)).div(LPIPS_SCALE.on(x));
  }

  /**
   * What the heads weigh: the squared differences of the unit features, a mean over each channel's
   * places.
   *
   * @param target [pictures, 3, height, width] in [-1, 1]
   * @param others like {@code target}
   * @return for each of {@code others}, [pictures, channels of all stages in turn]
   */
  public List<Tensor> lpipsDifferences(Tensor target, List<Tensor> others) {
    return Torch.tidyAll(
        () -> {
          List<Tensor> expected = lpipsFeatures(target);
          List<Tensor> differences = new ArrayList<>();
          for (Tensor other : others) {
            List<Tensor> actual = lpipsFeatures(other);
            Tensor[] stages = new Tensor[actual.size()];
            for (int i = 0; i < stages.length; i++) {
              stages[i] = meanPerChannel(unit(actual.get(i)).sub(unit(expected.get(i))).square());
            }
            differences.add(Torch.cat(1, stages));
          }
          return differences;
        });
  }

  /** Each place's features divided by their norm, as {@link PerceptualDistance} does. */
  private static Tensor unit(Tensor features) {
    Tensor norm = features.square().sum(new long[] {1}, true, new ScalarTypeOptional()).sqrt();
    return features.div(norm.add(Torch.scalar(UNIT_EPS)));
  }

  private List<Tensor> targetFeatures(
      Tensor x, DeviceConstant mean, DeviceConstant deviation, int stages) {
    return Torch.tidyAll(
        () -> {
          try (NoGradGuard guard = new NoGradGuard()) {
            return features(x, mean, deviation, stages);
          }
        });
  }

  private List<Tensor> features(
      Tensor x, DeviceConstant mean, DeviceConstant deviation, int stages) {
    open.require();
    return Torch.tidyAll(
        () -> {
          Tensor normalised = x.sub(mean.on(x)).div(deviation.on(x));
          return vgg.forward(normalised.to(vggParameters.dtype()), stages);
        });
  }

  private static DeviceConstant channels(double... values) {
    return DeviceConstant.of(values, 1, values.length, 1, 1);
  }

  @Override
  public void close() {
    open.close();
    channelWeights.forEach(Tensor::close);
    vggParameters.close();
    lpipsParameters.close();
  }
}
