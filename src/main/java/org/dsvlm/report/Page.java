/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;

/** The frame of a page: one file that needs nothing beside it. */
public final class Page {
  private final String kind;
  private final String title;
  private String definitions = "";

  /**
   * @param kind what the page is about, in a word or two
   * @param title its heading, plain text
   */
  public Page(String kind, String title) {
    this.kind = kind;
    this.title = title;
  }

  /** Puts {@code html} before everything that is seen: what charts refer to. */
  Page definitions(String html) {
    definitions = html;
    return this;
  }

  /**
   * The page.
   *
   * @param lead HTML below the heading
   * @param sections HTML of the sections
   * @param writer which command wrote it
   */
  public String html(String lead, List<String> sections, String writer) {
    StringBuilder html = new StringBuilder();
    html.append(
        String.format(
            Locale.ROOT,
            """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>%s · %s</title>
        <style>
        %s</style>
        </head>
        <body>
        %s<header>
        <p class="kind">%s</p>
        <h1>%s</h1>
        %s</header>
        <main>
        """,
            Html.escape(title),
            Html.escape(kind),
            resource("report.css"),
            definitions,
            Html.escape(kind),
            Html.escape(title),
            lead));
    sections.forEach(html::append);
    String written = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    return html.append(
            String.format(
                Locale.ROOT,
                """
            </main>
            <footer>Written %s by %s.</footer>
            <script>
            %s</script>
            </body>
            </html>
            """,
                written.replace('T', ' ').replace("Z", " UTC"),
                writer,
                resource("report.js")))
        .toString();
  }

  private static String resource(String name) {
    try (InputStream stream = Page.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new DsVlmException(name + " is missing from this build");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new DsVlmException(name + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
