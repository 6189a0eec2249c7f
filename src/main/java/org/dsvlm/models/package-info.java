/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The interface of a family of models ({@link org.dsvlm.models.ModelFamily}), and the registry that
 * finds the families on the class path ({@link org.dsvlm.models.Families}). Each package below this
 * one holds the networks of one kind.
 */
@NullMarked
package org.dsvlm.models;

import org.jspecify.annotations.NullMarked;
