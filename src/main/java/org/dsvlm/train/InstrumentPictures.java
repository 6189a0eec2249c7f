/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.data.ReconstructionTarget;
import org.dsvlm.data.RecordSource;
import org.dsvlm.data.SampleOrder;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pictures that the instruments look at, processed as a stage processes its own. */
final class InstrumentPictures {
  /** Pictures whose mean is what a reconstruction without any features could be. */
  private static final int MEAN_OF = 32;

  /** Records looked at for each picture. */
  private static final int MOST_TRIES = 8;

  private static final Logger LOG = LoggerFactory.getLogger(InstrumentPictures.class);

  private final Recipe recipe;
  private final RandomState random;
  private final ImageProcessor processor;

  /** Those of a run. */
  InstrumentPictures(Recipe recipe, RandomState random, ImageProcessor processor) {
    this.recipe = recipe;
    this.random = random;
    this.processor = processor;
  }

  /**
   * Pictures of {@code source} as {@code stage} shows them, at most {@code count}, drawn by the
   * run's seed; each comes once, however many records have it.
   *
   * @return null if there are not at least two sound ones among the records looked at
   */
  @Nullable FixedPictures fixed(int stage, RecordSource source, int count) {
    ImageProcessor ofStage = processor.paddedToSquare(recipe.stage(stage).padToSquare());
    ReconstructionTarget target =
        new ReconstructionTarget(recipe.supervisionConfig().pictureSize());
    SampleOrder order =
        SampleOrder.shuffled(random.fork("instruments").fork(stage).seed(), source.size());
    Set<List<String>> shown = new HashSet<>();
    List<String> ids = new ArrayList<>();
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> pixelValues = new ArrayList<>();
      List<Tensor> pictures = new ArrayList<>();
      int wanted = Math.max(count, MEAN_OF);
      long tries = Math.min(source.size(), (long) MOST_TRIES * wanted);
      for (long i = 0; i < tries && shown.size() < wanted; i++) {
        int index = (int) order.index(i);
        Picture picture = soundPicture(source, index, 0);
        if (picture != null && shown.add(source.get(index).images())) {
          Picture seen = ofStage.resized(picture);
          pictures.add(target.of(seen));
          if (ids.size() < count) {
            ids.add(Integer.toString(index));
            pixelValues.add(ofStage.normalised(seen));
          }
        }
      }
      if (ids.size() < 2) {
        return null;
      }
      Tensor all = Torch.stack(0, pictures.toArray(Tensor[]::new));
      return new FixedPictures(
          Torch.keep(Torch.stack(0, pixelValues.toArray(Tensor[]::new))),
          Torch.keep(all.narrow(0, 0, ids.size()).clone()),
          Torch.keep(all.mean(0L)),
          List.copyOf(ids));
    }
  }

  /**
   * Shows {@code probe} pictures of {@code heldOut}, each once, with what is known of them.
   *
   * @param stage whose way with pictures it is
   */
  void show(int stage, RecordSource heldOut, FeatureProbe probe) {
    ImageProcessor ofStage = processor.paddedToSquare(recipe.stage(stage).padToSquare());
    Set<List<String>> shown = new HashSet<>();
    SampleOrder order = SampleOrder.shuffled(random.fork("probe").seed(), heldOut.size());
    int most = recipe.instruments().probeRecords();
    for (long i = 0; i < heldOut.size() && shown.size() < most; i++) {
      int index = (int) order.index(i);
      Map<String, String> labels = labels(heldOut, index);
      Picture picture = labels.isEmpty() ? null : soundPicture(heldOut, index, 0);
      if (picture != null && shown.add(heldOut.get(index).images())) {
        try (PointerScope scope = new PointerScope()) {
          probe.add(ofStage.normalised(ofStage.resized(picture)), labels);
        }
      }
    }
  }

  /** A record with bad labels is left out: a run does not fail for the sake of its instruments. */
  private static Map<String, String> labels(RecordSource heldOut, int index) {
    try {
      return heldOut.labels(index);
    } catch (DsVlmException e) {
      LOG.warn("left out of the probe: {}", e.getMessage());
      return Map.of();
    }
  }

  /** Null if the record is bad, or of text alone. */
  private static @Nullable Picture soundPicture(RecordSource source, int index, long epoch) {
    try {
      return source.pictured(index) ? source.pictures(index, epoch).get(0) : null;
    } catch (DsVlmException e) {
      return null;
    }
  }
}
