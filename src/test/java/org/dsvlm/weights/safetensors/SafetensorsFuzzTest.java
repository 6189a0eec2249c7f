/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.FileFuzz;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated headers: each is read or refused with a {@link DsVlmException}, and reading takes no more
 * memory than the file's size warrants, whatever lengths the file claims. {@code
 * -Ddsvlm.fuzz.runs=200000} runs longer.
 */
class SafetensorsFuzzTest {
  private static final int RUNS = Integer.getInteger("dsvlm.fuzz.runs", 3_000);

  private static final String[] TOKENS =
      FileFuzz.jsonTokens(
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"__metadata__\"",
          "\"F32\"",
          "\"F64\"",
          "\"U8\"");
  private static final String SOUND =
      "{\"__metadata__\":{\"format\":\"pt\"},"
          + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[24,25]},"
          + "\"c\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[25,25]}}";

  @TempDir Path folder;

  private final FileFuzz fuzz = new FileFuzz(300, 1 << 20, 64);

  @Test
  void mutatedHeadersAreReadOrRefusedWithinTheFilesSize() throws IOException {
    Random random = new Random(20260719);
    Path file = folder.resolve("fuzz.safetensors");
    int accepted = 0;
    int refused = 0;
    for (int run = 0; run < RUNS; run++) {
      byte[] content = mutate(random);
      Files.write(file, content);
      fuzz.begin();
      SafetensorsHeader header = null;
      try (FileChannel channel = FileChannel.open(file)) {
        header = SafetensorsHeader.read(file.toString(), channel);
      } catch (DsVlmException e) {
        assertThat(e).hasMessageStartingWith(file.toString());
        refused++;
      }
      fuzz.checkAllocated(run, content.length);
      if (header != null) {
        accepted++;
        for (SafetensorsEntry entry : header.tensors().values()) {
          assertThat(header.dataStart() + entry.end()).isLessThanOrEqualTo(content.length);
        }
      }
    }
    assertThat(refused).isGreaterThan(RUNS / 2);
    assertThat(accepted).isPositive();
  }

  /** The index names files that are there, so that a sound one opens. */
  @Test
  void mutatedIndexesAreReadOrRefused() throws IOException {
    String sound =
        "{\"metadata\":{\"total_size\":25},\"weight_map\":{\"a\":\"one.safetensors\","
            + "\"b\":\"one.safetensors\",\"c\":\"one.safetensors\"}}";
    Files.write(folder.resolve("one.safetensors"), SafetensorsFiles.bytes(SOUND, 25));
    Path index = folder.resolve("model.safetensors.index.json");
    Random random = new Random(20260720);
    int refused = 0;
    for (int run = 0; run < RUNS / 4; run++) {
      byte[] content = edited(random, sound).getBytes(StandardCharsets.UTF_8);
      Files.write(index, content);
      fuzz.begin();
      try (WeightSource source = WeightFolder.open(folder)) {
        assertThat(source.names()).containsOnly("a", "b", "c");
      } catch (DsVlmException e) {
        assertThat(e).hasMessageContaining(folder.toString());
        refused++;
      }
      fuzz.checkAllocated(run, content.length);
    }
    assertThat(refused).isBetween(RUNS / 8, RUNS / 4 - 1);
  }

  private static byte[] mutate(Random random) {
    byte[] json = edited(random, SOUND).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(4) == 0) {
      json[random.nextInt(json.length)] = (byte) random.nextInt(256);
    }
    long length = random.nextInt(8) == 0 ? random.nextLong() >>> random.nextInt(64) : json.length;
    byte[] content = SafetensorsFiles.bytes(length, json, new byte[25]);
    return random.nextInt(8) == 0
        ? Arrays.copyOf(content, random.nextInt(content.length + 20))
        : content;
  }

  /** {@code sound} with up to three pieces put in, put over or taken away. */
  private static String edited(Random random, String sound) {
    StringBuilder text = new StringBuilder(sound);
    for (int edits = random.nextInt(4); edits > 0; edits--) {
      FileFuzz.edit(random, text, random.nextInt(text.length()), TOKENS);
    }
    return text.toString();
  }
}
