// nflow-train with architecture spline as a program, on the 64-dimensional double well: the gate on
// exchanges within and between the basins, the same model from one rank and two and after a break,
// a lost basin that is reported, and bad input.
#include "model/model.h"
#include "support/run_command.h"
#include "training_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace {

using namespace nflow;
using tests::digest_of;
using tests::expect_refusal;
using tests::run_command;
using tests::train;
using tests::wrote;

const std::string potential = std::string(NFLOW_SOURCE_DIR) + "/potentials/doublewell64.pt";
const std::string pair =
    "--architecture spline --energy " + potential + " --prior-temperature 5 --temperature 1 ";
const std::string with_data = pair + "--prior-data hot.dump.gz --data cold.dump.gz ";
const std::string basins = "--state \"left: x1 < 0\" --state \"right: x1 >= 0\" ";

class DoubleWell : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string sample = std::string(NFLOW_REFERENCE) + " sample " + potential;
    for (const std::string options :
         {" --temperature 5 --seed 1 --count 8000 --output hot.dump.gz",
          " --temperature 1 --seed 2 --count 8000 --output cold.dump.gz",
          " --temperature 5 --seed 3 --count 200 --output few_hot.dump",
          " --temperature 1 --seed 4 --count 200 --output few_cold.dump"}) {
      const auto made = run_command(sample + options);
      ASSERT_EQ(made.code, 0) << made.output;
    }
  }
};

