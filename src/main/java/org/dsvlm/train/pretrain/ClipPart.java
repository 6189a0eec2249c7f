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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.ClipPair;
import org.dsvlm.models.vit.ClipTextConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VitConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/** CLIP: pictures and captions of the world, each finding the other among a batch's. */
final class ClipPart implements Pretrainable {
  /** Its name, which is also its folder's. */
  static final String NAME = "clip";

  static final String CONFIG = "config.json";

  /** Pictures among which a caption has to find its own. */
  private static final int CROWD = 100;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String title() {
    return "CLIP pair, trained by contrast";
  }

  @Override
  public List<String> needs() {
    return List.of("tokenizer");
  }

  @Override
  public PartTraining start(Workshop workshop) {
    WorldPart train = workshop.data("train");
    try (Tokenizer tokenizer = Tokenizer.open(workshop.part("tokenizer"))) {
      ClipPair.Sizes sizes = sizes(workshop, tokenizer);
      ClipTexts texts = ClipTexts.captions(tokenizer, train, sizes.text().maxPositions());
      ObjectNode tokens =
          (ObjectNode) JsonConfig.read(workshop.part("tokenizer").resolve("tokenizer.json")).json();
      ObjectNode tokenConfig =
          (ObjectNode)
              JsonConfig.read(workshop.part("tokenizer").resolve("tokenizer_config.json")).json();
      return new Training(workshop, train, texts, sizes, tokens, tokenConfig);
    }
  }

  private static ClipPair.Sizes sizes(Workshop workshop, Tokenizer tokenizer) {
    ObjectNode text = workshop.section("text").deepCopy();
    text.put("vocab_size", tokenizer.size()).put("eos_token_id", tokenizer.id(ClipTexts.END));
    VisionConfig vision = VisionConfig.parse(workshop.section("vision"), "clip.vision");
    return new ClipPair.Sizes(
        (VitConfig) vision,
        ClipTextConfig.parse(JsonConfig.of(text, "clip.text")),
        workshop.config().size("projection_dim"));
  }

  private final class Training implements PartTraining {
    private final WorldPart train;
    private final ClipTexts texts;
    private final ParameterStore store;
    private final ClipPair pair;
    private final Batches batches;
    private final ObjectNode tokenizer;
    private final ObjectNode tokenizerConfig;

    Training(
        Workshop workshop,
        WorldPart train,
        ClipTexts texts,
        ClipPair.Sizes sizes,
        ObjectNode tokenizer,
        ObjectNode tokenizerConfig) {
      this.train = train;
      this.texts = texts;
      this.tokenizer = tokenizer;
      this.tokenizerConfig = tokenizerConfig;
      store = ParameterStore.random(workshop.random(name()), ScalarType.Float, "cpu");
      pair = new ClipPair(store.root(), sizes);
      store.setTrainable(parameter -> true);
      batches =
          new Batches(workshop.random(name()), train.size(), workshop.config().size("batch_size"));
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    @Override
    public Loss loss(long step) {
      long[] rows = batches.rows(step);
      Tensor loss = pair.loss(NanoPixels.forClip(train.pictures(rows)), texts.rows(rows));
      return new Loss(loss, Map.of("contrast", loss), rows.length);
    }

    @Override
    public void write(Path folder) throws IOException {
      Bfloat16Files.write(folder, "model", store.tensors());
      write(folder.resolve(CONFIG), pair.sizes().toJson());
      write(
          folder.resolve(NanoPixels.PREPROCESSOR),
          NanoPixels.preprocessor(pair.sizes().vision().imageSize()));
      write(folder.resolve("tokenizer.json"), tokenizer);
      write(folder.resolve("tokenizer_config.json"), tokenizerConfig);
    }

    private static void write(Path file, ObjectNode json) throws IOException {
      Files.writeString(
          file,
          new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** The CLIP in {@code folder}, its weights in {@code store}. */
  static ClipPair open(Path folder, ParameterStore store) {
    return new ClipPair(
        store.root(), ClipPair.Sizes.parse(JsonConfig.read(folder.resolve(CONFIG))));
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Path folder = workshop.part(folder());
    Map<String, Double> figures = new LinkedHashMap<>();
    try (WeightSource stored = WeightFolder.open(folder);
        ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu");
        Tokenizer tokenizer = Tokenizer.open(folder)) {
      ClipPair pair = open(folder, store);
      for (String name : List.of("new-scenes", "new-concepts")) {
        WorldPart part = workshop.data(name);
        ClipTexts texts = ClipTexts.captions(tokenizer, part, pair.sizes().text().maxPositions());
        figures.put("caption_of_100 " + name, found(pair, part, texts));
      }
    }
    return figures;
  }

  /** Share of the pictures whose own caption is the nearest of a hundred. */
  private static double found(ClipPair pair, WorldPart part, ClipTexts texts) {
    double right = 0;
    int crowds = part.size() / CROWD;
    for (int crowd = 0; crowd < crowds; crowd++) {
      long[] rows = new long[CROWD];
      for (int i = 0; i < CROWD; i++) {
        rows[i] = crowd * CROWD + i;
      }
      try (PointerScope scope = new PointerScope()) {
        Tensor nearest =
            Torch.withoutGradient(
                () ->
                    pair.pictureVectors(NanoPixels.forClip(part.pictures(rows)))
                        .matmul(pair.textVectors(texts.rows(rows)).transpose(0, 1))
                        .argmax(new LongOptional(1), false));
        long[] chosen = Torch.longs(nearest);
        for (int i = 0; i < CROWD; i++) {
          right += chosen[i] == i ? 1 : 0;
        }
      }
    }
    return right / Math.max(1, crowds * CROWD);
  }
}
