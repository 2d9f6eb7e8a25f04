// nflow-train between temperatures as a program, on KA2D with 43 atoms and few samples: what
// training gains, ranks, resuming, ladders, what the model says about itself, and bad input.
#include "base/error.h"
#include "files/dump_reader.h"
#include "files/dump_writer.h"
#include "model/model.h"
#include "support/toy_models.h"
#include "training_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <sstream>
#include <unistd.h>

namespace {

using namespace nflow;
using tests::digest_of;
using tests::expect_refusal;
using tests::run_command;
using tests::train;
using tests::write_harmonic_energy;
using tests::write_normal_dump;
using tests::write_text;
using tests::wrote;

const std::string root = NFLOW_SOURCE_DIR;
const std::string variables =
    "--variable folder=" + root + "/examples/ka2d nflow_potentials=" + root + "/potentials ";
const std::string ka2d = " --lammps " + root + "/examples/ka2d/in.system " + variables;
const std::string hot = "data.pt.T1.4.dump.gz", middle = "data.pt.T1.dump.gz",
                  cold = "data.pt.T0.7.dump.gz";
const std::string pair = ka2d + "--prior-temperature 1.4 --temperature 0.7 ";
const std::string with_data = pair + "--prior-data " + hot + " --data " + cold + " ";
const std::string small = "--layers 3 --batch 9 --validation-samples 100 --validation 0.2 ";

struct Row {
  double j = NAN, error = NAN;
};

/// Of the table at the end.
Row row(const std::string &output, const std::string &name) {
  Row found;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (std::sscanf(line.c_str(), (" " + name + " %lf +- %lf").c_str(), &found.j, &found.error) ==
        2)
      return found;
  return {};
}

class Thermal : public testing::Test {
 protected:
  /// One run samples what all the others are given.
  static void SetUpTestSuite() {
    const auto result =
        train(ka2d + "--ladder 1.4 1 0.7 --sample 400 --steps 1 --output data.pt " + small);
    // One step: dynamics of three layers, which is worse than plain exchange.
    ASSERT_EQ(result.code, 5) << result.output;
    const std::string sentence = "nflow-train: warning: from T = 1.4 to 1 this flow is worse than "
                                 "none: exchanges through it are accepted with 0.0";
    ASSERT_NE(result.output.find(sentence), std::string::npos) << result.output;
    // It is written all the same.
    ASSERT_FALSE(Model("data.pt", "cpu").metadata().provenance.at("warnings").empty());
    ASSERT_NE(result.output.find("sampled T = 0.7"), std::string::npos) << result.output;
  }
  void SetUp() override { ASSERT_EQ(access(cold.c_str(), R_OK), 0) << "there are no samples"; }
};

TEST_F(Thermal, TrainingLowersJAndTheModelSaysWhatItIs) {
  const auto result = train(with_data + small + "--steps 120 --output pair.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  const Row identity = row(result.output, "identity"), untrained = row(result.output, "untrained"),
            flow = row(result.output, "flow");
  // KA2D has J = 46 ln^2(T0/T1) for the identity.
  EXPECT_NEAR(identity.j, 46.0 * std::pow(std::log(2.0), 2), 4.0) << result.output;
  EXPECT_LT(flow.j + 3.0 * std::hypot(flow.error, identity.error), identity.j) << result.output;
  EXPECT_LT(flow.j, untrained.j) << result.output;

  const auto check = run_command(std::string(NFLOW_CHECK) + " pair.pt");
  EXPECT_EQ(check.code, 0) << check.output;
  const Model model("pair.pt", "cpu");
  const auto &metadata = model.metadata();
  EXPECT_EQ(metadata.types.value().size(), 43u);
  EXPECT_EQ(metadata.example.size(), 86u);
  ASSERT_EQ(metadata.temperature_pairs.size(), 1u);
  EXPECT_EQ(metadata.provenance.at("mean_energy").size(), 2u);
  const auto &quality = metadata.provenance.at("quality").at(0);
  EXPECT_NEAR(quality.at("j").get<double>(), flow.j, 1e-3 * flow.j);
  EXPECT_GT(quality.at("acceptance").get<double>(), 0.0);
  EXPECT_GT(quality.at("ess_backward").get<double>(), 0.0);
}

TEST_F(Thermal, SamplesMadeHereAreThoseOfTheirTemperatures) {
  const Model model("data.pt", "cpu");
  const auto &energies = model.metadata().provenance.at("mean_energy");
  ASSERT_EQ(energies.size(), 3u);
  for (const auto &of : energies) {
    EXPECT_EQ(of.at("count"), 400);
    EXPECT_NEAR(of.at("temperature_by_forces").at(0).get<double>(), of.at("temperature"), 0.1);
    if (of.at("temperature") == 1.4) continue;
    // examples/ka2d/README.md: -1.880 at T = 1, -2.168 at 0.7; 400 samples tell them to 0.012.
    const double expected = of.at("temperature") == 1.0 ? -1.880 : -2.168;
    EXPECT_NEAR(of.at("mean").get<double>() / 43.0, expected, 0.06);
  }
}

TEST_F(Thermal, ScalarsAndTheOtherLossesGainToo) {
  for (const std::string options :
       {"--scalars", "--loss forward", "--loss both", "--loss exchange"}) {
    const auto result = train(with_data + small + "--steps 120 --output variant.pt " + options);
    ASSERT_EQ(result.code, 0) << result.output;
    const Row identity = row(result.output, "identity"), flow = row(result.output, "flow");
    EXPECT_LT(flow.j + 3.0 * std::hypot(flow.error, identity.error), identity.j) << result.output;
  }
}

TEST_F(Thermal, ReverseLossNeedsNoSamplesOfTheTarget) {
  const auto result =
      train(pair + "--prior-data " + hot + " " + small + "--steps 5 --output one-sided.pt");
  EXPECT_TRUE(wrote(result)) << result.output;
  EXPECT_NE(result.output.find("T = 0.7: no samples"), std::string::npos) << result.output;
}

TEST_F(Thermal, TorusSplineTrains) {
  const auto result = train(with_data + "--architecture torus-spline --couplings 4 --hidden 8 "
                                        "--depth 1 --bins 6 --steps 20 --batch 8 --learning-rate "
                                        "2e-3 --validation-samples 10 --validate-every 20 "
                                        "--output torus.pt");
  ASSERT_TRUE(wrote(result)) << result.output;
  // It starts as nearly the identity and learns slowly.
  const Row untrained = row(result.output, "untrained"), flow = row(result.output, "flow");
  EXPECT_LT(flow.j, untrained.j + 3.0 * std::hypot(flow.error, untrained.error)) << result.output;
  const Model model("torus.pt", "cpu");
  EXPECT_EQ(model.metadata().slots(), 1);
}

/// Ended by SIGTERM: during the equilibration nothing is kept, later the frames are.
TEST_F(Thermal, SamplingSaysHowFarItIsAndIsStoppedCleanly) {
  // When a condition of the shell on the process $p holds: how far it is after a time depends on
  // the machine.
  const auto stopped = [&](const std::string &condition) {
    return run_command("{ " + std::string(NFLOW_TRAIN) + pair + small +
                       "--sample 1000000 --output stopped.pt > stopped.log 2>&1 & p=$!; "
                       "for k in $(seq 3000); do if " +
                       condition +
                       " || ! kill -0 $p; then break; fi; sleep 0.1; done; kill -TERM $p; "
                       "wait $p; }; "
                       "code=$?; cat stopped.log; exit $code");
  };
  const std::string listens = "grep -q '^SigCgt:.*[4-7c-f]...$' /proc/$p/status"; // bit of SIGTERM
  const auto early = stopped(listens), late = stopped("grep -q 'frame .* left' stopped.log");
  EXPECT_TRUE(early.code == 3 && late.code == 3) << early.code << " " << late.code;
  EXPECT_NE(early.output.find("stopped while sampling at T = 1.4: "), std::string::npos)
      << early.output;
  EXPECT_NE(late.output.find("nflow-train: sampling T = 1.4: "), std::string::npos) << late.output;
  EXPECT_NE(late.output.find(", left "), std::string::npos) << late.output;
  EXPECT_NE(late.output.find(" of 1000000 frames are kept in stopped.pt.T1.4.dump.gz"),
            std::string::npos)
      << late.output;
  EXPECT_GT(read_dumps({"stopped.pt.T1.4.dump.gz"}, 2).count(), 1);
}

/// Three tethered atoms in the plane, all six coordinates active, energies and samples from LAMMPS.
TEST_F(Thermal, AnOpenSystemTrainsASpline) {
  write_text("in.open",
             "units lj\ndimension 2\nboundary f f p\natom_modify map array\n"
             "region r block -10 10 -10 10 -0.5 0.5\ncreate_box 1 r\n"
             "create_atoms 1 single -0.6 0 0\ncreate_atoms 1 single 0.6 0 0\n"
             "create_atoms 1 single 0 1.0 0\nmass 1 1.0\npair_style lj/cut 2.5\n"
             "pair_modify shift yes\npair_coeff 1 1 1.0 1.0\nfix tether all spring/self 10.0\n"
             "fix_modify tether energy yes\ntimestep 0.002\n");
  const std::string open = "--lammps in.open --prior-temperature 1.5 --temperature 1 ";
  const auto result = train(open + "--architecture spline --sample 800 --steps 40 --batch 64 "
                                   "--validation 0.2 --output open.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_NE(result.output.find("6 active coordinates"), std::string::npos) << result.output;
  const Row identity = row(result.output, "identity"), flow = row(result.output, "flow");
  EXPECT_LT(flow.j + 3.0 * std::hypot(flow.error, identity.error), identity.j) << result.output;
  EXPECT_FALSE(Model("open.pt", "cpu").metadata().periodic);
  ASSERT_EQ(run_command("sed 's/boundary f f/boundary p f/' in.open > in.mixed").code, 0);
  expect_refusal("--lammps in.mixed --prior-temperature 1.5 --temperature 1 --sample 9",
                 "periodic along some axes only");
  expect_refusal(open + "--sample 9 --architecture torus-spline",
                 "--architecture kick-drift or spline for an open system");
  expect_refusal(with_data + "--architecture spline", "spline is for open systems");
}

/// The first of two tethered atoms, moved in x: the harmonic well, by LAMMPS and by an energy file.
TEST_F(Thermal, LammpsGivesAGaussianPriorAcceptanceAndEss) {
  write_normal_dump("well.dump", 500, 1);
  write_harmonic_energy("well.pt", 1, 1, 1.0);
  write_text("in.well",
             "units lj\ndimension 2\nboundary f f p\natom_modify map array\n"
             "region r block -50 50 -50 50 -0.5 0.5\ncreate_box 1 r\ncreate_atoms 1 single 0 0 0\n"
             "create_atoms 1 single 3 1 0\nmass 1 1.0\npair_style zero 1.0\npair_coeff * *\n"
             "fix tether all spring/self 1.0\nfix_modify tether energy yes\n");
  const std::string tsf = "--architecture tsf --data well.dump --temperature 1 --dim 1 --steps 40 "
                          "--batch 32 --couplings 2 --ess-samples 400 --precision float64 "
                          "--kl-weight 0.5 --kl-start 0.1 --kl-full 0.2 ";
  const auto by_lammps = train(tsf + "--lammps in.well --output by_lammps.pt");
  ASSERT_EQ(by_lammps.code, 0) << by_lammps.output;
  const auto by_file = train(tsf + "--energy well.pt --output by_file.pt");
  ASSERT_EQ(by_file.code, 0) << by_file.output;
  const auto quality = [](const std::string &file) {
    return Model(file, "cpu").metadata().provenance.at("quality").at(0);
  };
  const auto a = quality("by_lammps.pt"), b = quality("by_file.pt");
  for (const auto *key : {"j", "acceptance", "ess_forward", "ess_backward"})
    EXPECT_NEAR(a.at(key).get<double>(), b.at(key).get<double>(), 1e-6) << key;
  EXPECT_GT(a.at("acceptance").get<double>(), 0.8) << by_lammps.output;
  EXPECT_NE(by_lammps.output.find("reverse KL"), std::string::npos) << by_lammps.output;
  write_normal_dump("three.dump", 50, 3);
  expect_refusal("--architecture tsf --lammps in.well --data three.dump --temperature 1 --dim 1",
                 "the samples have an atom 3, which the LAMMPS system has not");
  expect_refusal("--architecture tsf --lammps in.well --data well.dump --temperature 2 --dim 1",
                 "were not made at this temperature");
}

/// Where both models carry the example, as one vector.
std::vector<double> mapped(const std::string &file) {
  Model model(file, "cpu");
  const auto &metadata = model.metadata();
  std::vector<double> u(metadata.example), v(metadata.size()), log_det(1);
  u.resize(metadata.size(), 0.3);
  model.forward(1, u.data(), {1.4, 0.7}, v.data(), log_det.data());
  v.push_back(log_det[0]);
  return v;
}

TEST_F(Thermal, TwoRanksTrainTheSameModel) {
  const auto options = with_data + small + "--steps 20 --loss both ";
  ASSERT_TRUE(wrote(train(options + "--output one.pt")));
  const auto two = train(options + "--output two.pt", 2);
  ASSERT_TRUE(wrote(two)) << two.output;
  const auto a = mapped("one.pt"), b = mapped("two.pt");
  for (size_t i = 0; i < a.size(); i++) EXPECT_NEAR(a[i], b[i], 1e-7);
}

void expect_same_after_a_break(const std::string &options) {
  const auto whole = train(options + "--steps 12 --output whole.pt");
  ASSERT_TRUE(wrote(whole)) << whole.output;
  const auto stopped = train(options + "--steps 12 --output parts.pt --stop-at 5");
  EXPECT_EQ(stopped.code, 3) << stopped.output;
  const auto resumed = train(options + "--steps 12 --output parts.pt --resume");
  EXPECT_EQ(resumed.code, whole.code) << resumed.output;
  ASSERT_FALSE(digest_of("whole.pt").empty());
  EXPECT_EQ(digest_of("parts.pt"), digest_of("whole.pt")) << options;
}

TEST_F(Thermal, StoppedAndResumedEqualsUnbroken) {
  expect_same_after_a_break(with_data + small);
  expect_same_after_a_break(pair + "--sample 60 " + small);
  expect_same_after_a_break(ka2d + "--ladder 1.4 1 0.7 --ladder-data " + hot + " " + middle + " " +
                            cold + " " + small);
}

TEST_F(Thermal, ResumingWithAnotherPotentialIsRefused) {
  const std::string script = "include " + root + "/examples/ka2d/in.system\n";
  const std::string options = "--lammps in.same " + variables +
                              "--prior-temperature 1.4 --temperature 0.7 --prior-data " + hot +
                              " --steps 4 --output other.pt " + small;
  write_text("in.same", script);
  ASSERT_EQ(train(options + "--stop-at 2").code, 3);
  write_text("in.same", script + "fix s all spring/self 0.1\nfix_modify s energy yes\n");
  expect_refusal(options + "--resume", "other data");
}

TEST_F(Thermal, ALadderServesItsPairs) {
  const auto result = train(ka2d + "--ladder 1.4 1 0.7 --ladder-data " + hot + " " + middle + " " +
                            cold + " " + small + "--steps 200 --output ladder.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  const auto check = run_command(std::string(NFLOW_CHECK) + " ladder.pt");
  EXPECT_EQ(check.code, 0) << check.output;
  Model model("ladder.pt", "cpu");
  const auto &metadata = model.metadata();
  const std::vector<std::pair<double, double>> pairs{{1.4, 1.0}, {1.0, 0.7}};
  EXPECT_EQ(metadata.temperature_pairs, pairs);
  EXPECT_EQ(metadata.provenance.at("mean_energy").size(), 3u);
  const auto &quality = metadata.provenance.at("quality");
  ASSERT_EQ(quality.size(), 2u);
  std::vector<double> u(metadata.example), v(metadata.size()), back(metadata.size()), log_det(2);
  u.resize(metadata.size(), 0.3);
  for (size_t i = 0; i < 2; i++) {
    const Temperatures tau{pairs[i].first, pairs[i].second};
    model.forward(1, u.data(), tau, v.data(), &log_det[0]);
    model.inverse(1, v.data(), tau, back.data(), &log_det[1]);
    for (size_t k = 0; k < u.size(); k++) EXPECT_NEAR(u[k], back[k], 1e-9);
    EXPECT_LT(log_det[0], 0.0); // into the cold
    // Better than 46 ln^2(T0/T1), which the identity has.
    EXPECT_LT(quality.at(i).at("j").get<double>(),
              46.0 * std::pow(std::log(pairs[i].first / pairs[i].second), 2));
  }
}

/// A copy of the samples of T0 as `change` leaves them.
std::string changed(const std::string &file, const std::function<void(Samples &)> &change) {
  auto samples = read_dumps({hot}, 2);
  change(samples);
  DumpWriter writer(file, samples, 0.0);
  for (int64_t i = 0; i < samples.count(); i++) writer.write(i, samples.frame(i));
  writer.close();
  return file;
}

TEST_F(Thermal, WrongSamplesAreRefused) {
  const auto refused = [](const std::string &file, const std::string &part, int ranks = 1) {
    expect_refusal(pair + "--prior-data " + file + " --steps 1 --output bad.pt", part, ranks);
  };
  refused("not-there.dump", "not-there.dump");
  const auto missing = changed("missing.dump", [](auto &s) {
    const auto whole = s;
    s.n_atoms = 42;
    s.ids.resize(42);
    s.types.resize(42);
    s.x.clear();
    for (int64_t i = 0; i < whole.count(); i++)
      s.x.insert(s.x.end(), whole.frame(i), whole.frame(i) + 84);
  });
  refused(missing, "have 42 atoms, the LAMMPS system has 43", 2);
  refused(changed("species.dump", [](auto &s) { s.types[0] = s.types[0] == 1 ? 2 : 1; }),
          "other atom types");
  refused(changed("box.dump", [](auto &s) { s.box[1] *= 1.001; }), "box length");
  refused(changed("ids.dump", [](auto &s) { s.ids.back() += 1; }), "other atom IDs");
  const auto overlapping = changed("overlap.dump", [](auto &s) {
    for (int64_t i = 0; i < s.count(); i++)
      for (int k = 0; k < 2; k++) s.x[i * 86 + 2 + k] = s.x[i * 86 + k];
  });
  refused(overlapping, "no finite energy", 2);
  changed("lj.dump", [](auto &) {});
  run_command("sed 's/^lj$/metal/' lj.dump > metal.dump");
  refused("metal.dump", "in units metal");
  run_command("head -c 100000 lj.dump > cut.dump");
  refused("cut.dump", "cut.dump");
}

TEST_F(Thermal, SamplesOfAnotherTemperatureAreRefused) {
  const auto part = "were not made at this temperature";
  expect_refusal(pair + "--prior-data " + cold + " --output bad.pt", part, 2);
  expect_refusal(pair + "--prior-data " + hot + " --data " + middle + " --output bad.pt", part);
}

TEST_F(Thermal, WrongSystemsAreRefused) {
  const auto refused = [](const std::string &script, const std::string &part, int ranks = 1) {
    write_text("in.bad", script);
    expect_refusal("--lammps in.bad " + variables + "--prior-temperature 1.4 --temperature 0.7 " +
                       "--prior-data " + hot + " --output bad.pt",
                   part, ranks);
  };
  const std::string include = "include " + root + "/examples/ka2d/in.system\n";
  refused(include + "pair_coeff nonsense\n", "LAMMPS says: ", 2);
  refused(include + "change_box all boundary f p p\n", "periodic along some axes only");
  refused(include + "change_box all triclinic\n", "triclinic");
  refused("units lj\n", "no simulation box", 2);
  write_text("in.quit", include + "quit\n"); // LAMMPS ends the process itself
  const auto quit = train("--lammps in.quit " + variables +
                          "--prior-temperature 1.4 --temperature "
                          "0.7 --prior-data " +
                          hot);
  EXPECT_EQ(quit.code, 2) << quit.output;
  EXPECT_NE(quit.output.find("command 'quit'"), std::string::npos) << quit.output;
  expect_refusal("--lammps no.script --prior-temperature 1.4 --temperature 0.7 --prior-data " + hot,
                 "no.script", 2);
  expect_refusal(with_data + "--cutoff 3.5", "beyond half the box", 2);
  // Before it samples, which would take minutes.
  expect_refusal(pair + "--sample 100000 --cutoff 3.5 --output unsampled.pt",
                 "beyond half the box");
  // A script that one rank alone has, or that says something else to it.
  ASSERT_EQ(run_command("rm -rf rank0 rank1 && mkdir rank0 rank1").code, 0);
  const auto apart = [&] {
    return run_command("timeout 100 " + tests::mpi_launcher(NFLOW_MPIEXEC, 2) +
                       "sh -c 'cd rank$OMPI_COMM_WORLD_RANK && exec " + NFLOW_TRAIN +
                       " --lammps in.apart " + variables +
                       "--prior-temperature 1.4 --temperature 0.7 --steps 1 --prior-data ../" +
                       hot + "'");
  };
  write_text("rank1/in.apart", include);
  const auto alone = apart();
  EXPECT_EQ(alone.code, 2) << alone.output;
  EXPECT_NE(alone.output.find("'in.apart' cannot be read"), std::string::npos) << alone.output;
  write_text("rank0/in.apart", include + "fix s all spring/self 0.1\nfix_modify s energy yes\n");
  const auto other = apart();
  EXPECT_EQ(other.code, 2) << other.output;
  EXPECT_NE(other.output.find("different systems"), std::string::npos) << other.output;
}

TEST_F(Thermal, ContradictionsAreRefused) {
  expect_refusal(ka2d + "--prior-temperature 1 --temperature 1 --prior-data " + hot, "are equal",
                 2);
  expect_refusal(ka2d + "--ladder 1 0.7 0.7 --sample 100", "equal");
  expect_refusal("--architecture kick-drift --prior-temperature 1.4 --temperature 0.7 --sample 9",
                 "--lammps");
  expect_refusal("--prior-temperature 1.4 --temperature 0.7 --sample 9", "--lammps");
  expect_refusal(pair, "there are no samples at T0");
  expect_refusal(pair + "--prior-data " + hot + " --loss forward", "needs samples at T1");
  expect_refusal(pair + "--sample 1", "--sample", 2);
  expect_refusal(ka2d + "--ladder 1.4 1 0.7 --ladder-data " + hot + " " + cold,
                 "one file for each temperature");
  expect_refusal(with_data + "--energy x.pt", "--energy is for tsf, rnvp and spline");
  expect_refusal(with_data + "--architecture tsf", "are of flows between temperatures");
  expect_refusal(with_data + "--kl-weight 0.5", "--loss");
  expect_refusal(ka2d + "--prior-temperature 1 --prior-data " + hot, "T1 must be given");
}

} // namespace
