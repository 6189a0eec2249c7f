/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonConfigTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("config.json");
  }

  private JsonConfig config(String json) throws IOException {
    return JsonConfig.read(Files.writeString(file, json));
  }

  @Test
  void readsTypesAndDefaults() throws IOException {
    JsonConfig config =
        config("{\"a\": 3, \"b\": null, \"c\": {\"d\": \"x\", \"e\": true, \"f\": 1e-5}}");
    assertThat(config.size("a")).isEqualTo(3);
    assertThat(config.size("b", 7)).isEqualTo(7);
    assertThat(config.child("c").text("d")).isEqualTo("x");
    assertThat(config.child("c").flag("e", false)).isTrue();
    assertThat(config.child("c").number("f")).isEqualTo(1e-5);
    assertThat(config.child("none").has("x")).isFalse();
  }

  @Test
  void namesFileAndKeyOfAWrongType() throws IOException {
    JsonConfig config = config("{\"layers\": 1.5, \"inner\": {\"heads\": \"four\", \"size\": 0}}");
    assertThatThrownBy(() -> config.size("layers"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(file + ": 'layers' is 1.5, not a whole number");
    assertThatThrownBy(() -> config.child("inner").size("heads"))
        .hasMessage(file + ": 'inner.heads' is \"four\", not a whole number");
    assertThatThrownBy(() -> config.child("inner").size("size"))
        .hasMessage(file + ": 'inner.size' is 0; it has to be above zero");
    assertThatThrownBy(() -> config.size("width")).hasMessage(file + ": 'width' is missing");
    assertThatThrownBy(() -> config.child("layers")).hasMessageContaining("is not a JSON object");
  }

  @Test
  void refusesWhatIsNotBuilt() throws IOException {
    JsonConfig config = config("{\"act\": \"relu\", \"factor\": 1.0}");
    config.onlySupports("factor", 1);
    config.onlySupports("absent", 1);
    assertThatThrownBy(() -> config.onlySupports("act", "silu"))
        .hasMessage(file + ": 'act' is \"relu\"; only silu is supported");
  }

  @Test
  void refusesKeysThatNothingComputes() throws IOException {
    JsonConfig config =
        config(
            "{\"width\": 8, \"top_k\": 50, \"_note\": \"x\", \"dropout\": 0.0, \"bias\": false,"
                + " \"pruned\": {}, \"inner\": {\"scale\": 2}}");
    config.refuseUnknown(Set.of("width", "inner")::contains);
    assertThatThrownBy(() -> config.refuseUnknown("inner"::equals))
        .hasMessageStartingWith(file + ": 'width' is 8, a setting that is not computed here;");
    assertThatThrownBy(() -> config.child("inner").refuseUnknown("width"::equals))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            file
                + ": 'inner.scale' is 2, a setting that is not computed here; remove it if it has"
                + " no effect on the model at hand");
  }

  @Test
  void saysWhereJsonBreaks() throws IOException {
    Files.writeString(file, "{\n  \"a\": ,\n}");
    assertThatThrownBy(() -> JsonConfig.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file + ": broken JSON at line 2");
    assertThatThrownBy(() -> JsonConfig.read(folder.resolve("none.json")))
        .hasMessageContaining("no such file");
  }
}
