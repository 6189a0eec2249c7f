/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.llava;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.language.ConversationTemplate;
import org.dsvlm.tensor.AtomicFiles;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.SafetensorsWriter;
import org.dsvlm.tensor.Torch;

/**
 * Writes a LLaVA as the folder that transformers reads, in the names of its version 4.52 and later.
 * What trained the model along with it, such as adapters of the supervisor, is left out.
 */
public final class LlavaExport {
  /** As the transformers library cuts its own files. */
  private static final long SHARD_BYTES = 5_000_000_000L;

  /** Vocabularies are widened to a multiple of this, which suits the matrix products. */
  private static final int ROW_MULTIPLE = 64;

  private static final Set<String> VOCABULARY_TABLES =
      Set.of("language_model.model.embed_tokens.weight", "language_model.lm_head.weight");

  private LlavaExport() {}

  /**
   * Writes {@code folder}, whole or not at all. Where the image token has no row in the embedding
   * table, as in a model that began as a plain language model, rows are added at its end: the mean
   * of the others, so that none of the new tokens is ever the likeliest.
   *
   * @param config of the model
   * @param parameters by our names; others than the model's are passed over
   * @param files beside config and weights
   * @param dtype to store the weights in
   * @throws DsVlmException if a file cannot be written, or tokenizer and model do not fit
   */
  public static void write(
      Path folder,
      LlavaConfig config,
      Map<String, Tensor> parameters,
      ModelFiles files,
      ScalarType dtype) {
    LlavaConfig exported = withImageRow(config, files);
    Map<String, ObjectNode> contents = files.contents(exported);
    ObjectNode json = exported.toJson();
    json.put("dtype", DTypes.name(dtype));
    contents.put("config.json", json);
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      parameters.forEach(
          (name, tensor) -> {
            if (LlavaLayouts.ours(name)) {
              Tensor whole = withRows(name, tensor, exported.text().vocabularySize());
              weights.put(LlavaLayouts.newest(name), whole.to(dtype));
            }
          });
      AtomicFiles.folder(folder, target -> fill(target, contents, weights));
    }
  }

  private static void fill(
      Path target, Map<String, ObjectNode> contents, Map<String, Tensor> weights)
      throws IOException {
    ObjectWriter writer = new ObjectMapper().writerWithDefaultPrettyPrinter();
    for (Map.Entry<String, ObjectNode> file : contents.entrySet()) {
      Files.writeString(
          target.resolve(file.getKey()), writer.writeValueAsString(file.getValue()) + "\n");
    }
    SafetensorsWriter.writeFolder(target, "model", weights, SHARD_BYTES);
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
    return new LlavaConfig(
        config.vision(),
        config.text().withVocabularySize(rows),
        token,
        config.featureLayers(),
        config.dropFirstToken(),
        config.connectorBias());
  }

  private static Tensor withRows(String name, Tensor table, long rows) {
    if (!VOCABULARY_TABLES.contains(name) || table.size(0) == rows) {
      return table;
    }
    Tensor mean = table.mean(new long[] {0}, true, new ScalarTypeOptional());
    return Torch.cat(0, table, mean.expand(rows - table.size(0), table.size(1)));
  }
}
