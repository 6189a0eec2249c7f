/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.io.IOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.dsvlm.io.Sha256;

/**
 * Loads JavaCPP's libraries so that processes which start together on a fresh machine do not meet.
 * JavaCPP locks each file while it extracts it, but the system's loader follows a library to those
 * that it needs and may map one of which another process has written half: that ends the JVM
 * (SIGBUS). So the first process extracts all, and the others wait for it; once that is done, as a
 * mark beside the libraries says, nobody waits.
 */
public final class LibraryExtraction {
  private static final String LOCK = ".dsvlm.lock";

  /** Mark of what is whole; the name goes on with a hash of the JARs that it came from. */
  private static final String WHOLE = ".dsvlm-whole-";

  private static final int DIGITS = 16;

  private LibraryExtraction() {}

  /** Extracts what {@code preset} needs, unless that is done, and loads it. */
  public static synchronized void load(Class<?> preset) {
    Path folder;
    Path mark;
    FileChannel channel;
    try {
      folder = Loader.getCacheDir().toPath();
      mark = folder.resolve(WHOLE + origin(preset));
      channel =
          FileChannel.open(
              folder.resolve(LOCK),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      // Where nothing can be written, nothing is extracted; and if it must be, JavaCPP says why
      // not.
      Loader.load(preset);
      return;
    }
    try (channel) {
      if (!loadedIfWhole(channel, mark, preset)) {
        try (FileLock alone = channel.lock()) {
          Loader.load(preset);
          Files.write(mark, new byte[0]);
        }
      }
    } catch (IOException | OverlappingFileLockException e) {
      // Some network file systems know no locks, and another class loader of this JVM may hold one.
      // A library that is loaded already is loaded once.
      Loader.load(preset);
    }
  }

  private static boolean loadedIfWhole(FileChannel channel, Path mark, Class<?> preset)
      throws IOException {
    try (FileLock shared = channel.lock(0, Long.MAX_VALUE, true)) {
      boolean whole = Files.exists(mark);
      if (whole) {
        Loader.load(preset);
      }
      return whole;
    }
  }

  /** A hash of the JARs, with their times, that hold the libraries of {@code preset}. */
  private static String origin(Class<?> preset) throws IOException {
    String platform =
        Loader.getPlatform() + System.getProperty("org.bytedeco.javacpp.platform.extension", "");
    MessageDigest digest = Sha256.digest();
    for (Class<?> one : List.of(Loader.class, preset)) {
      String folder = "/" + one.getPackageName().replace('.', '/').replace("/global", "");
      for (String resource : List.of(folder + "/" + platform, folder)) {
        URL found = one.getResource(resource + "/");
        if (found != null) {
          URLConnection connection = found.openConnection();
          connection.setUseCaches(false);
          String line = found + " " + connection.getLastModified() + "\n";
          digest.update(line.getBytes(StandardCharsets.UTF_8));
          break;
        }
      }
    }
    digest.update(preset.getName().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }
}
