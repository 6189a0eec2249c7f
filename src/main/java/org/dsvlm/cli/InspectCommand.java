/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.dsvlm.catalogue.InspectedModel;
import org.dsvlm.catalogue.Inspection;
import org.dsvlm.io.Excerpt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a folder of weights holds. */
@Command(
    name = "inspect",
    description =
        "Prints architecture, parameters by part, types and bytes of a model, and what is missing"
            + " or left over against its configuration. Reads headers alone; fails if anything is"
            + " missing or of another shape.",
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
  /** Names printed of each kind of fault. */
  private static final int SHOWN = 10;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR|FILE",
      description =
          "A run, a LLaVA in any layout, a language model, a vision tower, a diffusers folder, a"
              + " PEFT adapter, or a file of weights.")
  private Path path;

  @Option(names = "--json", description = "Prints all of it as one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    List<InspectedModel> models = Inspection.of(path);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(toJson(models).toPrettyString());
    } else {
      models.forEach(model -> print(out, model));
    }
    return models.stream().allMatch(InspectedModel::complete) ? 0 : 1;
  }

  private static void print(PrintWriter out, InspectedModel model) {
    out.println(model.path() + ": " + model.architecture());
    out.printf(
        Locale.ROOT,
        "  %-16s %8s %16s %17s  %s%n",
        "part",
        "tensors",
        "parameters",
        "bytes",
        "types");
    for (InspectedModel.PartSizes part : model.parts()) {
      row(out, part.name(), part.tensors(), part.parameters(), part.bytes(), types(part));
    }
    int tensors = model.parts().stream().mapToInt(InspectedModel.PartSizes::tensors).sum();
    row(out, "total", tensors, model.parameters(), model.bytes(), "");
    list(out, "missing", model.missing());
    list(out, "misshapen", model.misshapen());
    list(out, "surplus", model.surplus());
    if (!model.unread().isEmpty()) {
      list(out, "files not read", model.unread());
    }
  }

  private static void row(
      PrintWriter out, String name, int tensors, long parameters, long bytes, String types) {
    String line =
        String.format(
            Locale.ROOT, "  %-16s %,8d %,16d %,17d  %s", name, tensors, parameters, bytes, types);
    out.println(line.stripTrailing());
  }

  private static String types(InspectedModel.PartSizes part) {
    return String.join(", ", part.types().keySet());
  }

  private static void list(PrintWriter out, String what, List<String> names) {
    out.println("  " + what + ": " + (names.isEmpty() ? "none" : names.size()));
    names.stream().limit(SHOWN).forEach(name -> out.println("    " + Excerpt.of(name)));
    if (names.size() > SHOWN) {
      out.println("    … and " + (names.size() - SHOWN) + " more; --json lists all");
    }
  }

  private ObjectNode toJson(List<InspectedModel> models) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("path", path.toString());
    root.put("complete", models.stream().allMatch(InspectedModel::complete));
    ArrayNode array = root.putArray("models");
    for (InspectedModel model : models) {
      ObjectNode node = array.addObject();
      node.put("path", model.path().toString());
      node.put("architecture", model.architecture());
      node.put("parameters", model.parameters());
      node.put("bytes", model.bytes());
      ArrayNode parts = node.putArray("parts");
      for (InspectedModel.PartSizes part : model.parts()) {
        ObjectNode own = parts.addObject();
        own.put("name", part.name());
        own.put("tensors", part.tensors());
        own.put("parameters", part.parameters());
        own.put("bytes", part.bytes());
        part.types().forEach(own.putObject("types")::put);
      }
      model.missing().forEach(node.putArray("missing")::add);
      model.misshapen().forEach(node.putArray("misshapen")::add);
      model.surplus().forEach(node.putArray("surplus")::add);
      model.unread().forEach(node.putArray("unread")::add);
    }
    return root;
  }
}
