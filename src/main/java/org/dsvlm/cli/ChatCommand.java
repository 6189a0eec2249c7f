/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.language.ConversationTemplate;
import org.dsvlm.language.GenerationSettings;
import org.dsvlm.language.StreamedText;
import org.dsvlm.language.Tokenizer;
import org.dsvlm.language.Turn;
import org.dsvlm.llava.ExportCheck;
import org.dsvlm.llava.ImageTokens;
import org.dsvlm.llava.Llava;
import org.dsvlm.llava.LlavaCheckpoint;
import org.dsvlm.llava.LlavaLora;
import org.dsvlm.llava.LlavaPictures;
import org.dsvlm.nn.Lora;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.vision.ImageProcessor;
import org.dsvlm.vision.Picture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers one prompt. */
@Command(
    name = "chat",
    description = "Answers a prompt, about a picture if one is given.",
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Folder of a LLaVA, or of a finished run.")
  private Path model;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT folder of a LoRA adapter to answer with.")
  private Path adapter;

  @Option(names = "--image", paramLabel = "FILE", description = "The picture.")
  private Path image;

  @Option(
      names = "--pad-to-square",
      negatable = true,
      description =
          "Pads the picture to a square before it is resized, or not. Default: what the model's"
              + " folder says.")
  private Boolean padToSquare;

  @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "The question.")
  private String prompt;

  @Mixin private SamplingOptions sampling;

  @Option(
      names = "--template",
      paramLabel = "NAME",
      defaultValue = "vicuna_v1",
      description =
          "Conversation template that the model was trained on. Default: ${DEFAULT-VALUE}.")
  private String template;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "float32",
      description = "Type to compute in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Mixin private DeviceOption device;

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description =
          "Also writes ids, pixels, logits and likeliest tokens to a safetensors file, for"
              + " benchmarks/peers/check_export.py and check_adapter.py.")
  private Path check;

  @Override
  public Integer call() {
    sampling.check();
    if (check != null && image == null) {
      throw new ParameterException(spec.commandLine(), "--check needs --image");
    }
    Path folder = ModelArgument.folder(model);
    Picture picture = image == null ? null : Picture.read(image);
    ScalarType type = DTypes.parse(dtype);
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        LlavaCheckpoint checkpoint = LlavaCheckpoint.openMapped(folder, type, device.device());
        Lora lora = adapter == null ? null : LlavaLora.read(adapter, checkpoint.parameters());
        Tokenizer tokenizer = Tokenizer.open(folder)) {
      answer(checkpoint, tokenizer, folder, picture, type);
    }
    return 0;
  }

  private void answer(
      LlavaCheckpoint checkpoint,
      Tokenizer tokenizer,
      Path folder,
      Picture picture,
      ScalarType type) {
    Llava llava = checkpoint.model();
    long[] ids = ids(checkpoint, tokenizer, picture != null);
    Tensor pixelValues = null;
    if (picture != null) {
      ImageProcessor processor = LlavaPictures.read(folder);
      if (padToSquare != null) {
        processor = processor.paddedToSquare(padToSquare);
      }
      pixelValues =
          processor.pixelValues(picture).unsqueeze(0).to(llava.languageModel().device(), type);
    }
    GenerationSettings settings = sampling.settings(folder);
    if (check != null) {
      ExportCheck.write(check, llava, ids, pixelValues, settings.maxNewTokens());
    }
    AnswerPrinter printer = new AnswerPrinter(spec.commandLine().getOut());
    StreamedText text =
        new StreamedText(tokenizer, settings.stopTokens(), (record, piece) -> printer.print(piece));
    llava.generate(
        List.of(ids), pixelValues == null ? null : llava.encode(pixelValues), settings, text);
    text.finish();
    printer.end();
  }

  private long[] ids(LlavaCheckpoint checkpoint, Tokenizer tokenizer, boolean withPicture) {
    ConversationTemplate conversation = ConversationTemplate.named(template);
    String question =
        withPicture && !prompt.contains(ConversationTemplate.IMAGE)
            ? ConversationTemplate.IMAGE + "\n" + prompt
            : prompt;
    String text = conversation.generationPrompt(List.of(Turn.human(question)));
    return ImageTokens.expand(
        conversation.tokenize(text, tokenizer),
        ConversationTemplate.IMAGE_MARKER,
        checkpoint.config().imageToken(),
        checkpoint.config().imageTokens());
  }
}
