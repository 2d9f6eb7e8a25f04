// Every misuse of fix nflow/temper ends with one sentence and a status that is not 0, whichever
// partition it is in, and never with partitions that wait for each other.

#include "mpi/harmonic.h"
#include "plugin/soft_discs.h"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace nflow;
using tests::Harmonic;

const std::string partitions = tests::world_variable("p", std::vector<int>{0, 1});

/// Two partitions with `before` the fix, its `arguments` after "N seed T", and `rest` to the end.
std::string script(const std::string &arguments, const std::string &rest = "run 20\n",
                   const std::string &before = "",
                   const std::vector<double> &temperatures = {0.5, 1.0}) {
  return partitions +
         Harmonic::script(temperatures, before + "fix pt all nflow/temper " + arguments + "\n") +
         rest;
}

void expect_error(const std::string &input, const std::string &part,
                  const std::string &layout = "2x1") {
  const auto start = std::chrono::steady_clock::now();
  const auto run = tests::run_partitions(input, layout, 60);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_NE(run.status, 0) << part;
  EXPECT_NE(run.status, 124) << "hangs: " << part;
  EXPECT_LT(seconds.count(), 50.0) << part;
  EXPECT_NE(run.text().find(part), std::string::npos)
      << "wanted: " << part << "\ngot: " << run.text();
}

TEST(Arguments, AreChecked) {
  const auto alone = tests::run_lammps(
      "variable t index 0.5\n" +
          Harmonic::script({}, "fix pt all nflow/temper 5 11 ${t}\n").substr(17) + "run 1\n",
      1, "", 60);
  EXPECT_NE(alone.status, 0);
  EXPECT_NE(alone.error().find("there is one partition only"), std::string::npos) << alone.output;
  expect_error(script("5 0 ${t}"), "seed must be positive");
  expect_error(script("0 11 ${t}"), "N, the steps between exchanges");
  expect_error(script("5 11 ${t} bananas 3"), "keyword 'bananas' is not known");
  expect_error(script("5 11 ${t} log"), "needs a value");
  expect_error(script("5 11 ${t} scheme odd"), "scheme must be");
  expect_error(script("5 11 ${t} timeout -1"), "timeout must not be negative");
  expect_error(script("5 11 ${t} models a.pt b.pt"), "keyword 'b.pt'");
}

TEST(Temperatures, AreChecked) {
  expect_error(script("5 11 ${t}", "run 20\n", "", {1.0, 1.0}),
               "partitions 0 and 1 have the same temperature 1");
  expect_error(tests::world_variable("p", std::vector<int>{0, 1, 2}) +
                   Harmonic::script({1.0, 0.5, 0.7}, "fix pt all nflow/temper 5 11 ${t}\n") +
                   "run 20\n",
               "the temperatures are not in order", "3x1");
  expect_error(script("5 11 0.5 1.0 2.0"), "there are 3 temperatures for 2 partitions");
  expect_error(script("5 11 -0.5 1.0"), "temperatures must be positive");
  expect_error(script("5 11 0.5 1.1"),
               "fix m (nflow/mc) has the temperature 1, but this partition");
  expect_error(script("5 11 ${t}", "fix l all langevin 2 2 1 5\nrun 20\n"),
               "fix l (langevin) has the temperature 2");
}

TEST(Models, AreChecked) {
  tests::write_toy_model("four.pt", tests::toy_metadata(4, 2));
  tests::write_toy_model("lie.pt", tests::toy_metadata(Harmonic::n, 2), 1.0, 0.0,
                         tests::Lie::log_det);
  auto metadata = tests::toy_metadata(Harmonic::n, 2);
  metadata.prior = Prior::boltzmann;
  metadata.temperature_pairs = {{1.0, 0.6}};
  tests::write_toy_model("pair.pt", metadata);
  expect_error(script("5 11 ${t} model missing.pt"), "cannot open model file 'missing.pt'");
  expect_error(script("5 11 ${t} model four.pt"), "the group has 5");
  expect_error(script("5 11 ${t} model lie.pt"), "log_det");
  expect_error(script("5 11 ${t} model pair.pt"), "has no pair of temperatures");
  const auto good = tests::run_partitions(
      script("5 11 ${t} model pair.pt", "run 20\n", "", {0.6, 1.0}), "2x1", 60);
  EXPECT_EQ(good.status, 0) << good.text();
}

