/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.dsvlm.io.Excerpt;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Keeps others out: web pages of other origins, whose visitors' browsers could otherwise be made to
 * ask a server on their own machine, and clients without the key.
 */
final class Guard {
  private static final String BEARER = "Bearer ";

  private final Set<String> hosts;
  private final Set<String> origins;
  private final byte @Nullable [] key;

  Guard(ServeSettings settings) {
    hosts = new HashSet<>(settings.hostNames());
    hosts.add("localhost");
    hosts.add(settings.host().toLowerCase(Locale.ROOT));
    origins = settings.origins();
    String secret = settings.key();
    key = secret == null ? null : secret.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The error of a request for a host that is none of ours, or by a page of another origin. A name
   * that an attacker has let point to this machine is so of no use to their page (DNS rebinding);
   * an address cannot be made to point elsewhere.
   */
  @Nullable ApiError strange(Request request) {
    HttpURI uri = request.getHttpURI();
    @Nullable String host = uri.getHost();
    if (host != null && !isAddress(host) && !hosts.contains(host.toLowerCase(Locale.ROOT))) {
      return ApiError.refused(
          421,
          "unknown_host",
          "the header Host names "
              + Excerpt.of(host)
              + ", which is no name of this server; start it with --allow-host to give it that"
              + " name");
    }
    @Nullable String origin = origin(request);
    if (origin != null && !isOwn(origin, request) && !origins.contains(origin)) {
      return ApiError.refused(
          403,
          "unknown_origin",
          "pages of "
              + Excerpt.of(origin)
              + " may not use this server; start it with --allow-origin to let them");
    }
    return null;
  }

  /** The origin of another page that may use the server; null for none. */
  @Nullable String otherOrigin(Request request) {
    @Nullable String origin = origin(request);
    return origin != null && origins.contains(origin) ? origin : null;
  }

  /** The error of a request without the right key. */
  @Nullable ApiError withoutKey(Request request) {
    byte[] wanted = key;
    if (wanted == null) {
      return null;
    }
    @Nullable String given = request.getHeaders().get(HttpHeader.AUTHORIZATION);
    boolean right =
        given != null
            && given.startsWith(BEARER)
            && MessageDigest.isEqual(
                given.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8), wanted);
    return right
        ? null
        : ApiError.refused(
            401,
            "invalid_api_key",
            given == null
                ? "a key is needed; send it in the header Authorization, as Bearer KEY"
                : "the key in the header Authorization is not this server's");
  }

  private static @Nullable String origin(Request request) {
    @Nullable HttpField field = request.getHeaders().getField(HttpHeader.ORIGIN);
    return field == null ? null : field.getValue();
  }

  /** Whether the page came from here. A proxy may have put https before it, so schemes are free. */
  private static boolean isOwn(String origin, Request request) {
    int mark = origin.indexOf("://");
    @Nullable String host = request.getHeaders().get(HttpHeader.HOST);
    return mark > 0 && host != null && origin.substring(mark + 3).equalsIgnoreCase(host);
  }

  private static boolean isAddress(String host) {
    return host.startsWith("[") || host.indexOf(':') >= 0 || host.matches("\\d+(\\.\\d+){3}");
  }
}
