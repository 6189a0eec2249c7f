/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Brings the native operators into the JVM. LibTorch must be loaded before. Where the libraries
 * come from, in this order:
 *
 * <ol>
 *   <li>the folder that the system property {@value #PATH} names: loaded as they are, nothing is
 *       extracted and nothing else is tried;
 *   <li>the JAR, folder {@code org/dsvlm/kernels/<platform>}: extracted into the folder that the
 *       system property {@value #CACHE} names, or without it into {@code
 *       ${XDG_CACHE_HOME:-~/.cache}/dsvlm/natives}, or where that cannot be written or executed,
 *       into a new folder below {@code java.io.tmpdir}.
 * </ol>
 *
 * <p>File names carry the version, and the folder below the cache the checksum of the whole set. A
 * library whose checksum is not the JAR's, such as one whose extraction was cut off, is extracted
 * again. Extraction writes beside the target and renames, so that JVMs that start together do not
 * see one another's halves.
 *
 * <p>What is loaded is what was hashed: nobody else may write the library, its folder, or any
 * folder above it (see {@link OwnFolder}); a folder that others may write is passed over.
 *
 * <p>A library is loaded from one path alone: its operators register themselves on loading, and
 * LibTorch ends the process when the same operator registers twice.
 */
final class NativeLibrary {
  /** System property: a folder with {@code libdsvlm_ops-*.so} and {@code libdsvlm_ops_jni-*.so}. */
  static final String PATH = "dsvlm.native.path";

  /** System property: the folder that the JAR's libraries are extracted into. */
  static final String CACHE = "dsvlm.native.cache";

  private static final String OPERATORS = "libdsvlm_ops-";
  private static final String CUDA = "libdsvlm_ops_cuda-";
  private static final String BINDING = "libdsvlm_ops_jni-";

  private final @Nullable String path;
  private final NativeResources resources;
  private final List<ExtractionFolder> folders;
  private final Consumer<Path> loader;
  private final boolean cuda;

  /** The loaded libraries: the operators' file, and whether their CUDA kernels came along. */
  record Loaded(Path operators, boolean cuda) {
    private static Loaded of(List<Path> libraries) {
      return new Loaded(libraries.get(0), libraries.stream().anyMatch(is(CUDA)));
    }
  }

  /**
   * @param path value of {@value #PATH}, if it is set
   * @param resources what the JAR holds
   * @param folders where to extract to, tried in this order
   * @param loader loads one file; throws {@link UnsatisfiedLinkError}
   * @param cuda whether the CUDA kernels are wanted, where they were built
   */
  NativeLibrary(
      @Nullable String path,
      NativeResources resources,
      List<ExtractionFolder> folders,
      Consumer<Path> loader,
      boolean cuda) {
    this.path = path;
    this.resources = resources;
    this.folders = folders;
    this.loader = loader;
    this.cuda = cuda;
  }

  /**
   * Loads the operators and their binding.
   *
   * @throws DsVlmException if there are none, or they cannot be extracted or loaded; the message
   *     says what to do
   */
  Loaded load() {
    if (path != null) {
      List<Path> libraries = wanted(librariesIn(FilePath.of(PATH, path)));
      try {
        libraries.forEach(loader);
      } catch (UnsatisfiedLinkError e) {
        throw new DsVlmException(PATH + "=" + path + ": " + e.getMessage(), e);
      }
      return Loaded.of(libraries);
    }
    List<String> refusals = new ArrayList<>();
    for (ExtractionFolder folder : folders) {
      List<Path> libraries;
      try {
        libraries = wanted(resources.extract(folder.open()));
      } catch (IOException e) {
        refusals.add(folder + " cannot be written (" + e + ")");
        continue;
      }
      try {
        loader.accept(libraries.get(0));
      } catch (UnsatisfiedLinkError e) {
        if (!isRefusedByFileSystem(e)) {
          throw cannotLoad(libraries.get(0), e);
        }
        refusals.add(folder + " does not allow execution (" + e.getMessage() + ")");
        continue;
      }
      // From here on no other folder will do: the operators have registered themselves.
      for (Path library : libraries.subList(1, libraries.size())) {
        try {
          loader.accept(library);
        } catch (UnsatisfiedLinkError e) {
          throw cannotLoad(library, e);
        }
      }
      return Loaded.of(libraries);
    }
    throw new DsVlmException(
        "no folder to extract the native operators into: "
            + String.join("; ", refusals)
            + "; set -D"
            + CACHE
            + "=DIR to a folder that can be written and is not mounted noexec");
  }

  private List<Path> wanted(List<Path> libraries) {
    List<Path> ordered = new ArrayList<>();
    for (String prefix : cuda ? List.of(OPERATORS, CUDA, BINDING) : List.of(OPERATORS, BINDING)) {
      List<Path> matching = libraries.stream().filter(is(prefix)).toList();
      if (matching.size() > 1) {
        throw new DsVlmException("several native libraries of one kind, keep one: " + matching);
      }
      if (matching.isEmpty() && !prefix.equals(CUDA)) {
        throw new DsVlmException(
            "no " + prefix + "*.so among the native libraries " + libraries + "; build again");
      }
      ordered.addAll(matching);
    }
    return ordered;
  }

  private static Predicate<Path> is(String prefix) {
    return library -> library.getFileName().toString().startsWith(prefix);
  }

  private static List<Path> librariesIn(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".so"))
          .map(Path::toAbsolutePath)
          .sorted(Comparator.naturalOrder())
          .toList();
    } catch (IOException e) {
      throw new DsVlmException(
          PATH + "=" + folder + ": the folder cannot be read; name one that holds the libraries",
          e);
    }
  }

  /** The dynamic linker's words for a file on a noexec mount. */
  private static boolean isRefusedByFileSystem(UnsatisfiedLinkError error) {
    String message = String.valueOf(error.getMessage());
    return message.contains("failed to map segment from shared object")
        || message.contains("Operation not permitted")
        || message.contains("Permission denied");
  }

  private static DsVlmException cannotLoad(Path library, UnsatisfiedLinkError e) {
    return new DsVlmException(library + " cannot be loaded: " + e.getMessage(), e);
  }
}
