/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.ClipPair;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * CLIP's vision tower, taught what each patch shows. Contrast asks the class token alone, but a
 * LLaVA hands on the patches; large encoders know by their size what theirs show, a small one has
 * to be told. So a linear head names each patch in words from the features that a LLaVA takes, and
 * the contrast with the text tower, which stays as it is, goes on beside it. Other heads find where
 * a patch stands from the features that the supervision takes.
 */
final class VisionPart implements Pretrainable {
  static final String NAME = "vision";

  /** Under which the tower's parameters stand. */
  static final String VISION = "vision_model";

  /** Of the heads, which are not stored. */
  private static final String HEAD = "patch_head";

  private static final String PLACE_HEAD = "place_head";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String title() {
    return "vision tower of the pair, taught to name its patches";
  }

  @Override
  public List<String> needs() {
    return List.of(ClipPart.NAME);
  }

  @Override
  public PartTraining start(Workshop workshop) {
    return new Training(workshop);
  }

  /** Patches of LLaVA's features: of the last block but one. */
  private static Tensor features(VisionTower tower, List<Tensor> states) {
    return tower.patches(states.get(states.size() - 2));
  }

  private final class Training implements PartTraining {
    private final WorldPart train;
    private final ParameterStore store;
    private final ClipPair pair;
    private final ClipTexts captions;
    private final Linear head;
    private final PlaceHeads places;
    private final double placeWeight;
    private final PatchTargets targets;
    private final Batches batches;
    private final Map<String, Tensor> trained;

    Training(Workshop workshop) {
      train = workshop.data("train");
      RandomState random = workshop.random(name());
      Path clip = workshop.part(ClipPart.NAME);
      try (WeightSource stored = WeightFolder.open(clip);
          Tokenizer tokenizer = Tokenizer.open(clip)) {
        store =
            ParameterStore.from(
                stored,
                random,
                name -> name.startsWith(HEAD) || name.startsWith(PLACE_HEAD),
                ScalarType.Float,
                "cpu");
        pair = ClipPart.open(clip, store);
        int width = pair.sizes().vision().hiddenSize();
        head =
            Linear.of(
                store.root().at(HEAD),
                Init.normal(1 / Math.sqrt(width)),
                width,
                tokenizer.size(),
                true);
        places =
            new PlaceHeads(
                store.root().at(PLACE_HEAD),
                List.copyOf(workshop.levels(pair.sizes().vision()).values()),
                width,
                pair.sizes().vision().patches());
        captions = ClipTexts.captions(tokenizer, train, pair.sizes().text().maxPositions());
        targets = PatchTargets.of(train, tokenizer, pair.sizes().vision());
      }
      placeWeight = workshop.config().number("place_weight");
      workshop.start().ifPresent(this::startFrom);
      List<String> fixed = fixed(fixedBlocks(workshop.config()));
      trained = store.setTrainable(name -> fixed.stream().noneMatch(name::startsWith));
      batches = new Batches(random, train.size(), workshop.config().size("batch_size"));
    }

    /** Takes the tower of {@code folder} in place of the pair's. */
    private void startFrom(Path folder) {
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard();
          WeightSource stored = WeightFolder.open(folder)) {
        store
            .tensors()
            .forEach(
                (name, tensor) -> {
                  if (name.startsWith(VISION + ".")) {
                    tensor.copy_(stored.read(name));
                  }
                });
      }
    }

    private int fixedBlocks(JsonConfig config) {
      int blocks = config.integer("fixed_blocks", 0);
      int all = pair.sizes().vision().layers();
      if (blocks < 0 || blocks > all) {
        throw config.error("fixed_blocks", "is " + blocks + "; the tower has " + all + " blocks");
      }
      return blocks;
    }

    /**
     * What of the pair does not learn, by the beginnings of its names.
     *
     * @param blocks of the tower from the first on, with the embeddings below them; 0: all learn
     */
    private static List<String> fixed(int blocks) {
      List<String> fixed = new ArrayList<>(List.of("text_", "logit_scale"));
      if (blocks > 0) {
        fixed.add(VISION + ".embeddings.");
        fixed.add(VISION + ".pre_layrnorm.");
      }
      for (int block = 0; block < blocks; block++) {
        fixed.add(VISION + ".encoder.layers." + block + ".");
      }
      return fixed;
    }

    @Override
    public Map<String, Tensor> parameters() {
      return trained;
    }

    @Override
    public Loss loss(long step) {
      long[] rows = batches.rows(step);
      VisionTower tower = pair.vision();
      List<Tensor> states = tower.hiddenStates(NanoPixels.forClip(train.pictures(rows)));
      Tensor contrast = pair.contrast(states.get(states.size() - 1), captions.rows(rows));
      Tensor patches = targets.loss(head.forward(features(tower, states)), rows);
      Tensor place = places.loss(tower, states);
      return new Loss(
          contrast.add(patches).add(place.mul(Torch.scalar(placeWeight))),
          Map.of("contrast", contrast, "patches", patches, "places", place),
          rows.length);
    }

    @Override
    public void write(Path folder) throws IOException {
      Map<String, Tensor> tower = new LinkedHashMap<>();
      store
          .tensors()
          .forEach(
              (name, tensor) -> {
                if (name.startsWith(VISION + ".")) {
                  tower.put(name, tensor);
                }
              });
      Bfloat16Files.write(folder, "model", tower);
      VisionConfig config = pair.sizes().vision();
      ObjectNode file = config.family().fileOf(config);
      Files.writeString(folder.resolve(ClipPart.CONFIG), file.toPrettyString() + "\n");
      Files.writeString(
          folder.resolve(NanoPixels.PREPROCESSOR),
          NanoPixels.preprocessor(config.imageSize()).toPrettyString() + "\n");
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Map<String, Double> figures = new TreeMap<>();
    for (String folder : List.of(folder(), ClipPart.NAME)) {
      Path path = workshop.part(folder);
      VisionConfig config = VisionConfig.read(path.resolve(ClipPart.CONFIG));
      try (WeightSource stored = WeightFolder.open(path);
          ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu")) {
        VisionTower tower = config.tower(store.root().at(VISION));
        String suffix = folder.equals(folder()) ? " " : "_before ";
        for (String name : List.of("new-scenes", "new-concepts")) {
          WorldPart part = workshop.data(name);
          figures.put("patch_category" + suffix + name, category(part, config, tower));
          workshop
              .levels(config)
              .forEach(
                  (level, block) ->
                      figures.put(
                          "patch_place_" + level + suffix + name,
                          PlaceHeads.found(part, tower, block)));
        }
      }
    }
    return figures;
  }

  private static double category(WorldPart part, VisionConfig config, VisionTower tower) {
    return PatchTargets.categoryFound(
        part,
        config,
        rows -> features(tower, tower.hiddenStates(NanoPixels.forClip(part.pictures(rows)))));
  }
}
