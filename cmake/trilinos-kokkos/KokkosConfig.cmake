# Debian 12's KokkosConfig.cmake points at an include folder that does not exist. This one describes
# the same library (libtrilinos-kokkos-dev 13.2: Kokkos 3.4.01, Serial backend) as LAMMPS expects it.
find_path(NFLOW_KOKKOS_INCLUDE Kokkos_Core.hpp PATH_SUFFIXES trilinos REQUIRED)
find_library(NFLOW_KOKKOS_CORE NAMES trilinos_kokkoscore REQUIRED)
find_library(NFLOW_KOKKOS_CONTAINERS NAMES trilinos_kokkoscontainers REQUIRED)
mark_as_advanced(NFLOW_KOKKOS_INCLUDE NFLOW_KOKKOS_CORE NFLOW_KOKKOS_CONTAINERS)
if(NOT TARGET Kokkos::kokkos)
  add_library(Kokkos::kokkos INTERFACE IMPORTED)
  # Without the compile feature LAMMPS compiles as C++11, in which Kokkos fails.
  set_target_properties(Kokkos::kokkos PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${NFLOW_KOKKOS_INCLUDE}"
    INTERFACE_LINK_LIBRARIES "${NFLOW_KOKKOS_CONTAINERS};${NFLOW_KOKKOS_CORE};dl"
    INTERFACE_COMPILE_FEATURES cxx_std_17)
endif()
set(Kokkos_FOUND TRUE)
