# Helpers for the one-target-per-folder layout: a folder's target and its link list are its dependency arrow.

add_library(waihu_build_flags INTERFACE)
target_compile_options(waihu_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  $<$<BOOL:${WAIHU_WERROR}>:-Werror>)
target_include_directories(waihu_build_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(waihu_build_flags INTERFACE
  WAIHU_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED RAPIDJSON_HAS_STDSTRING=1)
if(WAIHU_SANITIZE)
  # CAF's headers bind null references to empty argument tuples on purpose; -fno-sanitize=null is for them.
  target_compile_options(waihu_build_flags INTERFACE
    -fsanitize=${WAIHU_SANITIZE} -fno-sanitize=null -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  if(NOT WAIHU_SANITIZE_ALL)
    # Asked at every use of a member, they are a third of g++'s time; what lies beyond an object AddressSanitizer sees, too.
    target_compile_options(waihu_build_flags INTERFACE -fno-sanitize=alignment,object-size)
  endif()
  target_link_options(waihu_build_flags INTERFACE -fsanitize=${WAIHU_SANITIZE})
endif()
if(WAIHU_COVERAGE)
  target_compile_options(waihu_build_flags INTERFACE --coverage)
  target_link_options(waihu_build_flags INTERFACE --coverage)
endif()

if(WAIHU_FUZZ)
  # clang 14 cannot compile coroutines with the function-type check of UBSan.
  target_compile_options(waihu_build_flags INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize=function
    -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/fuzz/sanitizer_ignores.txt)
endif()

# waihu_library(<folder> SOURCES ... LINKS ...): static library waihu_<folder>, alias waihu::<folder>.
function(waihu_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(waihu_${name} STATIC ${arg_SOURCES})
  add_library(waihu::${name} ALIAS waihu_${name})
  target_link_libraries(waihu_${name} PUBLIC waihu_build_flags ${arg_LINKS})
endfunction()

# waihu_unoptimised(<target>...): where the development build waits for sockets rather than for the processor. Templates of
# Boost.Beast and CAF compile a third quicker so.
function(waihu_unoptimised)
  if(WAIHU_SANITIZE AND NOT WAIHU_FUZZ)
    foreach(target ${ARGN})
      target_compile_options(${target} PRIVATE -O0)
    endforeach()
  endif()
endfunction()

# waihu_precompile(<target> <header>...): headers that most sources of the target read anyway are parsed once. What a
# source includes does not change: without WAIHU_PCH it is built as written.
function(waihu_precompile target)
  if(WAIHU_PCH)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# waihu_batches(<target> <sources per batch>): with WAIHU_UNITY, so many sources are compiled as one, which parses their headers
# and makes their templates once. It asks that no two sources of the target name different things alike in an unnamed
# namespace; what a source includes does not change.
function(waihu_batches target size)
  if(WAIHU_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
    # Within a batch g++ takes a source for a header, in which unnamed types would differ from source to source.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# waihu_test(<name> SOURCES ... LINKS ... [TIMEOUT s] [COST s] [SHARDS n] [LABELS ...]
# [PRECOMPILE ...] [BATCHES n] [OPTIMISED]): a GoogleTest program, one CTest entry;
# with SHARDS several that run its tests between them at the same time, <name>_1 and so on.
function(waihu_test name)
  cmake_parse_arguments(arg "OPTIMISED" "TIMEOUT;COST;SHARDS;BATCHES" "SOURCES;LINKS;LABELS;PRECOMPILE" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  if(NOT arg_OPTIMISED)
    waihu_unoptimised(${name})
  endif()
  target_link_libraries(${name} PRIVATE waihu_build_flags ${arg_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  list(LENGTH arg_SOURCES sources)
  if(arg_PRECOMPILE)
    waihu_precompile(${name} ${arg_PRECOMPILE})
  elseif(sources GREATER 3)
    waihu_precompile(${name} <gtest/gtest.h>)
  endif()
  if(arg_BATCHES)
    waihu_batches(${name} ${arg_BATCHES})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_COST)
    set(arg_COST 1)
  endif()
  set(entries ${name})
  if(arg_SHARDS)
    set(entries "")
    foreach(number RANGE 1 ${arg_SHARDS})
      list(APPEND entries ${name}_${number})
    endforeach()
  endif()
  set(shard 0)
  foreach(entry IN LISTS entries)
    add_test(NAME ${entry} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${entry} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_COST} LABELS "${arg_LABELS}")
    if(arg_SHARDS)
      set_tests_properties(${entry} PROPERTIES
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${shard}")
    endif()
    math(EXPR shard "${shard} + 1")
  endforeach()
endfunction()

# waihu_embed(<target> HEADER h FILES ...): compiles files into a target of http/; h declares how they are found.
function(waihu_embed target)
  cmake_parse_arguments(arg "" "HEADER" "FILES" ${ARGN})
  set(files "")
  foreach(file ${arg_FILES})
    list(APPEND files ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()
  list(JOIN files "|" joined)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DHEADER=${arg_HEADER} "-DFILES=${joined}" -P ${script}
    DEPENDS ${files} ${script} VERBATIM COMMENT "Embedding files into ${target}")
  target_sources(${target} PRIVATE ${output})
endfunction()
