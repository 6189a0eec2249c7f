/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.LibraryLoading;
import org.dsvlm.tensor.LibTorchVersion;
import org.dsvlm.tensor.NativeErrors;
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
      ServeCommand.class,
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
      AutoComplete.GenerateCompletion.class,
      ManPagesCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done; serve: stopped by SIGTERM or Ctrl-C",
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
      if (argument.indexOf(Conversation.UNREADABLE) >= 0
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
  static int run(PrintWriter rawOut, PrintWriter rawErr, String... arguments) {
    PrintWriter out = CleanWriter.results(rawOut);
    PrintWriter err = CleanWriter.messages(rawErr);
    Main main = new Main();
    try {
      LibTorchVersion.require();
      return main.execute(out, err, arguments);
    } catch (DsVlmException e) {
      return main.report(e, err);
    } catch (LinkageError e) {
      return main.report(LibraryLoading.failure(e).orElseThrow(), err);
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int execute(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine commandLine = new CommandLine(this);
    commandLine.setOut(out);
    commandLine.setErr(err);
    // As documented: one argument a line, with whatever stands in it.
    commandLine.setUseSimplifiedAtFiles(true);
    commandLine.registerConverter(Path.class, Main::path);
    commandLine.setExecutionStrategy(Main::readable);
    commandLine.setUsageHelpWidth(Terminal.columns(System.getenv("COLUMNS")));
    commandLine.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    commandLine.setParameterExceptionHandler((e, given) -> wrongUsage(e, err));
    Examples.addTo(commandLine);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> report(exception, command.getErr()));
    return commandLine.execute(arguments);
  }

  /** picocli's own converter takes nothing for the current folder, and shows Java's words. */
  private static Path path(String text) {
    if (text.isBlank()) {
      throw new CommandLine.TypeConversionException("it is empty, and names no file or folder");
    }
    try {
      return FilePath.of("it", text);
    } catch (DsVlmException e) {
      throw new CommandLine.TypeConversionException(e.getMessage());
    }
  }

  /** Demands the same of arguments that stood in a file, then runs the command. */
  private static int readable(CommandLine.ParseResult parsed) {
    for (String argument : parsed.expandedArgs()) {
      if (argument.indexOf(Conversation.UNREADABLE) >= 0
          && !parsed.originalArgs().contains(argument)) {
        throw failure(
            parsed,
            "the argument '"
                + Excerpt.of(argument)
                + "' of a file has characters that cannot be read in this process's encoding, "
                + Charset.defaultCharset()
                + "; write the file in UTF-8, and start with LC_ALL=C.UTF-8 in the environment");
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** As a command throws it: what else picocli shows with a trace. */
  private static CommandLine.ExecutionException failure(
      CommandLine.ParseResult parsed, String message) {
    return new CommandLine.ExecutionException(
        parsed.commandSpec().commandLine(), message, new DsVlmException(message));
  }

  /** One line, and where to read more: the whole help would push it out of sight. */
  private static int wrongUsage(CommandLine.ParameterException e, PrintWriter err) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched
        && unmatched.getUnmatched().get(0).startsWith("@")) {
      String file = unmatched.getUnmatched().get(0).substring(1);
      err.println(name + ": there is no file of arguments " + Excerpt.of(file));
      return CommandLine.ExitCode.USAGE;
    }
    err.println(name + ": " + e.getMessage() + "; see " + name + " --help");
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    return CommandLine.ExitCode.USAGE;
  }

  private int report(Exception thrown, PrintWriter err) {
    Exception exception =
        thrown instanceof RuntimeException e
            ? NativeErrors.plain(OutOfMemory.explained(e, "memory", ADVICE), "dsvlm")
            : thrown;
    if (verbose || !(exception instanceof DsVlmException)) {
      exception.printStackTrace(err);
    } else {
      err.println("dsvlm: " + exception.getMessage());
    }
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }
}
