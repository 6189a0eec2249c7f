/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaExport;
import org.dsvlm.models.llava.LlavaFolder;
import org.dsvlm.models.llava.ModelFiles;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.train.TrainingStage;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * Models with random weights in folders that both sides read: those of the recipe {@code
 * nano-scratch}, and one with a larger language model. They are written when first asked for.
 */
final class BenchmarkModels {
  /** Where the folders are; {@code benchmarks/run} sets it. */
  static final String FOLDER = "dsvlm.benchmarks.models";

  static final String RECIPE = "nano-scratch";
  private static final String MULTI_ADAPTER = "multi_adapter.safetensors";

  /** Pixels along a side that LLaVA-1.5's encoder sees. */
  private static final int LLAVA_SIDE = 336;

  /** Language models by name: layers, hidden size, size between, vocabulary; 0 for the recipe's. */
  private static final Map<String, int[]> LANGUAGE_MODELS =
      Map.of("nano", new int[] {0, 0, 0, 0}, "34m", new int[] {8, 512, 1408, 8192});

  private static final RandomState RANDOM = new RandomState(1);

  private BenchmarkModels() {}

  /** How the LLaVA of a benchmark is opened, its weights in {@code dtype}. */
  static LlavaChatOptions options(String dtype) {
    return LlavaChatOptions.DEFAULTS
        .withTemplate(ConversationTemplate.VICUNA_V1)
        .withDtype(DTypes.parse(dtype));
  }

  static Path folder() {
    return Path.of(System.getProperty(FOLDER, "target/benchmarks/models"));
  }

  static Recipe recipe() {
    return RecipeReader.bind(RecipeReader.resolve(RECIPE, List.of()));
  }

  /** The language model of that name, {@code nano} or {@code 34m}. */
  static LlamaConfig language(String name) {
    int[] sizes = LANGUAGE_MODELS.get(name);
    if (sizes == null) {
      throw new IllegalArgumentException(
          "no model '" + name + "'; known: " + LANGUAGE_MODELS.keySet().stream().sorted().toList());
    }
    ObjectNode language = recipe().model().language().config().deepCopy();
    if (sizes[0] > 0) {
      language.put("num_hidden_layers", sizes[0]).put("hidden_size", sizes[1]);
      language.put("intermediate_size", sizes[2]).put("vocab_size", sizes[3]);
      language.put("num_attention_heads", 8).put("num_key_value_heads", 8);
    }
    return LlamaConfig.parse(language, RECIPE);
  }

  /** The folder of a LLaVA in Hugging Face layout with the language model of that name. */
  static Path llava(String name) {
    LlamaConfig language = language(name);
    Path folder = folder().resolve(name);
    if (!Files.exists(folder)) {
      writeLlava(folder, recipe().model(), language);
    }
    return folder;
  }

  /** That model as its folder describes it. */
  static LlavaConfig config(String name) {
    try (LlavaFolder files = LlavaFolder.open(llava(name))) {
      return files.config();
    }
  }

  private static void writeLlava(Path folder, Recipe.Model model, LlamaConfig language) {
    VisionConfig vision = VisionConfig.parse(model.vision().config(), RECIPE);
    LlavaConfig config =
        new LlavaConfig(
            vision,
            language,
            -1,
            List.of(model.vision().featureLayer()),
            true,
            true,
            LlavaConfig.CONNECTOR_LAYERS);
    ModelFiles files =
        new ModelFiles(
            builtIn("tokenizer.json"),
            builtIn("tokenizer_config.json"),
            model.vision().preprocessor(),
            null);
    try (ParameterStore parameters =
        ParameterStore.random(RANDOM.fork("llava"), ScalarType.Float, "cpu")) {
      Llava built = new Llava(parameters.root(), config);
      LlavaExport.write(folder, built.config(), parameters.tensors(), files, ScalarType.Float);
    }
  }

  private static ObjectNode builtIn(String file) {
    try (InputStream stream = Recipe.class.getResourceAsStream("/org/dsvlm/recipes/nano/" + file)) {
      return (ObjectNode) new ObjectMapper().readTree(stream);
    } catch (IOException e) {
      throw new IllegalStateException(file + " is missing from the library", e);
    }
  }

  /** The recipe's tokenizer.json. */
  static Path tokenizer() {
    Path file = folder().resolve("tokenizer.json");
    if (!Files.exists(file)) {
      AtomicFiles.text(file, builtIn("tokenizer.json").toString());
    }
    return file;
  }

