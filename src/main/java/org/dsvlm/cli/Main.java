/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.tensor.LibTorchVersion;
import org.dsvlm.tensor.OutOfMemory;
import org.dsvlm.tensor.Threads;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line, {@code dsvlm}: results on standard output, all else on standard error. */
@Command(
    name = "dsvlm",
    description = "Trains vision-language models with diffusion supervision, and talks to them.",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    subcommands = {
      TrainCommand.class,
      RecipesCommand.class,
      PlanCommand.class,
      ChatCommand.class,
      InitCommand.class,
      DataCommand.class,
      PretrainCommand.class,
      ProbeCommand.class,
      EvalCommand.class,
      CompareCommand.class,
      NanoQuestionsCommand.class,
      LabCommand.class,
      ReconstructCommand.class,
      ReportCommand.class,
      ExportCommand.class,
      InspectCommand.class,
      DoctorCommand.class,
      AutoComplete.GenerateCompletion.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:it failed; the message says why",
      "2:wrong usage",
      "75:train: stopped by SIGTERM or Ctrl-C, a checkpoint is saved; --resume goes on",
      "76:train: another process of the run died or failed; its rank is named"
    },
    footer = "%nArguments may stand in a file, one a line: dsvlm @FILE")
public final class Main {
  /** Logback reads it once, when the first logger is made. */
  private static final String LOGGING = "logback.configurationFile";

  private static final String ADVICE =
      "Choose a smaller type (bfloat16), shorter texts or another --device";

  /** What a decoder makes of bytes that are no character. */
  private static final char UNREADABLE = '\uFFFD';

  private boolean verbose;

  private Main() {}

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Shows where an error came from.")
  void setVerbose(boolean value) {
    verbose = value;
  }

  public static void main(String[] arguments) {
    // Numbers are written alike everywhere: other programs read them.
    Locale.setDefault(Locale.ROOT);
    if (System.getProperty(LOGGING) == null) {
      System.setProperty(LOGGING, "org/dsvlm/cli/logback.xml");
    }
    StopSignal.exit(start(utf8(System.out), utf8(System.err), arguments));
  }

  /** Answers and names are UTF-8, whatever the locale. */
  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /**
   * Refuses arguments of which the JVM could not read a character, because the locale of its start
   * has none such: it puts U+FFFD in its place, and no one can tell which it was.
   */
  static void requireReadable(String... arguments) {
    for (String argument : arguments) {
      if (argument.indexOf(UNREADABLE) >= 0
          && !FilePath.encoding().equals(StandardCharsets.UTF_8)) {
        throw new DsVlmException(
            "the argument '"
                + Excerpt.of(argument)
                + "' has characters that cannot be read in this process's encoding, "
                + FilePath.encoding()
                + "; start it with LC_ALL=C.UTF-8 in the environment (tools/dsvlm does so by"
                + " itself)");
      }
    }
  }

  /** Runs one command in a process that is ours, whose threads we may set. */
  private static int start(PrintWriter out, PrintWriter err, String... arguments) {
    try {
      requireReadable(arguments);
      Threads.use(Threads.choice());
    } catch (DsVlmException e) {
      return new Main().report(e, err);
    }
    return run(out, err, arguments);
  }

  /** Runs one command; gives its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    Main main = new Main();
    try {
      LibTorchVersion.require();
    } catch (DsVlmException e) {
      return main.report(e, err);
    }
    CommandLine commandLine = new CommandLine(main);
    commandLine.setOut(out);
    commandLine.setErr(err);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> main.report(exception, command.getErr()));
    return commandLine.execute(arguments);
  }

  private int report(Exception thrown, PrintWriter err) {
    Exception exception =
        thrown instanceof RuntimeException e ? OutOfMemory.explained(e, "memory", ADVICE) : thrown;
    if (verbose || !(exception instanceof DsVlmException)) {
      exception.printStackTrace(err);
    } else {
      err.println("dsvlm: " + exception.getMessage());
    }
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }
}
