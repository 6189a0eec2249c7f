/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {
  @Test
  void whatIsSoundIsRead() throws JsonProcessingException {
    assertThat(StrictJson.json().readTree("{\"a\": {\"b\": 1}, \"c\": [2]} \n").toString())
        .isEqualTo("{\"a\":{\"b\":1},\"c\":[2]}");
    assertThat(StrictJson.yaml().readTree("a: {b: 1}\nc: [2]\n").toString())
        .isEqualTo("{\"a\":{\"b\":1},\"c\":[2]}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\": 1, \"a\": 1}",
        "{\"x\": [{\"b\": 1, \"c\": 2, \"b\": 3}]}",
        "{\"a\": 1} {\"a\": 2}",
        "[1] 2",
        "1 2"
      })
  void doubleJsonIsAnError(String text) {
    refused(StrictJson.json(), text);
    refused(StrictJson.of(new JsonFactory()), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a: 1\na: 1\n", "x:\n- {b: 1, c: 2, b: 3}\n", "a: 1\n---\na: 2\n", "{a: 1, a: 2}"})
  void doubleYamlIsAnError(String text) {
    refused(StrictJson.yaml(), text);
  }

  private static void refused(ObjectMapper mapper, String text) {
    assertThatThrownBy(() -> mapper.readTree(text)).isInstanceOf(JsonProcessingException.class);
  }

  @Test
  void theFactoryStaysAsItIs() {
    JsonFactory factory = new JsonFactory();
    StrictJson.of(factory);
    assertThat(factory.isEnabled(StreamReadFeature.STRICT_DUPLICATE_DETECTION)).isFalse();
  }

  @Test
  @BadInput(
      number = 80,
      value = "a key that stands twice in a JSON file, or a second object behind the first",
      then = "an error that names file, line and key")
  void aConfigurationNamesLineAndKey(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("config.json");
    Files.writeString(file, "{\n  \"hidden_size\": 8,\n  \"hidden_size\": 16\n}");
    assertThatThrownBy(() -> JsonConfig.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file + ": broken JSON at line 3")
        .hasMessageContaining("Duplicate field 'hidden_size'");
    Files.writeString(file, "{\"a\": 1}\n{\"a\": 2}");
    assertThatThrownBy(() -> JsonConfig.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file + ": broken JSON at line 2");
  }

  /** Read as a tree, an alias would be its own name. */
  @ParameterizedTest
  @ValueSource(strings = {"a: &x 1\nb: *x\n", "a: &x [1]\nb:\n- *x\n", "{a: &x 1, b: *x}"})
  void anAliasOfYamlIsAnError(String text) {
    assertThatThrownBy(() -> StrictJson.yaml(text))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("aliases such as *x are not read; write the value out");
  }

  @Test
  @BadInput(
      number = 80,
      value = "NaN, or a text of megabytes, in a configuration",
      then = "an error of one short line that names file, line and key")
  void whatIsWrongIsSaidInFewWords(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("config.json"), "{\"rope_theta\": NaN}");
    assertThatThrownBy(() -> JsonConfig.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            file
                + ": broken JSON at line 1, column 19: Non-standard token 'NaN', which JSON does"
                + " not have");
    String data = "iVBOR\n".repeat(100_000).replace("\n", "\\n");
    Files.writeString(file, "{\"r\": \"" + data + "\"}");
    assertThatThrownBy(() -> JsonConfig.read(file).integer("r", 1))
        .hasMessageContaining("'r' is \"iVBOR\\niVBOR")
        .message()
        .hasSizeLessThan(300);
    Files.writeString(file, "{\"" + data + "\": 1, \"" + data + "\": 1}");
    assertThatThrownBy(() -> JsonConfig.read(file)).message().hasSizeLessThan(600);
  }
}
