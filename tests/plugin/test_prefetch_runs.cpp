// fix nflow/mc with attempts that share calls of the flow goes where it goes one by one, to the
// bit: on one rank and two, with and without Kokkos, beside dynamics, with a temperature that
// changes, and from restarts in the middle of a batch.

#include "plugin/soft_discs.h"
#include "support/kokkos.h"
#include "support/many_discs.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace {

using namespace nflow;
using tests::on_kokkos;
using tests::SoftDiscs;

const std::string counts = "f_m f_m[1] f_m[2] f_m[3] f_m[4] f_m[5] f_m[6] ";

struct Run {
  std::vector<std::vector<double>> thermo;
  std::string dump;
  double accepts = 0.0;
};

/// The script, and then the positions to the last bit.
Run run(const std::string &script, int ranks = 1, const std::string &extra = "") {
  const std::string file = "prefetch.dump";
  std::remove(file.c_str());
  const auto result =
      tests::run_lammps(script + "write_dump all custom " + file +
                            " id x y z ix iy vx vy modify sort id format float %.17g\nprint "
                            "\"VALUE accepts $(f_m[2])\"\n",
                        ranks, extra);
  EXPECT_EQ(result.status, 0) << result.output;
  std::ifstream in(file);
  return {result.thermo, {std::istreambuf_iterator<char>(in), {}}, result.values()["accepts"]};
}

/// The place of PREFETCH in a script is that of the keyword.
std::string with(std::string script, const std::string &depth) {
  const std::string place = "PREFETCH";
  return script.replace(script.find(place), place.size(), "prefetch " + depth);
}

void compare(const std::string &script, int ranks = 1, const std::string &extra = "",
             const std::vector<std::string> &depths = {"auto"}) {
  const auto one = run(with(script, "1"), ranks, extra);
  EXPECT_GT(one.dump.size(), 200u);
  ASSERT_GT(one.thermo.size(), 1u);
  EXPECT_GT(one.accepts, 5.0);
  for (const auto &depth : depths) {
    SCOPED_TRACE(depth);
    const auto many = run(with(script, depth), ranks, extra);
    EXPECT_EQ(many.dump, one.dump);
    EXPECT_EQ(many.thermo, one.thermo);
  }
}

/// Three discs are moved by a broad flow with momenta, the rest are frozen.
std::string environment(const std::string &every, const std::string &rest) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0);
  return tests::many_discs() + "fix m flow nflow/mc " + every + " anywhere.pt " + rest +
         "\nthermo_style custom step pe f_m " + counts +
         "\nthermo_modify norm no format float %20.17g\nthermo 20\nrun 200\n";
}

const std::string moves = "move independence move latent sigma 0.2 move multitry 3 move pcn 0.1 "
                          "batch 32 PREFETCH";

TEST(PrefetchRuns, GoWhereTheyGoOneByOne) {
  compare(environment("1 7 99 1.0", moves), 1, "", {"auto", "16"});
  compare(environment("1 7 99 1.0", moves), 2);
}

TEST(PrefetchRuns, WithKokkos) {
  if (!tests::lammps_has_kokkos()) GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  for (const int ranks : {1, 2}) compare(environment("1 7 99 1.0", moves), ranks, on_kokkos);
}

TEST(PrefetchRuns, OfALiquid) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 500);
  const auto script = [](const std::string &rest, const std::string &every) {
    return SoftDiscs::script(rest + "fix m all nflow/mc " + every +
                                 " 1234 0.8 liquid.pt move mapped reservoir hot.dump move "
                                 "excursion steps 3 timestep 0.15 local 2 move excursion steps 3 "
                                 "timestep 0.15 PREFETCH\n",
                             "f_m " + counts) +
           "thermo 10\nrun 100\n";
  };
  compare(script("", "1 3"));
  compare(script("velocity all create 0.8 5 mom no\nfix n all nve\nfix two all enforce2d\n"
                 "timestep 0.02\n",
                 "4 5"));
}

