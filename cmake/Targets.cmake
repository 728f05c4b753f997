# SPDX-License-Identifier: Apache-2.0
# Three kinds of target, so that a CMakeLists.txt says only what differs.
#
#   itemized_library(NAME name SOURCES a.cc b.cc DEPS x y)
#   itemized_test(NAME name SOURCES a_test.cc DEPS x y)       one CTest test per TEST()
#   itemized_benchmark(NAME name SOURCES a_bench.cc DEPS x y)
#
# A file that belongs into a program becomes a source file of it:
#
#   itemized_embed_text(INPUT a.json OUTPUT a_json.cc HEADER x/a_json.h NAMESPACE n NAME kAJson)
#
# Every include is written from the root of the repository.

function(itemized_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${ARG_NAME} PUBLIC ${ARG_DEPS} PRIVATE itemized_warnings)
endfunction()

function(itemized_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main
                                            itemized_warnings)
  gtest_discover_tests(${ARG_NAME} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
endfunction()

function(itemized_benchmark)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} benchmark::benchmark_main
                                            itemized_warnings)
endfunction()

set(ITEMIZED_EMBED_TEXT ${CMAKE_CURRENT_LIST_DIR}/EmbedText.cmake)
function(itemized_embed_text)
  cmake_parse_arguments(ARG "" "INPUT;OUTPUT;HEADER;NAMESPACE;NAME" "" ${ARGN})
  add_custom_command(
    OUTPUT ${ARG_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${ARG_INPUT} -DOUTPUT=${ARG_OUTPUT} -DHEADER=${ARG_HEADER}
            -DNAMESPACE=${ARG_NAMESPACE} -DNAME=${ARG_NAME} -P ${ITEMIZED_EMBED_TEXT}
    DEPENDS ${ARG_INPUT} ${ITEMIZED_EMBED_TEXT}
    VERBATIM)
endfunction()
