/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * A file of {@code torch.save}: the object, and where the numbers of its storages lie. Since
 * PyTorch 1.6 that is a ZIP file whose {@code data.pkl} is the object and whose {@code data/KEY}
 * are the storages; before, it was a row of pickles with the storages behind them.
 *
 * @param object as {@link PickleMachine} gives it
 * @param storages first byte of each storage, by its key
 */
record PickledFile(Object object, Map<String, Long> storages) {
  /** The magic number that an old file begins with, itself a pickled whole number. */
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  /** The part of a file that is not numbers; that of 7 billion parameters has some 100 kB. */
  private static final long LONGEST_PICKLE = 1 << 26;

  /**
   * Reads a file written since PyTorch 1.6.
   *
   * @param where the file, for messages
   */
  static PickledFile zip(String where, FileChannel channel) throws IOException {
    Map<String, StoredZip.Entry> entries = StoredZip.read(where, channel);
    List<String> pickles =
        entries.keySet().stream()
            .filter(name -> name.equals("data.pkl") || name.endsWith("/data.pkl"))
            .toList();
    if (pickles.size() != 1) {
      throw new DsVlmException(
          where + ": is a ZIP file with " + pickles.size() + " data.pkl; torch.save writes one");
    }
    String name = pickles.get(0);
    String root = name.substring(0, name.length() - "data.pkl".length());
    if (entries.containsKey(root + "constants.pkl")) {
      throw new DsVlmException(
          where + ": is a TorchScript program, not weights; save its state_dict() instead");
    }
    checkByteOrder(where, channel, entries.get(root + "byteorder"));
    StoredZip.Entry pickle = stored(where, name, Objects.requireNonNull(entries.get(name)));
    String inside = where + ": " + name;
    if (pickle.size() > LONGEST_PICKLE) {
      throw new DsVlmException(
          inside + " has " + pickle.size() + " bytes; " + PickleGlobal.HOW_TO_CONVERT);
    }
    PickleMachine machine =
        new PickleMachine(input(inside, channel, pickle.begin(), pickle.size()));
    Object object = machine.read();
    Map<String, Long> storages = new HashMap<>();
    for (PickledStorage storage : machine.storages().values()) {
      StoredZip.Entry entry = entries.get(root + "data/" + storage.key());
      if (entry == null || entry.size() != storage.bytes()) {
        throw new DsVlmException(
            where
                + ": storage '"
                + storage.key()
                + "' is to have "
                + storage.bytes()
                + " bytes, but "
                + (entry == null ? "is missing" : "has " + entry.size())
                + "; the file is damaged, fetch it again");
      }
      storages.put(storage.key(), stored(where, root + "data/" + storage.key(), entry).begin());
    }
    return new PickledFile(object, storages);
  }

  private static StoredZip.Entry stored(String where, String name, StoredZip.Entry entry) {
    if (entry.compressed()) {
      throw new DsVlmException(
          where
              + ": its entry '"
              + name
              + "' is compressed, as torch.save never leaves it; "
              + PickleGlobal.HOW_TO_CONVERT);
    }
    return entry;
  }

  private static void checkByteOrder(
      String where, FileChannel channel, StoredZip.@Nullable Entry entry) throws IOException {
    if (entry == null || entry.compressed()) {
      return;
    }
    String order =
        input(where, channel, entry.begin(), Math.min(entry.size(), 16))
            .text(Math.min(entry.size(), 16));
    if (!order.equals("little")) {
      throw bigEndian(where);
    }
  }

  private static DsVlmException bigEndian(String where) {
    return new DsVlmException(
        where + ": holds big-endian numbers; save it again on a little-endian machine");
  }

  /**
   * Reads a file written before PyTorch 1.6: magic number, protocol, system, object, list of
   * storages, and each storage as its length and its numbers.
   *
   * @param where the file, for messages
   */
  static PickledFile legacy(String where, FileChannel channel) throws IOException {
    PickleInput input = input(where, channel, 0, Math.min(channel.size(), LONGEST_PICKLE));
    if (!MAGIC.equals(new PickleMachine(input).read())) {
      throw input.error("does not begin like a file of torch.save");
    }
    new PickleMachine(input).read(); // the protocol's number, 1001 in every such file
    if (new PickleMachine(input).read() instanceof Map<?, ?> system
        && Boolean.FALSE.equals(system.get("little_endian"))) {
      throw bigEndian(where);
    }
    PickleMachine machine = new PickleMachine(input);
    Object object = machine.read();
    if (!(new PickleMachine(input).read() instanceof List<?> keys)) {
      throw input.error("has no list of storages; the file is damaged");
    }
    Map<String, Long> storages = new HashMap<>();
    long position = input.position();
    for (Object key : keys) {
      PickledStorage storage = key instanceof String ? machine.storages().get(key) : null;
      if (storage == null || storage.type() == null || storages.containsKey(storage.key())) {
        throw new DsVlmException(
            where + ": lists a storage that no tensor uses, or one twice; the file is damaged");
      }
      long begin = position + Long.BYTES;
      if (begin > channel.size() - storage.bytes()
          || length(channel, position) != storage.elements()) {
        throw new DsVlmException(
            where
                + ": storage '"
                + storage.key()
                + "' at byte "
                + position
                + " has not the "
                + storage.elements()
                + " numbers that its tensors expect; the file is cut short or damaged");
      }
      storages.put(storage.key(), begin);
      position = begin + storage.bytes();
    }
    if (!storages.keySet().containsAll(machine.storages().keySet())) {
      throw new DsVlmException(where + ": lacks numbers of its tensors; the file is damaged");
    }
    return new PickledFile(object, storages);
  }

  private static long length(FileChannel channel, long position) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (length.hasRemaining()) {
      if (channel.read(length, position + length.position()) < 0) {
        return -1;
      }
    }
    return length.getLong(0);
  }

  private static PickleInput input(String where, FileChannel channel, long begin, long size)
      throws IOException {
    return new PickleInput(where, channel.map(MapMode.READ_ONLY, begin, size));
  }

  /** The tensors by name: the object is a dictionary of them, or holds one as state_dict. */
  Map<String, PickledTensor> tensors() {
    Map<String, PickledTensor> tensors = tensors(object);
    return tensors.isEmpty() && object instanceof Map<?, ?> checkpoint
        ? tensors(checkpoint.get("state_dict"))
        : tensors;
  }

  private static Map<String, PickledTensor> tensors(@Nullable Object object) {
    Map<String, PickledTensor> tensors = new LinkedHashMap<>();
    if (object instanceof Map<?, ?> dictionary) {
      dictionary.forEach(
          (name, value) -> {
            if (name instanceof String text && value instanceof PickledTensor tensor) {
              tensors.put(text, tensor);
            }
          });
    }
    return tensors;
  }
}
