/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Implementations of an interface, as {@link ServiceLoader} finds them on the class path. */
public final class Services {
  private Services() {}

  /**
   * All implementations of {@code service}, in the order of the class path.
   *
   * @throws DsVlmException for a file in META-INF/services that names no such implementation
   */
  public static <S> List<S> load(Class<S> service) {
    try {
      List<S> found = new ArrayList<>();
      ServiceLoader.load(service, service.getClassLoader()).forEach(found::add);
      return List.copyOf(found);
    } catch (ServiceConfigurationError e) {
      throw new DsVlmException(
          e.getMessage()
              + (e.getCause() == null ? "" : " (" + e.getCause().getMessage() + ")")
              + "; mend META-INF/services/"
              + service.getName()
              + " or leave its JAR off the class path",
          e);
    }
  }
}
