/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

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
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.models.vgg.VggClassifier;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * A perceptual network: VGG-16's convolutions, narrow, trained to say what a picture shows, and
 * LPIPS' heads, fitted on distorted pictures.
 */
final class VggPart implements Pretrainable {
  private static final String VGG = "vgg";
  private static final String LPIPS = "lpips";

  /** Pictures over which the last means and variances are taken. */
  private static final int NORMALISED_OVER = 512;

  /** Random networks that the trained one is held against. */
  private static final int RANDOM_NETWORKS = 2;

  @Override
  public String name() {
    return "vgg";
  }

  @Override
  public String folder() {
    return "perceptual";
  }

  @Override
  public String title() {
    return "perceptual network: a narrow VGG-16 and LPIPS heads";
  }

  @Override
  public List<String> needs() {
    return List.of();
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new Training(workshop);
  }

  private static long[] widths(Workshop workshop) {
    List<Long> widths = new ArrayList<>();
    workshop.settings().path("widths").forEach(width -> widths.add(width.asLong()));
    return widths.stream().mapToLong(Long::longValue).toArray();
  }

  /** Pairs on which heads are fitted. */
  private static int fittedOn(Workshop workshop) {
    return workshop.config().size("heads_fitted_on");
  }

  private final class Training implements PartTraining {
    private final WorldPart train;
    private final VggLabels labels;
    private final ParameterStore store;
    private final VggClassifier classifier;
    private final Batches batches;
    private final RandomState random;
    private final List<Long> widths;
    private final int fittedOn;

    Training(Workshop workshop) {
      train = workshop.data("train");
      labels = new VggLabels(train);
      fittedOn = fittedOn(workshop);
      random = workshop.random(name());
      store = ParameterStore.random(random, ScalarType.Float, "cpu");
      long[] channels = widths(workshop);
      widths = Arrays.stream(channels).boxed().toList();
      classifier = new VggClassifier(store.root(), channels, labels.size());
      store.setTrainable(parameter -> true);
      batches = new Batches(random, train.size(), workshop.config().size("batch_size"));
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    @Override
    public Loss loss(long step) {
      long[] rows = batches.rows(step);
      Tensor loss =
          torch.binary_cross_entropy_with_logits(
              classifier.logits(varied(rows, step)), labels.rows(train, rows));
      return new Loss(loss, Map.of("labels", loss), rows.length);
    }

    /**
     * Each picture changed in a way that keeps what is seen, which the features are to pass over.
     */
    private Tensor varied(long[] rows, long step) {
      Tensor[] pictures = new Tensor[rows.length];
      for (int i = 0; i < rows.length; i++) {
        RandomState own = random.fork("varied").fork(step * rows.length + i);
        pictures[i] = Distortions.kept(train.pictures(rows[i]), own);
      }
      return Torch.cat(0, pictures);
    }

    @Override
    public void write(Path folder) throws IOException {
      Map<String, Tensor> plain = classifier.folded(train.pictures(train.first(NORMALISED_OVER)));
      Bfloat16Files.write(folder, VGG, plain);
      plain.values().forEach(Tensor::close);
      // Heads that count all alike, until those that are fitted take their place.
      writeHeads(folder, widths, TwoAlternatives.uniform(widths));
      double[] heads;
      try (PerceptualNetwork network = open(folder)) {
        heads =
            new TwoAlternatives(network, train, fittedOn, random.fork("heads"))
                .fitted(TwoAlternatives.uniform(widths));
      }
      Files.delete(folder.resolve(LPIPS + ".safetensors"));
      writeHeads(folder, widths, heads);
    }

    private static void writeHeads(Path folder, List<Long> widths, double[] heads) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      int at = 0;
      try (PointerScope scope = new PointerScope()) {
        for (int stage = 0; stage < widths.size(); stage++) {
          int width = Math.toIntExact(widths.get(stage));
          double[] own = Arrays.copyOfRange(heads, at, at + width);
          tensors.put(
              "lin" + stage + ".model.1.weight",
              Torch.of(own, 1, width, 1, 1).to(ScalarType.Float));
          at += width;
        }
        Bfloat16Files.write(folder, LPIPS, tensors);
      }
    }

    @Override
    public void close() {
      store.close();
    }
  }

  private static PerceptualNetwork open(Path folder) {
    return PerceptualNetwork.open(
        folder.resolve(VGG + ".safetensors"),
        folder.resolve(LPIPS + ".safetensors"),
        ScalarType.Float,
        "cpu");
  }

  /**
   * The two-alternative test on concepts that training does not show. The heads of the random
   * networks are fitted too, on as many pairs of the other test's pictures.
   */
  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Map<String, Double> figures = new LinkedHashMap<>();
    WorldPart test = workshop.data("new-concepts");
    WorldPart other = workshop.data("new-scenes");
    RandomState random = new RandomState(0).fork("vgg figures");
    int measuredOn = workshop.config().size("measured_on");
    List<Long> widths;
    try (PerceptualNetwork network = open(workshop.part(folder()))) {
      widths = network.widths();
      TwoAlternatives pairs = new TwoAlternatives(network, test, measuredOn, random.fork("test"));
      figures.put("right trained", pairs.right(network.heads()));
      figures.put("right trained, uniform heads", pairs.right(TwoAlternatives.uniform(widths)));
    }
    double fitted = 0;
    double uniform = 0;
    for (int i = 0; i < RANDOM_NETWORKS; i++) {
      long[] channels = widths.stream().mapToLong(Long::longValue).toArray();
      try (PerceptualNetwork network =
          PerceptualNetwork.random(
              random.fork("network").fork(i), channels, ScalarType.Float, "cpu")) {
        double[] start = TwoAlternatives.uniform(widths);
        double[] heads =
            new TwoAlternatives(network, other, fittedOn(workshop), random.fork("fit"))
                .fitted(start);
        TwoAlternatives pairs = new TwoAlternatives(network, test, measuredOn, random.fork("test"));
        fitted += pairs.right(heads) / RANDOM_NETWORKS;
        uniform += pairs.right(start) / RANDOM_NETWORKS;
      }
    }
    figures.put("right random", fitted);
    figures.put("right random, uniform heads", uniform);
    return figures;
  }
}
