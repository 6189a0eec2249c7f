/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.serve.ModelServer;
import org.dsvlm.serve.ServeSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers over HTTP until it is stopped. */
@Command(
    name = "serve",
    description = {
      "Answers over HTTP, by OpenAI's API of chat completions, and on a page to chat on.",
      "It listens on this machine alone unless --host says otherwise; then clients need the key in"
          + " the environment's DSVLM_API_KEY. SIGTERM or Ctrl-C stops it: running answers are"
          + " finished, and the exit code is 0."
    },
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  /** How often it looks whether to stop. */
  private static final long POLL_MILLIS = 50;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder of a LLaVA, or of a finished run; or nano, the small model that is shipped.")
  private Path model;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What clients call the model. Default: the last part of --model.")
  private @Nullable String name;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "Name or address to listen on. Default: ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8000",
      description = "Port to listen on; 0 for any that is free. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      description =
          "A name by which clients may call the server, besides its addresses, localhost and"
              + " --host; may be repeated.")
  private List<String> hostNames = List.of();

  @Option(
      names = "--allow-origin",
      paramLabel = "ORIGIN",
      description =
          "A web site whose pages may use the server, such as https://example.org; may be"
              + " repeated. Default: its own page alone.")
  private List<String> origins = List.of();

  @Mixin private ServeLimitOptions limits;
  @Mixin private ModelOptions options;

  @Override
  public Integer call() throws InterruptedException {
    ServeSettings settings = settings();
    try (StopSignal signal = new StopSignal();
        ChatModel opened =
            ChatModel.open(ModelArgument.folder(model), options.toOpen(ModelOptions.AUTO));
        ModelServer server = ModelServer.start(opened, settings)) {
      spec.commandLine()
          .getOut()
          .println(
              settings.modelName()
                  + " answers at "
                  + server.address()
                  + " (Ctrl-C stops it); the API is at "
                  + server.address().resolve("v1"));
      spec.commandLine().getOut().flush();
      while (!signal.requested()) {
        Thread.sleep(POLL_MILLIS);
      }
      spec.commandLine().getErr().println("dsvlm serve: finishes the answers that are being made");
    }
    return 0;
  }

  private ServeSettings settings() {
    try {
      return new ServeSettings(
          name == null ? nameOf(model) : name,
          host,
          port,
          key(),
          Set.copyOf(hostNames),
          Set.copyOf(origins),
          limits.limits());
    } catch (DsVlmException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** An empty variable is one that is not set. */
  private static @Nullable String key() {
    String key = System.getenv("DSVLM_API_KEY");
    return key == null || key.isEmpty() ? null : key;
  }

  private static String nameOf(Path model) {
    return Objects.toString(model.toAbsolutePath().normalize().getFileName(), "model");
  }
}
