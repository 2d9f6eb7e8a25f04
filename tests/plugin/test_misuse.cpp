// Every misuse of the fixes gives an error with one clear sentence: never a crash, a hang or a
// biased run.

#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;

class Misuse : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    tests::write_toy_model("model.pt", tests::toy_metadata(3, 2));
    tests::write_toy_model("lie.pt", tests::toy_metadata(3, 2), 1.0, 0.0, tests::Lie::log_det);
    auto metadata = tests::toy_metadata(3, 2);
    metadata.units = "real";
    tests::write_toy_model("real.pt", metadata);
    metadata = tests::toy_metadata(3, 3);
    tests::write_toy_model("three.pt", metadata);
    metadata = tests::toy_metadata(3, 2);
    metadata.types = std::vector<int>{1, 2, 1};
    tests::write_toy_model("types.pt", metadata);
    metadata = tests::toy_metadata(3, 2);
    metadata.periodic = true;
    metadata.box = std::vector<double>{10.0, 10.5};
    tests::write_toy_model("box.pt", metadata);
    metadata = tests::toy_metadata(3, 2);
    metadata.prior = Prior::boltzmann;
    metadata.temperature_pairs = {{1.0, 0.5}};
    tests::write_toy_model("boltzmann.pt", metadata);
    tests::write_harmonic_energy("energy.pt", 3, 2, 1.0);
    tests::write_harmonic_energy("wrong_energy.pt", 3, 2, 1.0, true);
    tests::write_harmonic_energy("four.pt", 4, 2, 1.0);
  }

  /// Three atoms in two dimensions in a periodic box of length 10.
  static std::string system() {
    return "units lj\ndimension 2\nregion r block 0 10 0 10 -0.5 0.5\ncreate_box 1 r\n"
           "create_atoms 1 single 1 1 0\ncreate_atoms 1 single 5 5 0\ncreate_atoms 1 single 8 2 "
           "0\nmass 1 1.0\n"
           "pair_style zero 2.0\npair_coeff * *\nfix e all nflow/energy energy.pt\nfix_modify e "
           "energy yes\n";
  }

  static void expect_error(const std::string &script, const std::string &part) {
    const auto run = tests::run_lammps(script);
    EXPECT_NE(run.status, 0) << script;
    EXPECT_NE(run.error().find(part), std::string::npos)
        << "wanted: " << part << "\ngot: " << run.error()
        << "\nfor: " << script.substr(script.rfind("fix m"));
  }
  static void expect_mc_error(const std::string &arguments, const std::string &part,
                              const std::string &rest = "run 1\n") {
    expect_error(system() + "fix m all nflow/mc " + arguments + "\n" + rest, part);
  }
};

TEST_F(Misuse, AHealthyScriptRuns) {
  const auto run = tests::run_lammps(
      system() + "fix m all nflow/mc 1 10 11 1.0 model.pt move latent sigma 0.1 "
                 "weight 2 move pcn 0.5 move multitry 3 move independence batch 8 "
                 "velocity redraw device cpu\nrun 5\n");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.error(), "");
}

/// A flow that is not defined where a simulation has come to, or at what it proposes, stops no run:
/// moves are rejected there, and the end tells of how many points.
TEST_F(Misuse, OutsideItsDomainAFlowIsRejected) {
  tests::write_toy_model("domain.pt", tests::toy_metadata(3, 2), 1.0, 0.0, tests::Lie::domain);
  const std::string told =
      "fix nflow/mc: model file 'domain.pt': the flow gave NaN or infinity at ";
  const auto run = tests::run_lammps(
      system() + "fix m all nflow/mc 1 10 11 1.0 domain.pt move independence batch 512 move latent "
                 "sigma 1.5\nvariable a equal f_m[2]\nvariable n equal f_m[6]\nrun 20\n"
                 "print \"VALUE outside $a\"\nprint \"VALUE told $n\"\n"
                 "set atom * x 1.0 y 1.0 image 0 0 0\nrun 30\nprint \"VALUE inside $a\"\n");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_NE(run.output.find(told), std::string::npos) << run.output;
  auto values = run.values();
  EXPECT_EQ(values["outside"], 0.0);
  EXPECT_EQ(values["told"], 200.0);
  EXPECT_GT(values["inside"], 50.0);
  const auto within =
      tests::run_lammps(system() + "set atom * x 1.0 y 1.0\n"
                                   "fix m all nflow/mc 1 10 11 1.0 model.pt\nrun 5\n");
  EXPECT_EQ(within.output.find("outside its domain"), std::string::npos);
}

TEST_F(Misuse, Numbers) {
  expect_mc_error("1 10 11 1.0", "the form is");
  expect_mc_error("0 10 11 1.0 model.pt", "N, the steps between calls");
  expect_mc_error("1 -1 11 1.0 model.pt", "M, the attempts a call");
  expect_mc_error("1 10 0 1.0 model.pt", "seed must be positive");
  expect_mc_error("1 10 11 0.0 model.pt", "temperature T must be positive");
  expect_mc_error("1 10 11 -1 model.pt", "temperature T must be positive");
  expect_mc_error("one 10 11 1.0 model.pt", "");
}

TEST_F(Misuse, TemperatureVariable) {
  expect_mc_error("1 10 11 v_none model.pt", "'none' for the temperature does not exist");
  expect_error(system() + "variable t atom x\nfix m all nflow/mc 1 10 11 v_t model.pt\nrun 1\n",
               "must be an equal-style variable");
  expect_error(system() + "variable t equal -1\nfix m all nflow/mc 1 10 11 v_t model.pt\nrun 1\n",
               "is not positive");
}

