/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.dsvlm.catalogue.InspectedModel;
import org.dsvlm.catalogue.Inspection;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.RecordSource;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.llava.LlavaPictures;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.tensor.Devices;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.files.WeightFolder;

/**
 * Looks at everything that a run by a recipe would read, without starting it: configurations,
 * headers and indexes of weights, tokenizer, records and pictures. A fault does not end the check,
 * so that all that is missing is known at once. No weight is read, and nothing is written but the
 * kept index of a large file of records.
 */
public final class RunCheck {
  private static final int NAMED = 3;

  private final Recipe recipe;
  private final List<Finding> findings = new ArrayList<>();

  private RunCheck(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * What was looked at.
   *
   * @param key of the recipe
   * @param sound whether a run can use it
   * @param text what it is, or what it lacks and what to do
   */
  public record Finding(String key, boolean sound, String text) {}

  /** Looks at what {@code recipe} names, in the order of its keys. */
  public static List<Finding> of(Recipe recipe) {
    RunCheck check = new RunCheck(recipe);
    check.device();
    check.models();
    if (recipe.supervised()) {
      check.diffusion();
      check.perceptual();
    }
    check.starts();
    check.data();
    return List.copyOf(check.findings);
  }

  /** Notes what {@code look} returns, or the fault that it meets. */
  private void look(String key, Supplier<String> look) {
    try {
      findings.add(new Finding(key, true, look.get()));
    } catch (DsVlmException e) {
      findings.add(new Finding(key, false, String.valueOf(e.getMessage())));
    }
  }

  private void device() {
    look(
        "device",
        () -> {
          Devices.require(recipe.device());
          return recipe.device();
        });
  }

  private void models() {
    Recipe.Model model = recipe.model();
    if (!model.llava().isEmpty()) {
      Path folder = FilePath.of("recipe: model.llava", model.llava());
      look("model.llava", () -> inspected(folder));
      look("model.llava", () -> described(LlavaPictures.read(folder), folder));
    } else {
      vision(model.vision());
      language(model.language());
    }
    tokenizer(model);
  }

  private void vision(Recipe.Vision vision) {
    if (vision.path().isEmpty()) {
      look("model.vision", () -> drawn(RecipeModels.of(recipe.model()).vision().layers()));
      return;
    }
    Path folder = FilePath.of("recipe: model.vision.path", vision.path());
    look("model.vision.path", () -> inspected(folder));
    if (vision.preprocessor().isEmpty()) {
      Path file = folder.resolve("preprocessor_config.json");
      look("model.vision.path", () -> described(ImageProcessor.read(file), file));
    }
  }

  private static String described(ImageProcessor processor, Path file) {
    return file + ": " + (processor.padsToSquare() ? "pads pictures" : "does not pad pictures");
  }

  private void language(Recipe.Language language) {
    if (language.path().isEmpty()) {
      look("model.language", () -> drawn(RecipeModels.of(recipe.model()).language().layers()));
    } else {
      look(
          "model.language.path",
          () -> inspected(FilePath.of("recipe: model.language.path", language.path())));
    }
  }

  private static String drawn(long layers) {
    return layers + " layers, drawn at random";
  }

  private void tokenizer(Recipe.Model model) {
    if (model.tokenizer().equals(RunData.BUILT_IN)) {
      return;
    }
    String key =
        !model.tokenizer().isEmpty()
            ? "model.tokenizer"
            : model.language().path().isEmpty() ? "model.llava" : "model.language.path";
    look(
        key,
        () -> {
          Path folder = RunData.namedTokenizer(model);
          try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            return folder + ": a tokenizer of " + tokenizer.size() + " tokens";
          }
        });
    look(
        key,
        () -> {
          Path file = RunData.namedTokenizer(model).resolve(RunData.TOKENIZER_CONFIG);
          JsonConfig.read(file);
          return file + ": goes into the export";
        });
  }

  private void diffusion() {
    Recipe.StableDiffusion diffusion = recipe.model().stableDiffusion();
    String key = "model.stable_diffusion.path";
    if (diffusion.path().isEmpty()) {
      look(
          key,
          () -> {
            RecipeModels models = RecipeModels.of(recipe.model());
            models.unet();
            models.vae();
            return "UNet and autoencoder drawn at random";
          });
      return;
    }
    Path folder = FilePath.of("recipe: model.stable_diffusion.path", diffusion.path());
    look(key, () -> inspected(folder.resolve(StableDiffusionFolder.UNET)));
    look(key, () -> inspected(folder.resolve(StableDiffusionFolder.VAE)));
    look(
        key,
        () -> {
          Path file = folder.resolve(StableDiffusionFolder.SCHEDULER_CONFIG);
          NoiseSchedule.parse(JsonConfig.read(file).json(), file.toString());
          return file + ": a noise schedule";
        });
  }

