/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.StoredType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  private static final String ONE_FLOAT =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

  @TempDir Path folder;

  @Test
  void readsEveryNumberFormat() throws IOException {
    for (StoredType type : StoredType.values()) {
      String header =
          String.format(
              "{\"a\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%d]}}",
              type, 2 * type.bytes());
      Path file = SafetensorsFiles.write(folder, SafetensorsFiles.bytes(header, 2 * type.bytes()));
      try (PointerScope scope = new PointerScope();
          Safetensors source = Safetensors.open(file)) {
        Tensor tensor = source.read("a");
        assertThat(tensor.scalar_type().intern()).isEqualTo(type.scalarType());
        assertThat(source.dtype("a")).isEqualTo(type.scalarType());
        assertThat(tensor.element_size()).isEqualTo(type.bytes());
        assertThat(Torch.shape(tensor)).containsExactly(2);
      }
    }
  }

  @Test
  void readsValuesThatDoNotStartAtAMultipleOfTheirSize() throws IOException {
    String header =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]}}";
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    byte[] data =
        ByteBuffer.allocate(9)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put((byte) 7)
            .putFloat(1.5f)
            .putFloat(-2f)
            .array();
    // Whatever the header's length, one of these spaces makes every remainder of 4 occur.
    for (int spaces = 0; spaces < 4; spaces++) {
      byte[] padded = Arrays.copyOf(json, json.length + spaces);
      Arrays.fill(padded, json.length, padded.length, (byte) ' ');
      Path file =
          SafetensorsFiles.write(folder, SafetensorsFiles.bytes(padded.length, padded, data));
      try (PointerScope scope = new PointerScope();
          Safetensors source = Safetensors.open(file)) {
        assertThat(Torch.floats(source.read("b"))).containsExactly(1.5f, -2f);
        assertThat(Torch.longs(source.read("a"))).containsExactly(7);
      }
    }
  }

  @Test
  void aTensorOutlivesTheFileItCameFrom() throws IOException {
    Path file = SafetensorsFiles.write(folder, SafetensorsFiles.bytes(ONE_FLOAT, 4));
    try (PointerScope scope = new PointerScope()) {
      Safetensors source = Safetensors.open(file);
      Tensor tensor = source.read("a");
      source.close();
      assertThat(Torch.floats(tensor)).containsExactly(0f);
      assertThatThrownBy(() -> source.read("a"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("none.safetensors")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("none.safetensors: there is no such file");
    assertThatThrownBy(() -> Safetensors.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is a folder");
  }

  @Test
  void fieldsThatTheFormatMayGainAreSkipped() throws IOException {
    String header = ONE_FLOAT.replace("\"dtype\"", "\"note\":{\"x\":[1]},\"dtype\"");
    Path file = SafetensorsFiles.write(folder, SafetensorsFiles.bytes(header, 4));
    try (Safetensors source = Safetensors.open(file)) {
      assertThat(source.shape("a")).containsExactly(1);
    }
  }

  @Test
  @BadInput(
      number = 1,
      value = "an empty safetensors file",
      then = "an error that calls the file empty")
  void anEmptyFile() throws IOException {
    refused(new byte[0]).hasMessageContaining("empty");
  }

  @Test
  @BadInput(
      number = 2,
      value = "a safetensors file of fewer than 8 bytes",
      then = "an error with its length")
  void aFileShorterThanEightBytes() throws IOException {
    refused(new byte[] {1, 2, 3}).hasMessageContaining("3 bytes").hasMessageContaining("offset 0");
  }

  @Test
  @BadInput(
      number = 3,
      value = "a header length of 2^63 - 1, or of 2^64 - 1",
      then = "an error with the claimed length")
  void aHeaderLengthBeyondAnyFile() throws IOException {
    refused(SafetensorsFiles.bytes(Long.MAX_VALUE, new byte[] {'{', '}'}, new byte[0]))
        .hasMessageContaining("9223372036854775807");
    refused(SafetensorsFiles.bytes(-1, new byte[] {'{', '}'}, new byte[0]))
        .hasMessageContaining("18446744073709551615");
  }

  @Test
  @BadInput(
      number = 4,
      value = "a header longer than the file",
      then = "an error with both lengths")
  void aHeaderLongerThanTheFile() throws IOException {
    refused(SafetensorsFiles.bytes(1000, new byte[] {'{', '}'}, new byte[0]))
        .hasMessageContaining("1000, but only 2 bytes follow");
  }

  @Test
  @BadInput(
      number = 5,
      value = "a header of more than 100,000,000 bytes",
      then = "an error that names the format's cap")
  void aHeaderAboveTheFormatsCap() throws IOException {
    refused(SafetensorsFiles.bytes(100_000_001, new byte[] {'{', '}'}, new byte[0]))
        .hasMessageContaining("100000001")
        .hasMessageContaining("cap of 100000000");
  }

  @Test
  @BadInput(
      number = 6,
      value = "a header that is not UTF-8",
      then = "an error with the offset of the first bad byte")
  void aHeaderThatIsNotUtf8() throws IOException {
    byte[] header = ONE_FLOAT.getBytes(StandardCharsets.UTF_8);
    header[2] = (byte) 0xff;
    refused(SafetensorsFiles.bytes(header.length, header, new byte[4]))
        .hasMessageContaining("not UTF-8 at offset 10");
    // Cut inside a character: nothing but the end shows it.
    byte[] cut = "{\"é".getBytes(StandardCharsets.UTF_8);
    refused(SafetensorsFiles.bytes(cut.length - 1, Arrays.copyOf(cut, cut.length - 1), new byte[4]))
        .hasMessageContaining("not UTF-8 at offset 10");
  }

  @Test
  @BadInput(
      number = 7,
      value = "a header that does not start with {",
      then = "an error that says so")
  void aHeaderThatDoesNotStartWithABrace() throws IOException {
    refused(SafetensorsFiles.bytes(" " + ONE_FLOAT, 4)).hasMessageContaining("start with '{'");
    refused(SafetensorsFiles.bytes("", 4)).hasMessageContaining("start with '{'");
    refused(SafetensorsFiles.bytes("[]", 4)).hasMessageContaining("start with '{'");
  }

  @Test
  @BadInput(
      number = 8,
      value = "a tensor, field or metadata key that appears twice",
      then = "an error that names the key")
  void aKeyThatAppearsTwice() throws IOException {
    String twice =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}," + ONE_FLOAT.substring(1);
    refused(SafetensorsFiles.bytes(twice, 4)).hasMessageContaining("tensor 'a' appears twice");
    refused(SafetensorsFiles.bytes(ONE_FLOAT.replace("[1],", "[1],\"shape\":[1],"), 4))
        .hasMessageContaining("shape appears twice");
    refused(SafetensorsFiles.bytes("{\"__metadata__\":{},\"__metadata__\":{}}", 0))
        .hasMessageContaining("__metadata__ appears twice");
    refused(SafetensorsFiles.bytes("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0))
        .hasMessageContaining("'k' appears twice");
  }

  @Test
  @BadInput(
      number = 9,
      value = "a tensor that begins after its end",
      then = "an error with both offsets")
  void aTensorThatBeginsAfterItsEnd() throws IOException {
    refused(entry("F32", "[1]", "[4,0]", 4)).hasMessageContaining("begins at 4 but ends at 0");
  }

  @Test
  @BadInput(
      number = 10,
      value = "an offset or size that is negative, fractional, or too many of them",
      then = "an error that names tensor and value")
  void offsetsThatAreNotTwoWholeNumbers() throws IOException {
    refused(entry("F32", "[1]", "[-4,0]", 4))
        .hasMessageContaining("'a'")
        .hasMessageContaining("-4");
    refused(entry("F32", "[1]", "[0,4.0]", 4)).hasMessageContaining("whole numbers");
    refused(entry("F32", "[1]", "[0,4e0]", 4)).hasMessageContaining("whole numbers");
    refused(entry("F32", "[1]", "[0,99999999999999999999]", 4)).hasMessageContaining("64 bits");
    refused(entry("F32", "[1]", "[0]", 4)).hasMessageContaining("two data_offsets");
    refused(entry("F32", "[1]", "[0,4,8]", 4)).hasMessageContaining("more than 2");
    refused(entry("F32", "[-1]", "[0,4]", 4)).hasMessageContaining("-1 is negative");
  }

  @Test
  @BadInput(
      number = 11,
      value = "a shape whose product exceeds 64 bits, or of more than 64 dimensions",
      then = "an error that names the tensor")
  void aShapeWhoseProductOverflows() throws IOException {
    refused(entry("F32", "[4294967296,4294967296]", "[0,0]", 0))
        .hasMessageContaining("'a'")
        .hasMessageContaining("beyond 64 bits");
    refused(entry("F32", "[4611686018427387904]", "[0,0]", 0))
        .hasMessageContaining("beyond 64 bits");
    refused(entry("F32", "[0,4294967296,4294967296]", "[0,0]", 0))
        .hasMessageContaining("beyond 64 bits");
    refused(entry("F32", "[" + "1,".repeat(64) + "1]", "[0,4]", 4))
        .hasMessageContaining("more than 64");
  }

  @Test
  @BadInput(
      number = 12,
      value = "a tensor whose bytes do not match its shape and type",
      then = "an error with shape, type and the bytes they need")
  void bytesThatDoNotMatchShapeAndType() throws IOException {
    refused(entry("F32", "[2]", "[0,4]", 4)).hasMessageContaining("F32 [2], 8 bytes");
    refused(entry("F16", "[1]", "[0,4]", 4)).hasMessageContaining("F16 [1], 2 bytes");
  }

  @Test
  @BadInput(
      number = 13,
      value = "a hole before or between tensors",
      then = "an error that names the tensor behind the hole")
  void aHoleBetweenTensors() throws IOException {
    refused(entry("F32", "[1]", "[4,8]", 8))
        .hasMessageContaining("'a'")
        .hasMessageContaining("hole");
  }

  @Test
  @BadInput(
      number = 14,
      value = "tensors that overlap",
      then = "an error that names the second tensor and its offset")
  void tensorsThatOverlap() throws IOException {
    String header =
        "{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[2,10]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    refused(SafetensorsFiles.bytes(header, 10))
        .hasMessageContaining("'b' begins at offset 2")
        .hasMessageContaining("overlapping");
  }

  @Test
  @BadInput(number = 15, value = "bytes after the last tensor", then = "an error with their count")
  void bytesAfterTheLastTensor() throws IOException {
    refused(SafetensorsFiles.bytes(ONE_FLOAT, 7)).hasMessageContaining("3 bytes follow");
  }

  @Test
  @BadInput(
      number = 16,
      value = "a truncated safetensors file, cut at any byte",
      then = "an error that suggests a broken download")
  void aTruncatedSafetensorsFile() throws IOException {
    byte[] whole = SafetensorsFiles.bytes(ONE_FLOAT, 4);
    for (int length = 1; length < whole.length; length++) {
      refused(Arrays.copyOf(whole, length)).hasMessageContaining("broke");
    }
  }

  @Test
  @BadInput(
      number = 17,
      value = "an unknown dtype",
      then = "an error that names tensor and dtype, and lists the known ones")
  void anUnknownType() throws IOException {
    refused(entry("F128", "[1]", "[0,4]", 4))
        .hasMessageContaining("'a'")
        .hasMessageContaining("'F128'")
        .hasMessageContaining("BF16");
    refused(entry("f32", "[1]", "[0,4]", 4)).hasMessageContaining("unknown dtype 'f32'");
  }

  @Test
  @BadInput(number = 18, value = "scalars and tensors without elements", then = "both are accepted")
  void scalarsAndZeroSizesAreAccepted() throws IOException {
    String header =
        "{\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
            + "\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            + "\"last\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[4,4]}}";
    Path file = SafetensorsFiles.write(folder, SafetensorsFiles.bytes(header, 4));
    try (PointerScope scope = new PointerScope();
        Safetensors source = Safetensors.open(file)) {
      assertThat(source.names()).containsExactly("none", "scalar", "last");
      assertThat(Torch.describe(source.read("scalar"))).isEqualTo("float32 []");
      assertThat(Torch.item(source.read("scalar"))).isZero();
      assertThat(Torch.describe(source.read("none"))).isEqualTo("float32 [3, 0]");
      assertThat(Torch.describe(source.read("last"))).isEqualTo("int64 [0]");
    }
    Path empty = SafetensorsFiles.write(folder, SafetensorsFiles.bytes("{}", 0));
    try (Safetensors source = Safetensors.open(empty)) {
      assertThat(source.names()).isEmpty();
    }
  }

  @Test
  @BadInput(
      number = 19,
      value = "a header of a million nested brackets",
      then = "an error; the stack does not overflow")
  void deeplyNestedJson() throws IOException {
    String deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    refused(SafetensorsFiles.bytes("{\"a\":" + deep + "}", 0)).hasMessageContaining("'a'");
    refused(SafetensorsFiles.bytes("{\"a\":{\"note\":" + deep + "}}", 0))
        .hasMessageContaining("nesting depth");
  }

  @Test
  @BadInput(
      number = 20,
      value = "a metadata value that is not a string",
      then = "an error that names the key")
  void metadataThatIsNotAString() throws IOException {
    refused(SafetensorsFiles.bytes("{\"__metadata__\":{\"epoch\":3}}", 0))
        .hasMessageContaining("'epoch' is not a string");
    refused(SafetensorsFiles.bytes("{\"__metadata__\":{\"epoch\":null}}", 0))
        .hasMessageContaining("'epoch' is not a string");
    refused(SafetensorsFiles.bytes("{\"__metadata__\":\"x\"}", 0))
        .hasMessageContaining("__metadata__ is not an object");
  }

  @Test
  @BadInput(
      number = 21,
      value = "a Git LFS pointer in place of weights",
      then = "an error that advises git lfs pull")
  void aGitLfsPointerInPlaceOfWeights() throws IOException {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) + "\nsize 12\n";
    refused(pointer.getBytes(StandardCharsets.UTF_8)).hasMessageContaining("git lfs pull");
  }

  @Test
  void textBesideJsonIsRefused() throws IOException {
    refused(SafetensorsFiles.bytes(ONE_FLOAT + "x", 4)).hasMessageContaining("not valid JSON");
    refused(SafetensorsFiles.bytes(ONE_FLOAT + "{}", 4)).hasMessageContaining("follows");
    refused(SafetensorsFiles.bytes(ONE_FLOAT.replace(':', ';'), 4))
        .hasMessageContaining("not valid JSON");
  }

  private static byte[] entry(String dtype, String shape, String offsets, int dataBytes) {
    return SafetensorsFiles.bytes(
        String.format(
            "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}", dtype, shape, offsets),
        dataBytes);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(byte[] content)
      throws IOException {
    Path file = SafetensorsFiles.write(folder, content);
    return assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file.toString());
  }
}
