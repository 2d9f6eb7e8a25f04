// fix nflow/temper is exact: averages at every temperature, acceptances and free energies against
// closed forms, whatever flow exchanges the configurations.

#include "mpi/harmonic.h"
#include "plugin/soft_discs.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace {

using namespace nflow;
using tests::exchange_log;
using tests::Harmonic;
using tests::SoftDiscs;

const std::string pair_columns = "f_pt f_pt[1][1] f_pt[1][2] f_pt[1][3] f_pt[1][4] f_pt[1][5] "
                                 "f_pt[1][6] f_pt[1][7] f_pt[1][8]";

double z_of(const std::vector<double> &series, double exact) {
  return estimators::mean_with_error(series).z_score(exact);
}

/// <U>, <U^2> and the mean position at the temperature of a partition.
void expect_canonical(const tests::PartitionRun &run, int partition, double temperature) {
  const double exact[] = {Harmonic::mean_energy(temperature),
                          Harmonic::mean_square_energy(temperature), 0.0};
  for (size_t k = 0; k < 3; k++) {
    const double z = z_of(run.column(partition, 1 + k, 200), exact[k]);
    EXPECT_LT(std::fabs(z), 4.0) << "observable " << k << " of partition " << partition;
    std::printf("T = %g, observable %zu: z = %.2f\n", temperature, k, z);
  }
}

struct Case {
  std::string name, exchange;
  double least, most; // of the mean acceptance
  std::vector<double> temperatures;
};
void PrintTo(const Case &test, std::ostream *out) {
  *out << test.name;
}

void write_flows() {
  tests::write_toy_model("exact.pt", tests::toy_metadata(Harmonic::n, 2), 0.6, 0.0);
  tests::write_toy_model("bad.pt", tests::toy_metadata(Harmonic::n, 2), 1.4, 1.5);
  tests::write_toy_model("momenta.pt", tests::toy_metadata(Harmonic::n, 2, true), 0.8, 0.4);
}

class TwoTemperatures : public ::testing::TestWithParam<Case> {};

