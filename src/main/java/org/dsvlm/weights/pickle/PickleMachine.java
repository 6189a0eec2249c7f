/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one object of Python's pickle format, protocols 2 to 5, as far as files of weights use it.
 * A pickle is a program; this machine knows the instructions that build dictionaries, lists,
 * tuples, numbers and texts, and calls nothing but what {@link PickleGlobal} lists, none of which
 * does more than describe a tensor.
 *
 * <p>Python's values become Java's: None null, a tuple an unmodifiable list, a list an {@link
 * ArrayList}, a dictionary a {@link LinkedHashMap}, whole numbers Long or, above 64 bits, {@link
 * BigInteger}.
 */
final class PickleMachine {
  /** Each instruction makes at most one object; 7 billion parameters take some 10,000. */
  private static final int MOST_INSTRUCTIONS = 4_000_000;

  private static final int NEWEST_PROTOCOL = 5;

  /** The longest whole number: the one that old files begin with has 10 bytes. */
  private static final int LONGEST_NUMBER = 16;

  /** Stands for bytes, which weights have no use for. */
  private static final Object BYTES = new Object();

  private final PickleInput input;
  private final Map<Long, Object> memo = new HashMap<>();
  private final Deque<List<Object>> outer = new ArrayDeque<>();
  private List<Object> stack = new ArrayList<>();

  private final Map<String, PickledStorage> storages = new LinkedHashMap<>();

  PickleMachine(PickleInput input) {
    this.input = input;
  }

  /** All storages that the object's tensors are cut from, by key. */
  Map<String, PickledStorage> storages() {
    return storages;
  }

