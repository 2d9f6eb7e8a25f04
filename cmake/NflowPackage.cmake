# `cpack -G DEB`: a package for those who have Debian's LAMMPS, from a build with that (scripts/setup.sh --apt). Of other
# builds `cpack -G TGZ` packs the installed tree.
set(CPACK_PACKAGE_NAME lammps-nflow)
set(CPACK_PACKAGE_CONTACT "the lammps-nflow authors" CACHE STRING "Maintainer of packages, NAME <ADDRESS>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "normalizing flows for Monte Carlo and replica exchange in LAMMPS")
set(CPACK_PACKAGE_DESCRIPTION "A plugin that drives trained normalizing flows inside LAMMPS, with any of its force
fields: Monte Carlo with whole configurations as proposals, and temperature
exchange through flows, both exact, so that a bad flow costs efficiency and
never correctness; a trainer of such flows; and lmp-nflow, the program lmp of
Debian's LAMMPS with the command 'plugin'.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/cpack_deb.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3-lammps, python3-torch, gnuplot-nox")

# The plugin is for one version of LAMMPS: revisions of Debian's package may change, the version may not. (What it is
# linked to, and since which version, cpack finds.)
set(NFLOW_DEBIAN_LAMMPS "")
if(LAMMPS_LIBRARY)
  get_filename_component(lammps_file "${LAMMPS_LIBRARY}" REALPATH)
  execute_process(COMMAND dpkg-query -S ${lammps_file} OUTPUT_VARIABLE owner ERROR_QUIET)
  if("${owner}" MATCHES "^([a-z0-9.+-]+)[:,]")
    set(owner ${CMAKE_MATCH_1})
    execute_process(COMMAND dpkg-query -W -f "\${source:Upstream-Version}" ${owner} OUTPUT_VARIABLE owned ERROR_QUIET)
    set(NFLOW_DEBIAN_LAMMPS ${owner})
    set(CPACK_DEBIAN_PACKAGE_DEPENDS "lammps, ${owner} (<< ${owned}.0~)")
  endif()
endif()
configure_file(${CMAKE_SOURCE_DIR}/cmake/cpack_deb.cmake.in ${CMAKE_BINARY_DIR}/cpack_deb.cmake @ONLY)
include(CPack)
