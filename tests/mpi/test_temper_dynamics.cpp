// fix nflow/temper beside dynamics: a thermostatted liquid has the energies and the temperature
// that it has without exchange, and the exchanges are those of the temper command.

#include "mpi/partitions.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

namespace {

using namespace nflow;

const std::vector<double> temperatures = {1.0, 0.72};
constexpr int every = 50; // steps between exchanges
constexpr long steps = 120000;

// Averages of KA2D with 43 atoms by exact hybrid Monte Carlo with parallel tempering: energy per
// atom and its error.
const std::vector<estimators::Estimate> exact = {{-1.8800, 0.0022}, {-2.1476, 0.0015}};

/// KA2D (examples/ka2d) at two temperatures, with a thermostat.
std::string liquid(const std::string &thermostat) {
  return tests::world_variable("t", temperatures) +
         tests::world_variable<std::string>("n", {"1.00", "0.72"}) +
         tests::world_variable("s", std::vector<int>{71, 72}) +
         "variable folder index " NFLOW_SOURCE_DIR "/examples/ka2d\n"
         "variable nflow_potentials index " NFLOW_SOURCE_DIR "/potentials\n"
         "variable start index ${folder}/start/n43_T${n}.data\n"
         "include ${folder}/in.system\ntimestep 0.004\nvelocity all create ${t} ${s} loop geom\n" +
         thermostat +
         "fix plane all enforce2d\nthermo_style custom step v_energy temp\nthermo_modify norm no\n"
         "thermo 10\nrun 4000\n";
}
const std::string langevin = "fix bath all langevin ${t} ${t} 1.0 ${s}\nfix integrate all nve\n"
                             "compute_modify thermo_temp extra/dof 0\n";
const std::string nose_hoover = "fix bath all nvt temp ${t} ${t} 0.5\n";

void expect_same(const estimators::Estimate &a, const estimators::Estimate &b,
                 const std::string &what) {
  const double z = (a.mean - b.mean) / std::hypot(a.error, b.error);
  EXPECT_LT(std::fabs(z), 4.0) << what;
  std::printf("%s: %.4f +- %.4f, wanted %.4f +- %.4f, z = %.2f\n", what.c_str(), a.mean, a.error,
              b.mean, b.error, z);
}

class Dynamics : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(Dynamics, EnergiesAndTemperaturesAreRight) {
  const auto run = tests::run_partitions(
      liquid(GetParam().second) + "fix pt all nflow/temper 50 4711 ${t} log ka2d.log\nrun " +
          std::to_string(steps) + "\n",
      "2x1");
  ASSERT_EQ(run.status, 0) << run.text();
  for (int p = 0; p < 2; p++) {
    const size_t settled = 402; // rows of the first run, and the first of the second
    expect_same(estimators::mean_with_error(run.column(p, 1, settled)), exact[p], "energy");
    expect_same(estimators::mean_with_error(run.column(p, 2, settled)), {temperatures[p]},
                "temperature");
  }
}
INSTANTIATE_TEST_SUITE_P(Thermostats, Dynamics,
                         ::testing::Values(std::make_pair("Langevin", langevin),
                                           std::make_pair("NoseHoover", nose_hoover)),
                         [](const auto &test) { return test.param.first; });

/// What the thermo output says at the step of an exchange belongs to the configuration that came.
TEST(Output, AtTheStepOfAnExchangeIsThatOfAFreshRun) {
  const auto run = tests::run_partitions(
      liquid(langevin) +
          "neigh_modify delay 0 every 1 check yes\ncompute q all pe/atom\ncompute s all "
          "stress/atom NULL\ncompute b all reduce sum c_q c_s[1] c_s[2] c_s[4]\n"
          "unfix bath\nfix pt all nflow/temper 10 4711 1.0 0.98 universe no\nthermo_style custom "
          "step pe press pxx pyy pxy temp c_b[1] c_b[2] c_b[3] "
          "c_b[4] f_pt[4]\nthermo_modify norm no format float %20.15g\nthermo 1\n"
          "label again\nvariable k loop 6\nrun 20\nrun 0\nnext k\njump SELF again\n",
      "2x1");
  ASSERT_EQ(run.status, 0) << run.text();
  int exchanged = 0;
  for (const auto &partition : run.partitions) {
    std::vector<double> last;
    double replica = 0.0;
    for (const auto &row : partition.thermo) {
      if (row.size() < 12) continue; // of the first run
      const bool again = !last.empty() && last[0] == row[0];
      for (size_t k = 0; again && k < row.size(); k++)
        EXPECT_NEAR(row[k], last.at(k), 1e-8 * (1.0 + std::fabs(row[k])))
            << "column " << k << " at step " << row[0];
      exchanged += !last.empty() && row.at(11) != replica;
      last = row;
      replica = row.at(11);
    }
  }
  EXPECT_GT(exchanged, 6);
}

/// The lines of temper's log: step, and the temperature that each partition has from then on.
std::map<long, std::vector<int>> temper_log(const std::string &output) {
  std::map<long, std::vector<int>> lines;
  // Its head is "Step T0 T1", newer versions of LAMMPS write columns of a width.
  std::istringstream text(output);
  std::string line, step_word, first, second;
  while (first != "T0" && std::getline(text, line))
    std::istringstream(line) >> step_word >> first >> second;
  while (std::getline(text, line)) {
    std::istringstream words(line);
    long step;
    int a, b;
    if (words >> step >> a >> b) lines[step] = {a, b};
  }
  return lines;
}

TEST(Temper, HasTheSameAcceptanceAndEnergies) {
  const auto ours = tests::run_partitions(
      liquid(langevin) + "fix pt all nflow/temper 50 4711 ${t} log ka2d.log\nrun " +
          std::to_string(steps) + "\n",
      "2x1");
  ASSERT_EQ(ours.status, 0) << ours.text();
  const auto theirs = tests::run_partitions(
      liquid(langevin) + "temper " + std::to_string(steps) + " 50 ${t} bath 0 58728\n", "2x1");
  ASSERT_EQ(theirs.status, 0) << theirs.text();

  // temper exchanges temperatures: sort its energies by them.
  const auto log = temper_log(theirs.output);
  ASSERT_EQ(log.size(), static_cast<size_t>(steps / every + 1));
  std::vector<double> swaps, energies[2];
  const std::vector<int> *before = nullptr;
  long attempt = 0;
  for (const auto &line : log) { // an attempt every other time, for there is one pair
    if (before && attempt++ % 2 == 0) swaps.push_back(line.second != *before);
    before = &line.second;
  }
  const long first = log.begin()->first;
  for (int p = 0; p < 2; p++)
    for (const auto &row : theirs.partitions[p].thermo) {
      const long step = static_cast<long>(row[0]);
      if (step <= first) continue;
      const auto &at = log.at(first + (step - first - 1) / every * every);
      energies[at[p]].push_back(row[1]);
    }
  const auto exchanges = tests::exchange_log("ka2d.log");
  const auto theirs_accepted = estimators::mean_with_error(swaps);
  expect_same(estimators::mean_with_error(tests::acceptances(exchanges, 0, 1)), theirs_accepted,
              "acceptance");
  std::vector<double> accepted;
  for (const auto &row : exchanges) accepted.push_back(row.accepted);
  expect_same(estimators::mean_with_error(accepted), theirs_accepted, "accepted");
  EXPECT_NEAR(static_cast<double>(accepted.size()), static_cast<double>(swaps.size()), 1.0);
  for (int t = 0; t < 2; t++)
    expect_same(estimators::mean_with_error(ours.column(t, 1, 402)),
                estimators::mean_with_error(energies[t]), "energy");
}

} // namespace
