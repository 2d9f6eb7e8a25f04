// Exchange through every kind of map, on a two-dimensional multi-well: from independent exact
// configurations at both temperatures, one attempt must lead to exact configurations at both
// (quadrature, |z| < 4), whatever the flow; and a rule with a sign flipped or a term dropped must
// be caught by the same comparison. Fixed seeds.

#include "estimators/free_energy.h"
#include "flow/prior.h"
#include "mcmc/acceptance.h"
#include "reference/comparison.h"
#include "statistics/toy_flows.h"
#include "tempering/exchange.h"
#include "tempering/pair_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

using namespace nflow;
using tempering::ExchangeMap;
using Kind = ExchangeMap::Kind;

constexpr double tau_i = 2.0, tau_j = 1.2;
constexpr int attempts = 40000;

struct Rule {
  double (*work)(double h_in, double h_out, double log_det) = tempering::work;
  double (*log_acceptance)(double, double) = tempering::log_acceptance_exchange;
  double scale_term = 0.0; // added to log_det for every ln(tau_there/tau_here)
};

struct Result {
  double largest_z = 0.0;
  tempering::PairStatistics pair;
};

const reference::MultiWell &system_of_test() {
  static const reference::MultiWell system = reference::random_multi_well(2, 7);
  return system;
}

/// One side of an exchange: a point and its reduced energy.
struct Side {
  double tau, variance;
  std::vector<double> point, mapped;
  double h = 0.0;

  double reduced(const double *v) const {
    const int64_t n = system_of_test().dim();
    const auto momenta = static_cast<int64_t>(point.size()) - n;
    return system_of_test().energy(v) / tau + auxiliary_energy(v + n, momenta, variance);
  }
  void draw(const reference::ExactMultiWell &exact, RandomStream &random) {
    const int64_t n = exact.dim();
    exact.sample(random, point.data());
    random.fill_gaussian(&point[n], static_cast<int64_t>(point.size()) - n, std::sqrt(variance));
    h = reduced(point.data());
  }
};

/// The work of carrying `from` to `to`; the point arrives in from.mapped.
double carry(Side &from, const Side &to, ExchangeMap &map, const Rule &rule) {
  double log_det = 0.0;
  if (map.kind() == Kind::identity)
    from.mapped = from.point;
  else
    log_det = map.map(from.point.data(), from.tau, to.tau, from.mapped.data());
  log_det += rule.scale_term * std::log(to.tau / from.tau);
  return rule.work(from.h, to.reduced(from.mapped.data()), log_det);
}

double largest_z(const reference::ExactMultiWell &exact, const std::vector<double> &frames) {
  double z = 0.0;
  for (const auto &observable : reference::compare(system_of_test(), exact, frames))
    z = std::max(z, std::fabs(observable.z()));
  return z;
}

/// x' = x + sin(1.8 x)/2 in every number: near the identity, so that it is accepted often, but with
/// a Jacobian that varies a lot, so that the log-dets matter.
class WarpFlow : public Flow {
 public:
  void forward(int64_t, const double *u, const Temperatures &, double *v,
               double *log_det) override {
    *log_det = 0.0;
    for (int64_t i = 0; i < size(); i++) {
      v[i] = u[i] + 0.5 * std::sin(1.8 * u[i]);
      *log_det += std::log(slope(u[i]));
    }
  }
  void inverse(int64_t, const double *v, const Temperatures &, double *u,
               double *log_det) override {
    *log_det = 0.0;
    for (int64_t i = 0; i < size(); i++) {
      double low = v[i] - 0.6, high = v[i] + 0.6;
      for (int k = 0; k < 60; k++) {
        u[i] = 0.5 * (low + high);
        (u[i] + 0.5 * std::sin(1.8 * u[i]) < v[i] ? low : high) = u[i];
      }
      *log_det -= std::log(slope(u[i]));
    }
  }
  static int64_t size() { return system_of_test().dim(); }

 private:
  static double slope(double u) { return 1.0 + 0.9 * std::cos(1.8 * u); }
};

Result run(Kind kind, Flow &flow, int64_t numbers, const Rule &rule = {}) {
  const auto &system = system_of_test();
  static const reference::ExactMultiWell exact_i(system, tau_i), exact_j(system, tau_j);
  const auto size = static_cast<size_t>(numbers);
  ExchangeMap there(kind, &flow, numbers), back(opposite(kind), &flow, numbers);
  const bool latent = kind == Kind::latent;
  Side i{tau_i, latent ? tau_i : 0.8, std::vector<double>(size), std::vector<double>(size)};
  Side j{tau_j, latent ? tau_j : 0.8, std::vector<double>(size), std::vector<double>(size)};
  Result result;
  std::vector<double> frames_i, frames_j;
  for (int k = 0; k < attempts; k++) {
    RandomStream random(12, 0, k, Purpose::sample);
    i.draw(exact_i, random);
    j.draw(exact_j, random);
    const double work_ij = carry(i, j, there, rule), work_ji = carry(j, i, back, rule);
    const bool accepted = mcmc::accept(rule.log_acceptance(work_ij, work_ji), random.uniform());
    result.pair.add(work_ij, work_ji, accepted);
    const auto &at_i = accepted ? j.mapped : i.point, &at_j = accepted ? i.mapped : j.point;
    frames_i.insert(frames_i.end(), at_i.begin(), at_i.begin() + system.dim());
    frames_j.insert(frames_j.end(), at_j.begin(), at_j.begin() + system.dim());
  }
  result.largest_z = std::max(largest_z(exact_i, frames_i), largest_z(exact_j, frames_j));
  return result;
}

