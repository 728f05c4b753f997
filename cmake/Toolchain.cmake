# SPDX-License-Identifier: Apache-2.0
# Compiler settings shared by every target, and faster tools where present.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
find_program(LLD ld.lld)
if(MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Linked privately by our own targets only: generated code is not ours to warn about.
add_library(itemized_warnings INTERFACE)
target_compile_options(
  itemized_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wsign-conversion
            -Wold-style-cast
            -Wcast-qual
            -Woverloaded-virtual
            -Wnon-virtual-dtor
            -Wformat=2
            -Wundef
            -Wvla
            $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond>
            $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op>
            $<$<CXX_COMPILER_ID:GNU>:-Wsuggest-override>
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> # false positive of GCC 12 at -O3
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
if(ITEMIZED_WERROR)
  target_compile_options(itemized_warnings INTERFACE -Werror)
endif()
