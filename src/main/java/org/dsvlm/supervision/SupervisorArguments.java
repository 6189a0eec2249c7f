/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;

/**
 * The shapes that a supervisor takes, looked at before LibTorch sees them: its own message would
 * name an operator instead of the argument.
 *
 * @param features that are switched on
 * @param textWidth width of {@link StandardFeature#TEXT}
 * @param imageWidth width of the other standard ones
 * @param pictureSize height and width of the pictures
 * @param latents channels, height and width of the latents
 */
record SupervisorArguments(
    Set<Feature> features, long textWidth, long imageWidth, long pictureSize, long[] latents) {

  /**
   * Looks at all arguments of a loss.
   *
   * @param stepped whether the timesteps are read
   * @throws DsVlmException naming the argument at fault, what it is and what it has to be
   */
  void check(
      Map<String, Tensor> given, Tensor picture, Tensor timesteps, Tensor noise, boolean stepped) {
    long pictures = size(picture, "picture", 0);
    shape(picture, "picture", pictures, 3, pictureSize, pictureSize);
    checkFeatures(given, pictures);
    shape(noise, "noise", pictures, latents[0], latents[1], latents[2]);
    if (stepped) {
      shape(timesteps, "timesteps", pictures);
    }
  }

  /**
   * Looks at the features alone.
   *
   * @param pictures that they have to be of
   */
  void checkFeatures(Map<String, Tensor> given, long pictures) {
    Set<String> surplus = new LinkedHashSet<>(Arguments.given(given, "features").keySet());
    for (Feature feature : features) {
      String name = "feature '" + feature.key() + "'";
      if (!surplus.remove(feature.key())) {
        throw new DsVlmException(
            "supervision: "
                + name
                + " is switched on, but only "
                + given.keySet()
                + " were handed over");
      }
      Tensor tensor = Arguments.given(given.get(feature.key()), name);
      long width = feature.width(textWidth, imageWidth);
      shape(tensor, name, pictures, size(tensor, name, 1), width);
    }
    if (!surplus.isEmpty()) {
      throw new DsVlmException(
          "supervision: features "
              + surplus
              + " were handed over, but are not switched on; leave them out, or name them in"
              + " supervision.features, own ones by SupervisionConfig.builder()");
    }
  }

  /** Number of the pictures that the features in {@code given} are of. */
  long pictures(Map<String, Tensor> given) {
    for (Feature feature : features) {
      Tensor tensor = Arguments.given(given, "features").get(feature.key());
      if (tensor != null) {
        return size(tensor, "feature '" + feature.key() + "'", 0);
      }
    }
    return 0;
  }

  private static long size(Tensor tensor, String name, int dimension) {
    live(tensor, name);
    return tensor.dim() > dimension ? tensor.size(dimension) : 0;
  }

  private static void live(Tensor tensor, String name) {
    if (Arguments.given(tensor, name).isNull() || !tensor.defined()) {
      throw new DsVlmException("supervision: " + name + " is a closed tensor");
    }
  }

  private static void shape(Tensor tensor, String name, long... wanted) {
    live(tensor, name);
    long[] shape = Torch.shape(tensor);
    if (!Arrays.equals(shape, wanted)) {
      throw new DsVlmException(
          "supervision: "
              + name
              + " has shape "
              + Arrays.toString(shape)
              + ", but has to have "
              + Arrays.toString(wanted));
    }
  }
}
