/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.MergedWeights;
import org.dsvlm.nn.UnusedTensors;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.weights.ConvertedWeights;
import org.dsvlm.weights.HeldWeights;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.jspecify.annotations.Nullable;

/**
 * Writes a LLaVA as a folder, without the parts that only trained it, such as the supervisor's
 * adapters.
 */
public final class LlavaExport {
  /** As the transformers library cuts its own files. */
  public static final long SHARD_BYTES = 5_000_000_000L;

  /** Vocabularies are widened to a multiple of this, which suits the matrix products. */
  private static final int ROW_MULTIPLE = 64;

  /** Files beside config and weights that mean the same in every layout. */
  private static final List<String> COMPANIONS =
      List.of(
          "generation_config.json",
          "preprocessor_config.json",
          "processor_config.json",
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.json",
          "chat_template.jinja");

  private static final List<String> CHAT_TEMPLATES =
      List.of("chat_template.json", "chat_template.jinja");

  /** The folder in which the original layout keeps what its vision tower is. */
  private static final String VISION_FOLDER = "vision_tower";

  private static final String CONNECTOR_STEM = "mm_projector";
  private static final String CONFIG = "config.json";
  private static final String PREPROCESSOR = "preprocessor_config.json";

  /**
   * The format of a written folder.
   *
   * @param layout names and form of config.json
   * @param dtype to store the weights in
   * @param shardBytes most bytes of tensors in one file
   */
  public record Format(LlavaLayout layout, ScalarType dtype, long shardBytes) {}

  private LlavaExport() {}

  /**
   * Writes {@code folder} in the names of transformers 4.52 and later, whole or not at all. Where
   * the image token has no row in the embedding table, as in a model that began as a plain language
   * model, rows are added at its end (see {@link WidenedWeights}).
   *
   * @param config of the model
   * @param parameters by our names; others than the model's are passed over
   * @param files beside config and weights
   * @param dtype to store the weights in
   * @throws org.dsvlm.io.DsVlmException if a file cannot be written, or tokenizer and model do not
   *     fit
   */
  public static void write(
      Path folder,
      LlavaConfig config,
      Map<String, Tensor> parameters,
      ModelFiles files,
      ScalarType dtype) {
    write(
        folder,
        config,
        new HeldWeights(parameters),
        files,
        new Format(LlavaLayout.HUGGING_FACE, dtype, SHARD_BYTES));
  }

  private static void write(
      Path folder, LlavaConfig config, WeightSource weights, ModelFiles files, Format format) {
    write(folder, config, weights, files, format, target -> {}, ReadBack.of(files));
  }

  private static void write(
      Path folder,
      LlavaConfig config,
      WeightSource weights,
      ModelFiles files,
      Format format,
      AtomicFiles.Body others,
      ReadBack before) {
    LlavaConfig exported = withImageRow(config, files);
    Map<String, ObjectNode> contents = files.contents(exported);
    write(
        folder,
        exported,
        named(format.layout().toJson(exported), files.template()),
        new WidenedWeights(weights, exported.text().vocabularySize()),
        format,
        target -> {
          writeTemplate(target, files.template());
          for (Map.Entry<String, ObjectNode> file : contents.entrySet()) {
            writeJson(target.resolve(file.getKey()), file.getValue());
          }
          others.write(target);
        },
        before);
  }

  /**
   * Writes the model in {@code from} again as {@code to}, whole or not at all, one tensor in memory
   * at a time. A model of the original layout, which knows no image token, gets one as {@link
   * #write(Path, LlavaConfig, Map, ModelFiles, ScalarType)} does.
   *
   * @param adapter folder of a PEFT adapter to merge into it, in the type of {@code format}; null
   *     for none
   * @throws org.dsvlm.io.DsVlmException if a file of either folder is missing or unsound, the
   *     layout cannot express the model, or nothing can be written
   */
  public static void copy(Path from, Path to, Format format, @Nullable Path adapter) {
    try (LlavaFolder files = LlavaFolder.open(from);
        WeightSource weights = merged(files, format.dtype(), adapter)) {
      ReadBack before = ReadBack.of(files.path());
      UnusedTensors.check(
          files.weights(),
          root -> new Llava(root, files.config()),
          files.path().resolve(CONFIG).toString(),
          LlavaLayouts::ours);
      boolean needsImageToken =
          files.config().imageToken() < 0 && format.layout() == LlavaLayout.HUGGING_FACE;
      if (needsImageToken) {
        ModelFiles own =
            ModelFiles.read(files.path())
                .withPreprocessor(LlavaPictures.read(files.path()).toJson())
                .withStopTokens(before.fileStops());
        write(
            to,
            files.config(),
            weights,
            own,
            format,
            target -> copy(CHAT_TEMPLATES, files.path(), target),
            before);
      } else {
        @Nullable ConversationTemplate template = TrainedTemplate.named(files.path()).orElse(null);
        ObjectNode json = named(format.layout().toJson(files.config()), template);
        if (format.layout() == LlavaLayout.ORIGINAL) {
          json.put(
              LlavaPictures.ASPECT_RATIO,
              LlavaPictures.padsToSquare(files.path()) ? LlavaPictures.PAD : LlavaPictures.SQUARE);
        }
        write(
            to,
            files.config(),
            json,
            weights,
            format,
            target -> copyCompanions(files, target, before.fileStops()),
            before);
      }
    }
  }

