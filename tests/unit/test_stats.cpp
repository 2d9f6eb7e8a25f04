// nflow-stats on synthetic exchange logs with known answers, and on broken ones.
#include "files/exchange_log.h"
#include "support/run_command.h"
#include "support/tempering_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

namespace {

using nflow::tests::run_command;
using nflow::tests::TemperingRun;
using nlohmann::json;

const std::string program = NFLOW_STATS;

void write_text(const std::string &file, const std::string &text) {
  std::ofstream(file) << text;
}

TemperingRun &reference_run() {
  static TemperingRun run = [] {
    TemperingRun r;
    r.simulate();
    write_text("run.log", r.log);
    r.write_thermo("thermo");
    return r;
  }();
  return run;
}

json stats(const std::string &options) {
  const auto result = run_command(program + " " + options + " --json out.json");
  EXPECT_EQ(result.code, 0) << result.output;
  return json::parse(std::ifstream("out.json"));
}

double z_score(const json &estimate, double exact) {
  return (estimate["value"].get<double>() - exact) / estimate["error"].get<double>();
}

/// Of one replica, by the ends that it visits in turn (hot is last).
struct Trips {
  int round = 0, restarts = 0;
};

Trips trips_of(const std::vector<std::vector<int>> &orders, int replica) {
  std::string ends;
  for (const auto &order : orders)
    for (const char end : {'c', 'h'})
      if ((end == 'c' ? order.front() : order.back()) == replica &&
          (ends.empty() || ends.back() != end))
        ends += end;
  Trips trips;
  for (size_t k = 1; k < ends.size(); k++) {
    trips.restarts += ends[k] == 'c';
    trips.round += k >= 2 && ends[k] == 'h';
  }
  return trips;
}

void expect_refusal(const std::string &text, const std::string &part,
                    const std::string &options = "") {
  write_text("bad.log", text);
  const auto result = run_command(program + " bad.log " + options);
  EXPECT_EQ(result.code, 2) << text;
  EXPECT_EQ(result.output.rfind("nflow-stats: ", 0), 0u) << result.output;
  EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
  EXPECT_EQ(result.output.find('\n'), result.output.size() - 1)
      << "one sentence: " << result.output;
}

const std::string head = "# nflow/temper 1 exchange log\n# T 1 2 3\n# kB 1\n";

} // namespace

TEST(Stats, PairsOfOscillators) {
  const auto &run = reference_run();
  const auto out = stats("run.log");
  ASSERT_EQ(out["pairs"].size(), 3u);
  double barrier = 0.0;
  for (int k = 0; k < 3; k++) {
    const auto &pair = out["pairs"][k];
    const double ti = run.temperatures[k], tj = run.temperatures[k + 1];
    const double exact = nflow::tests::oscillator_acceptance(run.dim, ti, tj);
    barrier += 1.0 - exact;
    EXPECT_EQ(pair["attempts"], 2000);
    EXPECT_LT(std::abs(z_score(pair["acceptance"], exact)), 4.0);
    EXPECT_NEAR(pair["accepts"].get<double>(), 2000 * exact, 4 * std::sqrt(2000.0));
    EXPECT_LT(std::abs(pair["z_accepts"].get<double>()), 4.0);
    const double delta_f = nflow::tests::oscillator_delta_f(run.dim, ti, tj);
    for (const char *estimate : {"delta_f_bar", "delta_f_exp_backward"})
      EXPECT_LT(std::abs(z_score(pair[estimate], delta_f)), 4.0) << estimate;
    EXPECT_LT(std::abs(z_score(pair["J"], 0.5 * run.dim * (1 / tj - 1 / ti) * (ti - tj))), 4.0);
  }
  EXPECT_LT(std::abs(z_score(out["ladder"]["barrier"], barrier)), 4.0);
  EXPECT_EQ(out["ladder"]["suggested_replicas"], std::ceil(2.0 * barrier + 1.0));
  const auto ladder = out["ladder"]["equal_rejection_ladder"].get<std::vector<double>>();
  EXPECT_EQ(ladder.front(), 0.4);
  EXPECT_EQ(ladder.back(), 1.0);
  for (int k = 0; k < 4; k++) EXPECT_NEAR(ladder[k], 0.4 * std::pow(2.5, k / 3.0), 0.02);
}

TEST(Stats, ReplicasAreFollowed) {
  const auto &run = reference_run();
  const auto out = stats("run.log")["ladder"];
  EXPECT_EQ(out["scans"], run.scans);
  int trips = 0;
  for (int r = 0; r < 4; r++) {
    const auto expected = trips_of(run.orders, r);
    EXPECT_EQ(out["round_trips_of_replica"][r], expected.round);
    EXPECT_EQ(out["tempered_restarts_of_replica"][r], expected.restarts);
    trips += expected.round;
  }
  EXPECT_GT(trips, 100);
  EXPECT_EQ(out["round_trips"], trips);
  // Oscillators that forget half of themselves between scans are near the prediction.
  const double predicted = out["deo_round_trips_per_scan"];
  EXPECT_NEAR(out["round_trips_per_scan"]["value"].get<double>() / predicted, 1.0, 0.25);
}

