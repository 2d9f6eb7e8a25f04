// nflow-stats on dumps of a chain that turns by known laws: populations of wells, transitions,
// histograms, images; and what it refuses.
#include "base/random.h"
#include "stats/chains.h"
#include "support/run_command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow::stats;
using nflow::tests::contents;
using nflow::tests::run_command;
using nflow::tests::write_text;
using nlohmann::json;

const std::string program = NFLOW_STATS;

/// Jumps between three wells: trans is left with probability 0.02 to either side, gauche with 0.03
/// to trans, so that the populations are 0.6, 0.2 and 0.2.
struct Jumps {
  std::vector<int> wells; // 0: trans, 1: gauche+, 2: gauche-
  std::vector<double> dihedrals;

  Jumps(int frames, uint32_t seed) {
    const double centres[] = {180.0, 65.0, -65.0};
    nflow::RandomStream random(seed, 0, 0, nflow::Purpose::sample);
    for (int well = 0; frames > 0; frames--) {
      const double u = random.uniform();
      if (well == 0)
        well = u < 0.01 ? 1 : u < 0.02 ? 2 : 0;
      else if (u < 0.03)
        well = 0;
      wells.push_back(well);
      dihedrals.push_back(std::remainder(centres[well] + 6.0 * random.gaussian(), 360.0));
    }
  }
};

/// Four atoms with these IDs; the bonds are 1.5, 1 and 2 long, the angles 90 and 120 degrees. Each
/// frame is somewhere else in a periodic box, and wrapped into it.
std::string dump_of(const std::vector<double> &dihedrals) {
  std::ostringstream out;
  out.precision(12);
  nflow::RandomStream random(9, 0, 0, nflow::Purpose::sample);
  const int ids[] = {12, 3, 40, 5};
  for (size_t t = 0; t < dihedrals.size(); t++) {
    const double phi = dihedrals[t] * M_PI / 180.0, far = 2.0 * std::sin(M_PI / 3.0);
    const double x[4][3] = {{1.5, 0.0, 0.0},
                            {0.0, 0.0, 0.0},
                            {0.0, 0.0, 1.0},
                            {far * std::cos(phi), far * std::sin(phi), 2.0}};
    out << "ITEM: TIMESTEP\n"
        << t << "\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS pp pp ff\n"
        << "0 8\n0 8\n-50 50\nITEM: ATOMS id x y z\n";
    const double shift[] = {8.0 * random.uniform(), 8.0 * random.uniform(), random.uniform()};
    for (int i = 0; i < 4; i++) {
      out << ids[i];
      for (int k = 0; k < 3; k++) {
        const double place = x[i][k] + shift[k];
        out << " " << (k < 2 ? place - 8.0 * std::floor(place / 8.0) : place);
      }
      out << "\n";
    }
  }
  return out.str();
}

struct Result {
  std::string output;
  json root;
};

Result stats(const std::string &options) {
  const auto result = run_command(program + " " + options + " --json chains.json");
  EXPECT_EQ(result.code, 0) << result.output;
  return {result.output, json::parse(std::ifstream("chains.json"))};
}

const Jumps first(3000, 1), second(2000, 2);
const std::string turning = "--dihedral 12 3 40 5";

void write_dumps() {
  write_text("first.dump", dump_of(first.dihedrals));
  write_text("second.dump", dump_of(second.dihedrals));
}

double z_score(const json &estimate, double exact) {
  return (estimate["value"].get<double>() - exact) / estimate["error"].get<double>();
}

} // namespace

