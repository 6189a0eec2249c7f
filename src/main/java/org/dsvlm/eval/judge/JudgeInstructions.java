/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.Sha256;
import org.dsvlm.io.StrictJson;

/**
 * The instructions to the judge: a text for each kind of question, with place holders in braces.
 */
public final class JudgeInstructions {
  private static final String OURS = "judge-instructions.yaml";
  private static final List<String> SECTIONS =
      List.of("system", "option", "yes_no", "answer", "compare");
  private static final Pattern PLACE_HOLDER = Pattern.compile("\\{([a-z_]+)}");

  private final String name;
  private final Map<String, String> sections;

  private JudgeInstructions(String name, Map<String, String> sections) {
    this.name = name;
    this.sections = sections;
  }

  /** Those that come with this program. */
  public static JudgeInstructions ours() {
    try (InputStream in = JudgeInstructions.class.getResourceAsStream(OURS)) {
      return parse(in.readAllBytes(), OURS, "dsvlm");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Those of a YAML file with the sections of ours.
   *
   * @throws DsVlmException naming file and section, if one is missing or unknown
   */
  public static JudgeInstructions read(Path file) {
    try {
      return parse(InputFiles.bytes(file), file.toString(), file.getFileName().toString());
    } catch (NoSuchFileException e) {
      throw new DsVlmException(file + ": there is no such file of judge's instructions", e);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  private static JudgeInstructions parse(byte[] bytes, String where, String name)
      throws IOException {
    JsonNode yaml;
    try {
      yaml = StrictJson.yaml(InputFiles.text(bytes, where));
    } catch (JsonProcessingException e) {
      throw new DsVlmException(where + ": is no YAML: " + StrictJson.problem(e), e);
    }
    Map<String, String> sections = new TreeMap<>();
    for (String section : SECTIONS) {
      JsonNode text = yaml.path(section);
      if (!text.isTextual()) {
        throw new DsVlmException(
            where + ": section '" + section + "' is missing or no text; needed are " + SECTIONS);
      }
      sections.put(section, text.textValue());
    }
    yaml.fieldNames()
        .forEachRemaining(
            key -> {
              if (!SECTIONS.contains(key)) {
                throw new DsVlmException(
                    where + ": unknown section '" + key + "'; known are " + SECTIONS);
              }
            });
    return new JudgeInstructions(
        name + "@" + HexFormat.of().formatHex(Sha256.digest().digest(bytes)).substring(0, 12),
        sections);
  }

  /** Where they come from, and the beginning of their SHA-256. */
  public String name() {
    return name;
  }

  /** Who the judge is told to be. */
  public String system() {
    return Objects.requireNonNull(sections.get("system")).strip();
  }

  /**
   * The text of a section with its place holders filled in one pass: what a reply holds is never
   * taken for a place holder.
   *
   * @throws DsVlmException for a place holder that {@code values} lacks
   */
  public String text(String section, Map<String, String> values) {
    return PLACE_HOLDER
        .matcher(sections.get(section))
        .replaceAll(
            match -> {
              String value = values.get(match.group(1));
              if (value == null) {
                throw new DsVlmException(
                    String.format(
                        Locale.ROOT,
                        "judge's instructions %s: section '%s' has the unknown place holder %s; known are %s",
                        name,
                        section,
                        match.group(),
                        new TreeMap<>(values).keySet()));
              }
              return Matcher.quoteReplacement(value);
            });
  }
}
