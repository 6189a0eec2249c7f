/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Sha256;
import org.jspecify.annotations.Nullable;

/**
 * The libraries that lie on the class path or module path, with the list {@value #LIST} of their
 * checksums in the format of {@code sha256sum}. They are published as a JAR of their own, beside
 * the library's, with the platform as its classifier.
 */
final class NativeResources {
  /** Resource that names the libraries and their checksums. */
  static final String LIST = "natives.sha256";

  /** Resource with this library's version, beside this class. */
  private static final String VERSION = "version";

  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64})  ([\\w.+-]+\\.so)");

  private record Library(String name, String checksum) {}

  private final String platform;
  private final String version;
  private final Function<String, @Nullable InputStream> open;

  /**
   * @param platform JavaCPP's name of this platform, such as {@code linux-x86_64}
   * @param version this library's version, which the libraries' file names must end on
   * @param open a resource of the platform's folder, if there is one of that name
   */
  NativeResources(String platform, String version, Function<String, @Nullable InputStream> open) {
    this.platform = platform;
    this.version = version;
    this.open = open;
  }

  /**
   * The resources that this class's loader finds: the folder's name is no package's, so that they
   * may lie in another module than this class.
   */
  static NativeResources ofJar(String platform) {
    String folder = NativeResources.class.getPackageName().replace('.', '/') + "/" + platform;
    ClassLoader loader = NativeResources.class.getClassLoader();
    return new NativeResources(
        platform, ownVersion(), name -> loader.getResourceAsStream(folder + "/" + name));
  }

  /** A manifest would not do: in a shaded JAR it is the application's. */
  private static String ownVersion() {
    try (InputStream in = NativeResources.class.getResourceAsStream(VERSION)) {
      if (in == null) {
        throw new DsVlmException(
            "the library's JAR is damaged: "
                + VERSION
                + " of its package kernels is missing; build it again");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there are libraries for the platform. */
  boolean arePresent() {
    try (InputStream list = open.apply(LIST)) {
      return list != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes sure that every library lies whole in a folder of its own below {@code folder}.
   *
   * @throws IOException if the folder cannot be written
   * @throws DsVlmException if the JAR holds no libraries, or damaged ones
   */
  List<Path> extract(Path folder) throws IOException {
    List<Library> libraries = list();
    MessageDigest all = Sha256.digest();
    libraries.forEach(
        library -> all.update(library.checksum().getBytes(StandardCharsets.US_ASCII)));
    Path target = folder.resolve(HexFormat.of().formatHex(all.digest()).substring(0, 16));
    OwnFolder.create(target);
    List<Path> extracted = new ArrayList<>();
    for (Library library : libraries) {
      Path file = target.resolve(library.name()).toAbsolutePath();
      if (!OwnFolder.isOwn(file) || !Sha256.hex(file).equals(library.checksum())) {
        extract(library, file);
      }
      extracted.add(file);
    }
    return extracted;
  }

  private void extract(Library library, Path file) throws IOException {
    Path partial = Files.createTempFile(file.getParent(), library.name(), ".part");
    try {
      try (InputStream in = open.apply(library.name())) {
        if (in == null) {
          throw damaged(library.name() + " is missing");
        }
        Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
      }
      // Of what was written, not of what was read: a full disk shows here too.
      if (!Sha256.hex(partial).equals(library.checksum())) {
        throw damaged(library.name() + " does not have the checksum that " + LIST + " says");
      }
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private List<Library> list() {
    String text;
    try (InputStream in = open.apply(LIST)) {
      if (in == null) {
        throw new DsVlmException(
            "there are none for "
                + platform
                + " on the class path; they are the JAR dsvlm with the classifier "
                + platform
                + ", where the build made it");
      }
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new DsVlmException("the JAR's native libraries cannot be read: " + LIST, e);
    }
    List<Library> libraries = new ArrayList<>();
    for (String line : text.lines().toList()) {
      Matcher matcher = LINE.matcher(line);
      if (!matcher.matches()) {
        throw damaged(LIST + " has the line '" + line + "'");
      }
      String name = matcher.group(2);
      if (!name.endsWith("-" + version + ".so")) {
        throw new DsVlmException(
            name
                + " on the class path is of another version than the library, "
                + version
                + "; give dsvlm and its JAR of natives the same version");
      }
      libraries.add(new Library(name, matcher.group(1)));
    }
    return libraries;
  }

  private static DsVlmException damaged(String what) {
    return new DsVlmException(
        "the JAR's native libraries are damaged: " + what + "; build it again");
  }
}
