/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.train.recipe.Recipe;

/** The records that a run trains on, by their hash: a resumed run has to find the same. */
public final class DataFingerprint {
  private DataFingerprint() {}

  /**
   * Writes the hashes of {@code data} into {@code file}; or compares them with the file's.
   *
   * @throws DsVlmException if the records are others now; the message shows both hashes
   */
  public static void check(Path file, Recipe recipe, RunData data) {
    ObjectNode now = new ObjectMapper().createObjectNode();
    for (int stage = 1; stage <= 2; stage++) {
      if (!recipe.stage(stage).leftOut()) {
        now.put("stage" + stage, data.sha256(stage));
      }
    }
    String validation = data.validationSha256();
    if (!validation.isEmpty()) {
      now.put("validation", validation);
    }
    if (!Files.exists(file)) {
      AtomicFiles.text(file, now.toPrettyString());
      return;
    }
    JsonConfig before = JsonConfig.read(file);
    now.properties()
        .forEach(
            entry -> {
              String was = before.json().path(entry.getKey()).asText();
              String is = entry.getValue().asText();
              if (!is.equals(was)) {
                throw new DsVlmException(
                    String.format(
                        Locale.ROOT,
                        "%s: the run was started with other records:%n  data.%s: SHA-256 %s in the"
                            + " run, %s now%nresume it with the same file, or start another run",
                        file,
                        entry.getKey(),
                        was,
                        is));
              }
            });
  }
}
