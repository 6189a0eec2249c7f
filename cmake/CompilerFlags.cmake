# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
#
# How our own C++ is compiled.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Language and options of one library. The standard is set per target: CUDA targets would inherit
# CMAKE_CXX_STANDARD, and CMake 3.25 then refuses C++20 for nvcc.
function(dsvlm_compile_options target)
  set_target_properties(
    ${target}
    PROPERTIES CXX_STANDARD 20
               CXX_STANDARD_REQUIRED ON
               CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               OUTPUT_NAME ${target}-${DSVLM_VERSION}
               # The JVM has loaded LibTorch already; names resolve against it, never against a path.
               SKIP_BUILD_RPATH ON
               BUILD_WITH_INSTALL_RPATH ON
               INSTALL_RPATH "$ORIGIN")
  target_compile_options(${target} PRIVATE -O3 -march=x86-64-v2 -fopenmp -Wall -Wextra
                                           -Wno-unused-parameter)
  # No one looks at errno or at the exceptions' flags; without them loops over vectors can have square
  # roots and choices. No value changes.
  target_compile_options(${target} PRIVATE -fno-math-errno -fno-trapping-math)
  # The same library from any folder: failed checks name files below ours and LibTorch's own.
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=native/
                                           -ffile-prefix-map=${DSVLM_LIBTORCH_INCLUDE}/=libtorch/)
  # libtorch_cpu.so wants libopenblas.so.0, which lies in another JAR.
  target_link_options(${target} PRIVATE -Wl,--allow-shlib-undefined -Wl,-z,defs -s)
endfunction()

# Files named *_avx2.cpp and *_avx512.cpp may use those instructions; their callers ask the CPU first.
function(dsvlm_vector_flags)
  foreach(source IN LISTS ARGN)
    if(source MATCHES "_avx2\\.cpp$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -march=x86-64-v3)
    elseif(source MATCHES "_avx512\\.cpp$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -march=x86-64-v4)
    endif()
  endforeach()
endfunction()
