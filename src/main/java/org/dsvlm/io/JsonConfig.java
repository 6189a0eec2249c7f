/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A JSON object read by typed keys. Every complaint names the file and the key; a key that is
 * absent or {@code null} takes its default.
 */
public final class JsonConfig {
  private static final ObjectMapper MAPPER = StrictJson.json();

  /**
   * Keys of the public model files that say nothing about the computation: who wrote them, number
   * formats, special tokens, and the generation settings that older files repeat for every part.
   */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "architectures",
          "tokenizer_class",
          "transformers_version",
          "dtype",
          "torch_dtype",
          "bos_token_id",
          "eos_token_id",
          "pad_token_id",
          "use_cache",
          "id2label",
          "label2id",
          "return_dict",
          "output_attentions",
          "output_hidden_states",
          "max_length",
          "min_length",
          "num_beams",
          "num_beam_groups",
          "num_return_sequences",
          "length_penalty",
          "repetition_penalty",
          "diversity_penalty",
          "temperature",
          "top_k",
          "top_p",
          "typical_p",
          // How Python programs load and run a model, which its numbers do not depend on.
          "attn_implementation",
          "cache_config",
          "cache_implementation",
          "compile_config",
          "device_map",
          "disable_compile",
          "flash_attn",
          "gradient_checkpointing",
          "gradient_checkpointing_kwargs",
          "low_cpu_mem_usage",
          "low_memory",
          "model_max_length",
          "name_or_path",
          "output_logits",
          "output_router_logits",
          "output_scores",
          "prefill_chunk_size",
          "return_dict_in_generate",
          "torchscript",
          "trust_remote_code",
          "unsloth_fixed",
          "unsloth_version",
          "use_flash_attention",
          "use_flash_attention_2",
          "use_flash_attn",
          "use_reentrant",
          "use_safetensors",
          "use_sdpa",
          "use_xformers");

  /** Highest {@link #count}; the deepest published models have some hundred layers. */
  private static final int MOST = 10_000;

  private final JsonNode json;
  private final String where;
  private final String path;
  private final Refusals refusals;

  private JsonConfig(JsonNode json, String where, String path, Refusals refusals) {
    this.json = json;
    this.where = where;
    this.path = path;
    this.refusals = refusals;
    if (!json.isObject()) {
      String key = path.isEmpty() ? "" : ": '" + path.substring(0, path.length() - 1) + "'";
      throw new DsVlmException(where + key + " is not a JSON object");
    }
  }

  /**
   * The object {@code json}, from the file (or other origin) {@code where}.
   *
   * @throws DsVlmException if it is no object
   */
  public static JsonConfig of(JsonNode json, String where) {
    return new JsonConfig(json, where, "", new Refusals());
  }

  /**
   * The object in {@code file}.
   *
   * @throws DsVlmException if there is none, with the line and column of broken JSON
   */
  public static JsonConfig read(Path file) {
    if (!Files.isRegularFile(InputFiles.regular(file))) {
      throw new DsVlmException(file + ": no such file");
    }
    try {
      return of(MAPPER.readTree(file.toFile()), file.toString());
    } catch (JsonProcessingException e) {
      String place =
          e.getLocation() == null
              ? ""
              : " at line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw new DsVlmException(file + ": broken JSON" + place + ": " + StrictJson.problem(e), e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The file, or other origin, that messages name. */
  public String where() {
    return where;
  }

  /** The object itself. */
  public JsonNode json() {
    return json;
  }

  /** Whether {@code key} is there and not {@code null}. */
  public boolean has(String key) {
    return json.hasNonNull(key);
  }

  /** The object below {@code key}; empty if there is none. */
  public JsonConfig child(String key) {
    JsonNode value = has(key) ? json.get(key) : MAPPER.createObjectNode();
    return new JsonConfig(value, where, path + key + ".", refusals);
  }

  /** A whole number. */
  public int integer(String key, int absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = json.get(key);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt()) {
      throw error(key, "is " + Excerpt.of(value) + ", not a whole number");
    }
    return value.intValue();
  }

  /** A whole number above zero: a size or a count. */
  public int size(String key, int absent) {
    int value = integer(key, absent);
    if (value <= 0) {
      throw error(key, "is " + value + "; it has to be above zero");
    }
    return value;
  }

  /**
   * A whole number above zero, of things that are built one by one, such as layers. Whoever built a
   * thousand million of them would never end.
   */
  public int count(String key, int absent) {
    int value = size(key, absent);
    if (value > MOST) {
      throw error(key, "is " + value + ", more than any model has (" + MOST + "); check the file");
    }
    return value;
  }

  /** A {@link #count(String, int)} that has no default. */
  public int count(String key) {
    require(key);
    return count(key, 0);
  }

  /** A whole number above zero that has no default. */
  public int size(String key) {
    require(key);
    return size(key, 0);
  }

  /** A number. */
  public double number(String key, double absent) {
    if (!has(key)) {
      return absent;
    }
    if (!json.get(key).isNumber()) {
      throw error(key, "is " + Excerpt.of(json.get(key)) + ", not a number");
    }
    return json.get(key).doubleValue();
  }

  /** A number that has no default. */
  public double number(String key) {
    require(key);
    return number(key, 0);
  }

  /** Text. */
  public String text(String key, String absent) {
    if (!has(key)) {
      return absent;
    }
    if (!json.get(key).isTextual()) {
      throw error(key, "is " + Excerpt.of(json.get(key)) + ", not text");
    }
    return json.get(key).textValue();
  }

  /** Text that has no default. */
  public String text(String key) {
    require(key);
    return text(key, "");
  }

  /** True or false. */
  public boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    if (!json.get(key).isBoolean()) {
      throw error(key, "is " + Excerpt.of(json.get(key)) + ", not true or false");
    }
    return json.get(key).booleanValue();
  }

  /**
   * Demands that {@code key}, if present, has the one value that is implemented here.
   *
   * @throws DsVlmException naming the key and both values
   */
  public void onlySupports(String key, Object supported) {
    if (has(key) && !json.get(key).equals(MAPPER.valueToTree(supported))) {
      boolean sameNumber =
          supported instanceof Number number
              && json.get(key).isNumber()
              && json.get(key).doubleValue() == number.doubleValue();
      if (!sameNumber) {
        refusals.unsupported.add(
            named(key)
                + " is "
                + Excerpt.of(json.get(key))
                + "; only "
                + supported
                + " is supported");
        refusals.throwUnlessCollecting(where);
      }
    }
  }

  /**
   * Demands that every key is read, is known to have no effect on the result, or switches something
   * off (null, false, 0, empty). Ignoring any other key would silently give other numbers.
   *
   * @param known the keys that are read, and those of the reader's own field without effect
   * @throws DsVlmException naming all other keys
   */
  public void refuseUnknown(Predicate<String> known) {
    for (var field : json.properties()) {
      String key = field.getKey();
      boolean harmless = key.startsWith("_") || WITHOUT_EFFECT.contains(key);
      if (!harmless && !known.test(key) && !switchedOff(field.getValue())) {
        refusals.unknown.add(named(Excerpt.of(key)) + " is " + Excerpt.of(field.getValue()));
      }
    }
    refusals.throwUnlessCollecting(where);
  }

  /**
   * Has {@link #onlySupports} and {@link #refuseUnknown}, of this object and of those below it, go
   * on until {@code read} has ended, so that one message names all keys of a file.
   *
   * @throws DsVlmException naming them, if there are any
   */
  public <T> T collecting(Supplier<T> read) {
    if (refusals.collecting) {
      return read.get();
    }
    refusals.collecting = true;
    T result;
    try {
      result = read.get();
    } catch (DsVlmException e) {
      // What is not computed here may be the cause of the rest.
      refusals.collecting = false;
      refusals.throwUnlessCollecting(where);
      throw e;
    }
    refusals.collecting = false;
    refusals.throwUnlessCollecting(where);
    return result;
  }

  /** What is refused of one file. */
  private static final class Refusals {
    private final List<String> unknown = new ArrayList<>();
    private final List<String> unsupported = new ArrayList<>();
    private boolean collecting;

    void throwUnlessCollecting(String where) {
      if (collecting || (unknown.isEmpty() && unsupported.isEmpty())) {
        return;
      }
      List<String> problems = new ArrayList<>(unsupported);
      if (unknown.size() == 1) {
        problems.add(
            unknown.get(0)
                + ", a setting that is not computed here; remove it if it has no effect on the"
                + " model at hand");
      } else if (!unknown.isEmpty()) {
        problems.add(
            String.join(", ", unknown)
                + ", settings that are not computed here; remove those that have no effect on the"
                + " model at hand");
      }
      unknown.clear();
      unsupported.clear();
      throw new DsVlmException(where + ": " + String.join("; ", problems));
    }
  }

  private static boolean switchedOff(JsonNode value) {
    return value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isNumber() && value.doubleValue() == 0)
        || (value.isContainerNode() && value.isEmpty());
  }

  /** The complaint that {@code key} {@code problem}, to be thrown. */
  public DsVlmException error(String key, String problem) {
    return new DsVlmException(where + ": " + named(key) + " " + problem);
  }

  private String named(String key) {
    return "'" + path + key + "'";
  }

  private void require(String key) {
    if (!has(key)) {
      throw error(key, "is missing");
    }
  }
}