Result run_toy(Kind kind, bool auxiliary, bool good, const Rule &rule = {}) {
  // As a map between the two temperatures the toy flow is a bad one in any case.
  tests::ToyFlow flow(system_of_test(), auxiliary, good ? 1.6 : 1.7, good ? 0.7 : 1.1);
  return run(kind, flow, flow.size(), rule);
}

class ExchangeIsExact : public ::testing::TestWithParam<std::tuple<Kind, bool, bool>> {};

TEST_P(ExchangeIsExact, AtBothTemperatures) {
  const auto [kind, auxiliary, good] = GetParam();
  const auto result = run_toy(kind, auxiliary, good);
  EXPECT_LT(result.largest_z, 4.0);
  EXPECT_GT(result.pair.mean_acceptance(), 0.01);
  const double count = attempts;
  EXPECT_NEAR(result.pair.accepts() / count, result.pair.mean_acceptance(),
              4.0 * std::sqrt(0.25 / count));
  // Free energies of both temperatures from the same works; momenta have the same normalisation
  // constant on both sides but for the latent map, where it goes as tau to half their number.
  const reference::ExactMultiWell exact_i(system_of_test(), tau_i),
      exact_j(system_of_test(), tau_j);
  double exact = exact_i.log_partition() - exact_j.log_partition();
  if (kind == Kind::latent && auxiliary)
    exact += 0.5 * static_cast<double>(exact_i.dim()) * std::log(tau_i / tau_j);
  const auto estimate = result.pair.free_energy();
  EXPECT_LT(std::fabs(estimate.value - exact), 4.0 * estimate.error)
      << estimate.value << " +- " << estimate.error << ", exactly " << exact;
}

INSTANTIATE_TEST_SUITE_P(Maps, ExchangeIsExact,
                         ::testing::Combine(::testing::Values(Kind::identity, Kind::forward,
                                                              Kind::backward, Kind::latent),
                                            ::testing::Bool(), ::testing::Bool()));

double flipped_energy(double h_in, double h_out, double log_det) {
  return -(h_out - h_in) - log_det;
}
double flipped_log_det(double h_in, double h_out, double log_det) {
  return h_out - h_in + log_det;
}
double no_log_det(double h_in, double h_out, double) {
  return h_out - h_in;
}
double no_energy_before(double, double h_out, double log_det) {
  return h_out - log_det;
}
double flipped_first(double ij, double ji) {
  return ij - ji;
}
double flipped_second(double ij, double ji) {
  return -ij + ji;
}
double flipped_both(double ij, double ji) {
  return ij + ji;
}
double one_side_only(double ij, double) {
  return -ij;
}

/// How far a broken rule is from exact.
double z_of_broken(Kind kind, double (*work)(double, double, double),
                   double (*log_acceptance)(double, double) = tempering::log_acceptance_exchange,
                   double scale_term = 0.0) {
  WarpFlow flow;
  const double z = run(kind, flow, flow.size(), {work, log_acceptance, scale_term}).largest_z;
  ::testing::Test::RecordProperty("z", std::to_string(z));
  return z;
}

TEST(BrokenExchange, SignsOfTheWorksAreCaught) {
  for (const Kind kind : {Kind::identity, Kind::latent}) {
    EXPECT_GT(z_of_broken(kind, tempering::work, flipped_first), 6.0);
    EXPECT_GT(z_of_broken(kind, tempering::work, flipped_second), 6.0);
    EXPECT_GT(z_of_broken(kind, tempering::work, flipped_both), 6.0);
    EXPECT_GT(z_of_broken(kind, tempering::work, one_side_only), 6.0);
    EXPECT_GT(z_of_broken(kind, flipped_energy), 6.0);
  }
}

TEST(BrokenExchange, LogDetsAreCaught) {
  for (const Kind kind : {Kind::forward, Kind::backward, Kind::latent}) {
    EXPECT_GT(z_of_broken(kind, flipped_log_det), 6.0);
    EXPECT_GT(z_of_broken(kind, no_log_det), 6.0);
    EXPECT_GT(z_of_broken(kind, no_energy_before), 6.0);
    EXPECT_LT(z_of_broken(kind, tempering::work), 4.0); // not broken
  }
}

TEST(BrokenExchange, ConstantsOfTheMapCancelInTheAcceptanceButNotInTheFreeEnergy) {
  // A constant in log_det, such as that of the latent scaling, has opposite signs in both works:
  // the decisions do not see it, BAR does.
  const auto right = run_toy(Kind::latent, true, true);
  const auto wrong = run_toy(Kind::latent, true, true,
                             {tempering::work, tempering::log_acceptance_exchange, -2.0});
  EXPECT_EQ(wrong.pair.accepts(), right.pair.accepts());
  const auto estimate = right.pair.free_energy();
  EXPECT_GT(std::fabs(wrong.pair.free_energy().value - estimate.value), 20.0 * estimate.error);
}

TEST(ExchangeRule, IsParallelTemperingWithoutAMap) {
  const double u_i = 3.0, u_j = -1.0;
  EXPECT_NEAR(tempering::log_acceptance_exchange(tempering::work(u_i / tau_i, u_i / tau_j, 0.0),
                                                 tempering::work(u_j / tau_j, u_j / tau_i, 0.0)),
              (1.0 / tau_i - 1.0 / tau_j) * (u_i - u_j), 1e-14);
}

TEST(ExchangeRule, RejectsWhatIsNotFinite) {
  for (const double bad :
       {static_cast<double>(NAN), static_cast<double>(INFINITY), -static_cast<double>(INFINITY)}) {
    EXPECT_FALSE(mcmc::accept(tempering::log_acceptance_exchange(bad, 0.0), 0.5));
    EXPECT_FALSE(mcmc::accept(tempering::log_acceptance_exchange(0.0, bad), 0.5));
  }
}

} // namespace
