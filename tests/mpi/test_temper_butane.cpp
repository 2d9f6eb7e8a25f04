// fix nflow/temper through a steerable flow in internal coordinates: butane at two temperatures,
// against quadrature, with a good flow and a bad one; where the molecule is and how it is turned
// goes with its configuration.

#include "estimators/autocorrelation.h"
#include "mpi/partitions.h"
#include "plugin/butane.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace {

using namespace nflow;
using tests::Butane;

const std::vector<double> temperatures{600.0, 300.0};

/// Butane in two partitions, sampled by `sampler` between exchanges; returns the mean acceptance.
/// Both begin at one place, which nothing but dynamics changes.
double exchanges(const std::string &sampler, const std::string &model, long steps, long every,
                 bool dynamics = false) {
  const auto run = tests::run_partitions(
      tests::world_variable("t", temperatures) +
          tests::world_variable("s", std::vector<int>{7, 8}) + Butane::start() +
          Butane::settings() + sampler + "fix pt all nflow/temper " + std::to_string(2 * every) +
          " 4711 ${t} log exchange.log " + model + "\n" + Butane::thermo() + "thermo " +
          std::to_string(every) + "\nrun " + std::to_string(steps) + "\n",
      "2x1");
  EXPECT_EQ(run.status, 0) << run.text();
  for (size_t p = 0; p < 2; p++) {
    const auto [frame, shape] = Butane::motion(run.partitions[p].thermo);
    EXPECT_GT(shape, 1.0);
    if (dynamics) {
      EXPECT_GT(frame, 0.1);
    } else {
      EXPECT_LT(frame, 1e-9);
    }
    const auto series = Butane::series(run.partitions[p].thermo, 100);
    const auto exact = Butane::exact(temperatures[p]);
    for (size_t k = 0; k < exact.size(); k++) {
      const auto mean = estimators::mean_with_error(series[k]);
      EXPECT_LT(std::fabs(mean.z_score(exact[k])), 4.0)
          << temperatures[p] << " K, " << Butane::names()[k] << " " << mean.mean << " +- "
          << mean.error << ", exact " << exact[k];
    }
  }
  const auto acceptances = tests::acceptances(tests::exchange_log("exchange.log"), 0, 1);
  EXPECT_GT(acceptances.size(), 400u);
  const auto mean = estimators::mean_with_error(acceptances);
  std::printf("%s: acceptance %.3f +- %.3f\n", model.empty() ? "plain" : model.c_str(), mean.mean,
              mean.error);
  return mean.mean;
}

TEST(TemperButane, IsExactThroughAFlowAndAcceptsMore) {
  Butane::write_flow("flow.pt");
  Butane::write_flow("bad.pt", "tsf-internal", 0.3);
  const std::string moves = "fix m all nflow/mc 1 1 ${s} ${t} flow.pt move pcn 0.3\n";
  const double flow = exchanges(moves, "model flow.pt", 5000, 1);
  const double bad = exchanges(moves, "model bad.pt", 5000, 1);
  const double plain = exchanges(moves, "", 5000, 1);
  EXPECT_GT(flow, 0.75);
  EXPECT_GT(flow, plain + 0.15);
  EXPECT_LT(bad, flow);
  EXPECT_GT(bad, 0.02);
}

TEST(TemperButane, IsExactBesideDynamics) {
  Butane::write_flow("flow.pt");
  const double flow = exchanges("velocity all create ${t} 1${s}\ntimestep 1.0\nfix i all nve\n"
                                "fix l all langevin ${t} ${t} 100 ${s}1\n",
                                "model flow.pt", 40000, 20, true);
  EXPECT_GT(flow, 0.75);
}

} // namespace
