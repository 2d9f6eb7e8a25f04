# How the build is kept short: less optimisation where it gains nothing, headers that are compiled once, quick links.

# For what runs once (command lines, files of settings) or leaves its work to LibTorch, and for tests: what they test has
# all of it.
set(NFLOW_LIGHT $<$<CONFIG:Release>:-O1>)

# nflow_light(a.cpp b.cpp ..): compiles these files so.
function(nflow_light)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS ${NFLOW_LIGHT})
endfunction()

# Headers that many files include and that take seconds to compile are compiled once for all of them: LibTorch's (10 s
# a file otherwise, half of the build) and GoogleTest's.
option(NFLOW_PCH "Precompile the headers of LibTorch and GoogleTest" ON)

# nflow_precompile(name LIBS nflow_torch .. OPTIONS -D.. HEADERS <torch/script.h> ..): makes such a set of headers, for
# files that are compiled lightly.
function(nflow_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 P "" "" "LIBS;OPTIONS;HEADERS")
  if(NOT NFLOW_PCH)
    return()
  endif()
  file(CONFIGURE OUTPUT ${name}.cpp CONTENT "")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE nflow_options ${P_LIBS})
  target_compile_options(${name} PRIVATE ${NFLOW_LIGHT} ${P_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${P_HEADERS})
endfunction()

# nflow_use_precompiled(target name [ONLY a.cpp ..]): all files of the target, or these alone, see the set first and are
# compiled lightly. Only files that include those headers gain by it: reading a set costs 2 s.
function(nflow_use_precompiled target name)
  cmake_parse_arguments(PARSE_ARGV 2 U "" "" "ONLY")
  if(U_ONLY)
    nflow_light(${U_ONLY})
  else()
    target_compile_options(${target} PRIVATE ${NFLOW_LIGHT})
  endif()
  if(NOT NFLOW_PCH)
    return()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${name})
  # GCC takes a set for files with the same options alone: programs would be compiled with -fPIE. The other option is for ccache.
  target_compile_options(${target} PRIVATE -fPIC $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  if(U_ONLY)
    get_target_property(others ${target} SOURCES)
    list(REMOVE_ITEM others ${U_ONLY})
    set_source_files_properties(${others} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# nflow_link_quickly(target): with gold where there is one, which takes a tenth of the time for LibTorch's symbols. For
# programs that nobody installs.
find_program(NFLOW_GOLD ld.gold)
function(nflow_link_quickly target)
  if(NFLOW_GOLD)
    target_link_options(${target} PRIVATE -fuse-ld=gold)
  endif()
endfunction()
