# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
#
# How our own C++ is compiled.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(DSVLM_CXX_OPTIONS
    -O3 -fopenmp -Wall -Wextra -Wno-unused-parameter
    # No one looks at errno or at the exceptions' flags; without them loops over vectors can have square
    # roots and choices. No value changes.
    -fno-math-errno -fno-trapping-math
    # The same library from any folder: failed checks name files below ours and LibTorch's own.
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=native/ -ffile-prefix-map=${DSVLM_LIBTORCH_INCLUDE}/=libtorch/)

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
  target_compile_options(${target} PRIVATE ${DSVLM_CXX_OPTIONS} -march=x86-64-v2)
  # libtorch_cpu.so wants libopenblas.so.0, which lies in another JAR.
  target_link_options(${target} PRIVATE -Wl,--allow-shlib-undefined -Wl,-z,defs -s)
endfunction()