TEST(Stats, EnergiesOfThermoLogs) {
  const auto &run = reference_run();
  const auto out = stats("run.log --thermo thermo.0 thermo.1 thermo.2 thermo.3")["energies"];
  ASSERT_EQ(out.size(), 4u);
  for (int k = 0; k < 4; k++) {
    const double t = run.temperatures[k], half = 0.5 * run.dim;
    EXPECT_EQ(out[k]["samples"], run.scans);
    EXPECT_LT(std::abs(z_score(out[k]["mean"], half * t)), 4.0);
    EXPECT_LT(std::abs(z_score(out[k]["variance"], half * t * t)), 4.0);
    EXPECT_LT(std::abs(z_score(out[k]["mbar_mean"], half * t)), 4.0);
    // The energies of the neighbours count as well.
    EXPECT_LT(out[k]["mbar_mean"]["error"], out[k]["mean"]["error"]);
    if (k == 0) continue;
    EXPECT_LT(
        std::abs(z_score(out[k]["mbar_f"], nflow::tests::oscillator_delta_f(run.dim, 0.4, t))),
        4.0);
  }
  run.write_thermo("normed", 43.0);
  const auto normed =
      stats("run.log --atoms 43 --thermo normed.0 normed.1 normed.2 normed.3")["energies"];
  EXPECT_NEAR(normed[2]["mean"]["value"], out[2]["mean"]["value"], 1e-6);
}

TEST(Stats, SkipLeavesOutScansAndTheirEnergies) {
  const auto &run = reference_run();
  const auto out = stats("run.log --skip 1000 --thermo thermo.0 thermo.1 thermo.2 thermo.3");
  EXPECT_EQ(out["ladder"]["scans"], run.scans - 1000);
  EXPECT_EQ(out["pairs"][0]["attempts"], 1500);
  EXPECT_EQ(out["energies"][0]["samples"], run.scans - 1000);
  const std::vector<std::vector<int>> rest(run.orders.begin() + 1000, run.orders.end());
  for (int r = 0; r < 4; r++)
    EXPECT_EQ(out["ladder"]["round_trips_of_replica"][r], trips_of(rest, r).round);
}

TEST(Stats, OnlyTheLastLadderCounts) {
  const auto &run = reference_run();
  write_text("tuned.log", head + "100 0 0 1 0.5 0.5 1 0 1\n# tuning\n100 0 1 2 inf nan 0 0 2\n" +
                              "# sampling from step 100\n" + run.log.substr(run.log.find("# T")));
  const auto tuned = stats("tuned.log");
  EXPECT_EQ(tuned["earlier_attempts"], 2);
  EXPECT_EQ(tuned["pairs"], stats("run.log")["pairs"]);
}

TEST(Stats, ABrokenRuleIsCaught) {
  TemperingRun run;
  run.broken_rule = true;
  run.simulate();
  write_text("broken.log", run.log);
  const auto result = run_command(program + " broken.log");
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.output.find("do not follow from the works"), std::string::npos);
  EXPECT_EQ(run_command(program + " run.log").output.find("warning"), std::string::npos);
}

