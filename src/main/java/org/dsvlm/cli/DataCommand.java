/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import picocli.CommandLine.Command;

/** Makes data to train on. */
@Command(
    name = "data",
    description = "Makes data to train on.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = NanoDataCommand.class)
final class DataCommand {}
