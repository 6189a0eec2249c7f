/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package example.embedding;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import org.bytedeco.openblas.global.openblas_full;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;

/** Asks a model about pictures, and looks whether the library changed the process it runs in. */
public final class Ask {
  private Ask() {}

  /** First the model's folder, then pictures. */
  public static void main(String[] arguments) {
    Properties before = (Properties) System.getProperties().clone();
    int threads = openblas_full.openblas_get_num_threads();
    try (LlavaChat chat = LlavaChat.open(Path.of(arguments[0]), LlavaChatOptions.DEFAULTS)) {
      for (int i = 1; i < arguments.length; i++) {
        System.out.println(
            "answer "
                + chat.answer(Picture.read(Path.of(arguments[i])), "What is this?").strip());
      }
    }
    Recipe recipe = RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of()));
    System.out.println("recipe of " + recipe.getClass().getRecordComponents().length + " sections");
    System.out.println("module " + LlavaChat.class.getModule().getName());
    System.out.println("changed properties " + changed(before));
    int now = openblas_full.openblas_get_num_threads();
    System.out.println("OpenBLAS threads " + (now == threads ? "unchanged" : threads + ", " + now));
  }

  private static TreeSet<String> changed(Properties before) {
    TreeSet<String> names = new TreeSet<>(System.getProperties().stringPropertyNames());
    names.addAll(before.stringPropertyNames());
    // JNA, by which DJL looks for CUDA, notes where its own library lies.
    names.removeIf(name -> name.startsWith("jna.") || name.equals("jnidispatch.path"));
    names.removeIf(
        name -> {
          String value = System.getProperty(name);
          return value != null && value.equals(before.getProperty(name));
        });
    return names;
  }
}
