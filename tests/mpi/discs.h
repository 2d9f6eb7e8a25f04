#ifndef NFLOW_TESTS_DISCS_H
#define NFLOW_TESTS_DISCS_H

#include "mpi/partitions.h"
#include "support/many_discs.h"
#include "support/toy_models.h"

namespace nflow::tests {

/// Many discs, three of them moved by Monte Carlo and by the exchange, the rest frozen: these, too,
/// must go along.
inline std::string discs(int partitions, const std::string &keywords) {
  write_toy_model("discs_mc.pt", toy_metadata(3, 2, true), 3.0, 5.0);
  write_toy_model("discs_pt.pt", toy_metadata(3, 2, true), 1.0, 5.0);
  std::vector<double> temperatures;
  std::vector<int> seeds;
  for (int i = 0; i < partitions; i++) {
    temperatures.push_back(0.6 * std::pow(1.3, i));
    seeds.push_back(100 + i);
  }
  std::ostringstream script;
  script << world_variable("t", temperatures) << world_variable("s", seeds) << many_discs()
         << "velocity all create 1.0 ${s} mom no loop geom\n"
            "fix m flow nflow/mc 1 5 99 ${t} discs_mc.pt move independence move latent sigma 0.2\n"
            "fix pt flow nflow/temper 2 31 ${t} log discs.log "
         << keywords
         << "\ncompute k all ke\nthermo_style custom step pe c_k f_m[2] f_pt f_pt[4] f_pt[2] "
            "f_pt[5]\nthermo_modify norm no format float %20.13g\nthermo 20\nrun 120\n";
  return script.str();
}

} // namespace nflow::tests

#endif
