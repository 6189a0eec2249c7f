# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
#
# Where LibTorch comes from. Headers and libraries are two places: the JARs that the Java side runs on
# hold the libraries and no header, the Python wheel of the same version holds the headers.
# What we build must link the JAR's libraries, since those are what the JVM has loaded.
set(DSVLM_LIBTORCH_INCLUDE "" CACHE PATH "LibTorch's include folder (tools/fetch-headers prints it)")
set(DSVLM_LIBTORCH_LIB "" CACHE PATH "Folder with the JAR's libtorch_cpu.so, libc10.so, libgomp.so.1")

if(NOT EXISTS ${DSVLM_LIBTORCH_INCLUDE}/ATen/core/Tensor.h)
  message(FATAL_ERROR "DSVLM_LIBTORCH_INCLUDE: no ATen/core/Tensor.h below '${DSVLM_LIBTORCH_INCLUDE}'")
endif()

# dsvlm_import_libtorch(<target> <library>...): an interface target over files of the JAR.
function(dsvlm_import_libtorch target)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  foreach(name IN LISTS ARGN)
    set(file ${DSVLM_LIBTORCH_LIB}/${name})
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "DSVLM_LIBTORCH_LIB: '${file}' is missing")
    endif()
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES ${file})
  endforeach()
endfunction()

add_library(libtorch_headers INTERFACE)
target_include_directories(
  libtorch_headers SYSTEM INTERFACE ${DSVLM_LIBTORCH_INCLUDE}
                                    ${DSVLM_LIBTORCH_INCLUDE}/torch/csrc/api/include)
# The JAR's libraries export the C++11 ABI.
target_compile_definitions(libtorch_headers INTERFACE _GLIBCXX_USE_CXX11_ABI=1
                                                      AT_PER_OPERATOR_HEADERS)

if(NOT DSVLM_CUDA STREQUAL "compile")
  dsvlm_import_libtorch(libtorch::cpu libtorch_cpu.so libc10.so)
  set_property(TARGET libtorch::cpu APPEND PROPERTY INTERFACE_LINK_LIBRARIES libtorch_headers)
  # By file, so that the one OpenMP run time that LibTorch has loaded serves us too.
  dsvlm_import_libtorch(libtorch::gomp libgomp.so.1)
endif()
