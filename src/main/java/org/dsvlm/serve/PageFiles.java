/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.dsvlm.io.Sha256;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** The files of the page, which come with the library. They may load nothing from elsewhere. */
final class PageFiles {
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]+(?:\\.[a-z0-9-]+)+");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "mjs", "text/javascript; charset=utf-8",
          "json", "application/json",
          "webmanifest", "application/manifest+json",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon",
          "woff2", "font/woff2");

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
          + " font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none';"
          + " form-action 'none'; frame-ancestors 'none'";

  /** A file's content, its type and the mark by which a browser asks for a newer one. */
  private record PageFile(byte[] content, String type, String tag) {}

  private final Map<String, PageFile> read = new ConcurrentHashMap<>();

  /** Answers with the file at {@code path}; false if there is none. */
  boolean answer(String path, Request request, Response response, Callback callback) {
    @Nullable PageFile file = file(path.equals("/") ? "index.html" : path.substring(1));
    if (file == null) {
      return false;
    }
    HttpFields.Mutable headers = response.getHeaders();
    headers.put("Content-Security-Policy", POLICY);
    headers.put("Cross-Origin-Opener-Policy", "same-origin");
    headers.put("Referrer-Policy", "no-referrer");
    headers.put(HttpHeader.CACHE_CONTROL, "no-cache");
    headers.put(HttpHeader.ETAG, file.tag());
    if (request.getHeaders().getCSV(HttpHeader.IF_NONE_MATCH, true).contains(file.tag())) {
      response.setStatus(304);
      callback.succeeded();
    } else {
      Reply.write(response, callback, 200, file.type(), file.content());
    }
    return true;
  }

  private @Nullable PageFile file(String name) {
    @Nullable String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null || !NAME.matcher(name).matches()) {
      return null;
    }
    @Nullable PageFile known = read.get(name);
    if (known != null) {
      return known;
    }
    try (@Nullable InputStream stream = PageFiles.class.getResourceAsStream("page/" + name)) {
      if (stream == null) {
        return null;
      }
      byte[] content = stream.readAllBytes();
      String hash = HexFormat.of().formatHex(Sha256.digest().digest(content), 0, 16);
      PageFile file = new PageFile(content, type, '"' + hash + '"');
      read.put(name, file);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
