// Linked to the LAMMPS library that CMake was given, says what it was built with: what its headers
// do not tell. Numbers that need a running LAMMPS come last, for not every machine can start one.
#include <cstdio>
#include <initializer_list>
#include <mpi.h>

extern "C" {
int lammps_extract_setting(void *, const char *);
int lammps_config_has_mpi_support();
int lammps_config_has_exceptions();
int lammps_config_has_package(const char *);
void *lammps_open_no_mpi(int, char **, void **);
int lammps_version(void *);
}

int main(int argc, char **argv) {
  for (const char *size : {"tagint", "bigint", "imageint"})
    std::printf("%s=%d\n", size, lammps_extract_setting(nullptr, size));
  std::printf("mpi=%d\n", lammps_config_has_mpi_support() == sizeof(MPI_Comm));
  std::printf("exceptions=%d\n", lammps_config_has_exceptions());
  std::printf("plugin=%d\n", lammps_config_has_package("PLUGIN"));
  std::fflush(stdout);
  MPI_Init(&argc, &argv);
  char name[] = "lammps", log[] = "-log", screen[] = "-screen", none[] = "none";
  char *arguments[] = {name, log, none, screen, none, nullptr};
  std::printf("version=%d\n", lammps_version(lammps_open_no_mpi(5, arguments, nullptr)));
  std::fflush(stdout);
  MPI_Finalize();
}
