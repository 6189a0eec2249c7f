# Copyright 2026 The DS-VLM for the JVM Authors
# SPDX-License-Identifier: Apache-2.0
#
# The CPU kernels, once for each instruction set; their callers ask the CPU first (native/kernels/cpu/isa.h).
set(DSVLM_ISAS baseline avx2 avx512)
set(DSVLM_ISA_LEVELS x86-64-v2 x86-64-v3 x86-64-v4)

# dsvlm_add_cpu_kernels(<target> <native folder> <option>...): adds to <target> every file of kernels/cpu, compiled
# for each instruction set with these options.
function(dsvlm_add_cpu_kernels target native)
  file(GLOB kernels CONFIGURE_DEPENDS ${native}/kernels/cpu/*.cpp)
  # The choice among them is made once.
  list(REMOVE_ITEM kernels ${native}/kernels/cpu/isa.cpp)
  target_sources(${target} PRIVATE ${native}/kernels/cpu/isa.cpp)
  set_source_files_properties(${native}/kernels/cpu/isa.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  foreach(isa level IN ZIP_LISTS DSVLM_ISAS DSVLM_ISA_LEVELS)
    set(objects ${target}_${isa})
    add_library(${objects} OBJECT ${kernels})
    target_include_directories(${objects} PRIVATE ${native})
    target_compile_definitions(${objects} PRIVATE DSVLM_ISA=${isa})
    if(isa STREQUAL "baseline")
      target_compile_definitions(${objects} PRIVATE DSVLM_DISPATCHER)
    endif()
    set_target_properties(
      ${objects}
      PROPERTIES CXX_STANDARD 20
                 CXX_STANDARD_REQUIRED ON
                 CXX_EXTENSIONS OFF
                 CXX_VISIBILITY_PRESET hidden
                 VISIBILITY_INLINES_HIDDEN ON
                 POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${objects} PRIVATE ${ARGN} -march=${level})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
