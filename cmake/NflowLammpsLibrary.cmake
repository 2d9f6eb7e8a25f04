# A LAMMPS of which there is the library alone, a package of the system, say: what it was built with
# is asked of the library itself.

# nflow_ask_lammps(library source version_number): sets lammps_sizes, lammps_exceptions and lammps_plugin (whether it
# has the command `plugin`) of the library and stops where it does not fit.
function(nflow_ask_lammps library source version)
  if(NOT EXISTS "${library}")
    message(FATAL_ERROR "LAMMPS_LIBRARY=${library} does not exist: give the file, such as "
      "/usr/lib/x86_64-linux-gnu/liblammps.so.0 of Debian's package 'lammps'.")
  endif()
  unset(lammps_probe_ran CACHE) # another library may be there by now
  try_run(lammps_probe_ran lammps_probe_built ${CMAKE_BINARY_DIR}/lammps_probe ${CMAKE_SOURCE_DIR}/cmake/lammps_probe.cpp
    LINK_LIBRARIES ${library} MPI::MPI_CXX COMPILE_OUTPUT_VARIABLE build_log RUN_OUTPUT_VARIABLE said)
  if(NOT lammps_probe_built)
    message(FATAL_ERROR "No program could be linked to LAMMPS_LIBRARY=${library}: it must be a shared library of LAMMPS "
      "29 Sep 2021 or newer.\n${build_log}")
  endif()
  foreach(what tagint bigint imageint mpi exceptions plugin version)
    set(of_${what} "")
    if("${said}" MATCHES "(^|\n)${what}=([0-9]+)")
      set(of_${what} ${CMAKE_MATCH_2})
    endif()
  endforeach()
  if(of_plugin STREQUAL "")
    message(FATAL_ERROR "LAMMPS_LIBRARY=${library} did not say what it was built with: a program that asked it ended "
      "with '${lammps_probe_ran}'.\n${said}")
  endif()
  if(NOT of_mpi)
    message(FATAL_ERROR "LAMMPS_LIBRARY=${library} was built without MPI, or with another than ${MPI_CXX_COMPILER}: "
      "they must use the same.")
  endif()
  if(of_version STREQUAL "")
    message(WARNING "LAMMPS_LIBRARY=${library} could not be started here, so its version was not compared with that of "
      "${source}: the plugin and the programs compare it when they run.")
  elseif(NOT of_version EQUAL version)
    message(FATAL_ERROR "LAMMPS_LIBRARY=${library} is version ${of_version}, but LAMMPS_SOURCE_DIR=${source} has the "
      "headers of version ${version}: give the source of the library's version.")
  endif()
  set(sizes_484 SMALLBIG)
  set(sizes_888 BIGBIG)
  set(sizes_444 SMALLSMALL)
  set(lammps_sizes "${sizes_${of_tagint}${of_bigint}${of_imageint}}" PARENT_SCOPE)
  set(lammps_exceptions ${of_exceptions} PARENT_SCOPE)
  set(lammps_plugin ${of_plugin} PARENT_SCOPE)
endfunction()
