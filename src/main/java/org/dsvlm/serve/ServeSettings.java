/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and for whom.
 *
 * @param modelName by which clients call the model
 * @param host name or address to listen on
 * @param port to listen on; 0 for any that is free
 * @param key that clients have to show; null for none
 * @param hostNames by which clients may call the server, besides its addresses, {@code localhost}
 *     and {@code host}
 * @param origins of web pages that may use it, besides its own, such as {@code https://example.org}
 */
public record ServeSettings(
    String modelName,
    String host,
    int port,
    @Nullable String key,
    Set<String> hostNames,
    Set<String> origins,
    ServeLimits limits) {
  private static final int SHORTEST_KEY = 16;

  /**
   * @throws DsVlmException if others than this machine could use it without a key
   */
  public ServeSettings {
    hostNames =
        hostNames.stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    origins = Set.copyOf(origins);
    if (port < 0 || port > 65535) {
      throw new DsVlmException("--port is " + port + "; it has to be from 0 to 65535");
    }
    for (String origin : origins) {
      if (!origin.matches("https?://[^/?#\\s]+")) {
        throw new DsVlmException(
            "--allow-origin "
                + Excerpt.of(origin)
                + " is no origin; it has to be such as https://example.org, without a path");
      }
    }
    if (key == null && !isLoopback(host)) {
      throw new DsVlmException(
          "--host "
              + host
              + " is reached from other machines, and no key is set; set one of at least "
              + SHORTEST_KEY
              + " characters in the environment, DSVLM_API_KEY");
    }
    if (key != null && (key.length() < SHORTEST_KEY || !key.matches("[!-~]+"))) {
      throw new DsVlmException(
          "the key in DSVLM_API_KEY has to have at least "
              + SHORTEST_KEY
              + " characters, all of them letters, digits or signs of ASCII");
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new DsVlmException(
          "--host " + Excerpt.of(host) + ": this machine has no such name or address", e);
    }
  }
}