TEST(Stats, ALogCutAnywhereIsRead) {
  const auto &run = reference_run();
  const size_t begin = run.log.find("\n100 0 ") + 1;
  const auto lines = [](const std::string &text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  for (size_t length = begin + 200; length < begin + 300; length++) {
    write_text("cut.log", run.log.substr(0, length));
    const auto log = nflow::read_exchange_log("cut.log");
    EXPECT_EQ(log.truncated, run.log[length - 1] != '\n');
    EXPECT_EQ(static_cast<long>(log.attempts.size()), lines(run.log.substr(0, length)) - 4);
  }
  const auto result = run_command(program + " cut.log");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_NE(result.output.find("left out"), std::string::npos);
}

TEST(Stats, RejectedWorksCount) {
  std::string text = "# nflow/temper 1 exchange log\n# T 2 1\n";
  for (int k = 0; k < 20; k++)
    text += std::to_string(k) + " " + std::to_string(k) +
            (k % 2 ? " 0 1 inf nan 0 0 1\n" : " 0 1 0.5 1.5 0 0 1\n");
  write_text("rejected.log", text);
  const auto pair = stats("rejected.log")["pairs"][0];
  EXPECT_EQ(pair["rejected_works"], 10);
  EXPECT_NEAR(pair["acceptance"]["value"], 0.5 * std::exp(-2.0), 1e-12);
  EXPECT_TRUE(pair["J"]["value"].is_null());
  EXPECT_NEAR(pair["delta_f_exp_forward"]["value"], 0.5 + std::log(2.0), 1e-12);
}

TEST(Stats, PicturesAreDrawn) {
  if (run_command("gnuplot --version").code != 0) GTEST_SKIP() << "no gnuplot";
  reference_run();
  TemperingRun wide; // drawn on a logarithmic axis, and downwards
  wide.temperatures = {8.0, 4.0, 2.0, 1.0};
  wide.simulate();
  write_text("wide.log", wide.log);
  wide.write_thermo("wide");
  for (const std::string input : {"run.log --thermo thermo.?", "wide.log --thermo wide.[0-9]"}) {
    std::filesystem::remove_all("it's a folder");
    const auto result = run_command(program + " " + input + " --plot \"it's a folder\"");
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_EQ(result.output.find("arning"), std::string::npos) << result.output;
    for (const char *picture : {"acceptance.png", "flow.png", "energies.png"})
      EXPECT_GT(std::filesystem::file_size(std::string("it's a folder/") + picture), 5000u);
  }
}

TEST(Stats, WhatIsNoLogIsRefusedInOneSentence) {
  expect_refusal("", "no line '# T'");
  expect_refusal("Step T0 T1\n", "is not the title");
  expect_refusal("# nflow/temper 2 exchange log\n", "version 2");
  expect_refusal("# nflow/temper 1 exchange log\n1 0 0 1 1 1 1 0 1\n", "comes before");
  expect_refusal("# nflow/temper 1 exchange log\n# T 1 x\n", "'x' for a temperature");
  expect_refusal("# nflow/temper 1 exchange log\n# T 1\n", "fewer than two");
  expect_refusal(head + "# kB 0\n", "k_B");
  expect_refusal(head, "no attempts");
  expect_refusal(head + "1 0 0 1 1 1 1 0 1\n", "--skip 5", "--skip 5");
  for (const char *line : {"1 0 0 1 1 1 1 0", "1 0 0 1 1 1 2 0 1", "1 0 0 1 1x 1 1 0 1",
                           "Segmentation", "1 0 0 1.5 1 1 1 0 1", ""})
    expect_refusal(head + line + "\n", "line 4");
  expect_refusal(head + "1 0 1 0 1 1 1 0 1\n", "temperatures 1 and 0");
  expect_refusal(head + "1 0 0 3 1 1 1 0 1\n", "temperatures 0 and 3");
  expect_refusal(head + "1 0 0 1 1 1 1 0 3\n", "replicas 0 and 3");
  expect_refusal(head + "2 1 0 1 1 1 0 0 1\n1 2 0 1 1 1 0 0 1\n", "back in time");
  expect_refusal(head + "1 0 0 1 1 1 1 0 1\n2 1 0 1 1 1 0 0 1\n", "left replica 1");
  expect_refusal(head + "1 0 0 1 1 1 1 0 1\n", "--thermo", "--thermo run.log");
  expect_refusal(head + "1 0 0 1 1 1 1 0 1\n", "nowhere", "--thermo nowhere nowhere nowhere");
  for (const char *value : {"inf", "nan", "1e400", "1e-320", "-1"})
    expect_refusal(head + "# kB " + value + "\n", "k_B");
  for (const char *value : {"inf", "1e-320", "1e308"})
    expect_refusal("# nflow/temper 1 exchange log\n# T 1 " + std::string(value) + "\n",
                   "for a temperature");
  expect_refusal(head + "1 0 0 1 -inf 1 0 0 1\n", "minus infinity");
  expect_refusal(head + "1 0 0 1 1 -inf 0 0 1\n", "minus infinity");
  expect_refusal(head + "1 -1 0 1 1 1 0 0 1\n", "correct them to counts");
  expect_refusal(head + "9223372036854775807 0 0 1 1 1 0 0 1\n", "correct them to counts");
  const auto sound = head + "1 0 0 1 1 1 1 0 1\n";
  expect_refusal(sound, "no attempts", "--skip 9223372036854775807");
  for (const char *value : {"nan", "inf", "1e-320", "1e400"})
    expect_refusal(sound, value, "--atoms " + std::string(value));
  write_text("failed.log", "Step PotEng\n1 nan\n2 1\n");
  expect_refusal(sound, "nan for PotEng", "--thermo failed.log failed.log failed.log");
  expect_refusal(sound, "cannot write '/dev/full'", "--json /dev/full");
  expect_refusal(sound, "written over 'bad.log'", "--json ./bad.log");
  expect_refusal(sound, "/dev/zero", "--thermo /dev/zero /dev/zero /dev/zero");
  EXPECT_EQ(run_command(program + " bad.log > /dev/full").code, 2);
  EXPECT_EQ(run_command(program).code, 2);
  EXPECT_EQ(run_command(program + " nowhere.log").code, 2);
  EXPECT_EQ(run_command(program + " run.log --json /nowhere/x.json > /dev/null").code, 2);
}
