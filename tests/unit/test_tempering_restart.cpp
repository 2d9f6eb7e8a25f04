// A tempering that goes on from the numbers of a restart file is the unbroken one to the bit, also
// in the middle of tuning; numbers of another run, and ladders that are none, are refused with one
// sentence.

#include "unit/tempering_case.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

namespace {

using namespace nflow;
using namespace nflow::tempering;
using tests::begun;

const std::vector<double> temperatures = {1.0, 1.4, 2.2, 2.5, 5.0};
const RunFacts facts = {2, 99, 50, 1000, 123, 4.5};

bool same_bits(const std::vector<double> &a, const std::vector<double> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

/// What goes on from the state of another one, as a new session does.
Tempering continued(const Tempering &before, const Plan &plan) {
  Tempering tempering(before.count(), plan);
  auto run = facts;
  run.evaluations = 0;
  run.seconds = 0.0;
  EXPECT_TRUE(tempering.load(before.save(facts).data(), run));
  EXPECT_EQ(run.evaluations, facts.evaluations);
  EXPECT_EQ(run.seconds, facts.seconds);
  tempering.begin(temperatures);
  return tempering;
}

void expect_unbroken(const Plan &plan, int scans, int interrupted_after) {
  auto whole = begun(temperatures, plan), first = begun(temperatures, plan);
  auto rows_of_whole = tests::run(whole, scans);
  auto rows = tests::run(first, interrupted_after);
  auto second = continued(first, plan);
  EXPECT_EQ(second.temperatures(), first.temperatures());
  EXPECT_EQ(second.tuning(), first.tuning());
  for (const auto &row : tests::run(second, scans - interrupted_after)) rows.push_back(row);
  ASSERT_EQ(rows.size(), rows_of_whole.size());
  for (size_t k = 0; k < rows.size(); k++) {
    const auto &a = rows[k], &b = rows_of_whole[k];
    EXPECT_TRUE(a.step == b.step && a.scan == b.scan && a.i == b.i && a.j == b.j &&
                a.work_ij == b.work_ij && a.work_ji == b.work_ji && a.accepted == b.accepted &&
                a.replica_i == b.replica_i && a.replica_j == b.replica_j)
        << k;
  }
  EXPECT_TRUE(same_bits(second.save(facts), whole.save(facts)));
  for (size_t k = 0; k < whole.statistics().size(); k++) {
    const auto a = second.statistics()[k].free_energy(), b = whole.statistics()[k].free_energy();
    EXPECT_EQ(a.value, b.value);
    EXPECT_EQ(a.error, b.error);
  }
}

TEST(TemperingRestart, IsTheUnbrokenRun) {
  for (const auto scheme : {Scheme::deo, Scheme::seo, Scheme::random, Scheme::any})
    for (const int after : {0, 1, 137, 399}) expect_unbroken({scheme, 0, 3}, 400, after);
}

TEST(TemperingRestart, InTheMiddleOfTuningIsTheUnbrokenRun) {
  for (const auto scheme : {Scheme::deo, Scheme::seo, Scheme::random, Scheme::any})
    for (const int after : {19, 20, 21, 79, 80, 120, 160, 200})
      expect_unbroken({scheme, 160, 3}, 400, after);
}

TEST(TemperingRestart, NumbersAreThoseOfTheFormat) {
  const Plan plan = {Scheme::deo, 8, 3};
  auto tempering = begun(temperatures, plan);
  tests::run(tempering, 5);
  auto numbers = tempering.save(facts);
  const std::vector<double> head = {1.0, 5.0,   2.0, 99.0, 1000.0, 5.0, 1.0,
                                    1.0, 123.0, 4.0, 50.0, 8.0,    4.5};
  ASSERT_GT(numbers.size(), head.size() + 6);
  EXPECT_EQ(std::vector<double>(numbers.begin(), numbers.begin() + 13), head);
  EXPECT_EQ(std::vector<double>(numbers.begin() + 13, numbers.begin() + 18),
            tempering.temperatures());
  EXPECT_EQ(numbers[18], 6.0 * 5.0 + 2.0); // replicas
}

TEST(TemperingRestart, OfNothingIsNothing) {
  const Tempering before(5, {});
  Tempering after(5, {});
  auto run = facts;
  run.seed = 1; // nothing is compared
  EXPECT_FALSE(after.load(before.save(facts).data(), run));
  EXPECT_FALSE(after.has_ladder());
}

void expect_error(const std::function<void()> &work, const std::string &part) {
  try {
    work();
    ADD_FAILURE() << "no error: " << part;
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

void expect_refused(int count, const Plan &plan, const RunFacts &run, const std::string &part) {
  auto before = begun(temperatures, {Scheme::deo, 16, 3});
  tests::run(before, 10);
  Tempering after(count, plan);
  auto facts_of_run = run;
  expect_error([&] { after.load(before.save(facts).data(), facts_of_run); }, part);
  EXPECT_FALSE(after.has_ladder());
}

TEST(TemperingRestart, OfAnotherRunIsRefused) {
  const Plan plan = {Scheme::deo, 16, 3};
  expect_refused(4, plan, facts,
                 "the restart file is of a run with 5 partitions, this one has 4: use as many");
  const auto with = [](auto member, auto value) {
    auto run = facts;
    run.*member = value;
    return run;
  };
  expect_refused(5, plan, with(&RunFacts::partition, 1), "is that of partition 2: let every");
  expect_refused(5, plan, with(&RunFacts::seed, 7), "with seed 99: give the same seed");
  expect_refused(5, plan, with(&RunFacts::step, 7), "of step 1000, but this is step 7: give");
  expect_refused(5, plan, with(&RunFacts::every, 7), "with N = 50 and tune 16: give the same");
  expect_refused(5, {Scheme::deo, 0, 3}, facts, "with N = 50 and tune 16: give the same");
  expect_refused(5, {Scheme::any, 16, 3}, facts, "with other partners: give the same keyword");
  auto numbers = begun(temperatures, plan).save(facts);
  numbers[0] = 2.0;
  auto run = facts;
  Tempering after(5, plan);
  expect_error([&] { after.load(numbers.data(), run); }, "of another version of this fix");
}

TEST(TemperingRestart, WithAnotherLadderIsRefused) {
  for (const uint64_t tune : {0, 16}) {
    const Plan plan = {Scheme::deo, tune, 3};
    auto before = begun(temperatures, plan);
    tests::run(before, 20);
    for (const size_t place : {0, 2, 4}) {
      auto after = continued(before, plan);
      auto others = temperatures;
      others[place] *= 1.01;
      if (tune > 0 && place == 2) // only the ends of a tuned ladder are those of the command
        EXPECT_NO_THROW(after.begin(others));
      else
        expect_error([&] { after.begin(others); }, "continue with the same ladder");
      EXPECT_EQ(after.temperatures(), before.temperatures());
    }
  }
}

TEST(TemperingBegin, RefusesWhatIsNoLadder) {
  expect_error(
      [] {
        begun({1.0, 1.0}, {});
      },
      "partitions 0 and 1 have the same temperature 1: give each one of its own");
  expect_error(
      [] {
        begun({1.0, 0.5, 0.7}, {});
      },
      "the temperatures are not in order: 0.7 of partition 2 comes after 0.5");
}

} // namespace
