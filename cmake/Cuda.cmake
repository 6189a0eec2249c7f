# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
#
# The CUDA kernels. Machine code of sm_80 also runs on sm_86, 87 and 89; the PTX of 90 is for what is newer than all.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90 100-real 120-real)
endif()
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  # CMake 3.25 has no C++20 entry for nvcc.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()

# The wheel of the CPU build lacks this one generated header.
set(DSVLM_CUDA_SHIM ${CMAKE_BINARY_DIR}/cuda_shim)
file(CONFIGURE OUTPUT ${DSVLM_CUDA_SHIM}/c10/cuda/impl/cuda_cmake_macros.h
     CONTENT "#pragma once\n#define C10_CUDA_BUILD_SHARED_LIBS\n")

# dsvlm_add_cuda_library(<target> <source>...): with DSVLM_CUDA=compile objects that nobody links.
function(dsvlm_add_cuda_library target)
  if(DSVLM_CUDA STREQUAL "compile")
    add_library(${target} OBJECT ${ARGN})
  else()
    add_library(${target} SHARED ${ARGN})
    dsvlm_import_libtorch(libtorch::cuda libtorch_cuda.so libc10_cuda.so)
    target_link_libraries(${target} PRIVATE dsvlm_ops libtorch::cpu libtorch::cuda)
    # Kept although unused by name: their registrations must be loaded before ours.
    target_link_options(${target} PRIVATE -Wl,--no-as-needed -Wl,--allow-shlib-undefined -Wl,-z,defs
                        -s)
  endif()
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/ops
                                               ${CMAKE_SOURCE_DIR}/kernels)
  target_include_directories(${target} SYSTEM BEFORE
                             PRIVATE ${DSVLM_CUDA_SHIM} ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
  target_link_libraries(${target} PRIVATE libtorch_headers)
  target_compile_definitions(${target} PRIVATE USE_CUDA)
  target_compile_options(
    ${target}
    PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;--expt-extended-lambda;-Xcompiler=-fvisibility=hidden,-Wall,-Wextra,-Wno-unused-parameter>"
            "$<$<COMPILE_LANGUAGE:CXX>:-fvisibility=hidden;-Wall;-Wextra;-Wno-unused-parameter>"
            # A register that does not fit and goes to memory ends the build.
            "$<$<COMPILE_LANGUAGE:CUDA>:-Xptxas=--warn-on-spills,--warning-as-error>")
  set_target_properties(
    ${target}
    PROPERTIES CUDA_RUNTIME_LIBRARY Shared
               CUDA_STANDARD 20
               CUDA_STANDARD_REQUIRED ON
               CXX_STANDARD 20
               CXX_STANDARD_REQUIRED ON
               CXX_EXTENSIONS OFF
               POSITION_INDEPENDENT_CODE ON
               OUTPUT_NAME ${target}-${DSVLM_VERSION}
               SKIP_BUILD_RPATH ON
               BUILD_WITH_INSTALL_RPATH ON
               INSTALL_RPATH "$ORIGIN")
endfunction()
