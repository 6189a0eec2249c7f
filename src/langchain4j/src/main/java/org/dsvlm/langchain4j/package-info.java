/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Models of this library as chat models of LangChain4j. What LangChain4j offers and these models do
 * not is refused by its name.
 */
package org.dsvlm.langchain4j;