  /** CLIP's preprocessing at LLaVA-1.5's size, as preprocessor_config.json says it. */
  static String clipProcessor() {
    ObjectNode config = recipe().model().vision().preprocessor().deepCopy();
    config.putObject("size").put("shortest_edge", LLAVA_SIDE);
    config.putObject("crop_size").put("height", LLAVA_SIDE).put("width", LLAVA_SIDE);
    return config.toPrettyString();
  }

  /**
   * Adds the recipe's other models to its LLaVA: {@code stable_diffusion} in diffusers layout,
   * {@code vgg.safetensors}, {@code lpips.safetensors}, {@code multi_adapter.safetensors}, and
   * {@code supervision.json}, the recipe's section.
   */
  static Path supervision() {
    Path folder = folder().resolve("nano-supervision");
    if (!Files.exists(folder)) {
      AtomicFiles.folder(folder, BenchmarkModels::writeSupervision);
    }
    return folder;
  }

  private static void writeSupervision(Path folder) throws IOException {
    Recipe recipe = recipe();
    Recipe.StableDiffusion settings = recipe.model().stableDiffusion();
    writePerceptual(folder, recipe.model().perceptual().widths());
    ObjectNode section = recipe.supervision().deepCopy().without("enabled");
    Files.writeString(folder.resolve("supervision.json"), section.toPrettyString());
    try (StableDiffusion diffusion =
        StableDiffusion.random(
            UNetConfig.parse(settings.unet(), RECIPE),
            VaeConfig.parse(settings.vae(), RECIPE),
            NoiseSchedule.parse(settings.scheduler(), RECIPE),
            RANDOM.fork("diffusion"),
            ScalarType.Float,
            "cpu")) {
      StableDiffusionFolder.write(folder.resolve("stable_diffusion"), diffusion);
    }
    // It starts at random, and from one seed always the same.
    try (TrainingStage stage =
        TrainingStage.open(pretrained(folder, "float32", ""), 2, 1, done -> List.of())) {
      stage.writeMultiAdapter(folder.resolve(MULTI_ADAPTER));
    }
  }

  /** The recipe over the models of these folders, at a constant rate. */
  static Recipe pretrained(String dtype) {
    Path folder = supervision();
    return pretrained(folder, dtype, folder.resolve(MULTI_ADAPTER).toString());
  }

  /** multiAdapter: file of adapters, experts and routers; empty: drawn at random. */
  private static Recipe pretrained(Path supervision, String dtype, String multiAdapter) {
    return RecipeReader.bind(
        RecipeReader.resolve(
            RECIPE,
            List.of(
                "model.llava=" + llava("nano"),
                "model.stable_diffusion.path=" + supervision.resolve("stable_diffusion"),
                "model.perceptual.path=" + supervision,
                "model.start.multi_adapter=" + multiAdapter,
                "precision=" + dtype,
                "stage2.warmup_ratio=0.0")));
  }

  /** VGG-16's convolutions with other widths, under torchvision's names, and even LPIPS heads. */
  private static void writePerceptual(Path folder, List<Long> widths) {
    int[] convolutions = {2, 2, 3, 3, 3};
    try (PointerScope scope = new PointerScope()) {
      RandomState random = RANDOM.fork("perceptual");
      Map<String, Tensor> vgg = new LinkedHashMap<>();
      Map<String, Tensor> lpips = new LinkedHashMap<>();
      long in = 3;
      int index = 0;
      for (int stage = 0; stage < convolutions.length; stage++) {
        long out = widths.get(stage);
        for (int i = 0; i < convolutions[stage]; i++) {
          String name = "features." + index + ".";
          Tensor weight = random.fork(name).normal(out, in, 3, 3);
          vgg.put(name + "weight", weight.mul(Torch.scalar(Math.sqrt(2.0 / (9 * in)))));
          vgg.put(name + "bias", torch.zeros(out));
          in = out;
          index += 2;
        }
        index++;
        lpips.put(
            "lin" + stage + ".model.1.weight", torch.ones(1, out, 1, 1).div(Torch.scalar(out)));
      }
      SafetensorsWriter.write(folder.resolve("vgg.safetensors"), vgg);
      SafetensorsWriter.write(folder.resolve("lpips.safetensors"), lpips);
    }
  }
}
