/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.files.WeightFolder;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * The connector of a LLaVA, fitted patch by patch: from what the vision tower says of a patch to
 * what the language model read in its place while it was trained, the mean of the embeddings of the
 * words for what the patch shows. So a LLaVA starts with a language model that is spoken to in its
 * own words, though with the tower's mistakes; captions teach the connector the rest.
 */
final class ConnectorPart implements Pretrainable {
  private static final String FILE = "mm_projector.safetensors";

  /** Of the first and the second layer, as the original project's file has them. */
  private static final String PROJECTOR = "model.mm_projector";

  private static final String EMBEDDINGS = "model.embed_tokens.weight";

  private static final int AT_ONCE = 100;

  @Override
  public String name() {
    return "connector";
  }

  @Override
  public String title() {
    return "connector from the vision tower's patches to the language model's words for them";
  }

  @Override
  public List<String> needs() {
    return List.of(VisionPart.NAME, LanguagePart.NAME);
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new Training(workshop);
  }

  /** The two layers, as LLaVA-1.5 has them. */
  private record Layers(Linear first, Linear second) {
    static Layers of(Parameters parameters, long from, long to) {
      return new Layers(layer(parameters.at("0"), from, to), layer(parameters.at("2"), to, to));
    }

    private static Linear layer(Parameters parameters, long from, long to) {
      return Linear.of(parameters, Init.normal(1 / Math.sqrt(from)), from, to, true);
    }

    Tensor forward(Tensor features) {
      return second.forward(torch.gelu(first.forward(features)));
    }
  }

  /** The patches of all pictures of a part of the world, and the words for each. */
  private static final class Examples implements AutoCloseable {
    private final Tensor features;
    private final List<long[][]> words;
    private final Tensor table;

    Examples(Workshop workshop, WorldPart part) {
      Path language = workshop.part(LanguagePart.NAME);
      try (PointerScope scope = new PointerScope();
          ToldPatches tower = new ToldPatches(workshop, part);
          Tokenizer tokenizer = Tokenizer.open(language);
          WeightSource stored = WeightFolder.open(language)) {
        table = Torch.keep(stored.read(EMBEDDINGS).to(ScalarType.Float));
        PatchWords patches = new PatchWords(tokenizer, part.side(), tower.aSide());
        words = part.labels().stream().map(patches::of).toList();
        features = Torch.keep(features(tower, part.first(part.size())));
      }
    }

    /** [pictures, patches, width], made of a few pictures at a time. */
    private static Tensor features(ToldPatches tower, long[] all) {
      List<Tensor> features = new ArrayList<>();
      for (int first = 0; first < all.length; first += AT_ONCE) {
        int end = Math.min(all.length, first + AT_ONCE);
        features.add(tower.features(Arrays.copyOfRange(all, first, end)));
      }
      return Torch.cat(0, features.toArray(Tensor[]::new));
    }

    long width() {
      return features.size(2);
    }

    long words() {
      return table.size(1);
    }

    Tensor features(long... rows) {
      return features.index_select(0, Torch.of(rows, rows.length));
    }

    /** The means of the words' embeddings, [rows, patches, width of the language model]. */
    Tensor targets(long... rows) {
      long[][] all = new long[rows.length * words.get(0).length][];
      for (int i = 0; i < rows.length; i++) {
        long[][] own = words.get((int) rows[i]);
        System.arraycopy(own, 0, all, i * own.length, own.length);
      }
      return Torch.withoutGradient(() -> LanguagePart.embeddings(table, all, rows.length));
    }

    /** All that the targets of {@code rows} differ by: the mean squared deviation. */
    double variance(long... rows) {
      return Torch.item(
          Torch.tidy(
              () -> {
                Tensor targets = targets(rows).flatten(0, 1);
                return targets.sub(targets.mean(0L)).square().mean();
              }));
    }

    @Override
    public void close() {
      features.close();
      table.close();
    }
  }

  private final class Training implements PartTraining {
    private static final int MEASURED = 300;

    private final Examples examples;
    private final ParameterStore store;
    private final Layers layers;
    private final Batches batches;
    private final double variance;

    Training(Workshop workshop) {
      WorldPart train = workshop.data("train");
      examples = new Examples(workshop, train);
      RandomState random = workshop.random(name());
      store = ParameterStore.random(random, ScalarType.Float, "cpu");
      layers = Layers.of(store.root().at(PROJECTOR), examples.width(), examples.words());
      store.setTrainable(parameter -> true);
      batches = new Batches(random, train.size(), workshop.config().size("batch_size"));
      variance = examples.variance(train.first(MEASURED));
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    @Override
    public Loss loss(long step) {
      long[] rows = batches.rows(step);
      Tensor rest = layers.forward(examples.features(rows)).sub(examples.targets(rows));
      Tensor loss = rest.square().mean().div(Torch.scalar(variance));
      return new Loss(loss, Map.of("words", loss), rows.length);
    }

    @Override
    public void write(Path folder) throws IOException {
      SafetensorsWriter.write(folder.resolve(FILE), store.tensors());
    }

    @Override
    public void close() {
      store.close();
      examples.close();
    }
  }

  /** The share of the embeddings that is restored (R², over all patches and channels). */
  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Map<String, Double> figures = new TreeMap<>();
    for (String name : List.of("new-scenes", "new-concepts")) {
      WorldPart part = workshop.data(name);
      long[] rows = part.first(part.size());
      try (PointerScope scope = new PointerScope();
          Examples examples = new Examples(workshop, part);
          WeightSource stored = WeightFile.open(workshop.part(folder()).resolve(FILE));
          ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu")) {
        Layers layers = Layers.of(store.root().at(PROJECTOR), examples.width(), examples.words());
        double rest =
            Torch.item(
                Torch.withoutGradient(
                    () ->
                        layers
                            .forward(examples.features(rows))
                            .sub(examples.targets(rows))
                            .square()
                            .mean()));
        figures.put("restored " + name, 1 - rest / examples.variance(rows));
      }
    }
    return figures;
  }
}
