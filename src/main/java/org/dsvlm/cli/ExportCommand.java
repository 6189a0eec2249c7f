/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaExport;
import org.dsvlm.models.llava.LlavaLayout;
import org.dsvlm.tensor.DTypes;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a model again in another layout or type. */
@Command(
    name = "export",
    description =
        "Writes a LLaVA again in another layout, type or size of files, one tensor in memory at a"
            + " time.",
    mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {
  private static final String CONNECTOR = "connector";

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|RUN",
      description = "Folder of a LLaVA in any layout, or of a finished run.")
  private Path model;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; it has to be absent or empty.")
  private Path out;

  @Option(
      names = "--layout",
      paramLabel = "hf|original|connector",
      defaultValue = "hf",
      description =
          "Names of transformers 4.52 and later, or those of the original LLaVA project; or the"
              + " connector alone, as mm_projector.safetensors. Default: ${DEFAULT-VALUE}.")
  private String layout;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "bfloat16",
      description = "bfloat16, float16 or float32. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      defaultValue = "5GB",
      converter = ByteSize.class,
      description = "Most bytes of weights in one file. Default: ${DEFAULT-VALUE}.")
  private long shardBytes;

  @Option(
      names = "--merge-adapter",
      paramLabel = "DIR",
      description = "A PEFT adapter (LoRA) to merge into the weights.")
  private @Nullable Path adapter;

  @Override
  public Integer call() {
    refuseWhatIsThere();
    if (layout.equals(CONNECTOR)) {
      if (adapter != null) {
        throw new ParameterException(
            spec.commandLine(), "--merge-adapter changes no connector; leave it or --layout out");
      }
      LlavaExport.connector(ModelArgument.folder(model), out, dtype());
    } else {
      LlavaExport.Format format = new LlavaExport.Format(layout(), dtype(), shardBytes);
      LlavaExport.copy(ModelArgument.folder(model), out, format, adapter);
    }
    spec.commandLine().getOut().println(out);
    return 0;
  }

  private LlavaLayout layout() {
    return switch (layout) {
      case "hf" -> LlavaLayout.HUGGING_FACE;
      case "original" -> LlavaLayout.ORIGINAL;
      default ->
          throw new ParameterException(
              spec.commandLine(), "--layout is hf, original or connector, not '" + layout + "'");
    };
  }

  private ScalarType dtype() {
    return switch (dtype) {
      case "bfloat16", "float16", "float32" -> DTypes.parse(dtype);
      default ->
          throw new ParameterException(
              spec.commandLine(), "--dtype is bfloat16, float16 or float32, not '" + dtype + "'");
    };
  }

  private void refuseWhatIsThere() {
    if (!Files.exists(out)) {
      return;
    }
    boolean empty;
    try (Stream<Path> children = Files.list(out)) {
      empty = children.findAny().isEmpty();
    } catch (IOException e) {
      throw new DsVlmException(out + ": is there and is no folder; choose another --out", e);
    }
    if (!empty) {
      throw new DsVlmException(out + ": is there and not empty; choose another --out");
    }
  }
}