TEST_P(TwoTemperatures, AveragesAcceptanceAndFreeEnergyAreExact) {
  const auto &test = GetParam();
  const double t_0 = test.temperatures[0], t_1 = test.temperatures[1];
  write_flows();
  const auto run = tests::run_partitions(
      Harmonic::script(test.temperatures,
                       "fix pt all nflow/temper 2 4711 ${t} log exchange.log " + test.exchange +
                           "\n",
                       pair_columns) +
          "run 8000\n",
      "2x1");
  ASSERT_EQ(run.status, 0) << run.text();
  for (int p = 0; p < 2; p++) expect_canonical(run, p, test.temperatures[p]);

  const auto log = exchange_log("exchange.log");
  const auto series = tests::acceptances(log, 0, 1);
  const auto own = estimators::mean_with_error(series);
  std::printf("acceptance %.4f +- %.4f\n", own.mean, own.error);
  EXPECT_GE(own.mean, test.least);
  EXPECT_LE(own.mean, test.most);
  if (test.exchange.empty()) {
    const double exact = Harmonic::plain_acceptance(std::min(t_0, t_1), std::max(t_0, t_1));
    EXPECT_LT(std::fabs(own.z_score(exact)), 4.0) << "exact: " << exact;
    std::printf("exact %.4f, z = %.2f\n", exact, own.z_score(exact));
  }

  // What the fix says of itself, in both partitions.
  double accepted = 0.0;
  for (const auto &row : log) accepted += row.accepted;
  const double attempts = static_cast<double>(log.size());
  EXPECT_EQ(attempts, 2000.0); // pair (0, 1) exchanges at every other attempt
  EXPECT_LT(std::fabs(accepted / attempts - own.mean), 5 * 0.5 / std::sqrt(attempts));
  for (int p = 0; p < 2; p++) {
    const auto &last = run.partitions[p].thermo.back();
    EXPECT_NEAR(last.at(4), accepted / attempts, 1e-12);
    EXPECT_EQ(last.at(5), attempts);
    EXPECT_EQ(last.at(6), accepted);
    EXPECT_NEAR(last.at(7), own.mean, 1e-6);
    EXPECT_NEAR(last.at(8), 1.0 - own.mean, 1e-6);
    const double exact = Harmonic::free_energy_difference(t_0, t_1);
    std::printf("free energy %.4f +- %.4f, exact %.4f\n", last.at(9), last.at(10), exact);
    EXPECT_LT(std::fabs(last.at(9) - exact), 4.0 * last.at(10) + 1e-9);
    EXPECT_GT(last.at(11), 0.0);
    EXPECT_LE(last.at(11), 1.0 + 1e-12);
    EXPECT_LE(last.at(12), 1.0 + 1e-12);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Maps, TwoTemperatures,
    ::testing::Values(Case{"Plain", "", 0.2, 0.6, {1.0, 0.5}},
                      Case{"PlainAscending", "", 0.2, 0.6, {0.5, 1.0}},
                      Case{"ExactScaling", "model exact.pt", 1.0 - 1e-9, 1.0, {1.0, 0.5}},
                      Case{"Bad", "model bad.pt", 0.02, 0.2, {1.0, 0.5}},
                      Case{"OwnHamiltonian", "hamiltonian own", 0.2, 0.6, {1.0, 0.5}},
                      Case{"Momenta", "models momenta.pt", 0.1, 0.999, {0.5, 1.0}}),
    [](const auto &test) { return test.param.name; });

struct LadderCase {
  std::string name, keywords;
};
void PrintTo(const LadderCase &test, std::ostream *out) {
  *out << test.name;
}

class Ladder : public ::testing::TestWithParam<LadderCase> {};

TEST_P(Ladder, IsExactAtEveryTemperature) {
  const auto &test = GetParam();
  write_flows();
  const std::vector<double> temperatures = {0.4, 0.55, 0.75, 1.0};
  const auto run = tests::run_partitions(
      Harmonic::script(temperatures,
                       "fix pt all nflow/temper 1 99 ${t} log ladder.log " + test.keywords + "\n",
                       "f_pt f_pt[2] f_pt[3] f_pt[4] f_pt[6]") +
          "run 2500\n",
      "4x1");
  ASSERT_EQ(run.status, 0) << run.text();
  for (int p = 0; p < 4; p++) expect_canonical(run, p, temperatures[p]);
  const auto log = exchange_log("ladder.log");
  if (test.keywords.find("model") == std::string::npos) {
    for (const auto &[i, j] : {std::make_pair(0, 1), {1, 2}, {2, 3}}) {
      const auto own = estimators::mean_with_error(tests::acceptances(log, i, j));
      const double exact = Harmonic::plain_acceptance(temperatures[i], temperatures[j]);
      EXPECT_LT(std::fabs(own.z_score(exact)), 4.0) << i << " and " << j;
    }
  }
  // Every replica is at one temperature, and the log follows it.
  std::vector<int> replica_at = {0, 1, 2, 3};
  for (const auto &row : log) {
    ASSERT_EQ(row.replica_i, replica_at[row.i]);
    ASSERT_EQ(row.replica_j, replica_at[row.j]);
    if (row.accepted) std::swap(replica_at[row.i], replica_at[row.j]);
    ASSERT_EQ(row.step, row.scan + 1);
  }
  for (int p = 0; p < 4; p++) {
    EXPECT_EQ(run.partitions[p].thermo.back().at(7), replica_at[p]);
    EXPECT_EQ(run.partitions[p].thermo.back().at(8), 2500.0);
  }
  EXPECT_GT(run.partitions[0].thermo.back().at(5), 2.0); // round trips
}
INSTANTIATE_TEST_SUITE_P(
    Schemes, Ladder,
    ::testing::Values(LadderCase{"Deo", ""}, LadderCase{"Seo", "scheme seo"},
                      LadderCase{"Random", "scheme random"}, LadderCase{"Any", "partners any"},
                      LadderCase{"AnyThroughAFlow", "partners any model momenta.pt"},
                      LadderCase{"SomeThroughFlows", "models bad.pt NULL momenta.pt"}),
    [](const auto &test) { return test.param.name; });

TEST(Schemes, ChooseTheirPairs) {
  const auto pairs = [](const std::string &keywords) {
    const auto run = tests::run_partitions(
        Harmonic::script({0.4, 0.55, 0.75, 1.0},
                         "fix pt all nflow/temper 1 99 ${t} log pairs.log " + keywords + "\n") +
            "run 60\n",
        "4x1");
    EXPECT_EQ(run.status, 0) << run.text();
    std::vector<std::vector<std::pair<int, int>>> scans(60);
    for (const auto &row : exchange_log("pairs.log")) scans.at(row.scan).push_back({row.i, row.j});
    return scans;
  };
  using Pairs = std::vector<std::pair<int, int>>;
  const Pairs even = {{0, 1}, {2, 3}}, odd = {{1, 2}};
  const auto deo = pairs("scheme deo"), seo = pairs("scheme seo"), random = pairs("scheme random"),
             any = pairs("partners any");
  int evens = 0;
  std::vector<int> chosen(4, 0);
  bool far = false;
  for (size_t scan = 0; scan < 60; scan++) {
    EXPECT_EQ(deo[scan], scan % 2 ? odd : even) << scan;
    EXPECT_TRUE(seo[scan] == even || seo[scan] == odd) << scan;
    evens += seo[scan] == even;
    ASSERT_EQ(random[scan].size(), 1u);
    EXPECT_EQ(random[scan][0].second, random[scan][0].first + 1);
    chosen[random[scan][0].first]++;
    ASSERT_EQ(any[scan].size(), 2u);
    for (const auto &pair : any[scan]) far = far || pair.second > pair.first + 1;
  }
  EXPECT_GT(evens, 12);
  EXPECT_LT(evens, 48);
  for (int i = 0; i < 3; i++) EXPECT_GT(chosen[i], 6);
  EXPECT_TRUE(far);
}

struct LiquidCase {
  std::string name;
  bool forward, good;
};
void PrintTo(const LiquidCase &test, std::ostream *out) {
  *out << test.name;
}

class Liquid : public ::testing::TestWithParam<LiquidCase> {};

/// Soft discs at two temperatures, sampled by short excursions through other flows; exchanges
/// through a flow from hot to cold with auxiliary momenta, from either end of the ladder.
TEST_P(Liquid, AveragesAtBothTemperaturesAreExact) {
  const auto &test = GetParam();
  tests::write_toy_liquid("exchange.pt", SoftDiscs::metadata(), SoftDiscs::flow(test.good));
  tests::write_toy_liquid("to_cold.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  auto metadata = SoftDiscs::metadata();
  metadata.temperature_pairs = {{SoftDiscs::cold, SoftDiscs::hot}};
  tests::write_toy_liquid("to_hot.pt", metadata, SoftDiscs::flow(true));
  const std::vector<double> temperatures =
      test.forward ? std::vector<double>{SoftDiscs::hot, SoftDiscs::cold}
                   : std::vector<double>{SoftDiscs::cold, SoftDiscs::hot};
  const auto run = tests::run_partitions(
      tests::world_variable("t", temperatures) +
          tests::world_variable<std::string>(
              "f", test.forward ? std::vector<std::string>{"to_hot.pt", "to_cold.pt"}
                                : std::vector<std::string>{"to_cold.pt", "to_hot.pt"}) +
          SoftDiscs::script(
              "fix m all nflow/mc 1 2 1234 ${t} ${f} move excursion steps 3 timestep "
              "0.1\nfix pt all nflow/temper 1 5 ${t} model exchange.pt log liquid.log\n",
              "f_pt f_m") +
          "thermo 1\nrun 6000\n",
      "2x1");
  ASSERT_EQ(run.status, 0) << run.text();
  for (int p = 0; p < 2; p++) {
    const auto exact = SoftDiscs::reference(temperatures[p], 200000);
    for (size_t k = 0; k < exact.size(); k++) {
      tests::expect_same_mean(run.column(p, 1 + k, 200), exact[k],
                              "partition " + std::to_string(p) + ", observable " +
                                  std::to_string(k));
    }
  }
  std::printf("acceptance %.3f\n", run.partitions[0].thermo.back().at(6));
  EXPECT_GT(run.partitions[0].thermo.back().at(6), 0.02);
}
INSTANTIATE_TEST_SUITE_P(Flows, Liquid,
                         ::testing::Values(LiquidCase{"ForwardGood", true, true},
                                           LiquidCase{"ForwardBad", true, false},
                                           LiquidCase{"BackwardGood", false, true},
                                           LiquidCase{"BackwardBad", false, false}),
                         [](const auto &test) { return test.param.name; });

TEST(Tuning, MakesAHarmonicLadderGeometricAndFreezesIt) {
  const std::vector<double> temperatures = {0.25, 0.35, 0.45, 1.0};
  const auto run = tests::run_partitions(
      Harmonic::script(temperatures, "fix pt all nflow/temper 1 7 ${t} tune 3200 log tune.log\n",
                       "f_pt[7] f_pt[6] f_pt[1][1]") +
          "run 9200\n",
      "4x1");
  ASSERT_EQ(run.status, 0) << run.text();
  // Equal rejection of harmonic oscillators means equal ratios.
  std::vector<double> tuned;
  for (int p = 0; p < 4; p++) tuned.push_back(run.partitions[p].thermo.back().at(4));
  EXPECT_EQ(tuned.front(), 0.25);
  EXPECT_EQ(tuned.back(), 1.0);
  for (int p = 1; p < 4; p++) {
    std::printf("ratio %d: %.4f, geometric %.4f\n", p, tuned[p] / tuned[p - 1], std::cbrt(4.0));
    EXPECT_NEAR(tuned[p] / tuned[p - 1], std::cbrt(4.0), 0.08 * std::cbrt(4.0));
  }
  for (int p = 0; p < 4; p++) {
    const auto &rows = run.partitions[p].thermo;
    for (size_t step = 3300; step < rows.size(); step++) ASSERT_EQ(rows[step].at(4), tuned[p]);
    EXPECT_EQ(rows.back().at(5), 6000.0); // attempts: those of tuning are not counted
    EXPECT_EQ(rows.back().at(6), 3000.0);
    // fix nflow/mc was told.
    EXPECT_LT(std::fabs(z_of(run.column(p, 1, 3300), Harmonic::mean_energy(tuned[p]))), 4.0) << p;
  }
  int ladders = 0;
  std::istringstream lines(tests::contents("tune.log"));
  for (std::string line; std::getline(lines, line);) ladders += line.rfind("# T ", 0) == 0;
  EXPECT_EQ(ladders, 5); // the first, and after M/8, M/4, M/2 and M attempts
  EXPECT_EQ(exchange_log("tune.log", "# T ").size(), 9000u);
}

TEST(Tuning, TellsThermostats) {
  const std::vector<double> temperatures = {0.25, 0.4, 1.0};
  // Noise of its own in each partition: with one seed for all the replicas are not independent.
  const auto script =
      tests::world_variable("s", std::vector<int>{77, 78, 79}) +
      Harmonic::script(temperatures,
                       "unfix m\nvelocity all create ${t} 5 mom no\nfix i all nve\n"
                       "fix l all langevin ${t} ${t} 1.0 ${s}\nfix two all enforce2d\n"
                       "timestep 0.05\ncompute k all ke\n"
                       "fix pt all nflow/temper 10 7 ${t} tune 1600 universe no\n",
                       "f_pt[7] c_k");
  const auto run = tests::run_partitions(script + "thermo 10\nrun 50000\n", "3x1");
  ASSERT_EQ(run.status, 0) << run.text();
  const double tuned = run.partitions[1].thermo.back().at(4);
  EXPECT_NEAR(tuned, 0.5, 0.04);
  for (int p = 0; p < 3; p++) {
    const double temperature = p == 1 ? tuned : temperatures[p];
    EXPECT_LT(std::fabs(z_of(run.column(p, 1, 1700), Harmonic::mean_energy(temperature))), 4.0);
    EXPECT_LT(std::fabs(z_of(run.column(p, 5, 1700), Harmonic::n * temperature)), 4.0);
  }
}

/// The work that fix ave/time has found in the same step, before an exchange, is not that of the
/// configuration which has come.
TEST(BesideACompute, TheRunIsTheSameAndItsNumbersAreOfTheNewConfiguration) {
  write_flows();
  const auto script = [](bool with) {
    return Harmonic::script({0.5, 1.0},
                            std::string(with ? "compute w all nflow/work bad.pt 0.5 0.6\n"
                                               "fix a all ave/time 1 1 1 c_w c_w[1]\n"
                                             : "") +
                                "fix pt all nflow/temper 3 4711 ${t} model momenta.pt\n",
                            with ? "c_w[1] c_w" : "") +
           "run 300\n";
  };
  const auto without = tests::run_partitions(script(false), "2x1"),
             with = tests::run_partitions(script(true), "2x1");
  ASSERT_EQ(with.status, 0) << with.text();
  for (int p = 0; p < 2; p++) {
    EXPECT_EQ(with.column(p, 4), with.column(p, 1));
    for (const size_t k : {1, 2, 3}) EXPECT_EQ(with.column(p, k), without.column(p, k));
  }
}

} // namespace
