#ifndef NFLOW_TESTS_DISCS_H
#define NFLOW_TESTS_DISCS_H

#include "base/random.h"
#include "mpi/partitions.h"
#include "support/toy_models.h"

namespace nflow::tests {

/// 40 soft discs in a periodic box, three of them moved by Monte Carlo and by the exchange, the
/// rest frozen: these, too, must go along.
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
  script << world_variable("t", temperatures) << world_variable("s", seeds)
         << "units lj\ndimension 2\natom_modify map array\nregion r block 0 10 0 10 -0.5 0.5\n"
            "create_box 1 r\n";
  RandomStream random(4711, 0, 0, Purpose::sample);
  for (int i = 0; i < 40; i++) {
    const double x = 10.0 * random.uniform(), y = 10.0 * random.uniform();
    script << "create_atoms 1 single " << x << ' ' << y << " 0\n";
  }
  script << "mass 1 1.0\npair_style soft 1.5\npair_coeff * * 3.0\nneighbor 0.3 bin\n"
            "group flow id 5 17 33\nfix tether flow spring/self 0.2\nfix_modify tether energy yes\n"
            "velocity all create 1.0 ${s} mom no loop geom\n"
            "fix m flow nflow/mc 1 5 99 ${t} discs_mc.pt move independence move latent sigma 0.2\n"
            "fix pt flow nflow/temper 2 31 ${t} log discs.log "
         << keywords
         << "\ncompute k all ke\nthermo_style custom step pe c_k f_m[2] f_pt f_pt[4] f_pt[2] "
            "f_pt[5]\nthermo_modify norm no format float %20.13g\nthermo 20\nrun 120\n";
  return script.str();
}

} // namespace nflow::tests

#endif