TEST_F(Misuse, Keywords) {
  expect_mc_error("1 10 11 1.0 model.pt bananas 3", "keyword 'bananas' is not known");
  expect_mc_error("1 10 11 1.0 model.pt batch", "needs a value");
  expect_mc_error("1 10 11 1.0 model.pt batch 0", "batch must be from 1");
  expect_mc_error("1 10 11 1.0 model.pt prefetch", "needs a value");
  expect_mc_error("1 10 11 1.0 model.pt prefetch 0", "prefetch must be auto, or attempts from 1");
  expect_mc_error("1 10 11 1.0 model.pt prefetch 1000001", "prefetch must be auto, or attempts");
  expect_mc_error("1 10 11 1.0 model.pt prefetch much", "'much'");
  expect_mc_error("1 10 11 1.0 model.pt velocity perhaps", "velocity must be keep or redraw");
  expect_mc_error("1 10 11 1.0 model.pt device tpu", "device 'tpu' is not known");
  expect_mc_error("1 10 11 1.0 model.pt move", "move needs a kind");
  expect_mc_error("1 10 11 1.0 model.pt move jump", "move 'jump' is not known");
  expect_mc_error("1 10 11 1.0 model.pt move multitry", "K of move multitry is missing");
  expect_mc_error("1 10 11 1.0 model.pt move multitry 1", "K of at least 2");
  expect_mc_error("1 10 11 1.0 model.pt move latent sigma", "sigma of move latent is missing");
  expect_mc_error("1 10 11 1.0 model.pt move latent sigma -1",
                  "sigma of move latent must be positive");
  expect_mc_error("1 10 11 1.0 model.pt move pcn 1.5", "s of move pcn must be in (0, 1]");
  expect_mc_error("1 10 11 1.0 model.pt move independence weight 0",
                  "weight of a move must be positive");
}

TEST_F(Misuse, ModelFiles) {
  expect_mc_error("1 10 11 1.0 missing.pt", "cannot open model file 'missing.pt'");
  expect_mc_error("1 10 11 1.0 in.test0", "not a TorchScript archive");
  expect_mc_error("1 10 11 1.0 energy.pt", "\"format\"");
  expect_mc_error("1 10 11 1.0 lie.pt", "log_det");
  expect_mc_error("1 10 11 1.0 real.pt", "units real");
  expect_mc_error("1 10 11 1.0 three.pt", "dimension 2");
  expect_mc_error("1 10 11 1.0 types.pt", "atom type 2");
  expect_mc_error("1 10 11 1.0 box.pt", "box length");
  expect_mc_error("1 10 11 1.0 boltzmann.pt", "boltzmann prior");
}

TEST_F(Misuse, Systems) {
  expect_error(system() + "group two id 1 2\nfix m two nflow/mc 1 10 11 1.0 model.pt\nrun 1\n",
               "the group has 2");
  expect_error("units lj\ndimension 2\nregion r prism 0 10 0 10 -0.5 0.5 1 0 0\ncreate_box 1 r\n"
               "create_atoms 1 random 3 7 NULL\nmass 1 1\npair_style zero 2.0\npair_coeff * *\n"
               "fix m all nflow/mc 1 10 11 1.0 model.pt\nrun 1\n",
               "triclinic");
  expect_error(
      "atom_modify id no\n" + system() + "fix m all nflow/mc 1 10 11 1.0 model.pt\nrun 1\n", "");
  expect_mc_error("1 10 11 1.0 model.pt", "run_style verlet", "run_style respa 2 2\nrun 1\n");
  expect_mc_error("1 10 11 1.0 model.pt", "shrink-wrapped",
                  "change_box all boundary s p p\nrun 1\n");
  expect_mc_error("1 10 11 1.0 model.pt", "fixed box", "fix n all deform 1 x scale 2\nrun 1\n");
  expect_mc_error("1 10 11 1.0 model.pt", "has not the atoms",
                  "run 2 pre no\ngroup last id 3\nfix d last evaporate 1 1 r 77\nrun 2\n");
}

TEST_F(Misuse, Energy) {
  expect_error(system() + "fix m all nflow/energy\n", "the form is");
  expect_error(system() + "fix m all nflow/energy missing.pt\n", "cannot open");
  expect_error(system() + "fix m all nflow/energy model.pt\n", "\"format\"");
  expect_error(system() + "fix m all nflow/energy wrong_energy.pt\n", "energy_and_gradient");
  expect_error(system() + "fix m all nflow/energy four.pt\nrun 0\n", "the group has 3");
}

TEST_F(Misuse, APluginForAnotherLammpsRefuses) {
  // Newer versions restore plugins after a `clear`.
  const bool restored =
      tests::run_lammps("clear\n").output.find("Restoring plugin") != std::string::npos;
  const std::string forget = restored ? "clear\nplugin unload fix nflow/energy\n" : "clear\n";
  const auto run = tests::run_lammps(forget + "plugin load " NFLOW_MISFIT "\n" + system());
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.error().find("was built for LAMMPS version 19990101, but this is version "),
            std::string::npos)
      << run.output;
  // The command of a LAMMPS with PLUGIN goes on, that of lmp-nflow does not.
  EXPECT_TRUE(run.output.find("Unrecognized fix style 'nflow/energy'") != std::string::npos ||
              run.output.find("' added no styles") != std::string::npos)
      << run.output;
}

} // namespace
