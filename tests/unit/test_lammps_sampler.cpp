// Samples that the trainer draws with LAMMPS's dynamics: mean energies against exact values and
// against a run of the program lmp; what it refuses; that it leaves no trace.

#include "estimators/autocorrelation.h"
#include "lammps_case.h"
#include "support/run_lammps.h"
#include "trainer/energies/lammps_sampler.h"

#include <cmath>

namespace {

using namespace nflow;
using tests::write_script;
using trainer::LammpsSampler;
using trainer::LammpsSystem;
using trainer::SampleOptions;

/// 16 atoms on springs, without pairs: <U> = 24 k_B T.
std::string springs(const std::string &more = "") {
  return "units lj\natom_modify map array\nlattice sc 1.0\nregion r block 0 4 0 2 0 2\n"
         "create_box 1 r\ncreate_atoms 1 box\nmass 1 2.0\npair_style zero 1.0\npair_coeff * *\n"
         "fix s all spring/self 10.0\nfix_modify s energy yes\ntimestep 0.02\n" +
         more;
}

SampleOptions options_at(double temperature, int64_t frames) {
  SampleOptions options;
  options.temperature = temperature;
  options.frames = frames;
  options.seed = 11;
  return options;
}

double z_score(const trainer::SampleSet &set, double mean, double error) {
  return (set.mean_energy - mean) / std::hypot(set.energy_error, error);
}

TEST(Sampler, SpringsHaveTheirMeanEnergy) {
  LammpsSystem lammps(write_script("in.springs", springs()), {});
  const auto set = LammpsSampler(lammps).sample(options_at(0.7, 1500));
  EXPECT_LT(std::fabs(z_score(set, 24.0 * 0.7, 0.0)), 4.0) << set.mean_energy;
  EXPECT_GT(set.energy_error, 0.0);
  EXPECT_LT(set.energy_error, 0.3);
  EXPECT_EQ(set.samples.count(), 1500);
  EXPECT_EQ(set.samples.n_atoms, 16);
  EXPECT_EQ(set.samples.dim, 3);
  EXPECT_EQ(set.samples.ids, lammps.ids());
  // The frames are what their energies say.
  std::vector<double> energies(1500);
  lammps.evaluate(1500, set.samples.x.data(), energies.data(), nullptr);
  for (int i = 0; i < 1500; i++) EXPECT_NEAR(energies[i], set.energies[i], 1e-9);
  // And independent.
  EXPECT_LT(estimators::mean_with_error(set.energies).tau, 2.5);
}

TEST(Sampler, LiquidAgreesWithARunOfLmp) {
  const auto script = tests::liquid_script_2d();
  LammpsSystem lammps(write_script("in.liquid", script), {});
  const auto set = LammpsSampler(lammps).sample(options_at(1.2, 600));
  const auto run = tests::run_lammps(
      script + "velocity all create 2.4 99\nfix n all nvt temp 1.2 1.2 0.5\nfix p all enforce2d\n"
               "thermo_style custom step pe\nthermo_modify norm no\nrun 10000\nthermo 20\n"
               "run 200000\n");
  ASSERT_EQ(run.status, 0) << run.output;
  std::vector<double> energies;
  for (size_t i = 3; i < run.thermo.size(); i++) energies.push_back(run.thermo[i].at(1));
  const auto plain = estimators::mean_with_error(energies);
  EXPECT_GT(plain.effective_samples, 100.0);
  EXPECT_LT(std::fabs(z_score(set, plain.mean, plain.error)), 4.0)
      << set.mean_energy << " +- " << set.energy_error << " against " << plain.mean << " +- "
      << plain.error;
  EXPECT_LT(set.energy_error, 0.02 * std::fabs(plain.mean));
  for (size_t i = 0; i < set.energies.size(); i++) EXPECT_TRUE(std::isfinite(set.energies[i]));
}

TEST(Sampler, SeedAndRankDecideAndNothingElse) {
  const auto frames = [](uint32_t seed, uint32_t rank) {
    LammpsSystem lammps(write_script("in.springs", springs()), {});
    auto options = options_at(1.0, 3);
    options.seed = seed;
    options.rank = rank;
    return LammpsSampler(lammps).sample(options).samples.x;
  };
  const auto first = frames(5, 0);
  EXPECT_EQ(first, frames(5, 0));
  EXPECT_NE(first, frames(5, 1));
  EXPECT_NE(first, frames(6, 0));
}

TEST(Sampler, LeavesNoTrace) {
  LammpsSystem lammps(write_script("in.liquid", tests::liquid_script_2d()), {});
  const auto before = lammps.positions();
  const auto x = tests::shaken(before, 0.05, 3);
  std::vector<double> forces(x.size()), later(x.size());
  double energy = 0.0, after = 0.0;
  lammps.evaluate(1, x.data(), &energy, forces.data());
  lammps.evaluate(1, before.data(), &after, nullptr); // back to where it was
  LammpsSampler sampler(lammps);
  sampler.sample(options_at(1.5, 3));
  EXPECT_EQ(lammps.positions(), before);
  lammps.evaluate(1, x.data(), &after, later.data());
  EXPECT_NEAR(after, energy, 1e-11 * std::fabs(energy));
  for (size_t i = 0; i < x.size(); i++) EXPECT_NEAR(later[i], forces[i], 1e-9);
  EXPECT_TRUE(lammps.has_pair_law());
  EXPECT_EQ(sampler.sample(options_at(1.0, 2)).samples.count(), 2); // and once more
}

TEST(Sampler, CoolsFromAHotStart) {
  LammpsSystem lammps(write_script("in.springs", springs()), {});
  auto options = options_at(0.1, 600);
  options.start_temperature = 2.0;
  options.cooling_steps = 2000;
  const auto set = LammpsSampler(lammps).sample(options);
  EXPECT_LT(std::fabs(z_score(set, 2.4, 0.0)), 4.0) << set.mean_energy;
  EXPECT_GE(set.equilibration_steps, 2 * options.first_window + options.cooling_steps);
}

TEST(Sampler, TellsHowFarItIsAndStopsWithWhatThereIs) {
  auto options = options_at(1.0, 50);
  LammpsSystem another(write_script("in.springs", springs()), {});
  const auto whole = LammpsSampler(another).sample(options);
  LammpsSystem lammps("in.springs", {});
  const auto before = lammps.positions();
  EXPECT_FALSE(whole.stopped);
  int64_t frames = 0, steps = 0, calls = 0;
  options.progress = [&](const trainer::SamplingProgress &p) {
    calls++;
    EXPECT_LE(p.done, p.wanted);
    (p.equilibrated ? frames : steps) = p.equilibrated ? p.done : p.steps;
    if (p.equilibrated) {
      EXPECT_EQ(p.wanted, 50);
    }
  };
  options.stop = [&] { return frames == 7; };
  const auto part = LammpsSampler(lammps).sample(options);
  EXPECT_TRUE(part.stopped);
  EXPECT_EQ(part.samples.count(), 7);
  EXPECT_EQ(steps, whole.equilibration_steps);
  EXPECT_EQ(calls, steps / 1000 + 7);
  // The frames that it would have had, and LAMMPS as it was.
  const std::vector<double> first(whole.samples.x.begin(),
                                  whole.samples.x.begin() + part.samples.x.size());
  EXPECT_EQ(part.samples.x, first);
  EXPECT_EQ(lammps.positions(), before);
  options.stop = [] { return true; };
  const auto nothing = LammpsSampler(lammps).sample(options);
  EXPECT_TRUE(nothing.stopped && nothing.samples.x.empty());
}

TEST(Sampler, RefusesWhatItCannotSample) {
  const auto of = [](const std::string &script, const SampleOptions &options) {
    return tests::refusal([&] {
      LammpsSystem lammps(write_script("in.refused", script), {});
      LammpsSampler(lammps).sample(options);
    });
  };
  const auto good = options_at(1.0, 1);
  EXPECT_NE(of(springs("fix i all nve\n"), good).find("fix nve"), std::string::npos);
  EXPECT_NE(of(springs("fix t all langevin 1 1 1 1\n"), good).find("fix langevin"),
            std::string::npos);
  EXPECT_NE(of(springs(), options_at(0.0, 1)), "");
  EXPECT_NE(of(springs(), options_at(1.0, 0)), "");
  auto cold = good;
  cold.start_temperature = 0.5;
  EXPECT_NE(of(springs(), cold), "");
  auto short_of_steps = good;
  short_of_steps.first_window = 100;
  short_of_steps.most_steps = 200;
  EXPECT_NE(of(springs(), short_of_steps).find("not at equilibrium"), std::string::npos);
  EXPECT_NE(of(springs("timestep 10\n"), good), ""); // unstable: LAMMPS or the check of the energy
}

TEST(Sampler, TheSystemSurvivesAFailure) {
  LammpsSystem lammps(write_script("in.springs", springs()), {});
  const auto before = lammps.positions();
  auto options = options_at(1.0, 1);
  options.first_window = 100;
  options.most_steps = 200;
  EXPECT_NE(tests::refusal([&] { LammpsSampler(lammps).sample(options); }), "");
  EXPECT_EQ(lammps.positions(), before);
  EXPECT_EQ(LammpsSampler(lammps).sample(options_at(1.0, 2)).samples.count(), 2);
}

} // namespace
