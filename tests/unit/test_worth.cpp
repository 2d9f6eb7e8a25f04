// When nflow-train says that a flow is not worth it, and when it must not.
#include "base/random.h"
#ifdef NFLOW_TRAINER_LAMMPS
#include "lammps/error_text.h"
#include "trainer/energies/thermal_sampling.h"
#endif
#include "trainer/training/worth.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow::trainer;
using nflow::estimators::exchange_report;
using nflow::estimators::ExchangeReport;

/// What 400 gaussian works of either side report, of mean J/2 and variance J as equilibrium wants.
ExchangeReport report_of(double j, uint32_t seed, size_t count = 400) {
  nflow::RandomStream random(seed, 0, 0, nflow::Purpose::sample);
  std::vector<double> forward(count), backward(count);
  for (double &w : forward) w = 0.5 * j + std::sqrt(j) * random.gaussian();
  for (double &w : backward) w = 0.5 * j + std::sqrt(j) * random.gaussian();
  return exchange_report(forward, backward);
}

#ifdef NFLOW_TRAINER_LAMMPS
TEST(ErrorsOfLammps, AreReducedToTheirSentence) {
  using LAMMPS_NS::sentence_of_error;
  EXPECT_EQ(sentence_of_error("ERROR on proc 0: Bad value (../pair.cpp:12)\nLast command: x"),
            "Bad value");
  EXPECT_EQ(sentence_of_error("ERROR: Bad (value) here (src/x.cpp:1)"), "Bad (value) here");
  EXPECT_EQ(sentence_of_error("\nERROR: Lost atoms: 4 (12)"), "Lost atoms: 4 (12)");
  EXPECT_EQ(sentence_of_error("ERROR on proc : x (a:b)"), "ERROR on proc : x (a:b)");
  EXPECT_EQ(sentence_of_error(" "), "");
  // As long as a line of a script may be.
  const std::string word(5000000, '(');
  EXPECT_EQ(sentence_of_error("ERROR: no '" + word + "' (../u.cpp:3)"), "no '" + word + "'");
}

TEST(Sampling, ADriftThatJustPassedIsSaid) {
  for (const double quiet : {0.0, 2.4, -2.4}) EXPECT_EQ(drift_warning(quiet, 0.6), "");
  for (const double loud : {2.6, -2.9})
    EXPECT_EQ(drift_warning(loud, 0.6).rfind("the energy at T = 0.6 still drifts by", 0), 0u);
}
#endif

TEST(Worth, AFlowWorseThanPlainExchangeIsSaidAndABetterOneIsNot) {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    const auto near = report_of(4.0, seed), far = report_of(7.0, 100 + seed);
    const auto sentence = worth_of_exchanges(near, far, 1.4, 0.7);
    EXPECT_EQ(sentence.rfind("warning: from T = 1.4 to 0.7 this flow is worse than none", 0), 0u);
    EXPECT_EQ(worth_of_exchanges(far, near, 1.4, 0.7), "") << seed;
  }
}

/// The case that was seen: 0.038 against 0.089.
TEST(Worth, TheAcceptanceThatWasDeliveredAsASuccess) {
  ExchangeReport plain, flow;
  plain.ess_forward = flow.ess_forward = 0.1;
  plain.acceptance = 0.089, plain.acceptance_error = 0.03, plain.j = 6.0;
  flow.acceptance = 0.038, flow.acceptance_error = 0.02, flow.j = 8.0;
  const auto sentence = worth_of_exchanges(plain, flow, 0.3, 0.2);
  EXPECT_NE(sentence.find("accepted with 0.038 +- 0.02, plain ones with 0.089 +- 0.03"),
            std::string::npos)
      << sentence;
  // A lower acceptance within the errors, and a lower J: nothing is known against it.
  flow.j = 5.0;
  EXPECT_EQ(worth_of_exchanges(plain, flow, 0.3, 0.2), "");
  flow.acceptance_error = plain.acceptance_error = 0.001;
  EXPECT_NE(worth_of_exchanges(plain, flow, 0.3, 0.2), "");
}

TEST(Worth, WorksThatAreNotFiniteAreWorse) {
  const auto plain = report_of(4.0, 3);
  const auto nothing =
      exchange_report(std::vector<double>(40, INFINITY), std::vector<double>(40, NAN));
  EXPECT_NE(worth_of_exchanges(plain, nothing, 2.0, 1.0), "");
}

TEST(Worth, WithoutSamplesOfTheTargetTheMeanWorkDecides) {
  const std::vector<double> low{1.0, 2.0, 3.0}, high{4.0, 5.0, 6.0};
  EXPECT_EQ(worth_of_exchanges(exchange_report(high, {}), exchange_report(low, {}), 2.0, 1.0), "");
  EXPECT_NE(worth_of_exchanges(exchange_report(low, {}), exchange_report(high, {}), 2.0, 1.0), "");
  EXPECT_EQ(worth_of_exchanges(exchange_report({}, {}), exchange_report({}, {}), 2.0, 1.0), "");
}

TEST(Worth, ProposalsOfWhichNoneIsAccepted) {
  EXPECT_NE(worth_of_proposals(0.0), "");
  EXPECT_NE(worth_of_proposals(2e-4), "");
  EXPECT_EQ(worth_of_proposals(0.01), "");
  EXPECT_EQ(worth_of_proposals(NAN), "");
}

TEST(Worth, AFitThatRoseFromItsFirstLine) {
  nflow::RandomStream random(5, 0, 0, nflow::Purpose::sample);
  std::vector<double> first(200), risen(200), noise(200);
  for (size_t i = 0; i < first.size(); i++) {
    first[i] = 5.0 + 3.0 * random.gaussian();
    risen[i] = first[i] + 0.5 + random.gaussian();
    noise[i] = first[i] + 0.01 * random.gaussian();
  }
  EXPECT_NE(worth_of_fit(first, risen), "");
  EXPECT_EQ(worth_of_fit(first, noise), ""); // nearly gaussian: the start was right
  EXPECT_EQ(worth_of_fit(risen, first), "");
  EXPECT_EQ(worth_of_fit({}, {}), "");
}

} // namespace