TEST_F(DoubleWell, IsExchangedWithinAndBetweenItsBasins) {
  const auto result = train(with_data + basins + "--steps 500 --output gate.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_NE(result.output.find("2 active coordinates (x1 x2), 7420 parameters"), std::string::npos)
      << result.output;
  const Model model("gate.pt", "cpu");
  const auto &quality = model.metadata().provenance.at("quality").at(0);
  // 2,000 steps reach 0.98 and 0.06 (examples/doublewell64/README.md).
  EXPECT_GT(quality.at("acceptance").get<double>(), 0.85) << result.output;
  EXPECT_GT(quality.at("between_states").get<double>(), 0.02) << result.output;
  EXPECT_NEAR(quality.at("between_ceiling").get<double>(), 0.068, 0.02);
  EXPECT_GT(quality.at("ess_forward").get<double>(), 0.5) << result.output;
  const auto &right = quality.at("states").at(1);
  EXPECT_EQ(right.at("state"), "right: x1 >= 0");
  EXPECT_FALSE(right.at("lost").get<bool>());
  EXPECT_GT(right.at("acceptance_given_target").get<double>(), 0.2) << result.output;
  EXPECT_FALSE(model.metadata().periodic);
  const auto check = run_command(std::string(NFLOW_CHECK) + " gate.pt");
  EXPECT_EQ(check.code, 0) << check.output;
  // The loss, and what the log has of the states.
  const auto csv = run_command("head -1 gate.pt.csv; tail -1 gate.pt.csv").output;
  EXPECT_NE(csv.find("between_states,between_ceiling,least_acceptance,lost_states"),
            std::string::npos);
  EXPECT_EQ(csv.find("nan,nan,nan,\n"), std::string::npos) << csv;
}

/// The mean forward work alone is as content in one basin as in both.
TEST_F(DoubleWell, ALostBasinIsSaid) {
  for (const std::string &states : {basins, std::string()}) {
    const auto result = train(with_data + states + "--loss reverse --steps 100 --output lost.pt");
    EXPECT_EQ(result.code, 4) << result.output;
    EXPECT_NE(result.output.find("LOST: "), std::string::npos) << result.output;
    EXPECT_NE(result.output.find("warning: the flow loses state '"), std::string::npos)
        << result.output;
    EXPECT_NE(result.output.find("(z = -"), std::string::npos) << result.output;
    const Model model("lost.pt", "cpu"); // it is written all the same
    EXPECT_FALSE(model.metadata().provenance.at("warnings").empty());
  }
}

std::vector<double> mapped(const std::string &file) {
  Model model(file, "cpu");
  const auto &metadata = model.metadata();
  std::vector<double> v(metadata.size()), log_det(1);
  model.forward(1, metadata.example.data(), {5.0, 1.0}, v.data(), log_det.data());
  v.push_back(log_det[0]);
  return v;
}

/// G is of the whole batch: ranks that each took it of their share would train another model.
TEST_F(DoubleWell, TwoRanksTrainTheSameModel) {
  const auto options = with_data + "--steps 12 --batch 33 --exchange-start 0.3 ";
  const auto one = train(options + "--output one.pt");
  ASSERT_TRUE(wrote(one) || one.code == 4) << one.output;
  const auto two = train(options + "--output two.pt", 2);
  ASSERT_TRUE(wrote(two) || two.code == 4) << two.output;
  const auto a = mapped("one.pt"), b = mapped("two.pt");
  for (size_t i = 0; i < a.size(); i++) EXPECT_NEAR(a[i], b[i], 1e-8);
}

TEST_F(DoubleWell, ABreakChangesNothing) {
  const auto options = with_data + "--steps 12 --batch 32 --exchange-start 0.3 ";
  train(options + "--output whole.pt");
  for (const std::string stop : {"2", "7"}) { // before and after the loss changes
    const auto stopped = train(options + "--output parts.pt --stop-at " + stop);
    EXPECT_EQ(stopped.code, 3) << stopped.output;
    train(options + "--output parts.pt --resume");
    ASSERT_FALSE(digest_of("whole.pt").empty());
    EXPECT_EQ(digest_of("parts.pt"), digest_of("whole.pt"));
  }
}

TEST_F(DoubleWell, TheLossFallsAndTheActiveCoordinatesMayBeGiven) {
  const auto options = with_data + "--steps 60 --batch 64 --validate-every 20 --exchange-start 0 ";
  const auto found = train(options + "--output found.pt");
  const auto given = train(options + "--output given.pt --active 1,2");
  EXPECT_EQ(digest_of("found.pt"), digest_of("given.pt"));
  std::vector<double> losses;
  std::istringstream lines(found.output);
  for (std::string line; std::getline(lines, line);) {
    double loss = 0.0;
    if (std::sscanf(line.c_str(), "step %*d/60 loss %lf", &loss) == 1) losses.push_back(loss);
  }
  ASSERT_EQ(losses.size(), 3u) << found.output;
  EXPECT_LT(losses[2], 0.5 * losses[0]) << found.output;
  const auto more = train(options + "--output more.pt --active 2 --active 5");
  EXPECT_NE(more.output.find("(x2 x5)"), std::string::npos) << more.output;
}

TEST_F(DoubleWell, WrongInputIsRefused) {
  const auto few = pair + "--prior-data few_hot.dump --data few_cold.dump ";
  expect_refusal("--architecture spline --prior-temperature 5 --temperature 1 --prior-data "
                 "few_hot.dump",
                 "energies from one source");
  expect_refusal(few + "--lammps in.x", "energies from one source");
  expect_refusal(few + "--sample 10", "--sample needs LAMMPS");
  expect_refusal(pair + "--prior-data few_hot.dump", "--loss exchange needs samples at T1");
  expect_refusal(pair + "--data few_cold.dump", "there are no samples at T0");
  expect_refusal(few + "--active 65", "--active must list different coordinates from 1 to 64");
  expect_refusal(few + "--active 0", "--active must list");
  expect_refusal(few + "--active 2,2", "--active must list");
  expect_refusal(few + "--bound -1", "--bound must not be negative");
  expect_refusal(few + "--state \"x1 < 0\"", "has no name");
  expect_refusal(few + "--state \"far: x65 < 0\"", "atoms 1 to 64");
  expect_refusal(few + "--state \"a: x1 < 0\" --state \"a: x2 < 0\"", "two states have");
  expect_refusal(few + "--loss better", "--loss must be");
  expect_refusal(few + "--units metal", "is in units lj");
  expect_refusal(pair + "--prior-data few_cold.dump --data few_cold.dump",
                 "were not made at this temperature");
  tests::write_normal_dump("small.dump", 50, 5);
  expect_refusal(pair + "--prior-data small.dump --data small.dump", "has 64: dump group all");
  expect_refusal("--architecture spline --energy " + potential +
                     " --ladder 5 3 1 --ladder-data few_hot.dump few_hot.dump few_cold.dump",
                 "one pair of temperatures");
  expect_refusal("--architecture tsf --energy " + potential +
                     " --temperature 1 --state \"a: x1<0\"",
                 "--state is of flows between temperatures");
}

} // namespace
