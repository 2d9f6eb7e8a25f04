// Plain LAMMPS on the shipped potential against energies known from independent Monte Carlo.

#include "estimators/autocorrelation.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow;

/// z-score of a mean against a reference that has an error itself.
double z_score(const estimators::Estimate &estimate, double reference, double error) {
  return (estimate.mean - reference) / std::hypot(estimate.error, error);
}

TEST(Ka2dEnergies, AtTemperatureOne) {
  const std::string source = NFLOW_SOURCE_DIR;
  const auto run =
      tests::run_lammps("include " + source + "/examples/ka2d/in.reference\n", 1,
                        "-var nflow_potentials " + source + "/potentials -var folder " + source +
                            "/examples/ka2d -var swaps 0 -var settle 20000 "
                            "-var steps 700000 -var seed 77");
  ASSERT_EQ(run.status, 0) << run.output;
  std::vector<double> energy, scaled;
  for (const auto &row : run.thermo)
    if (row.at(0) > 20000) {
      energy.push_back(row.at(3));
      scaled.push_back(row.at(3) * std::sqrt(43.0)); // its variance is that of U, over N
    }
  ASSERT_GT(energy.size(), 30000u);
  const auto mean = estimators::mean_with_error(energy);
  const auto variance = estimators::variance_with_error(scaled);
  EXPECT_LT(std::fabs(z_score(mean, -1.8800, 0.0022)), 4.0) << mean.mean << " +- " << mean.error;
  EXPECT_LT(std::fabs(z_score(variance, 0.916, 0.007)), 4.0)
      << variance.mean << " +- " << variance.error;
  // Small errors, so that a wrong potential does not hide behind them.
  EXPECT_LT(mean.error, 0.01);
  EXPECT_LT(variance.error, 0.05);
}

} // namespace
