/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationSettingsTest {
  @TempDir Path folder;

  private static GenerationSettings parse(String json) {
    try {
      return GenerationSettings.parse(new ObjectMapper().readTree(json), "x.json", 5);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsGenerationConfig() {
    assertThat(
            parse(
                "{\"eos_token_id\": [2, 7], \"do_sample\": true, \"temperature\": 0.6,"
                    + " \"top_p\": 0.9, \"max_new_tokens\": 64}"))
        .isEqualTo(new GenerationSettings(64, 0.6, 50, 0.9, 1, Set.of(2L, 7L), 0));
    assertThat(parse("{\"temperature\": 0.6}")).isEqualTo(GenerationSettings.greedy(5, Set.of()));
    assertThat(parse("{\"eos_token_id\": 2, \"repetition_penalty\": 1.05, \"top_k\": 20}"))
        .isEqualTo(new GenerationSettings(5, 0, 0, 1, 1.05, Set.of(2L), 0));
  }

  /** As Vicuna's and Qwen2's files have them. */
  @Test
  void keysWithoutAShareInTheChoiceArePassedOver() {
    assertThat(
            parse(
                "{\"_from_model_config\": true, \"bos_token_id\": 1, \"eos_token_id\": 2,"
                    + " \"max_length\": 4096, \"pad_token_id\": 0, \"transformers_version\": \"4\","
                    + " \"num_beams\": 1, \"typical_p\": 1.0, \"min_p\": null}"))
        .isEqualTo(GenerationSettings.greedy(5, Set.of(2L)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"eos_token_id\": \"a\"}|x.json: 'eos_token_id' holds \"a\", which is no token id",
        "{\"eos_token_id\": [2, -1]}|x.json: 'eos_token_id' holds -1, which is no token id",
        "{\"eos_token_id\": 2.5}|x.json: 'eos_token_id' holds 2.5, which is no token id",
        "{\"do_sample\": true, \"top_p\": 2}|x.json: top_p is 2.0; it has to be above 0 and at most"
            + " 1",
        "{\"num_beams\": 4}|x.json: 'num_beams' is 4; only 1 is supported",
        "{\"typical_p\": 0.5}|x.json: 'typical_p' is 0.5; only 1.0 is supported",
        "{\"min_p\": 0.1}|x.json: 'min_p' is 0.1, a setting that is not computed here;",
        "{\"suppress_tokens\": [3]}|x.json: 'suppress_tokens' is [3], a setting that is not",
      })
  void whatWouldGiveOtherTokensIsAnError(String json, String problem) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(problem);
  }

  @Test
  void aFolderWithoutTheFileHasTheStopTokensOfItsConfig() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, "{\"eos_token_id\": 2}");
    assertThat(GenerationSettings.read(folder, 9))
        .isEqualTo(GenerationSettings.greedy(9, Set.of(2L)));
    Files.writeString(config, "{\"text_config\": {\"eos_token_id\": [3, 4]}}");
    assertThat(GenerationSettings.read(folder, 9))
        .isEqualTo(GenerationSettings.greedy(9, Set.of(3L, 4L)));
    Path file = folder.resolve("generation_config.json");
    Files.writeString(file, "{\"eos_token_id\": 5}");
    assertThat(GenerationSettings.read(folder, 9).stopTokens()).containsExactly(5L);
    Files.writeString(file, "{\"eos_token_id\": {}}");
    assertThatThrownBy(() -> GenerationSettings.read(folder, 9))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": 'eos_token_id' holds {}");
  }

  @Test
  void allKeysThatAreNotComputedAreNamedAtOnce() {
    assertThatThrownBy(
            () ->
                parse(
                    "{\"min_p\": 0.1, \"num_beams\": 4, \"penalty_alpha\": 0.6,"
                        + " \"output_scores\": true, \"typical_p\": 0.5}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'num_beams' is 4; only 1 is supported")
        .hasMessageContaining("'typical_p' is 0.5; only 1.0 is supported")
        .hasMessageContaining("'min_p' is 0.1, 'penalty_alpha' is 0.6, settings that are not");
  }

  /** What Python programs leave of how they loaded and ran the model. */
  @Test
  void loadingOptionsArePassedOver() {
    assertThat(
            parse(
                "{\"attn_implementation\": \"flash_attention_2\", \"disable_compile\": true,"
                    + " \"return_dict_in_generate\": true, \"output_scores\": true,"
                    + " \"output_logits\": true, \"cache_implementation\": \"hybrid\","
                    + " \"use_flash_attention_2\": true, \"eos_token_id\": 2}"))
        .isEqualTo(GenerationSettings.greedy(5, Set.of(2L)));
  }

  @Test
  void stopTokensThatTheFileLeavesOutAreThoseOfTheConfig() throws IOException {
    Files.writeString(folder.resolve("generation_config.json"), "{\"top_p\": 0.5}");
    Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": 6}");
    assertThat(GenerationSettings.read(folder, 9).stopTokens()).containsExactly(6L);
  }
}
