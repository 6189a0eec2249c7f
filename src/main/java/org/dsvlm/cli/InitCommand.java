/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.catalogue.PublicModelFolder;
import org.dsvlm.catalogue.PublicModels;
import org.dsvlm.models.Families;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a public model's folder with random weights. */
@Command(
    name = "init",
    description =
        "Writes a folder with the configuration, names and shapes of a public model and random"
            + " weights, to try loading, memory and speed at full size.",
    mixinStandardHelpOptions = true)
final class InitCommand implements Callable<Integer> {
  private static final long GIGABYTE = 1_000_000_000L;
  private static final List<String> TYPES = List.of("bfloat16", "float16", "float32", "float64");

  @Spec private CommandSpec spec;

  @Option(
      names = "--arch",
      required = true,
      paramLabel = "NAME",
      completionCandidates = Architectures.class,
      description = "A model or a part of one: ${COMPLETION-CANDIDATES}.")
  private String architecture;

  @Option(
      names = "--vision",
      paramLabel = "NAME",
      completionCandidates = VisionTowers.class,
      description =
          "Vision tower of a LLaVA: ${COMPLETION-CANDIDATES}. Default: the one it was published"
              + " with.")
  private @Nullable String vision;

  @Option(
      names = "--random",
      required = true,
      description = "Says that random weights are wanted; there are no others.")
  private boolean random;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; it must not be there yet.")
  private Path out;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "bfloat16",
      description = "Type to store the weights in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the weights. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--shard-gb",
      paramLabel = "N",
      defaultValue = "5",
      description = "Most gigabytes of weights in one file. Default: ${DEFAULT-VALUE}.")
  private double shardGigabytes;

  @Override
  public Integer call() {
    if (!(shardGigabytes > 0)) {
      throw wrong("--shard-gb has to be above 0, not " + shardGigabytes);
    }
    PublicModelFolder folder = folder();
    ScalarType type = type();
    folder.writeRandom(out, new RandomState(seed), type, Math.round(shardGigabytes * GIGABYTE));
    long parameters = folder.parameters();
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%s: %s, random %s weights from seed %d: %,d parameters in %,d tensors, %,d bytes%n",
            out,
            architecture,
            dtype,
            seed,
            parameters,
            folder.shapes().size(),
            parameters * DTypes.bytes(type));
    if (Families.family(architecture).readsText()) {
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "No tokenizer is written: put tokenizer.json and tokenizer_config.json of %s there"
                  + " to use words.%n",
              PublicModels.source(architecture));
    }
    return 0;
  }

  private PublicModelFolder folder() {
    if (!PublicModels.names().contains(architecture)) {
      throw wrong("no architecture '" + architecture + "': known are " + PublicModels.names());
    }
    if (vision == null) {
      return PublicModelFolder.of(architecture);
    }
    if (!PublicModels.llavas().contains(architecture)) {
      throw wrong("--vision is for a LLaVA; " + architecture + " has no choice of vision tower");
    }
    List<VisionFamily> known = towers();
    return known.stream()
        .filter(family -> family.key().equals(vision))
        .findFirst()
        .map(family -> PublicModelFolder.llava(architecture, family.presets().get(0).name()))
        .orElseThrow(
            () ->
                wrong(
                    "--vision is "
                        + known.stream().map(VisionFamily::key).collect(joining(" or "))
                        + ", not '"
                        + vision
                        + "'"));
  }

  /** The families of vision towers of which a public one is known. */
  private static List<VisionFamily> towers() {
    return Families.all(VisionFamily.class).stream()
        .filter(family -> !family.presets().isEmpty())
        .toList();
  }

  /** The names that {@code --arch} takes. */
  static final class Architectures implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublicModels.names().iterator();
    }
  }

  /** The names that {@code --vision} takes. */
  static final class VisionTowers implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return towers().stream().map(VisionFamily::key).iterator();
    }
  }

  private ScalarType type() {
    if (!TYPES.contains(dtype)) {
      throw wrong("--dtype is one of " + TYPES + ", not '" + dtype + "'");
    }
    return DTypes.parse(dtype);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
