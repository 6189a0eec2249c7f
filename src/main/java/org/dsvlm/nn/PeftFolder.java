/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter as the PEFT library saves it: a folder with {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, whose keys are {@code base_model.model.PATH.lora_A.weight} and {@code
 * lora_B}. (The older {@code adapter_model.bin} is read too.) PATH is a layer's name in the class
 * of the adapted model, so the same language model's layer goes by several; callers give the
 * layouts that they know.
 */
public final class PeftFolder {
  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";

  private static final String PREFIX = "base_model.model.";
  private static final String HEAD = "lm_head";
  private static final Pattern KEY =
      Pattern.compile(Pattern.quote(PREFIX) + "(.+)\\.lora_([AB])\\.weight");

  private PeftFolder() {}

  /**
   * Reads the adapter in {@code folder} and attaches it to {@code base}.
   *
   * @param layouts each from a linear layer's path to its name in a class of model that the adapter
   *     may have been made for; null for a layer that such a model lacks
   * @throws DsVlmException if a file is missing or unsound, adapts other layers than the model has
   *     or the config names, or has tensors of another shape, naming file and key
   */
  public static Lora read(Path folder, ParameterStore base, List<UnaryOperator<String>> layouts) {
    return read(folder, base, layouts, List.of());
  }

  /**
   * As above.
   *
   * @param readElsewhere names of files of weights in the folder that the caller reads
   */
  public static Lora read(
      Path named,
      ParameterStore base,
      List<UnaryOperator<String>> layouts,
      List<String> readElsewhere) {
    Path folder = FilePath.model(named);
    JsonConfig json = JsonConfig.read(folder.resolve(CONFIG));
    LoraConfig config = PeftConfig.parse(json);
    try (PointerScope scope = new PointerScope();
        WeightSource stored = WeightFolder.openAdapter(folder, readElsewhere)) {
      String file = stored.where(stored.names().stream().findFirst().orElse(WEIGHTS));
      Set<String> adapted = adapted(stored, file);
      UnaryOperator<String> names = layout(adapted, base, layouts);
      Map<String, String> targeted = Lora.targeted(base, config, names);
      checkLayers(adapted, targeted, base, names, json, file);
      return new Lora(
          base,
          config,
          targeted,
          (path, in, out, rank) -> {
            String key = PREFIX + targeted.get(path);
            return new Tensor[] {
              matrix(stored, file, key + ".lora_A.weight", rank, in),
              matrix(stored, file, key + ".lora_B.weight", out, rank)
            };
          });
    } catch (DsVlmException e) {
      // Expressions are matched with the model's layers, far from the file that they come from.
      throw e.at(json.where(), folder.toString());
    }
  }

  /** Names of the layers that the file holds a pair for. */
  private static Set<String> adapted(WeightSource stored, String file) {
    Set<String> adapted = new LinkedHashSet<>();
    for (String key : stored.names()) {
      Matcher matcher = KEY.matcher(key);
      if (!matcher.matches()) {
        throw new DsVlmException(
            file
                + ": '"
                + key
                + "' is no matrix of LoRA on a linear layer; read are "
                + PREFIX
                + "….lora_A.weight and .lora_B.weight");
      }
      adapted.add(matcher.group(1));
    }
    return adapted;
  }

  /** The layout that knows the most of {@code adapted}. */
  private static UnaryOperator<String> layout(
      Set<String> adapted, ParameterStore base, List<UnaryOperator<String>> layouts) {
    UnaryOperator<String> best = layouts.get(0);
    long most = -1;
    for (UnaryOperator<String> layout : layouts) {
      long known = base.linears().keySet().stream().map(layout).filter(adapted::contains).count();
      if (known > most) {
        best = layout;
        most = known;
      }
    }
    return best;
  }

  private static void checkLayers(
      Set<String> adapted,
      Map<String, String> targeted,
      ParameterStore base,
      UnaryOperator<String> names,
      JsonConfig json,
      String file) {
    Set<String> known = new LinkedHashSet<>();
    base.linears().keySet().forEach(path -> known.add(names.apply(path)));
    for (String name : adapted) {
      if (!known.contains(name)) {
        throw new DsVlmException(
            file
                + ": '"
                + PREFIX
                + name
                + ".lora_A.weight' adapts "
                + (isTiedHead(name, base)
                    ? "the output head, which is the embedding table in this model"
                        + " (tie_word_embeddings); merge the adapter with PEFT, which gives the"
                        + " head numbers of its own, and open the result"
                    : "a layer that this model has not; it was made for another model or class of"
                        + " model"));
      }
      if (!targeted.containsValue(name)) {
        throw new DsVlmException(
            file
                + ": '"
                + PREFIX
                + name
                + ".lora_A.weight' adapts a layer that target_modules of "
                + CONFIG
                + " leaves out");
      }
    }
    if (targeted.isEmpty()) {
      throw json.error("target_modules", "names none of the model's linear layers");
    }
    for (String name : targeted.values()) {
      if (!adapted.contains(name)) {
        throw new DsVlmException(
            file
                + ": '"
                + PREFIX
                + name
                + ".lora_A.weight' is missing, though "
                + CONFIG
                + " targets that layer");
      }
    }
  }

  /** The output head is no layer of its own where it is the embedding table. */
  private static boolean isTiedHead(String name, ParameterStore base) {
    return (name.equals(HEAD) || name.endsWith("." + HEAD))
        && base.linears().keySet().stream().noneMatch(path -> path.endsWith(HEAD));
  }

  private static Tensor matrix(
      WeightSource stored, String file, String key, long rows, long columns) {
    if (!stored.names().contains(key)) {
      throw new DsVlmException(file + ": '" + key + "' is missing");
    }
    long[] shape = stored.shape(key);
    long[] wanted = {rows, columns};
    if (!Arrays.equals(shape, wanted)) {
      throw new DsVlmException(
          file
              + ": '"
              + key
              + "' has shape "
              + Arrays.toString(shape)
              + ", but the rank in "
              + CONFIG
              + " and the model's layer ask for "
              + Arrays.toString(wanted));
    }
    return stored.read(key);
  }

  /**
   * Writes {@code lora} as {@code folder}, whole or not at all.
   *
   * @param layout from a layer's path to its name in the class of the model that is to be adapted;
   *     null for layers that such a model lacks
   * @param base where the adapted model lies, for PEFT to find it, if it is to be named
   * @throws DsVlmException if an adapted layer has no name in the layout, or nothing can be written
   */
  public static void write(
      Path folder, Lora lora, UnaryOperator<String> layout, @Nullable String base) {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    lora.parameters()
        .forEach(
            (name, tensor) -> {
              String path = name.substring(0, name.lastIndexOf(".lora_"));
              String outer = layout.apply(path);
              if (outer == null) {
                throw new DsVlmException(
                    folder
                        + ": a model of this layout has no layer for the adapted '"
                        + path
                        + "'");
              }
              weights.put(PREFIX + outer + name.substring(path.length()), tensor);
            });
    String config = PeftConfig.toJson(lora, layout, base).toPrettyString() + "\n";
    AtomicFiles.folder(
        folder,
        target -> {
          Files.writeString(target.resolve(CONFIG), config);
          SafetensorsWriter.write(target.resolve(WEIGHTS), weights);
        });
  }
}