TEST(Partitions, ThatDoNotFitTogetherAreNamed) {
  expect_error(script("5 11 ${t}", "run 20\n",
                      "if \"${p} == 1\" then \"create_atoms 1 single 1 1 0\" \"unfix m\"\n"),
               "partition 1 has 6 as its number of atoms, partition 0 has 5");
  expect_error(script("5 11 ${t}", "run 20\n",
                      "if \"${p} == 1\" then \"group g id 1 3\" \"unfix m\"\n"
                      "if \"${p} == 1\" then \"change_box all x final -40 41\"\n"),
               "partition 1 has 81 as its length of the box in x");
  expect_error(
      script("5 ${s} ${t}", "run 20\n", tests::world_variable("s", std::vector<int>{11, 12})),
      "another ID, N or seed");
  expect_error(script("5 11 ${t} velocity ${v}", "run 20\n", "variable v world rescale redraw\n"),
               "other keywords or a list of other temperatures than partition 0");
  expect_error(script("5 11 ${t}", "run ${n}\n", "variable n world 20 30\n"), "last step");
  expect_error(script("5 11 ${t}", "run 200\n",
                      "if \"${p} == 1\" then \"unfix s\" \"fix s all spring/self 2.5\" "
                      "\"fix_modify s energy yes\"\n"),
               "the same force field");
}

TEST(Systems, ThatAnExchangeWouldBreakAreRefused) {
  expect_error(script("5 11 ${t}", "run 20\n",
                      "unfix m\nchange_box all boundary p p p\nvelocity all create 1.0 5\n"
                      "fix n all npt temp ${t} ${t} 1 x 0 0 1\n"),
               "box changes");
  expect_error(script("5 11 ${t}", "run_style respa 2 2\nrun 20\n", "unfix m\n"),
               "run_style verlet");
  expect_error(script("5 11 ${t}", "run 20\n", "unfix m\nchange_box all boundary s f p\n"),
               "shrink-wrapped");
}

TEST(Hangs, APartitionWithoutTheFix) {
  expect_error(script("5 11 ${t} timeout 5", "if \"${p} == 1\" then \"unfix pt\"\nrun 20\n"),
               "did not come to");
}

TEST(Hangs, APartitionWithOneRunLess) {
  expect_error(script("5 11 ${t} timeout 5", "run 20\nif \"${p} == 0\" then \"run 20\"\n"),
               "did not come to");
}

TEST(Hangs, APartitionThatErrsBetweenRuns) {
  expect_error(
      script("5 11 ${t} timeout 20", "run 10\nif \"${p} == 1\" then \"bananas\"\nrun 10\n"), "");
}

TEST(Hangs, APartitionThatErrsInTheMiddleOfARun) {
  expect_error(
      script("5 11 ${t} timeout 20",
             "variable s equal step*${p}\nfix h all halt 1 v_s > 12 error hard\nrun 1000\n"),
      "");
}

TEST(Hangs, APartitionThatHaltsEndsTheRunOfAll) {
  const auto run = tests::run_partitions(
      script("5 11 ${t} timeout 20",
             "variable s equal step*${p}\nfix h all halt 1 v_s > 12 error continue\nrun 1000\n"
             "print \"VALUE end $(step)\"\n"),
      "2x1", 60);
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_NE(run.output.find("has ended its run early"), std::string::npos) << run.output;
  EXPECT_EQ(run.partitions[1].values().at("end"), 13.0);
  EXPECT_LE(run.partitions[0].values().at("end"), 16.0);
}

TEST(Universe, LogHasTheFormOfTemper) {
  const auto run = tests::run_partitions(script("5 11 ${t}"), "2x1", 60);
  ASSERT_EQ(run.status, 0) << run.text();
  const auto at = run.output.find("Step T0 T1\n");
  ASSERT_NE(at, std::string::npos) << run.output;
  std::istringstream lines(run.output.substr(at));
  std::string line;
  std::getline(lines, line);
  for (const int step : {0, 5, 10, 15, 20}) {
    std::getline(lines, line);
    const auto start = std::to_string(step);
    EXPECT_TRUE(line == start + " 0 1" || line == start + " 1 0") << line;
  }
}

} // namespace
