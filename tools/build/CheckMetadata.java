/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Checks effective POMs for what Maven Central demands of every published one
 * (https://central.sonatype.org/publish/requirements/). Run by tools/check-metadata.
 *
 * <pre>java tools/build/CheckMetadata.java EFFECTIVE_POM…</pre>
 */
final class CheckMetadata {
  private static final XPath XPATH = XPathFactory.newInstance().newXPath();

  private static final List<String> DEMANDED =
      List.of(
          "groupId",
          "artifactId",
          "version",
          "name",
          "description",
          "url",
          "licenses/license/name",
          "licenses/license/url",
          "developers/developer/name",
          "developers/developer/organization",
          "scm/connection",
          "scm/developerConnection",
          "scm/url");

  /** Plugins that attach what Central demands beside a JAR. */
  private static final Map<String, String> ATTACHED =
      Map.of("maven-source-plugin", "jar-no-fork", "maven-javadoc-plugin", "jar");

  private final Node project;
  private final List<String> faults = new ArrayList<>();

  private CheckMetadata(Node project) {
    this.project = project;
  }

  public static void main(String[] files) throws Exception {
    boolean sound = files.length > 0;
    Map<String, String> managed = new TreeMap<>();
    Map<String, String> used = new TreeMap<>();
    for (String file : files) {
      Node document =
          DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File(file));
      NodeList projects = nodes(document, "//project");
      for (int i = 0; i < projects.getLength(); i++) {
        CheckMetadata check = new CheckMetadata(projects.item(i));
        check.check();
        String name = check.text("artifactId") + " " + check.text("version");
        check.faults.forEach(fault -> System.err.println(name + ": " + fault));
        sound &= check.faults.isEmpty();
        System.out.println(
            name
                + ": "
                + DEMANDED.size()
                + " elements, "
                + check.count("dependencies/dependency")
                + " dependencies, "
                + check.count("dependencyManagement/dependencies/dependency")
                + " managed"
                + (check.text("url").contains(".invalid") ? "; its url awaits the publisher" : ""));
        check.versions("dependencyManagement/dependencies/dependency", managed);
        check.versions("dependencies/dependency", used);
      }
    }
    for (Map.Entry<String, String> entry : used.entrySet()) {
      String version = managed.get(entry.getKey());
      if (version != null && !version.equals(entry.getValue())) {
        System.err.println(
            entry.getKey() + ": the BOM says " + version + ", the library " + entry.getValue());
        sound = false;
      }
    }
    System.exit(sound ? 0 : 1);
  }

  private void check() throws Exception {
    for (String element : DEMANDED) {
      if (text(element).isBlank()) {
        faults.add("has no " + element);
      }
    }
    NodeList dependencies = nodes(project, ".//dependency");
    String own = text("groupId");
    for (int i = 0; i < dependencies.getLength(); i++) {
      String version = text(dependencies.item(i), "version");
      if (version.endsWith("SNAPSHOT") && !text(dependencies.item(i), "groupId").equals(own)) {
        faults.add("depends on " + text(dependencies.item(i), "artifactId") + " " + version);
      }
    }
    NodeList repositories = nodes(project, "repositories/repository[id != 'central']");
    if (repositories.getLength() > 0) {
      faults.add("names repositories, which Central refuses");
    }
    if (!text("packaging").equals("pom")) {
      for (Map.Entry<String, String> plugin : ATTACHED.entrySet()) {
        String goals =
            "build/plugins/plugin[artifactId='"
                + plugin.getKey()
                + "']/executions/execution/goals/goal[.='"
                + plugin.getValue()
                + "']";
        if (nodes(project, goals).getLength() == 0) {
          faults.add("does not run " + plugin.getKey() + ":" + plugin.getValue());
        }
      }
    }
  }

  private void versions(String path, Map<String, String> into) throws Exception {
    NodeList dependencies = nodes(project, path);
    for (int i = 0; i < dependencies.getLength(); i++) {
      Node one = dependencies.item(i);
      into.put(
          text(one, "groupId") + ":" + text(one, "artifactId") + ":" + text(one, "classifier"),
          text(one, "version"));
    }
  }

  private int count(String path) throws Exception {
    return nodes(project, path).getLength();
  }

  private String text(String path) throws Exception {
    return text(project, path);
  }

  private static String text(Node node, String path) throws Exception {
    return XPATH.evaluate(path, node).strip();
  }

  private static NodeList nodes(Node node, String path) throws Exception {
    return (NodeList) XPATH.evaluate(path, node, XPathConstants.NODESET);
  }
}
