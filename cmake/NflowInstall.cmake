# What `cmake --install` puts where, but for the programs and libraries, which say so themselves: a tree that can be moved.
# Scripts and pages keep the folders that they have here, so that what they say of each other holds.
include(GNUInstallDirs)

# The plugin and the operators: nobody links to them. The programs find them from wherever the tree is.
set(NFLOW_INSTALL_LIBDIR ${CMAKE_INSTALL_LIBDIR}/lammps-nflow)
file(RELATIVE_PATH from_programs ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/lammps-nflow)
set(NFLOW_LIBRARY_RPATH "$ORIGIN" ${CMAKE_INSTALL_RPATH})
set(CMAKE_INSTALL_RPATH "$ORIGIN/${from_programs}" ${CMAKE_INSTALL_RPATH})

set(NFLOW_INSTALL_DATADIR ${CMAKE_INSTALL_DATADIR}/lammps-nflow)
install(FILES README.md CHANGELOG.md CITATION.cff LICENSE DESTINATION ${NFLOW_INSTALL_DATADIR})
# Where Debian has the licences of its packages.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
# Without what runs have left there.
install(DIRECTORY docs examples potentials python DESTINATION ${NFLOW_INSTALL_DATADIR}
  REGEX "/(log\\.|__pycache__|.*\\.(dump|dump\\.gz|csv|log)$)" EXCLUDE)
set(NFLOW_EXAMPLES ${NFLOW_INSTALL_DATADIR}/examples)
configure_file(${CMAKE_SOURCE_DIR}/cmake/installed_examples.cmake.in ${CMAKE_BINARY_DIR}/installed_examples.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/installed_examples.cmake)
