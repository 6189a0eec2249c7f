/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.HeldFolders;

/**
 * An event file as TensorBoard reads it: a list of records, each its length, the length's checksum,
 * the bytes, the bytes' checksum (TensorFlow's TFRecord). Each record is a message {@code Event} of
 * TensorBoard's event.proto.
 */
final class EventFile implements AutoCloseable {
  private static final String NAME = "events.out.tfevents.%04d.dsvlm";

  /** The name of the format in the first record. */
  private static final String VERSION = "brain.Event:2";

  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;
  private static final int SESSION_STATUS = 1;
  private static final int SESSION_START = 1;

  /** Of the masked checksum, which keeps checksums of checksums apart. */
  private static final int MASK_DELTA = 0xa282ead8;

  private static final int MASK_ROTATION = 15;

  private final Path file;
  private final OutputStream out;

  private EventFile(Path file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Begins a file in {@code folder}, the next by name. What earlier files say of {@code firstStep}
   * and later ones no longer counts.
   */
  static EventFile create(Path folder, long firstStep) {
    try {
      HeldFolders.createDirectories(folder);
      int number = 1;
      while (Files.exists(folder.resolve(String.format(Locale.ROOT, NAME, number)))) {
        number++;
      }
      Path file = folder.resolve(String.format(Locale.ROOT, NAME, number));
      EventFile events =
          new EventFile(
              file,
              new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)));
      events.write(event(0).text(FILE_VERSION, VERSION));
      events.write(
          event(firstStep)
              .message(SESSION_LOG, new ProtobufMessage().integer(SESSION_STATUS, SESSION_START)));
      return events;
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Adds a message {@code Summary} for {@code step}; it is on disk when this returns. */
  void add(long step, ProtobufMessage summary) {
    try {
      write(event(step).message(SUMMARY, summary));
      out.flush();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static ProtobufMessage event(long step) {
    return new ProtobufMessage()
        .number(WALL_TIME, System.currentTimeMillis() / 1000.0)
        .integer(STEP, step);
  }

  private void write(ProtobufMessage event) throws IOException {
    byte[] bytes = event.toByteArray();
    byte[] length = littleEndian(Long.BYTES).putLong(bytes.length).array();
    out.write(length);
    out.write(checksum(length));
    out.write(bytes);
    out.write(checksum(bytes));
  }

  /** The masked CRC-32C of {@code bytes}. */
  private static byte[] checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int masked = Integer.rotateRight((int) crc.getValue(), MASK_ROTATION) + MASK_DELTA;
    return littleEndian(Integer.BYTES).putInt(masked).array();
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static DsVlmException failed(Path file, IOException e) {
    return new DsVlmException(file + ": events cannot be written: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