  /**
   * Writes the connector of the model in {@code from} alone, as {@code mm_projector.safetensors} in
   * the names of the original project, into the folder {@code to}, whole or not at all.
   *
   * @throws org.dsvlm.io.DsVlmException if a file of the model is missing or unsound, or nothing
   *     can be written
   */
  public static void connector(Path from, Path to, ScalarType dtype) {
    try (LlavaFolder files = LlavaFolder.open(from)) {
      WeightSource stored =
          new RenamedWeights(
              new ConvertedWeights(files.weights(), dtype),
              name -> name.startsWith(LlavaLayouts.CONNECTOR) ? LlavaLayouts.original(name) : null);
      AtomicFiles.folder(
          to,
          target -> SafetensorsWriter.writeFolder(target, CONNECTOR_STEM, stored, Long.MAX_VALUE));
    }
  }

  /** {@code json} with the template's name under our key. */
  private static ObjectNode named(ObjectNode json, @Nullable ConversationTemplate template) {
    return template == null ? json : json.put(TrainedTemplate.KEY, template.key());
  }

  private static void writeTemplate(Path target, @Nullable ConversationTemplate template)
      throws IOException {
    if (template != null) {
      Files.writeString(target.resolve(TrainedTemplate.FILE), template.jinja());
    }
  }

  private static WeightSource merged(LlavaFolder files, ScalarType dtype, @Nullable Path adapter) {
    return adapter == null
        ? files.weights()
        : new MergedWeights(
            new ConvertedWeights(files.weights(), dtype),
            root -> new Llava(root, files.config()),
            store -> LlavaLora.read(adapter, store));
  }

  /** The folder's files, and what they leave to others that are not copied. */
  private static void copyCompanions(LlavaFolder files, Path target, Set<Long> stops)
      throws IOException {
    copy(COMPANIONS, files.path(), target);
    if (!ImageProcessor.isDescribed(target) && LlavaPictures.isDescribed(files.path())) {
      writeJson(target.resolve(PREPROCESSOR), LlavaPictures.settings(files.path()));
    }
    Path generation = target.resolve(ModelFiles.GENERATION);
    ObjectNode own =
        Files.exists(generation)
            ? (ObjectNode) JsonConfig.read(generation).json()
            : JsonNodeFactory.instance.objectNode();
    if (!stops.isEmpty()) {
      writeJson(generation, ModelFiles.withStops(own, stops));
    }
  }

  private static void copy(List<String> names, Path from, Path to) throws IOException {
    for (String name : names) {
      if (Files.exists(from.resolve(name)) && Files.notExists(to.resolve(name))) {
        Files.copy(from.resolve(name), to.resolve(name));
      }
    }
  }

  private static void write(
      Path folder,
      LlavaConfig config,
      ObjectNode json,
      WeightSource weights,
      Format format,
      AtomicFiles.Body companions,
      ReadBack before) {
    json.put("dtype", DTypes.name(format.dtype()));
    WeightSource stored =
        new RenamedWeights(
            new ConvertedWeights(weights, format.dtype()),
            name -> LlavaLayouts.ours(name) ? format.layout().storedName(name) : null);
    AtomicFiles.folder(
        folder,
        target -> {
          companions.write(target);
          writeJson(target.resolve(CONFIG), json);
          if (format.layout() == LlavaLayout.ORIGINAL) {
            writeVisionFolder(target, config);
          }
          SafetensorsWriter.writeFolder(target, "model", stored, format.shardBytes());
          before.compare(target, config, new ConvertedWeights(weights, format.dtype()));
        });
  }

  /** Writes the folder that the original project expects where mm_vision_tower points to. */
  private static void writeVisionFolder(Path target, LlavaConfig config) throws IOException {
    Path folder = Files.createDirectory(target.resolve(VISION_FOLDER));
    writeJson(folder.resolve(CONFIG), config.vision().toJson());
    if (ImageProcessor.isDescribed(target)) {
      writeJson(folder.resolve(PREPROCESSOR), ImageProcessor.settings(target).json());
    }
  }

  private static void writeJson(Path file, JsonNode json) throws IOException {
    Files.writeString(
        file, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }

  private static LlavaConfig withImageRow(LlavaConfig config, ModelFiles files) {
    Long known = files.id(ConversationTemplate.IMAGE);
    // The original project's image marker is no token.
    long free = known != null ? known : files.nextId();
    long token = config.imageToken() >= 0 ? config.imageToken() : free;
    int rows = config.text().vocabularySize();
    if (token >= rows) {
      rows = Math.toIntExact((token / ROW_MULTIPLE + 1) * ROW_MULTIPLE);
    }
    return config.withText(config.text().withVocabularySize(rows)).withImageToken(token);
  }
}