TEST(PrefetchRuns, WhileTheTemperatureChanges) {
  compare("variable t equal ramp(1.0,0.8)\n" + environment("1 3 99 v_t", moves));
}

/// What comes out of this flow depends on the other points of a batch, and so does the trajectory
/// unless a restart makes the batch again in which it was.
TEST(PrefetchRuns, RestartInTheMiddleOfABatch) {
  tests::write_toy_model("rounding.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0,
                         tests::Lie::rounding);
  const std::string fix = "fix m flow nflow/mc 1 2 99 1.0 rounding.pt move latent sigma 0.4 "
                          "prefetch 32\nthermo_style custom step pe " +
                          counts + "\nthermo_modify norm no\nthermo 10\n";
  constexpr int restarts = 4, between = 5; // steps
  const auto steps = [](int count) { return "run " + std::to_string(count) + "\n"; };
  const auto file = [](int i) { return "prefetch" + std::to_string(i) + ".restart\n"; };
  std::string script = tests::many_discs() + fix + steps(100);
  for (int i = 0; i < restarts; i++) script += "write_restart " + file(i) + steps(between);
  const auto whole = run(script);
  EXPECT_GT(whole.accepts, 5.0);
  for (int i = 0; i < restarts; i++) {
    const auto again = run("read_restart " + file(i) +
                           "pair_style soft 1.5\npair_coeff * * 3.0\nneighbor 0.3 bin\n"
                           "fix tether flow spring/self 0.2\nfix_modify tether energy yes\n" +
                           fix + steps(between * (restarts - i)));
    EXPECT_EQ(again.dump, whole.dump) << i;
    EXPECT_EQ(again.accepts, whole.accepts) << i;
  }
}

/// Where fix nflow/energy is all there is, energies of a batch are found together; with a pair
/// style beside it, even one that does nothing, one by one. In the middle of a batch the potential
/// becomes another one.
TEST(EnergiesOfABatch, AreThoseOfOneByOne) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2, true), 1.0, 1.0);
  tests::write_harmonic_energy("soft.pt", 3, 2, 1.1);
  tests::write_harmonic_energy("hard.pt", 3, 2, 8.0);
  const auto script = [](const std::string &pair) {
    return "units lj\ndimension 2\natom_modify map array\nboundary f f p\n"
           "region r block -4 4 -4 4 -0.5 0.5\ncreate_box 1 r\ncreate_atoms 1 single 1 0 0\n"
           "create_atoms 1 single 0 2 0\ncreate_atoms 1 single -1 -1 0\nmass 1 1\n" +
           pair +
           "comm_modify cutoff 2.0\nfix e all nflow/energy soft.pt\nfix_modify e energy yes\n"
           "fix m all nflow/mc 1 7 99 1.0 anywhere.pt move independence move latent sigma 0.3 "
           "move multitry 3 batch 256 prefetch 8\n"
           "thermo_style custom step pe f_m[1] f_m[2]\n"
           "thermo_modify norm no format float %20.17g\nthermo 1\nrun 21\n"
           "unfix e\nfix e all nflow/energy hard.pt\nfix_modify e energy yes\nrun 20\n";
  };
  for (const int ranks : {1, 2}) {
    const auto together = run(script("pair_style none\n"), ranks);
    const auto apart = run(script("pair_style zero 1.0\npair_coeff * *\n"), ranks);
    EXPECT_GT(together.accepts, 20.0);
    EXPECT_EQ(together.accepts, apart.accepts);
    EXPECT_EQ(together.dump, apart.dump);
    ASSERT_EQ(together.thermo.size(), apart.thermo.size());
    for (size_t i = 0; i < apart.thermo.size(); i++)
      for (size_t k = 0; k < apart.thermo[i].size(); k++)
        EXPECT_NEAR(together.thermo[i][k], apart.thermo[i][k], 1e-12) << i << " " << k;
  }
}

} // namespace