  private void perceptual() {
    String path = recipe.model().perceptual().path();
    if (path.isEmpty() || !recipe.supervisionConfig().loss().needsNetwork()) {
      return;
    }
    for (String stem : List.of("vgg", "lpips")) {
      look(
          "model.perceptual.path",
          () -> perceptual(FilePath.of("recipe: model.perceptual.path", path), stem));
    }
  }

  /** Files that parts start from. */
  private void starts() {
    Recipe.Start start = recipe.model().start();
    start("model.start.connector", start.connector());
    start("model.start.non_lora_trainables", start.nonLoraTrainables());
    start("model.start.multi_adapter", start.multiAdapter());
    String adapter = recipe.model().language().lora().path();
    if (!adapter.isEmpty()) {
      look(
          "model.language.lora.path",
          () -> {
            try (WeightSource weights =
                WeightFolder.open(FilePath.of("recipe: model.language.lora.path", adapter))) {
              return adapter + ": " + weights.names().size() + " tensors";
            }
          });
    }
  }

  private void start(String key, String file) {
    if (!file.isEmpty()) {
      look(
          key,
          () -> {
            try (WeightSource weights = WeightFile.open(FilePath.of("recipe: " + key, file))) {
              return file + ": " + weights.names().size() + " tensors";
            }
          });
    }
  }

  private static String perceptual(Path folder, String stem) {
    Path file = SupervisionLoss.weights(folder, stem);
    if (!Files.isRegularFile(file)) {
      throw new DsVlmException(
          folder + ": holds neither " + stem + ".pth nor " + stem + ".safetensors");
    }
    try (WeightSource weights = WeightFile.open(file)) {
      List<String> missing =
          PerceptualNetwork.names(stem.equals("lpips")).stream()
              .filter(name -> !weights.names().contains(name))
              .toList();
      if (!missing.isEmpty()) {
        throw new DsVlmException(
            file
                + ": lacks "
                + some(missing)
                + (stem.equals("vgg")
                    ? "; vgg is torchvision's VGG-16"
                    : "; lpips is the LPIPS package's file of heads, there called vgg.pth"));
      }
      return file + ": " + weights.names().size() + " tensors";
    }
  }

  /** A model's configuration and headers, which have to agree. */
  private static String inspected(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DsVlmException(folder + ": there is no such folder");
    }
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      throw new DsVlmException(folder + ": holds no config.json");
    }
    List<String> texts = new ArrayList<>();
    for (InspectedModel model : Inspection.of(folder)) {
      if (!model.missing().isEmpty()) {
        throw new DsVlmException(
            model.path() + ": the files of weights lack " + some(model.missing()));
      }
      if (!model.misshapen().isEmpty()) {
        throw new DsVlmException(model.path() + ": of another shape: " + some(model.misshapen()));
      }
      texts.add(
          String.format(
              Locale.ROOT,
              "%s: %s, %.2f GB",
              model.path(),
              model.architecture(),
              model.bytes() / 1e9));
    }
    return String.join("; ", texts);
  }

  private static String some(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
    return names.size() <= NAMED ? first : first + " and " + (names.size() - NAMED) + " more";
  }

  private void data() {
    boolean readable = !recipe.data().source().equals("llava") || pictures();
    for (int number = 1; number <= 2; number++) {
      int stage = number;
      if (recipe.stage(number).leftOut()) {
        continue;
      }
      if (readable) {
        records(
            "data.stage" + number,
            () -> RecipeRecords.open(recipe, stage, () -> NotoArchive.open(NotoArchive.locate())));
      } else {
        presence(number);
      }
    }
    if (recipe.data().hasValidationFile()) {
      records("data.validation", () -> RecipeRecords.validation(recipe));
    }
  }

  /** Whether the folder is there, without which no record can be read. */
  private boolean pictures() {
    Path folder = FilePath.of("recipe: data.pictures", recipe.data().pictures());
    boolean there = !recipe.data().pictures().isEmpty() && Files.isDirectory(folder);
    if (!there) {
      String text =
          "'" + folder + "' is no folder; the paths of pictures in the records start there";
      findings.add(new Finding("data.pictures", false, text));
    }
    return there;
  }

  private void presence(int stage) {
    String file = stage == 1 ? recipe.data().stage1() : recipe.data().stage2();
    look(
        "data.stage" + stage,
        () -> {
          if (file.isEmpty()
              || !Files.isRegularFile(FilePath.of("recipe: data.stage" + stage, file))) {
            throw new DsVlmException("'" + file + "' is no file of records");
          }
          return file + ": is there; its records were not looked at without the pictures";
        });
  }

  private void records(String key, Supplier<RecordSource> source) {
    try (RecordSource records = source.get()) {
      RecordSample sample = RecordSample.of(records, recipe.seed());
      look(key, () -> sample.describe(records.size()));
      for (String fault : sample.faults()) {
        findings.add(new Finding(key, false, fault));
      }
    } catch (DsVlmException e) {
      findings.add(new Finding(key, false, String.valueOf(e.getMessage())));
    }
  }
}
