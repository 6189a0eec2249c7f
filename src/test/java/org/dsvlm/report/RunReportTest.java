/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  private static final int MANY_STEPS = 30_000;
  private static final long MOST_BYTES = 2_000_000;
  private static final Pattern SVG = Pattern.compile("(?s)<svg.*?</svg>");
  private static final Pattern ADDRESS =
      Pattern.compile("(?:src|href|url)\\s*[=(]\\s*\"?([^\")\\s]*)");

  private static final String REST =
      ",\"learning_rate\":0.001,\"grad_norm\":1.5,\"samples_per_second\":2.0,"
          + "\"resident_bytes\":1000,\"grad_norm_connector\":1.5,\"router_text\":0.5,"
          + "\"router_low\":0.5,\"router\":{\"down.0.0\":[0.25,0.75],\"mid.0\":[0.75,0.25]}}\n";

  @TempDir private Path folder;

  /** A run that has no more than its recipe and these metrics. */
  private Path run(String metrics) throws IOException {
    Path run = folder.resolve("written");
    RunFolder.create(run, RecipeReader.resolve(TinyRun.RECIPE, List.of())).close();
    Files.writeString(run.resolve("metrics.jsonl"), metrics);
    return run;
  }

  private static String row(long step, String loss) {
    String losses = "\"loss_language\":" + loss + ",\"loss\":" + loss;
    return "{\"step\":" + step + ",\"stage\":1," + losses + REST;
  }

  private static String page(Path run) throws IOException {
    assertThat(RunReport.write(run)).isEqualTo(run.resolve("report.html"));
    String page = Files.readString(run.resolve("report.html"));
    needsNothingElse(page);
    assertThat(page).doesNotContain("NaN", "Infinity", "null,\"");
    return page;
  }

  private static void needsNothingElse(String page) {
    assertThat(page).doesNotContain("http:", "https:", "//cdn", "@import");
    Matcher addresses = ADDRESS.matcher(page);
    while (addresses.find()) {
      assertThat(addresses.group(1)).matches("data:image/.*|#plot");
    }
  }

  /** Charts have to be well-formed: a browser repairs what is not, each in its own way. */
  private static int charts(String page) {
    int charts = 0;
    Matcher pictures = SVG.matcher(page);
    while (pictures.find()) {
      byte[] xml = pictures.group().getBytes(StandardCharsets.UTF_8);
      try {
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(xml));
      } catch (Exception e) {
        throw new AssertionError(pictures.group(), e);
      }
      charts++;
    }
    return charts - 1; // the first holds what they have in common
  }

  @Test
  void tellsOfAGpusMemoryWhereThereIsOne() throws IOException {
    String held = "\"device_peak_bytes\":3221225472,\"grad_norm\"";
    assertThat(page(run(row(1, "2.5") + row(2, "2.5").replace("\"grad_norm\"", held))))
        .contains("<dt>GPU memory at most</dt><dd>3 GiB</dd>");
    Files.writeString(folder.resolve("written/metrics.jsonl"), row(1, "2.5"));
    assertThat(page(folder.resolve("written"))).doesNotContain("GPU memory");
  }

  @Test
  void tellsAllOfAFinishedRun() throws IOException {
    Path run = new TinyRun(folder).train("run", "tensorboard.pictures_every_steps=2");
    Files.writeString(
        run.resolve("bad_records_stage2.jsonl"),
        "{\"id\":\"r<1>\",\"index\":7,\"reason\":\"no picture <script>x & y\"}\n"
            + "{\"id\":\"r2\",\"index\":\"<script>x\",\"reason\":\"\"}\n"
            + "{\"id\":\"r3\",\"index\":3,\"warning\":\"image '<b>': damaged\"}\n");
    String page = page(run);
    assertThat(page)
        .contains("Finished after 6 steps.")
        .contains("language loss", "reconstruction loss", "the autoencoder's fit")
        .contains("connector, supervision, language model")
        .contains(">step</text>")
        .contains("up.1.1", "alt=\"noise\"", "alt=\"original\"", "alt=\"step 5\"")
        .contains("the last good one")
        .contains("r&lt;1&gt;", "no picture &lt;script&gt;x &amp; y", "<td>&lt;script&gt;x</td>")
        .contains("3 records", "used all the same: image '&lt;b&gt;': damaged")
        .doesNotContain("<script>x")
        .contains("libtorch 2.")
        .contains("<code>stage1.max_steps</code>", "micro_batch_size: 2");
    assertThat(page)
        .contains("Does the supervision teach?", "Condition use by timestep, %")
        .contains("vision encoder reconstruction", "routers' mean weight")
        .contains("step 5: original, autoencoder, t = ");
    assertThat(charts(page)).isEqualTo(12);
  }

  /** The files of a run may come from anyone. */
  @Test
  @BadInput(
      number = 93,
      value = "markup in whatever the files of a run say",
      then = "the report shows it as text")
  void whateverARunsFilesSayIsText() throws IOException {
    String markup = "<script>x</script>";
    Path run = folder.resolve("written");
    RunFolder.create(run, RecipeReader.resolve(TinyRun.RECIPE, List.of("data.stage1=" + markup)))
        .close();
    String metrics = row(1, "2.5") + row(2, "2.5");
    for (String key : List.of("grad_norm_connector", "router_text", "down.0.0", "loss_language")) {
      metrics = metrics.replace("\"" + key + "\"", "\"" + key + markup + "\"");
    }
    metrics = metrics.replace(",\"stage\"", ",\"probe\":{\"" + markup + "\":0.5},\"stage\"");
    Files.writeString(run.resolve("metrics.jsonl"), metrics);
    Files.writeString(
        run.resolve("bad_records_stage1.jsonl"),
        "{'id':'M','index':'M','reason':'M'}\n{'id':'M','index':'M','warning':'M'}\n"
            .replace('\'', '"')
            .replace("M", markup));
    Files.writeString(
        run.resolve("sessions.jsonl"),
        "{'time':'2026-01-02T03:04:05Z','event':'started','stage':1,'system':{'M':'M'}}\n"
            .replace('\'', '"')
            .replace("M", markup));
    Files.writeString(
        run.resolve("evaluation.json"),
        "{'accuracy':1,'by_category':{'M':{'accuracy':1}}}"
            .replace('\'', '"')
            .replace("M", markup));
    Path strip = Files.createDirectories(run.resolve("film_strip/picture-" + "<script>x"));
    Files.writeString(strip.resolve("original.png"), "none");
    assertThat(page(run)).doesNotContain("<script>x").contains("&lt;script&gt;x&lt;/script&gt;");
  }

  @Test
  void aRunThatDoesWithoutTheFeaturesSaysSo() throws IOException {
    String idle = page(run(row(1, "2.5").replace("}}\n", "},\"condition_use\":0.004}\n")));
    assertThat(idle).contains("condition use stays at 0.40 %", "Does the supervision teach?");
    assertThat(RunReport.lastWords(folder.resolve("written")))
        .hasSize(2)
        .first()
        .isEqualTo("condition use 0.40 %");
  }

  @Test
  void withoutSupervisionNothingOfItIsShown() throws IOException {
    String page = page(new TinyRun(folder).train("run", "supervision.enabled=false"));
    assertThat(page)
        .contains("language loss")
        .doesNotContain("reconstruction loss", "Router weights", "From noise to picture");
    assertThat(charts(page)).isEqualTo(5);
  }

  @Test
  void aSingleStepIsADot() throws IOException {
    String page = page(run(row(1, "2.5")));
    assertThat(page).contains("Not finished: 1 step is done").contains("class=\"dots c1\"");
    assertThat(charts(page)).isEqualTo(6);
  }

  @Test
  void aRunWithoutAStepHasAPage() throws IOException {
    String page = page(run(""));
    assertThat(page).contains("No step of stages 1 and 2 is done yet", "Configuration");
    assertThat(charts(page)).isZero();
  }

  @Test
  void skippedStepsAreListedAndTheCheckpointBeforeThemIsNamed() throws IOException {
    Path run =
        run(row(1, "2.5") + row(2, "null") + row(3, "2.25") + row(4, "null") + row(5, "null"));
    for (int step = 1; step <= 3; step++) {
      Files.createDirectories(run.resolve("checkpoints/step-" + step));
    }
    String page = page(run);
    assertThat(page)
        .contains("3 skipped steps", "<th scope=\"row\">step 4</th><td>1</td><td>not finite</td>")
        .contains("The last step was skipped")
        .containsPattern("<th scope=\"row\">step-2</th>[^\\n]*the last good one");
    assertThat(page.split("class=\"skipped\"")).as("marks of six charts").hasSize(1 + 6 * 3);
  }

  @Test
  void manyStepsMakeASmallPage() throws IOException {
    StringBuilder metrics = new StringBuilder();
    for (int step = 1; step <= MANY_STEPS; step++) {
      metrics.append(row(step, Double.toString(2 + Math.sin(step))));
    }
    String page = page(run(metrics.append("{\"step\":30001,\"sta").toString()));
    assertThat(page.length()).isLessThan((int) MOST_BYTES);
    assertThat(page).contains("30\u202f000 steps are done");
    assertThat(page).as("lowest and highest of each stretch").contains("class=\"band c1\"");
    charts(page);
  }

  /** The process that writes may be killed, or be in the midst of it. */
  @Test
  void halfALineIsPassedOver() throws IOException {
    Path run = run(row(1, "2.5") + "{\"step\":2,\"st");
    Files.writeString(run.resolve("bad_records_stage1.jsonl"), "{\"id\":\"r1\"}\n{\"id\":\"r");
    Files.writeString(
        run.resolve("sessions.jsonl"),
        "{\"time\":\"2026-01-02T{\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"started\"}\n"
            + "{\"time\":\"2026-01\",\"event\":\"started\"}\n"
            + "{\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"started\",\"stage\":1,\"total\":9}\n");
    assertThat(page(run))
        .contains("1 of at least 9 step is done", "<caption>1 record<", "2026-01-02 03:04:05 UTC")
        .containsOnlyOnce("not ended: failed, killed or at work");
  }

  @Test
  void aBrokenLineCostsOneStep() throws IOException {
    Path run = run(row(1, "2.5") + "{\"step\":\n" + row(3, "2.5"));
    assertThat(page(run)).isNotEmpty();
  }

  @Test
  void aFolderWithoutARunIsRefused() {
    assertThatThrownBy(() -> RunReport.write(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("holds no run: recipe.yaml is missing");
  }

  /** A process that is killed leaves half a line, or half a character. */
  @Test
  void linesOfSessionsThatAreNotSoundArePassedOver() throws IOException {
    Path run = run(row(1, "2.5"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("{\"time\":\"2026-01-02T03:".getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(new byte[] {(byte) 0xe2, (byte) 0x82, '\n'});
    bytes.writeBytes(
        "{\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"started\",\"stage\":1}\n"
            .getBytes(StandardCharsets.UTF_8));
    Files.write(run.resolve("sessions.jsonl"), bytes.toByteArray());
    assertThat(page(run))
        .contains("2026-01-02 03:04:05 UTC", "not ended: failed, killed or at work");
  }
}
