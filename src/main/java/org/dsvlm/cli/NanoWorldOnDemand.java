/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.dsvlm.train.recipe.Place;

/** Composes the nano world for recipes that name its files. */
final class NanoWorldOnDemand {
  private NanoWorldOnDemand() {}

  /** Makes sure that the world is there if {@code recipe} names a file of it. */
  static void require(ObjectNode recipe, PrintWriter err) {
    Path folder = Place.WORLD.folder();
    if (!Place.WORLD.isNamedIn(recipe) || Files.exists(folder.resolve(NanoWorld.DESCRIPTION))) {
      return;
    }
    err.println("composing the nano world in " + folder);
    err.flush();
    NanoWorld.write(
        folder, NotoArchive.open(NotoArchive.locate()), Optional.empty(), NanoWorld.Size.USUAL);
  }
}
