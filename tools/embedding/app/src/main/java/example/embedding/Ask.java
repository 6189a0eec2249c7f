/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example.embedding;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import org.bytedeco.openblas.global.openblas_full;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.LlavaExport;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.llava.ModelFiles;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;

/** Asks a model about pictures, and looks whether the library changed the process it runs in. */
public final class Ask {
  private Ask() {}

  /** The golden LLaVA's folder, its tokenizer's, one for the model they make together, pictures. */
  public static void main(String[] arguments) throws IOException {
    Properties before = (Properties) System.getProperties().clone();
    int threads = openblas_full.openblas_get_num_threads();
    Path model = Path.of(arguments[2]);
    export(Path.of(arguments[0]), Path.of(arguments[1]), model);
    try (ChatModel chat = ChatModel.open(model, LlavaChatOptions.DEFAULTS)) {
      for (int i = 3; i < arguments.length; i++) {
        Picture picture = Picture.read(Path.of(arguments[i]));
        System.out.println(
            "answer " + chat.ask(ChatRequest.of(picture, "What is this?")).text());
      }
    }
    Recipe recipe = RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of()));
    System.out.println("recipe of " + recipe.getClass().getRecordComponents().length + " sections");
    System.out.println("module " + ChatModel.class.getModule().getName());
    System.out.println("changed properties " + changed(before));
    int now = openblas_full.openblas_get_num_threads();
    System.out.println("OpenBLAS threads " + (now == threads ? "unchanged" : threads + ", " + now));
  }

  private static void export(Path llava, Path tokenizer, Path model) throws IOException {
    ModelFiles files =
        new ModelFiles(
            json(tokenizer.resolve("tokenizer.json")),
            json(tokenizer.resolve("tokenizer_config.json")),
            json(llava.resolve("preprocessor_config.json")),
            null);
    try (LoadedLlava loaded =
        LoadedLlava.open(llava.resolve("original"), ScalarType.Float, "cpu")) {
      LlavaExport.write(
          model, loaded.config(), loaded.parameters().tensors(), files, ScalarType.Float);
    }
  }

  private static ObjectNode json(Path file) throws IOException {
    return (ObjectNode) new ObjectMapper().readTree(file.toFile());
  }

  private static TreeSet<String> changed(Properties before) {
    TreeSet<String> names = new TreeSet<>(System.getProperties().stringPropertyNames());
    names.addAll(before.stringPropertyNames());
    // JNA, by which DJL looks for CUDA, notes where its own library lies, and the JDK its fonts and zone.
    names.removeIf(name -> name.matches("jna\\..*|jnidispatch\\.path|sun\\..*|user\\.timezone"));
    names.removeIf(
        name -> {
          String value = System.getProperty(name);
          return value != null && value.equals(before.getProperty(name));
        });
    return names;
  }
}
