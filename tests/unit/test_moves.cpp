// What an input script may say of a move, and the sentences for what it may not.

#include "base/error.h"
#include "base/random.h"
#include "estimators/autocorrelation.h"
#include "mcmc/fruitless.h"
#include "support/moves.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::make_moves;

void expect_error(const std::string &line, const std::string &sentence) {
  try {
    make_moves({line});
    ADD_FAILURE() << "accepted: " << line;
  } catch (const Error &e) {
    EXPECT_EQ(e.what(), sentence) << line;
  }
}

const std::string forms = "independence, multitry K, latent sigma s, pcn s, mapped reservoir FILE "
                          "or excursion steps n timestep dt";

TEST(Moves, SayWhatTheyNeed) {
  const auto moves =
      make_moves({"independence", "multitry 5 weight 2.5", "latent 0.1", "pcn 1 weight 1e-3",
                  "mapped reservoir hot.dump", "excursion local 3 timestep 0.1 steps 2 repeat 4"});
  const int fresh[] = {1, 4, 0, 0, 1, 0};
  const double weights[] = {1.0, 2.5, 1.0, 1e-3, 1.0, 1.0};
  for (size_t i = 0; i < moves.size(); i++) {
    const auto &needs = moves[i].move->needs();
    EXPECT_EQ(needs.fresh, fresh[i]) << i;
    EXPECT_EQ(moves[i].weight, weights[i]) << i;
    EXPECT_EQ(needs.local, i == 5 ? 3 : 0);
    EXPECT_EQ(needs.reservoir != nullptr, i == 4);
    EXPECT_EQ(moves[i].row->prior, i < 4 ? Prior::gaussian : Prior::boltzmann);
  }
}

TEST(Moves, ReadTheirWordsAndNoMore) {
  mcmc::Words words({"latent", "sigma", "0.3", "weight", "2", "batch", "8"});
  EXPECT_EQ(mcmc::parse_move(words).weight, 2.0);
  EXPECT_EQ(words.taken(), 5u);
  mcmc::Words excursion({"excursion", "steps", "2", "timestep", "0.1", "velocity", "keep"});
  mcmc::parse_move(excursion);
  EXPECT_EQ(excursion.next(), "velocity");
}

TEST(Moves, AreListedByPrior) {
  EXPECT_EQ(mcmc::moves_of(Prior::gaussian, "and"), "independence, multitry, latent and pcn");
  EXPECT_EQ(mcmc::moves_of(Prior::boltzmann, "or"), "mapped or excursion");
}

/// Weights of a thousand environments whose constants differ by e^12: pooled, one of them is all.
TEST(Record, TheEssIsOfWeightsInOneEnvironment) {
  mcmc::Record pooled(1), by_environment(1), restored(1);
  RandomStream random(3, 0, 0, Purpose::sample);
  std::vector<double> fractions;
  for (int environment = 0; environment < 1000; environment++) {
    const double constant = 12.0 * random.gaussian();
    by_environment.begin_environment();
    estimators::RunningEss alone;
    for (int i = 0; i < 20; i++) {
      const double log_weight = 0.5 * random.gaussian();
      alone.add(log_weight);
      pooled.add_weight(constant + log_weight);
      by_environment.add_weight(constant + log_weight);
    }
    fractions.push_back(alone.fraction());
  }
  const auto mean = estimators::mean_with_error(fractions).mean;
  EXPECT_LT(pooled.ess(), 1e-2);
  EXPECT_NEAR(by_environment.ess(), mean, 1e-9);
  EXPECT_GT(mean, 0.7);
  restored.restore(by_environment.checkpoint());
  restored.begin_environment();
  by_environment.begin_environment();
  for (auto *record : {&restored, &by_environment})
    for (const double log_weight : {0.0, 3.0}) record->add_weight(log_weight);
  EXPECT_EQ(restored.ess(), by_environment.ess());
  // A single weight has nothing to be compared with.
  mcmc::Record single(1);
  for (int i = 0; i < 10; i++) {
    single.begin_environment();
    single.add_weight(0.0);
  }
  EXPECT_EQ(single.ess(), 0.0);
}

TEST(Record, MovesThatAreTriedForNothingAreFoundOnce) {
  mcmc::Record record(2);
  mcmc::FruitlessMoves fruitless;
  for (int i = 0; i < 199; i++) record.add_attempt(0, false, -30.0 - i);
  record.add_attempt(1, true, 0.0);
  EXPECT_TRUE(fruitless.take(record).empty()); // too early
  record.add_attempt(0, false, NAN);
  const auto found = fruitless.take(record);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].sentence("latent"), "of 200 attempts of 'latent' none was accepted (the "
                                         "likeliest with a probability of exp(-30))");
  EXPECT_TRUE(fruitless.take(record).empty()); // it has been said
  for (int i = 0; i < 400; i++) record.add_attempt(0, i == 7, -1.0);
  EXPECT_TRUE(fruitless.take(record).empty());
}

TEST(Moves, RefuseInOneSentence) {
  expect_error("", "move needs a kind: " + forms);
  expect_error("jump", "move 'jump' is not known: use " + forms);
  expect_error("independence weight", "the weight of a move is missing");
  expect_error("independence weight 0", "the weight of a move must be positive");
  expect_error("multitry", "the number of tries K of move multitry is missing");
  expect_error("multitry 1", "move multitry needs K of at least 2: the current configuration and "
                             "one proposal");
  expect_error("multitry 2.5",
               "Expected integer parameter instead of '2.5' in input script or data file");
  expect_error("latent sigma", "sigma of move latent is missing");
  expect_error("latent sigma -1", "sigma of move latent must be positive");
  expect_error("latent wide",
               "Expected floating point parameter instead of 'wide' in input script or data file");
  expect_error("pcn 1.5", "s of move pcn must be in (0, 1]");
  expect_error("mapped reservoir",
               "move mapped needs 'reservoir FILE', a dump of configurations at T0");
  expect_error("excursion steps 5",
               "move excursion needs 'steps n timestep dt', the dynamics at T0");
  expect_error("excursion steps 0 timestep 1", "steps of move excursion must be at least 1");
  expect_error("excursion steps 5 timestep", "timestep of move excursion is missing");
  expect_error("excursion steps 5 timestep -1", "timestep of move excursion must be positive");
}

} // namespace
