/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a model's files make of a probe before it is exported, to be compared with what those of the
 * export make of it: an export that differs is none. Where the model has no tokenizer or no
 * settings for pictures, there is nothing to compare.
 *
 * @param ids of the probe, with the token that prompts begin with; empty without a tokenizer
 * @param stops tokens that end an answer
 * @param fileStops of these, the ones that the files name
 * @param template that conversations are put into; null if none is known
 * @param pictures how pictures are processed; null if no file says so
 */
record ReadBack(
    long[] ids,
    Set<Long> stops,
    Set<Long> fileStops,
    @Nullable ConversationTemplate template,
    @Nullable ObjectNode pictures) {
  private static final Logger LOG = LoggerFactory.getLogger(ReadBack.class);

  private static final String PROBE =
      "USER: What is this? </s> 3.14 \u00fc\u4e2d\ud83d\ude00\n\n  <|im_end|> ASSISTANT: It's";

  /** Tokens that logits are computed of. */
  private static final int TOKENS = 16;

  /** Share of the machine's memory that two copies of a model may take for its logits. */
  private static final double ROOM = 0.5;

  /** Of the model in {@code folder}. */
  static ReadBack of(Path folder) {
    return of(
        folder,
        GenerationSettings.read(folder, 1).stopTokens(),
        null,
        LlavaPictures.isDescribed(folder) ? LlavaPictures.read(folder).toJson() : null);
  }

  /** Of a model in memory that comes with {@code files}. */
  static ReadBack of(ModelFiles files) {
    @Nullable Path folder = null;
    try {
      folder = Files.createTempDirectory("dsvlm-export");
      files.writeTokenizer(folder);
      return of(
          folder,
          files.stopTokens(),
          files.template(),
          ImageProcessor.parse(files.preprocessor(), "preprocessor_config.json").toJson());
    } catch (IOException e) {
      throw new DsVlmException(
          "the folder for temporary files, java.io.tmpdir, cannot be used: " + e.getMessage(), e);
    } finally {
      ModelFiles.deleteTokenizer(folder);
    }
  }

  private static ReadBack of(
      Path folder,
      Set<Long> named,
      @Nullable ConversationTemplate template,
      @Nullable ObjectNode pictures) {
    if (!Files.exists(folder.resolve("tokenizer.json"))
        && !Files.exists(folder.resolve("tokenizer.model"))) {
      return new ReadBack(new long[0], named, named, template, pictures);
    }
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      ConversationTemplate known = template == null ? template(folder, tokenizer) : template;
      Set<Long> fileStops = LlavaSettings.stopTokens(folder, named, tokenizer);
      Set<Long> stops = new TreeSet<>(fileStops);
      if (known != null) {
        known.endToken(tokenizer).ifPresent(stops::add);
      }
      LongStream begin = tokenizer.beginning().stream();
      long[] ids = tokenizer.encode(PROBE, false);
      return new ReadBack(
          LongStream.concat(begin, Arrays.stream(ids)).toArray(),
          stops,
          fileStops,
          known,
          pictures);
    }
  }

  private static @Nullable ConversationTemplate template(Path folder, Tokenizer tokenizer) {
    try {
      return TrainedTemplate.of(folder, tokenizer);
    } catch (DsVlmException e) {
      // One that is not known here goes from folder to folder as it is.
      return null;
    }
  }

  /**
   * Compares with the export in {@code folder}, which is complete but for its name.
   *
   * @param config of the exported model
   * @param weights that were written, in the type of the files
   * @throws DsVlmException naming what differs
   */
  void compare(Path folder, LlavaConfig config, WeightSource weights) {
    ReadBack after = of(folder);
    same(folder, "ids of a text", Arrays.toString(ids), Arrays.toString(after.ids));
    same(folder, "stop tokens", stops, after.stops);
    same(folder, "the template", template, after.template);
    same(folder, "settings for pictures", pictures, after.pictures);
    try (LlavaFolder written = LlavaFolder.open(folder)) {
      same(folder, "sizes", sizes(config), sizes(written.config()));
      long bytes = 0;
      for (String name : weights.names()) {
        if (LlavaLayouts.ours(name)) {
          compareTensor(folder, name, weights, written.weights());
          bytes +=
              ParameterShapes.elements(weights.shape(name)) * DTypes.bytes(weights.dtype(name));
        }
      }
      if (bytes * 2 <= MemoryFigures.machineBytes() * ROOM) {
        compareLogits(folder, config, weights, written);
      } else {
        LOG.info(
            "{}: every tensor was compared after writing; for its logits, which take two copies of"
                + " the model, this machine's memory is too small",
            folder.getFileName());
      }
    }
  }

  /** Without the image token, which the original layout does not have. */
  private static LlavaConfig sizes(LlavaConfig config) {
    return config.withImageToken(0);
  }

  private static void same(
      Path folder, String what, @Nullable Object before, @Nullable Object after) {
    if (before != null && !Objects.equals(before, after)) {
      throw different(folder, what + " " + after + ", where the model has " + before);
    }
  }

  private static DsVlmException different(Path folder, String what) {
    return new DsVlmException(
        folder
            + ": the export was read back and has "
            + what
            + "; it is not kept. This is a fault of the program, or of the disk");
  }

  private static void compareTensor(
      Path folder, String name, WeightSource weights, WeightSource written) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor before = weights.read(name).cpu();
      if (!before.isfinite().all().item_bool()) {
        throw new DsVlmException(
            weights.where(name)
                + ": '"
                + name
                + "' holds numbers that are not finite, so the model is of no use and is not"
                + " exported; go back to a checkpoint before they came up, or choose a type with a"
                + " wider range than "
                + DTypes.name(before.scalar_type()));
      }
      if (!written.names().contains(name) || !written.read(name).equal(before)) {
        throw different(folder, "another '" + name + "'");
      }
    }
  }

  private void compareLogits(
      Path folder, LlavaConfig config, WeightSource weights, LlavaFolder written) {
    ScalarType dtype = weights.dtype(weights.names().iterator().next());
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        // Copies, since the last bits may depend on how the weights are aligned in memory.
        ParameterStore before = ParameterStore.from(weights, dtype, "cpu");
        ParameterStore after = ParameterStore.from(written.weights(), dtype, "cpu")) {
      Tensor expected = probe(new Llava(before.root(), config), dtype);
      Tensor found = probe(new Llava(after.root(), written.config()), dtype);
      if (!found.equal(expected)) {
        throw different(folder, "other logits");
      }
    }
  }

  /** Logits of the first tokens, and what the connector makes of a picture of noise. */
  private Tensor probe(Llava llava, ScalarType dtype) {
    int rows = llava.config().text().vocabularySize();
    long[] tokens = new long[TOKENS];
    for (int i = 0; i < TOKENS; i++) {
      tokens[i] = (ids.length > i ? ids[i] : i) % rows;
    }
    int side = llava.config().vision().imageSize();
    Tensor pixels = new RandomState(0).normal(new long[] {1, 3, side, side}).to(dtype);
    Tensor features = llava.encode(pixels).imageFeatures().flatten();
    Tensor embedded = llava.languageModel().model().embed(Torch.of(tokens, 1, TOKENS));
    Tensor logits =
        llava.languageModel().logits(llava.languageModel().model().forward(embedded, null));
    return Torch.cat(0, features, logits.flatten());
  }
}