TEST(Chains, PopulationsAndTransitionsOfTwoDumps) {
  write_dumps();
  const auto root = stats("first.dump second.dump " + turning).root;
  EXPECT_EQ(root["frames_of_dump"], (std::vector<int64_t>{3000, 2000}));
  const auto &dihedral = root["coordinates"].at(0);
  EXPECT_EQ(dihedral["atoms"], (std::vector<int64_t>{12, 3, 40, 5}));
  EXPECT_EQ(dihedral["borders"], "valleys");
  ASSERT_EQ(dihedral["wells"].size(), 3u);
  // In ascending order: gauche-, gauche+, trans.
  const int number_of[] = {2, 1, 0};
  std::vector<int64_t> counts(3, 0);
  std::vector<std::vector<int64_t>> transitions(3, std::vector<int64_t>(3, 0));
  for (const Jumps *jumps : {&first, &second})
    for (size_t t = 0; t < jumps->wells.size(); t++) {
      const int to = number_of[jumps->wells[t]];
      counts[to]++;
      if (t == 0) continue;
      const int from = number_of[jumps->wells[t - 1]];
      if (from != to) transitions[from][to]++;
    }
  EXPECT_EQ(dihedral["transitions"], transitions);
  EXPECT_GT(transitions[2][1], 10);
  EXPECT_EQ(transitions[0][1], 0);
  for (int w = 0; w < 3; w++) {
    const auto &well = dihedral["wells"][w];
    EXPECT_NEAR(well["population"]["value"], static_cast<double>(counts[w]) / 5000.0, 1e-12);
    EXPECT_LT(std::abs(z_score(well["population"], w == 2 ? 0.6 : 0.2)), 4.0);
    EXPECT_EQ(well["entered"], transitions[0][w] + transitions[1][w] + transitions[2][w]);
    EXPECT_EQ(well["to"], dihedral["wells"][(w + 1) % 3]["from"]);
  }
  // The indicator of trans forgets itself by 0.95 a frame: tau is 39, not 1.
  EXPECT_NEAR(dihedral["wells"][2]["population"]["tau"].get<double>(), 39.0, 20.0);
}

TEST(Chains, BordersThatTheUserGives) {
  write_dumps();
  const auto wells =
      stats("first.dump " + turning + " --border 0 180").root["coordinates"][0]["wells"];
  double positive = 0.0;
  for (const double dihedral : first.dihedrals) positive += dihedral >= 0.0;
  ASSERT_EQ(wells.size(), 2u);
  EXPECT_EQ(wells[0]["from"], 0.0);
  EXPECT_NEAR(wells[0]["population"]["value"], positive / 3000.0, 1e-12);
  const auto skipped =
      stats("first.dump second.dump " + turning + " --skip 1000 --border -180 -90 --border 90");
  EXPECT_EQ(skipped.root["frames_of_dump"], (std::vector<int64_t>{2000, 1000}));
  EXPECT_EQ(skipped.root["coordinates"][0]["wells"].size(), 3u); // -180 is 180
}

TEST(Chains, DistancesAndAnglesAreThoseOfTheNearestImages) {
  write_dumps();
  const auto root = stats("first.dump --distance 12 3 --distance 40 5 --angle 12 3 40 --angle 3 40 "
                          "5")
                        .root["coordinates"];
  const double expected[] = {90.0, 120.0, 1.5, 2.0};
  ASSERT_EQ(root.size(), 4u);
  for (int i = 0; i < 4; i++) {
    EXPECT_NEAR(root[i]["mean"]["value"], expected[i], 1e-6);
    EXPECT_LT(root[i]["standard_deviation"], 1e-6);
  }
}

TEST(Chains, HistogramsAreDensitiesWithErrors) {
  write_dumps();
  const auto result = stats("first.dump " + turning + " --distance 12 5 --csv chains.csv");
  for (const auto &coordinate : result.root["coordinates"]) {
    double sum = 0.0;
    for (const auto &bin : coordinate["histogram"]) {
      sum += bin["density"].get<double>() * coordinate["bin_width"].get<double>();
      EXPECT_EQ(bin["error"].is_null(), bin["density"] == 0.0);
    }
    EXPECT_NEAR(sum, 1.0, 1e-9);
  }
  std::istringstream lines(contents("chains.csv"));
  std::string line;
  std::getline(lines, line);
  for (const auto &bin : result.root["coordinates"][0]["histogram"]) {
    std::getline(lines, line);
    EXPECT_EQ(line.rfind("dihedral 12 3 40 5,", 0), 0u) << line;
    double centre = 0.0, density = 0.0;
    ASSERT_EQ(std::sscanf(line.c_str(), "dihedral 12 3 40 5,%lf,%lf", &centre, &density), 2);
    EXPECT_EQ(centre, bin["centre"].get<double>());
    EXPECT_NEAR(density, bin["density"].get<double>(), 1e-6);
  }
}

