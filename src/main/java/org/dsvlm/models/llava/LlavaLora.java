/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.PeftFolder;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.jspecify.annotations.Nullable;

/** LoRA adapters of a LLaVA, in PEFT's folders. */
public final class LlavaLora {
  private static final String LANGUAGE_MODEL = "language_model.";
  private static final String VISION = "vision_tower.vision_model.";
  private static final String NON_LORA = "non_lora_trainables.bin";
  private static final String CONNECTOR = "mm_projector.bin";
  private static final String PEFT = "base_model.model.";

  /** The class of model that a written adapter can be loaded onto, by the names of its layers. */
  public enum Layout {
    /** Llava of transformers 4.52 and later. */
    LLAVA(LlavaLora::newest),
    /** Llava of transformers until 4.51. */
    LLAVA_4_51(path -> path),
    /** The bare language model, and the original LLaVA project's class for language layers. */
    LANGUAGE_MODEL(LlavaLora::bare);

    private final UnaryOperator<String> names;

    Layout(UnaryOperator<String> names) {
      this.names = names;
    }
  }

  private LlavaLora() {}

  /**
   * Attaches a fresh adapter to the language model of {@code llava}; {@code config} knows the
   * layers by the names that they have in a bare one.
   *
   * @throws org.dsvlm.io.DsVlmException if the config targets none of them
   */
  public static Lora start(ParameterStore llava, LoraConfig config, RandomState random) {
    return Lora.start(llava, config, LlavaLora::bare, random);
  }

  /** Shapes of what {@link #start} would attach to a LLaVA of these sizes, by name. */
  public static Map<String, long[]> shapes(LlavaConfig llava, LoraConfig config) {
    return Lora.shapes(root -> new Llava(root, llava), config, LlavaLora::bare);
  }

  /**
   * Reads the PEFT adapter in {@code folder} and attaches it to {@code llava} until it is closed.
   * It may be one of the LLaVA in each of its layouts or of the bare language model. What was
   * trained whole beside it ({@code non_lora_trainables.bin} of the original project) takes the
   * place of the model's own until then, too.
   *
   * @throws org.dsvlm.io.DsVlmException if it is unsound or belongs to another model, naming file
   *     and key
   */
  public static Lora read(Path folder, ParameterStore llava) {
    Lora lora =
        PeftFolder.read(
            folder,
            llava,
            List.of(
                LlavaLora::newest,
                path -> LlavaLora.newest(path).replace(VISION, "vision_tower."),
                UnaryOperator.identity(),
                LlavaLora::bare),
            List.of(NON_LORA));
    try {
      Path own = FilePath.model(folder);
      if (Files.exists(own.resolve(NON_LORA))) {
        replaceParts(own.resolve(NON_LORA), lora);
      }
      if (Files.exists(own.resolve(CONNECTOR))) {
        throw new DsVlmException(
            own.resolve(CONNECTOR)
                + ": a connector beside an adapter, and nothing says whether the adapter was"
                + " trained with it; rename it to "
                + NON_LORA
                + " to have it used, or move it away");
      }
      return lora;
    } catch (RuntimeException e) {
      lora.close();
      throw e;
    }
  }

  /** What the original project's LoRA training leaves beside the adapter, such as the connector. */
  private static void replaceParts(Path file, Lora lora) {
    try (PointerScope scope = new PointerScope();
        WeightSource stored = WeightFile.open(file)) {
      for (String name : stored.names()) {
        String own = partName(name);
        if (own != null) {
          lora.replace(own, stored.read(name), file + " (stored as '" + name + "')");
        }
      }
    }
  }

  /**
   * Without the layers of classes that PEFT and the original project put around the model; null for
   * numbers without use.
   */
  private static @Nullable String partName(String stored) {
    return LlavaLayouts.name(stored.startsWith(PEFT) ? stored.substring(PEFT.length()) : stored);
  }

  /**
   * Merges the PEFT adapter in {@code folder} into the weights of {@code llava} for good.
   *
   * @throws org.dsvlm.io.DsVlmException as {@link #read}
   */
  public static void merge(Path folder, ParameterStore llava) {
    read(folder, llava).mergeForGood();
  }

  /**
   * Writes {@code lora} as a PEFT folder, whole or not at all.
   *
   * @param base where the adapted model lies; null to name none
   * @throws org.dsvlm.io.DsVlmException if it adapts a layer that models of the layout lack, or
   *     cannot be written
   */
  public static void write(Path folder, Lora lora, Layout layout, @Nullable String base) {
    PeftFolder.write(folder, lora, layout.names, base);
  }

  private static String newest(String path) {
    String name = LlavaLayouts.newest(path + ".");
    return name.substring(0, name.length() - 1);
  }

  private static @Nullable String bare(String path) {
    return path.startsWith(LANGUAGE_MODEL) ? path.substring(LANGUAGE_MODEL.length()) : null;
  }
}
