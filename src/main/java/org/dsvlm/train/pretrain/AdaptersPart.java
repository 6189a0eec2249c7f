/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * Linear adapters of the encoder's levels, from which the supervision can start. They make what a
 * level says of a patch look like what the denoising network was told of it, as near as least
 * squares come. Nothing is trained in steps.
 */
final class AdaptersPart implements Pretrainable {
  private static final int FITTED_ON = 1000;
  private static final int MEASURED = 300;

  @Override
  public String name() {
    return "adapters";
  }

  @Override
  public String title() {
    return "linear adapters from the vision tower's blocks to what the denoising network is told";
  }

  @Override
  public List<String> needs() {
    return List.of(VisionPart.NAME);
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new PartWithoutSteps() {
      @Override
      public void write(Path folder) throws IOException {
        WorldPart train = workshop.data("train");
        try (PointerScope scope = new PointerScope();
            ToldPatches told = new ToldPatches(workshop, train)) {
          Map<String, Tensor> adapters = new TreeMap<>();
          long[] rows = train.first(FITTED_ON);
          workshop
              .levels(told.tower())
              .forEach((level, block) -> adapters.putAll(fit(told, level, block, rows)));
          SafetensorsWriter.write(folder.resolve(MultiAdapterFile.NAME), adapters);
        }
      }
    };
  }

  /** The matrix and the bias of one level. */
  private static Map<String, Tensor> fit(ToldPatches told, String level, int block, long[] rows) {
    Tensor x = rowsOf(told.patches(block, rows));
    Tensor one = x.narrow(1, 0, 1).mul(Torch.scalar(0)).add(Torch.scalar(1));
    Tensor inputs = Torch.cat(1, x, one);
    Tensor products = inputs.t().matmul(inputs);
    // Enough for a matrix that is not singular.
    Tensor ridge =
        torch
            .eye(products.size(0), Torch.options(ScalarType.Double))
            .mul(Torch.scalar(1e-6 * x.size(0)));
    Tensor solution =
        torch.inverse(products.add(ridge)).matmul(inputs.t().matmul(rowsOf(told.states(rows))));
    long width = x.size(1);
    return Map.of(
        MultiAdapterFile.ofLinearAdapter(level, "weight"),
        solution.narrow(0, 0, width).t().contiguous().to(ScalarType.Float),
        MultiAdapterFile.ofLinearAdapter(level, "bias"),
        solution.select(0, width).to(ScalarType.Float));
  }

  /** [pictures, patches, width] to float64 [pictures · patches, width]. */
  private static Tensor rowsOf(Tensor patches) {
    return patches.flatten(0, 1).to(ScalarType.Double);
  }

  /** The share of what is told that each adapter restores (R², over all patches and channels). */
  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Map<String, Double> figures = new TreeMap<>();
    Path file = workshop.part(folder()).resolve(MultiAdapterFile.NAME);
    for (String name : List.of("new-scenes", "new-concepts")) {
      WorldPart part = workshop.data(name);
      long[] rows = part.first(MEASURED);
      try (PointerScope scope = new PointerScope();
          WeightSource stored = MultiAdapterFile.open(file);
          ToldPatches told = new ToldPatches(workshop, part)) {
        Tensor expected = rowsOf(told.states(rows));
        workshop
            .levels(told.tower())
            .forEach(
                (level, block) -> {
                  Tensor weight = stored.read(MultiAdapterFile.ofLinearAdapter(level, "weight"));
                  Tensor bias = stored.read(MultiAdapterFile.ofLinearAdapter(level, "bias"));
                  Tensor restored =
                      rowsOf(told.patches(block, rows))
                          .matmul(weight.to(ScalarType.Double).t())
                          .add(bias.to(ScalarType.Double));
                  Tensor rest = restored.sub(expected).square().mean();
                  Tensor all = expected.sub(expected.mean(0L)).square().mean();
                  figures.put(
                      "restored " + level + " " + name, 1 - Torch.item(rest) / Torch.item(all));
                });
      }
    }
    return figures;
  }
}
