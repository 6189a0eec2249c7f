/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Pieces of a page. */
public final class Html {
  private static final double KIBI = 1024;
  private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Html() {}

  /** {@code text} as it may stand between tags and within quotes. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** {@code value} with {@code digits} digits that count; a dash where it is not finite. */
  public static String number(double value, int digits) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits));
    double size = Math.abs(rounded.doubleValue());
    if (size != 0 && (size < 1e-4 || size >= 1e6)) {
      return String.format(Locale.ROOT, "%." + (digits - 1) + "e", value)
          .replaceFirst("\\.?0*e", "e")
          .replaceFirst("e([+-])0*(\\d)", "e$1$2")
          .replace("e+", "e");
    }
    String plain = rounded.toPlainString();
    return plain.contains(".") ? plain.replaceFirst("\\.?0+$", "") : plain;
  }

  static String number(double value) {
    return number(value, 4);
  }

  /** A whole number, its thousands apart. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value).replace(',', '\u202f');
  }

  static String bytes(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    int unit = 0;
    double size = value;
    while (size >= KIBI && unit < BYTES.length - 1) {
      size /= KIBI;
      unit++;
    }
    return number(size, 3) + " " + BYTES[unit];
  }

  /** Hours, minutes and seconds. */
  static String duration(Duration time) {
    return time.toHours() > 0
        ? String.format(Locale.ROOT, "%d h %d min", time.toHours(), time.toMinutesPart())
        : String.format(Locale.ROOT, "%d min %d s", time.toMinutes(), time.toSecondsPart());
  }

  /** One section under its heading; nothing without a body. */
  public static String section(String id, String title, String body) {
    return body.isEmpty()
        ? ""
        : String.format(
            Locale.ROOT, "<section id=\"%s\"><h2>%s</h2>%n%s</section>%n", id, escape(title), body);
  }

  /**
   * A table that scrolls where the page is narrow.
   *
   * @param rows cells, of which the first heads its row: text, whatever stands in it, but for
   *     {@link Markup}
   */
  public static String table(String caption, List<String> heads, List<? extends List<?>> rows) {
    StringBuilder html = new StringBuilder();
    html.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"")
        .append(escape(caption))
        .append("\"><table><caption>")
        .append(escape(caption))
        .append("</caption><thead><tr>");
    heads.forEach(head -> html.append("<th scope=\"col\">").append(escape(head)).append("</th>"));
    html.append("</tr></thead><tbody>\n");
    for (List<?> row : rows) {
      html.append("<tr><th scope=\"row\">").append(cell(row.get(0))).append("</th>");
      row.subList(1, row.size())
          .forEach(cell -> html.append("<td>").append(cell(cell)).append("</td>"));
      html.append("</tr>\n");
    }
    return html.append("</tbody></table></div>\n").toString();
  }

  private static String cell(Object cell) {
    return cell instanceof Markup markup ? markup.html() : escape(String.valueOf(cell));
  }

  /**
   * A piece of a page rather than text.
   *
   * @param html in which all text is {@link #escape}d
   */
  public record Markup(String html) {
    /** {@code text} as code. */
    public static Markup code(String text) {
      return new Markup("<code>" + escape(text) + "</code>");
    }
  }

  /** A body that is shown when its title is clicked. */
  public static String details(String title, String body) {
    return String.format(
        Locale.ROOT, "<details><summary>%s</summary>%n%s</details>%n", escape(title), body);
  }
}
