# The KokkosTargets.cmake of Debian sid's package libkokkos-dev 5.2.2-2 wants two libraries that the package has not. This
# describes those it has (OpenMP backend), as LAMMPS expects it.
find_package(OpenMP QUIET REQUIRED COMPONENTS CXX)
find_path(NFLOW_KOKKOS_INCLUDE Kokkos_Core.hpp PATH_SUFFIXES kokkos REQUIRED)
find_library(NFLOW_KOKKOS_CORE NAMES kokkoscore REQUIRED)
find_library(NFLOW_KOKKOS_CONTAINERS NAMES kokkoscontainers REQUIRED)
mark_as_advanced(NFLOW_KOKKOS_INCLUDE NFLOW_KOKKOS_CORE NFLOW_KOKKOS_CONTAINERS)
if(NOT TARGET Kokkos::kokkos)
  add_library(Kokkos::kokkos INTERFACE IMPORTED)
  set_target_properties(Kokkos::kokkos PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${NFLOW_KOKKOS_INCLUDE}"
    INTERFACE_LINK_LIBRARIES "${NFLOW_KOKKOS_CONTAINERS};${NFLOW_KOKKOS_CORE};OpenMP::OpenMP_CXX;dl"
    INTERFACE_COMPILE_FEATURES cxx_std_20)
endif()
set(Kokkos_FOUND TRUE)
