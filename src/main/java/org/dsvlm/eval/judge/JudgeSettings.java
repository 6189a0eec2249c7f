/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * How a judge is reached.
 *
 * @param endpoint an OpenAI-compatible service: its base, or the whole path to chat/completions
 * @param model the judge's name there
 * @param key what the service knows the user by; null for none
 * @param timeout for one reply, from the request to its last byte
 * @param tries how often a request is sent before its row is given up
 * @param concurrency requests under way at once
 * @param firstWait before the second try; doubled before each further one
 * @param longestWait between two tries
 */
public record JudgeSettings(
    URI endpoint,
    String model,
    @Nullable String key,
    Duration timeout,
    int tries,
    int concurrency,
    Duration firstWait,
    Duration longestWait) {
  private static final String PATH = "chat/completions";

  /**
   * @throws DsVlmException if the endpoint is no http address, holds a secret itself, or would get
   *     the key unencrypted
   */
  public JudgeSettings {
    String scheme = endpoint.getScheme();
    if (endpoint.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new DsVlmException("the judge's address must be like https://HOST/v1");
    }
    if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null) {
      throw new DsVlmException(
          "the judge's address must hold no password and no query; the key comes from the"
              + " environment");
    }
    endpoint = whole(endpoint);
    if (key != null) {
      key = key.strip();
      if (key.isEmpty() || !key.chars().allMatch(c -> c > ' ' && c <= '~')) {
        throw new DsVlmException(
            "the judge's key in the environment is empty or has characters that no key has");
      }
      if ("http".equals(scheme) && !isThisMachine(endpoint.getHost())) {
        throw new DsVlmException(
            "the judge's key would travel unencrypted to "
                + endpoint.getHost()
                + "; use https, or unset the key's variable");
      }
    }
  }

  /** Settings that suit a public service. */
  public static JudgeSettings of(URI endpoint, String model, @Nullable String key) {
    return new JudgeSettings(
        endpoint,
        model,
        key,
        Duration.ofSeconds(120),
        8,
        8,
        Duration.ofSeconds(1),
        Duration.ofSeconds(60));
  }

  public JudgeSettings withConcurrency(int requests) {
    return new JudgeSettings(
        endpoint, model, key, timeout, tries, requests, firstWait, longestWait);
  }

  public JudgeSettings withTimeout(Duration limit) {
    return new JudgeSettings(
        endpoint, model, key, limit, tries, concurrency, firstWait, longestWait);
  }

  private static URI whole(URI endpoint) {
    String address = endpoint.toString().replaceFirst("/+$", "");
    return URI.create(address.endsWith(PATH) ? address : address + "/" + PATH);
  }

  private static boolean isThisMachine(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Without the key: records are printed. */
  @Override
  public String toString() {
    return model + " at " + endpoint;
  }
}
