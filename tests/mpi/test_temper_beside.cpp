// What partitions of fix nflow/temper may have in common, and what not: noise, force fields,
// species.

#include "mpi/partitions.h"
#include "plugin/mixed_discs.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::MixedDiscs;

/// Three atoms on springs under a thermostat with these seeds and spring constants.
std::string tethers(const std::string &seeds, const std::string &springs,
                    const std::string &thermostat, const std::string &modify) {
  return "units metal\nboundary f f f\natom_modify map array\n"
         "region r block -40 40 -40 40 -40 40\ncreate_box 1 r\ncreate_atoms 1 single 0 0 0\n"
         "create_atoms 1 single 1 0 0\ncreate_atoms 1 single 0 1 0\nmass 1 40.0\n"
         "pair_style zero 2.0\npair_coeff * *\nneighbor 1.0 nsq\n"
         "variable t world 300 450\nvariable s world " +
         seeds + "\nvariable k world " + springs + "\nfix sp all spring/self $k\n" + modify +
         thermostat + "timestep 0.005\nfix pt all nflow/temper 100 4711 $t\nrun 20000\n";
}
const std::string langevin = "fix nve all nve\nfix lan all langevin $t $t 0.1 $s\n";
const std::string counted = "fix_modify sp energy yes\n";

void expect_error(const std::string &script, const std::string &part) {
  const auto run = tests::run_partitions(script, "2x1", 100);
  EXPECT_NE(run.status, 0) << part;
  EXPECT_NE(run.status, 124) << "hangs: " << part;
  EXPECT_NE(run.text().find(part), std::string::npos) << run.text();
}

TEST(TemperBeside, OneNoiseInAllPartitionsIsFound) {
  expect_error(tethers("4711 4711", "0.5 0.5", langevin, counted), "make the same noise");
  const auto half_steps = tests::run_partitions(tethers("4711 4711", "0.5 0.5",
                                                        "fix lan all langevin $t $t 0.1 $s gjf "
                                                        "vhalf\nfix nve all nve\n",
                                                        counted),
                                                "2x1", 100);
  EXPECT_NE(half_steps.status, 0);
  // In newer LAMMPS that is a fix of its own, which is refused (test_energy_only).
  const auto found = [&half_steps](const char *part) {
    return half_steps.text().find(part) != std::string::npos;
  };
  EXPECT_TRUE(found("make the same noise") ||
              found("GJF integrator formulation in fix langevin has been removed"))
      << half_steps.text();
  const auto run = tests::run_partitions(tethers("4711 4712", "0.5 0.5", langevin, counted), "2x1");
  EXPECT_EQ(run.status, 0) << run.text();
}

TEST(TemperBeside, OtherForceFieldsAreFoundThoughTheyAgreeAtTheStart) {
  expect_error(tethers("4711 4712", "0.5 0.7", langevin, counted), "give all partitions the same "
                                                                   "force field");
}

TEST(TemperBeside, ForcesMustCount) {
  expect_error(tethers("4711 4712", "0.5 0.5", langevin, ""), "say 'fix_modify sp energy yes'");
}

/// Langevin dynamics and swaps of types at both temperatures.
std::string swapped(const std::string &model, int steps) {
  return MixedDiscs::script("variable t world 1.5 0.8\nvariable s world 11 12\n"
                            "velocity all create $t $s loop geom\n"
                            "fix nve all nve\nfix lan all langevin $t $t 0.5 9$s zero no\n"
                            "fix flat all enforce2d\ntimestep 0.02\n"
                            "fix sw all atom/swap 10 5 7$s $t types 1 2 ke yes\n"
                            "fix pt all nflow/temper 20 4711 $t " +
                                model + "\n",
                            "f_pt") +
         "thermo 20\nrun 200\nrun " + std::to_string(steps) + "\n";
}

TEST(TemperBeside, ExchangesOfTypesAreFollowed) {
  MixedDiscs::write_files();
  const double temperatures[] = {MixedDiscs::hot, MixedDiscs::cold};
  for (const std::string model : {"", "model mixed.pt"}) {
    const auto run = tests::run_partitions(swapped(model, 80000), "2x1", 300);
    ASSERT_EQ(run.status, 0) << run.text();
    for (int p = 0; p < 2; p++) {
      const auto exact = MixedDiscs::reference(temperatures[p], 200000);
      for (size_t k = 0; k < exact.size(); k++) {
        tests::expect_same_mean(run.column(p, 1 + k, 20), exact[k],
                                "'" + model + "' partition " + std::to_string(p) + ", observable " +
                                    std::to_string(k));
      }
    }
    EXPECT_GT(run.partitions[0].thermo.back().at(3), 0.05) << "exchanges are accepted";
  }
}

} // namespace
