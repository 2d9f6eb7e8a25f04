// lmp-nflow: the program lmp on a library of LAMMPS that somebody else built. Where that has no
// command `plugin` (the packages of Debian have none) it is given one, and all else is LAMMPS's
// own.

#include "lammps/compat.h"
#include "lammps/host_fit.h"
#include "lammps/plugin_command.h"

#include "input.h"
#include "lammps.h"
#include <mpi.h>

#include <cstdio>

#define LAMMPS_LIB_MPI
#include "library.h"

using namespace LAMMPS_NS;

namespace {

/// Runs the input script of the command line; false after an error, which LAMMPS has told.
bool run_script(LAMMPS *lmp) {
  bool ok = true;
  compat::guarded([&] { lmp->input->file(); },
                  [&](const std::string &, bool of_one_rank) {
                    if (of_one_rank) MPI_Abort(MPI_COMM_WORLD, 1);
                    ok = false;
                  });
  return ok;
}

bool run_lammps(int argc, char **argv) {
  // Not by its constructor, for the size of a LAMMPS is that of the headers only if it fits.
  void *const lmp = lammps_open(argc, argv, MPI_COMM_WORLD, nullptr);
  if (!lmp) return false;
  const auto reason = host_misfit(lmp, "lmp-nflow");
  if (!reason.empty()) {
    if (lammps_extract_setting(lmp, "universe_rank") == 0)
      std::fprintf(stderr, "ERROR: %s\n", reason.c_str());
    return false;
  }
  auto *const lammps = static_cast<LAMMPS *>(lmp);
  add_plugin_command(lammps);
  if (!run_script(lammps)) return false;
  lammps_close(lmp);
  return true;
}

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const bool ok = run_lammps(argc, argv);
  lammps_kokkos_finalize();
  lammps_python_finalize();
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  return ok ? 0 : 1;
}
