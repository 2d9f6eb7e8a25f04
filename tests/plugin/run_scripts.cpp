// run_scripts FIRST END: runs the LAMMPS scripts FIRST.in, .., one after the other in this process,
// and writes what became of each into `outcomes`: its number and "accepted" or LAMMPS's sentence.
// Where the process ends early, the last number of the file is that of the script that did it.
#include "base/error.h"
#include "trainer/energies/lammps_session.h"

#include <cstdlib>
#include <fstream>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  MPI_Init(&argc, &argv);
  std::ofstream outcomes("outcomes", std::ios::app);
  for (long i = std::atol(argv[1]); i < std::atol(argv[2]); i++) {
    outcomes << i << ' ' << std::flush;
    try {
      const nflow::trainer::LammpsSession session(std::to_string(i) + ".in", {});
      outcomes << "accepted" << std::endl;
    } catch (const nflow::Error &error) {
      outcomes << error.what() << std::endl;
    }
  }
  MPI_Finalize();
}
