/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What a file is that no decoder here reads, by its first bytes, for messages. */
final class OtherFormat {
  private static final String LFS = "version https://git-lfs";

  /** Where a DICOM file and a tar archive say what they are. */
  private static final int DICOM = 128;

  private static final int TAR = 257;

  private static final Map<String, String> STARTS = new LinkedHashMap<>();

  static {
    STARTS.put("II*\0", "a TIFF picture");
    STARTS.put("MM\0*", "a TIFF picture");
    STARTS.put("II+\0", "a TIFF picture");
    STARTS.put("MM\0+", "a TIFF picture");
    STARTS.put("\0\0\0\fjP  ", "a JPEG 2000 picture");
    STARTS.put("\u00ff\u004f\u00ff\u0051", "a JPEG 2000 picture");
    STARTS.put("\0\0\0\fJXL ", "a JPEG XL picture");
    STARTS.put("\u00ff\n", "a JPEG XL picture");
    STARTS.put("\0\0\1\0", "an ICO picture");
    STARTS.put("\0\0\2\0", "a CUR picture");
    STARTS.put("8BPS", "a Photoshop picture");
    STARTS.put("qoif", "a QOI picture");
    STARTS.put("DDS ", "a DDS picture");
    STARTS.put("v/1\1", "an OpenEXR picture");
    STARTS.put("#?RADIANCE", "a Radiance picture");
    STARTS.put("\u008aMNG", "an MNG animation");
    STARTS.put("\u008bJNG", "a JNG picture");
    STARTS.put("BPG\u00fb", "a BPG picture");
    STARTS.put("FLIF", "a FLIF picture");
    STARTS.put("II\u00bc", "a JPEG XR picture");
    STARTS.put("icns", "an ICNS picture");
    STARTS.put("gimp xcf", "a GIMP picture");
    STARTS.put("/* XPM", "an XPM picture");
    STARTS.put("#define ", "an XBM picture, or source text");
    STARTS.put("SIMPLE  =", "a FITS picture");
    STARTS.put("OggS", "an Ogg file");
    STARTS.put("FLV\1", "a video (Flash)");
    STARTS.put("ID3", "a sound (MP3)");
    STARTS.put("PAR1", "a table (Parquet)");
    STARTS.put("ARROW1", "a table (Arrow)");
    STARTS.put("SQLite format 3", "a database (SQLite)");
    STARTS.put("\u007fELF", "a program");
    STARTS.put("%PDF", "a PDF document");
    STARTS.put("%!PS", "a PostScript document");
    STARTS.put("\u001f\u008b", "a file packed by gzip");
    STARTS.put("PK\3\4", "a ZIP archive");
    STARTS.put("BZh", "a file packed by bzip2");
    STARTS.put("\u00fd7zXZ\0", "a file packed by xz");
    STARTS.put("(\u00b5/\u00fd", "a file packed by zstd");
    STARTS.put("7z\u00bc\u00af", "a 7z archive");
    STARTS.put("Rar!", "a RAR archive");
    STARTS.put("\u001aE\u00df\u00a3", "a video (Matroska or WebM)");
    STARTS.put("\u0093NUMPY", "an array of NumPy");
    STARTS.put("\u0089HDF", "an HDF5 file");
    STARTS.put(LFS, "a pointer of Git LFS in place of the picture; fetch it with 'git lfs pull'");
    STARTS.put("data:image/", "the text of a data URL");
    STARTS.put("/9j/", "a JPEG in base64");
    STARTS.put("iVBORw0KGgo", "a PNG in base64");
  }

  /** Brands of ISO base media files that hold pictures by HEVC. */
  private static final Set<String> HEIC =
      Set.of("heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs");

  private static final Set<String> AVIF = Set.of("avif", "avis");

  /** Brands that leave open which codec it is. */
  private static final Set<String> HEIF = Set.of("mif1", "mif2", "msf1", "miaf");

  private OtherFormat() {}

  /**
   * The kind of file.
   *
   * @param head its first bytes as characters
   */
  static String name(String head) {
    if (head.startsWith("ftyp", 4)) {
      return ofBrands(head);
    }
    for (Map.Entry<String, String> start : STARTS.entrySet()) {
      if (head.startsWith(start.getKey())) {
        return start.getValue();
      }
    }
    if (head.length() > 2
        && head.charAt(0) == 'P'
        && head.charAt(1) >= '1'
        && head.charAt(1) <= '7'
        && Character.isWhitespace(head.charAt(2))) {
      return "a PNM picture (PBM, PGM, PPM or PAM)";
    }
    if (head.startsWith("DICM", DICOM)) {
      return "a DICOM picture";
    }
    if (head.startsWith("ustar", TAR)) {
      return "a tar archive";
    }
    if (head.startsWith("RIFF") && head.startsWith("AVI ", 8)) {
      return "a video (AVI)";
    }
    if (head.startsWith("RIFF")) {
      return "a RIFF file other than WebP";
    }
    return head.chars().allMatch(letter -> letter == 0) ? "nothing but zeros" : ofText(head);
  }

  /** The main brand, then those that it goes with. */
  private static String ofBrands(String head) {
    int end = head.charAt(2) << 8 | head.charAt(3);
    boolean heif = false;
    for (int at = 8; at + 4 <= Math.min(end, head.length()) || at == 8; at += at == 8 ? 8 : 4) {
      String brand = head.substring(at, Math.min(at + 4, head.length()));
      if (AVIF.contains(brand)) {
        return "an AVIF picture";
      }
      if (HEIC.contains(brand)) {
        return "an HEIC picture";
      }
      heif |= HEIF.contains(brand);
    }
    return heif ? "an HEIF picture" : "a video (MP4 or QuickTime)";
  }

  private static String ofText(String head) {
    String text = head;
    if (head.startsWith("\u00ff\u00fe") || head.startsWith("\u00fe\u00ff")) {
      byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
      text = new String(bytes, StandardCharsets.UTF_16);
    }
    text = (text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text).stripLeading();
    String lower = text.toLowerCase(Locale.ROOT);
    String pointer = STARTS.get(LFS);
    if (pointer != null && text.startsWith(LFS)) {
      return pointer;
    }
    if (lower.startsWith("<svg") || (lower.startsWith("<?xml") && lower.contains("<svg"))) {
      return "an SVG drawing";
    }
    if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
      return "an HTML page";
    }
    if (lower.startsWith("<")) {
      return "no picture but a page or drawing";
    }
    if (text.startsWith("{") || text.startsWith("[")) {
      return "JSON, perhaps a server's error";
    }
    return "no picture";
  }
}