TEST(Chains, SeriesHaveEveryFrame) {
  write_dumps();
  const auto result = stats("first.dump " + turning + " --distance 12 5 --series series.csv");
  std::istringstream lines(contents("series.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "# frame,dihedral 12 3 40 5,distance 12 5");
  double frame = 0.0, dihedral = 0.0, distance = 0.0, sum = 0.0;
  int count = 0;
  for (; std::getline(lines, line); count++) {
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf", &frame, &dihedral, &distance), 3) << line;
    EXPECT_EQ(frame, count);
    sum += distance;
  }
  EXPECT_GT(count, 100);
  for (const auto &coordinate : result.root["coordinates"]) {
    if (!coordinate.contains("mean")) continue;
    EXPECT_NEAR(coordinate["mean"]["value"].get<double>(), sum / count, 1e-5);
  }
}

TEST(Chains, PicturesAreDrawn) {
  if (run_command("gnuplot --version").code != 0) GTEST_SKIP() << "no gnuplot";
  write_dumps();
  std::filesystem::remove_all("chains");
  // A constant has no histogram, and no picture.
  const auto result = stats("first.dump --plot chains --distance 12 5 " + turning);
  EXPECT_EQ(result.output.find("arning"), std::string::npos) << result.output;
  for (const char *picture : {"dihedral_12_3_40_5.png", "distance_12_5.png"})
    EXPECT_GT(std::filesystem::file_size(std::string("chains/") + picture), 5000u);
}

TEST(Chains, ValleysOfTheCircle) {
  nflow::RandomStream random(4, 0, 0, nflow::Purpose::sample);
  const auto peaks = [&](const std::vector<double> &centres, double width, int count = 5000) {
    std::vector<double> values;
    for (int i = 0; i < count; i++)
      values.push_back(
          std::remainder(centres[i % centres.size()] + width * random.gaussian(), 360.0));
    return valleys_of(values);
  };
  EXPECT_TRUE(peaks({50.0}, 20.0).empty());
  EXPECT_TRUE(peaks({180.0}, 20.0).empty());
  EXPECT_TRUE(peaks({0.0}, 1000.0).empty());               // everywhere alike
  EXPECT_TRUE(peaks({-45.0, 45.0}, 36.0, 200000).empty()); // a dent, however sure
  const auto two = peaks({-90.0, 90.0}, 15.0); // valleys at 0, and at 180 of either sign
  ASSERT_EQ(two.size(), 2u);
  EXPECT_NEAR(std::min(std::abs(two[0]), std::abs(two[1])), 0.0, 15.0);
  EXPECT_NEAR(std::max(std::abs(two[0]), std::abs(two[1])), 180.0, 15.0);
  const auto five = peaks({180.0, 108.0, 36.0, -36.0, -108.0}, 12.0);
  ASSERT_EQ(five.size(), 5u);
  for (int k = 0; k < 5; k++) EXPECT_NEAR(five[k], -144.0 + 72.0 * k, 10.0);
}

TEST(Chains, OneWellIsCutIntoThirds) {
  std::vector<double> values(100, 60.0);
  values.back() = 61.0;
  const auto report = analyse_chain(chains_of("dihedral", {1, 2, 3, 4})[0], values, {100}, {});
  EXPECT_EQ(report.borders, Borders::thirds);
  ASSERT_EQ(report.wells.size(), 3u);
  EXPECT_EQ(report.wells[1].population.mean, 1.0);
  // Nobody knows how much is where nothing has been.
  EXPECT_TRUE(std::isnan(report.wells[0].population.error));
  EXPECT_TRUE(std::isnan(report.wells[1].population.error));
}

TEST(Chains, WellsAndTransitions) {
  const std::vector<double> borders = {-120.0, 0.0, 120.0};
  EXPECT_EQ(well_of(-120.0, borders), 0u);
  EXPECT_EQ(well_of(119.0, borders), 1u);
  EXPECT_EQ(well_of(180.0, borders), 2u);
  EXPECT_EQ(well_of(-121.0, borders), 2u);
  // Over the border and back is no transition, until it is 15 degrees inside; nor is the way from
  // the end of a file to the beginning of the next.
  const std::vector<double> path = {60.0,   119.0,  121.0,  119.0, 130.0, 134.0, 180.0,
                                    -140.0, -119.0, -110.0, -60.0, 60.0,  -60.0};
  const auto whole = transitions_between(borders, path, {13});
  EXPECT_EQ(whole, (std::vector<std::vector<int64_t>>{{0, 1, 0}, {1, 0, 1}, {1, 0, 0}}));
  const auto parts = transitions_between(borders, path, {6, 5, 1, 1});
  EXPECT_EQ(parts, (std::vector<std::vector<int64_t>>{{0, 0, 0}, {0, 0, 0}, {1, 0, 0}}));
  // Of a well of 20 degrees a quarter is enough.
  EXPECT_EQ(transitions_between({0.0, 20.0}, {100.0, 4.0, 6.0}, {3})[1][0], 1);
  EXPECT_EQ(transitions_between({0.0, 20.0}, {100.0, 4.0, 2.0}, {3})[1][0], 0);
}

TEST(Chains, WhatCannotBeUsedIsRefusedInOneSentence) {
  write_dumps();
  const auto expect = [](const std::string &options, const std::string &part) {
    const auto result = run_command(program + " " + options);
    EXPECT_EQ(result.code, 2) << options;
    EXPECT_EQ(result.output.rfind("nflow-stats: ", 0), 0u) << result.output;
    EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
    EXPECT_EQ(result.output.find('\n'), result.output.size() - 1) << result.output;
  };
  expect("first.dump " + turning + " --border 0", "two at least");
  expect("first.dump " + turning + " --border 180 -180", "two at least");
  expect("first.dump " + turning + " --border 0 181", "from -180 to 180");
  expect("first.dump " + turning + " --border 0 nan", "is of no use");
  expect("first.dump --dihedral 12 3 40", "--dihedral");
  expect("first.dump --dihedral 12 3 40 12", "has an atom twice");
  expect("first.dump --dihedral 12 3 40 6", "line 13: the frame has no atom 6");
  expect("first.dump --dihedral 12 3 40 99999999999999999999999", "no atom 9");
  expect("first.dump --distance 12 3 --border 0 180", "there is none");
  expect("first.dump " + turning + " --thermo first.dump", "go with an exchange log");
  expect("first.dump " + turning + " --skip 3000", "skip fewer");
  expect("first.dump " + turning + " --skip 2999", "one frame only");
  expect("first.dump " + turning + " --csv first.dump", "written over");
  expect("first.dump " + turning + " --csv a.out --json ./a.out", "written over");
  expect("first.dump nowhere.dump " + turning, "nowhere.dump");
  expect("first.dump first.dump", "--dihedral 1 2 3 4");
  expect("first.dump --border 0 180", "--dihedral 1 2 3 4");
  const auto text = dump_of({60.0, 50.0});
  write_text("cut.dump", text.substr(0, text.size() - 8));
  expect("cut.dump " + turning, "cut off");
  write_text("twice.dump", text + dump_of({60.0}));
  expect("twice.dump " + turning, "comes twice");
  write_text("other.dump", "ITEM: UNITS\nreal\n" + text);
  expect("first.dump other.dump " + turning, "units");
  write_text("line.dump",
             "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS ff ff ff\n"
             "0 8\n0 8\n0 8\nITEM: ATOMS id x y z\n1 0 0 0\n2 1 0 0\n3 2 0 0\n4 2 1 0\n");
  expect("line.dump --dihedral 1 2 3 4", "is not defined");
  expect("first.dump line.dump --dihedral 12 3 40 5", "no atom 12");
}
