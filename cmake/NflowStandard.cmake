# The C++ standard: 17, or that of LibTorch's headers or of LAMMPS, whichever is the newest.

# nflow_needs_standard(20 "LibTorch 2.14"): raises it, unless the user has asked for an older one.
macro(nflow_needs_standard standard who)
  if(NOT CMAKE_CXX_STANDARD)
    set(CMAKE_CXX_STANDARD ${standard})
  elseif(${standard} GREATER CMAKE_CXX_STANDARD)
    if(DEFINED CACHE{CMAKE_CXX_STANDARD})
      message(FATAL_ERROR "${who} needs C++${standard}, and -DCMAKE_CXX_STANDARD=${CMAKE_CXX_STANDARD} is older: leave that "
        "option out, or give ${standard}.")
    endif()
    message(STATUS "C++ standard: ${standard}, as ${who} needs it")
    set(CMAKE_CXX_STANDARD ${standard})
  endif()
endmacro()

# nflow_standard_of_torch(result): what LibTorch's headers ask the compiler for.
function(nflow_standard_of_torch result)
  set(lines "")
  foreach(folder ${TORCH_INCLUDE_DIRS})
    foreach(header ${folder}/torch/all.h ${folder}/torch/csrc/api/include/torch/all.h)
      if(NOT lines AND EXISTS ${header})
        file(STRINGS ${header} lines REGEX "__cplusplus < 20[0-9]+L")
      endif()
    endforeach()
  endforeach()
  set(${result} 17 PARENT_SCOPE)
  if("${lines}" MATCHES "__cplusplus < 202002L")
    set(${result} 20 PARENT_SCOPE)
  elseif("${lines}" MATCHES "__cplusplus < 202302L")
    set(${result} 23 PARENT_SCOPE)
  endif()
endfunction()

# nflow_standard_of_build(binary result): with which a build tree of LAMMPS compiles. Its cache alone does not tell: with a
# newer Kokkos LAMMPS raises what stands there.
function(nflow_standard_of_build binary result)
  set(${result} 17 PARENT_SCOPE)
  foreach(file build.ninja CMakeFiles/lammps.dir/flags.make)
    if(EXISTS ${binary}/${file})
      file(STRINGS ${binary}/${file} line REGEX "-std=(c|gnu)[+][+][0-9]" LIMIT_COUNT 1)
      string(REGEX MATCH "-std=(c|gnu)[+][+](2[0-9a-z])" matched "${line}")
      if(matched)
        string(REPLACE "a" "0" standard "${CMAKE_MATCH_2}") # 2a and 2b were 20 and 23
        string(REPLACE "b" "3" standard "${standard}")
        set(${result} ${standard} PARENT_SCOPE)
      endif()
    endif()
  endforeach()
endfunction()