  /**
   * Reads the object that starts where the input stands, and leaves the input after its end.
   *
   * @throws DsVlmException for a damaged pickle, and for one that uses anything else of Python
   */
  Object read() {
    for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
      int instruction = input.unsignedByte();
      if (instruction == '.') {
        return pop();
      }
      step(instruction);
    }
    throw input.error(
        "has more than "
            + MOST_INSTRUCTIONS
            + " instructions, far above what weights take; "
            + PickleGlobal.HOW_TO_CONVERT);
  }

  private void step(int instruction) {
    switch (instruction) {
      case 0x80 -> checkProtocol(input.unsignedByte());
      case 0x95 -> input.skip(Long.BYTES); // the length of a frame, of use to who reads a stream
      case '(' -> {
        outer.push(stack);
        stack = new ArrayList<>();
      }
      case '0' -> pop();
      case '1' -> popMarked();
      case 'N' -> push(null);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) input.signedInt());
      case 'K' -> push((long) input.unsignedByte());
      case 'M' -> push((long) input.unsignedShort());
      case 0x8a -> push(wholeNumber(input.unsignedByte()));
      case 'G' -> push(input.bigEndianDouble());
      case 'X', 'T' -> push(input.text(input.unsignedInt()));
      case 'U', 0x8c -> push(input.text(input.unsignedByte()));
      case 0x8d -> push(input.text(input.signedLong()));
      case 'B' -> skipBytes(input.unsignedInt());
      case 'C' -> skipBytes(input.unsignedByte());
      case 0x8e -> skipBytes(input.signedLong());
      case ')' -> push(List.of());
      case 't' -> push(Collections.unmodifiableList(popMarked()));
      case 0x85 -> push(tuple(1));
      case 0x86 -> push(tuple(2));
      case 0x87 -> push(tuple(3));
      case ']' -> push(new ArrayList<>());
      case 'a' -> {
        Object item = pop();
        list().add(item);
      }
      case 'e' -> {
        List<Object> items = popMarked();
        list().addAll(items);
      }
      case '}' -> push(new LinkedHashMap<>());
      case 's' -> put(tuple(2));
      case 'u' -> put(popMarked());
      case 'q' -> memo.put((long) input.unsignedByte(), top());
      case 'r' -> memo.put(input.unsignedInt(), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> push(remembered(input.unsignedByte()));
      case 'j' -> push(remembered(input.unsignedInt()));
      case 'c' -> push(PickleGlobal.named(input.line(), input.line(), input));
      case 0x93 -> {
        List<Object> names = tuple(2);
        push(PickleGlobal.named(names.get(0), names.get(1), input));
      }
      case 'R' -> {
        Object arguments = pop();
        push(PickleGlobal.call(pop(), arguments, input));
      }
      case 'Q' -> push(storage(PickleGlobal.storage(pop(), input)));
      case 'b' -> dropState();
      default ->
          throw input.error(
              String.format(
                  Locale.ROOT,
                  "has the instruction 0x%02x, which no file of weights needs; %s",
                  instruction,
                  PickleGlobal.HOW_TO_CONVERT));
    }
  }

  private void checkProtocol(int protocol) {
    if (protocol > NEWEST_PROTOCOL) {
      throw input.error("is a pickle of protocol " + protocol + "; read are 2 to 5");
    }
  }

  private Object wholeNumber(int length) {
    if (length > LONGEST_NUMBER) {
      throw input.error("holds a whole number of " + length + " bytes");
    }
    byte[] digits = input.bytes(length);
    byte[] bigEndian = new byte[length + 1];
    bigEndian[0] = (byte) (length > 0 && digits[length - 1] < 0 ? -1 : 0);
    for (int i = 0; i < length; i++) {
      bigEndian[length - i] = digits[i];
    }
    BigInteger number = new BigInteger(bigEndian);
    if (number.bitLength() < Long.SIZE) {
      return number.longValue();
    }
    return number;
  }

  private void skipBytes(long count) {
    input.skip(count);
    push(BYTES);
  }

  private void push(@Nullable Object value) {
    stack.add(value);
  }

  private Object pop() {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private Object top() {
    if (stack.isEmpty()) {
      throw input.error("takes from an empty stack; the file is damaged");
    }
    return stack.get(stack.size() - 1);
  }

  private List<Object> popMarked() {
    if (outer.isEmpty()) {
      throw input.error("ends a group that did not begin; the file is damaged");
    }
    List<Object> items = stack;
    stack = outer.pop();
    return items;
  }

  private List<Object> tuple(int size) {
    Object[] items = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      items[i] = pop();
    }
    return Collections.unmodifiableList(Arrays.asList(items));
  }

  @SuppressWarnings("unchecked") // lists are made above, of Object
  private List<Object> list() {
    if (top() instanceof ArrayList<?> list) {
      return (List<Object>) list;
    }
    throw input.error("appends to what is no list; the file is damaged");
  }

  @SuppressWarnings("unchecked") // dictionaries are made above, of Object
  private void put(List<Object> keysAndValues) {
    if (!(top() instanceof LinkedHashMap<?, ?> map) || keysAndValues.size() % 2 != 0) {
      throw input.error("adds entries to what is no dictionary; the file is damaged");
    }
    Map<Object, Object> dictionary = (Map<Object, Object>) map;
    for (int i = 0; i < keysAndValues.size(); i += 2) {
      Object key = keysAndValues.get(i);
      // Other keys may contain themselves, and hashing such a one has no end.
      if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
        throw input.error("has a dictionary whose key is neither text nor number");
      }
      dictionary.put(key, keysAndValues.get(i + 1));
    }
  }

  private PickledStorage storage(PickledStorage storage) {
    PickledStorage known = storages.putIfAbsent(storage.key(), storage);
    if (known != null && !known.equals(storage)) {
      throw input.error("describes storage '" + storage.key() + "' in two ways");
    }
    return storage;
  }

  private Object remembered(long index) {
    if (!memo.containsKey(index)) {
      throw input.error("refers to object " + index + ", which was not there yet");
    }
    return memo.get(index);
  }

  /**
   * Drops the state that Python would set on the object beside its content, such as a module's
   * versions.
   */
  private void dropState() {
    pop();
    if (!(top() instanceof LinkedHashMap || top() instanceof PickledTensor)) {
      throw input.error("sets the state of what is neither a dictionary nor a tensor");
    }
  }
}
