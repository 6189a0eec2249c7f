/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.ExportCheck;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.Safetensors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a LLaVA on ids and pixels, past tokenizer and picture processing. */
@Command(
    name = "probe",
    description =
        "Runs a LLaVA on token ids and pixels, without its tokenizer: how long it takes, what"
            + " memory it needs, and what comes out, to compare with another implementation.",
    mixinStandardHelpOptions = true)
final class ProbeCommand implements Callable<Integer> {
  private static final int WORDS = 16;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|RUN",
      description = "Folder of a LLaVA in any layout, or of a finished run.")
  private Path model;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description =
          "A safetensors file with input_ids [1, tokens], the picture's image tokens among them,"
              + " and pixel_values [1, 3, height, width]. Default: a picture of noise and "
              + WORDS
              + " ids from all over the vocabulary.")
  private @Nullable Path input;

  @Option(names = "--text-only", description = "Without a picture.")
  private boolean textOnly;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Writes input_ids, pixel_values, logits and generated to this safetensors file.")
  private @Nullable Path out;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      defaultValue = "1",
      description = "Tokens to make, always the likeliest. Default: ${DEFAULT-VALUE}.")
  private int maxNewTokens;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "bfloat16",
      description =
          "Type to compute in; files that hold it are used as they lie. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(names = "--json", description = "Prints all of it as one JSON object.")
  private boolean json;

  private final ObjectNode rows = new ObjectMapper().createObjectNode();

  @Mixin private DeviceOption device;

  /** The model's input: ids, and pixelValues [1, 3, height, width] or null. */
  private record Input(long[] ids, @Nullable Tensor pixelValues) {}

  @Override
  public Integer call() {
    if (maxNewTokens < 1) {
      throw new ParameterException(
          spec.commandLine(), "--max-new-tokens has to be above 0, not " + maxNewTokens);
    }
    if (textOnly && (input != null || out != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--text-only goes with neither --input nor --out: both hold a picture");
    }
    Path folder = ModelArgument.folder(model);
    ScalarType type = DTypes.parseComputed("--dtype", dtype);
    long start = System.nanoTime();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        LoadedLlava checkpoint = LoadedLlava.openMapped(folder, type, device.device())) {
      long parameters =
          checkpoint.parameters().tensors().values().stream().mapToLong(Tensor::numel).sum();
      print("opened", "%.2f s, %,d parameters in %s", seconds(start), parameters, dtype);
      Llava llava = checkpoint.model();
      Input given = input == null ? made(llava, type) : read(input, llava, type);
      print("prompt", "%,d tokens", given.ids().length);
      generate(llava, given);
      if (out != null) {
        Tensor pixelValues = Objects.requireNonNull(given.pixelValues());
        ExportCheck.write(out, llava, given.ids(), pixelValues, maxNewTokens);
      }
      print("memory", "%,d bytes resident at most", MemoryFigures.peakResidentBytes());
      if (json) {
        spec.commandLine().getOut().println(rows.toPrettyString());
      }
    }
    return 0;
  }

  private void generate(Llava llava, Input given) {
    List<Long> times = new ArrayList<>();
    long start = System.nanoTime();
    long[] made =
        llava
            .generate(
                List.of(given.ids()),
                given.pixelValues() == null ? null : llava.encode(given.pixelValues()),
                GenerationSettings.greedy(maxNewTokens, Set.of()),
                (answer, id) -> times.add(System.nanoTime()))
            .get(0);
    print("first", "%.2f s to the first token", (times.get(0) - start) / 1e9);
    int more = times.size() - 1;
    if (more > 0) {
      print("further", "%.3f s a token", (times.get(more) - times.get(0)) / 1e9 / more);
    }
    print("tokens", "%s", Arrays.toString(made));
  }

  private Input made(Llava llava, ScalarType type) {
    LlavaConfig config = llava.config();
    VisionConfig vision = config.vision();
    long[] words =
        IntStream.range(0, WORDS)
            .mapToLong(i -> (long) i * config.text().vocabularySize() / WORDS)
            .filter(id -> id != config.imageToken())
            .toArray();
    if (textOnly) {
      return new Input(words, null);
    }
    if (config.imageToken() < 0) {
      throw new DsVlmException(
          model + ": this layout names no image token; give --input, or export it anew");
    }
    LongStream picture = LongStream.generate(config::imageToken).limit(config.imageTokens());
    long side = vision.imageSize();
    Tensor noise = new RandomState(0).normal(1, vision.channels(), side, side);
    return new Input(
        LongStream.concat(picture, LongStream.of(words)).toArray(), placed(noise, llava, type));
  }

  private static Input read(Path file, Llava llava, ScalarType type) {
    try (Safetensors tensors = Safetensors.open(file)) {
      return new Input(
          Torch.longs(tensors.read("input_ids")),
          placed(tensors.read("pixel_values"), llava, type));
    }
  }

  private static Tensor placed(Tensor pixelValues, Llava llava, ScalarType type) {
    return pixelValues.to(llava.languageModel().device(), type);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private void print(String label, String format, Object... values) {
    if (json) {
      rows.put(label, String.format(Locale.ROOT, format, values));
    } else {
      spec.commandLine()
          .getOut()
          .printf(Locale.ROOT, "%-8s " + format + "%n", prepended(label, values));
    }
  }

  private static Object[] prepended(String label, Object... values) {
    Object[] all = new Object[values.length + 1];
    all[0] = label;
    System.arraycopy(values, 0, all, 1, values.length);
    return all;
  }
}
