// States of the validation: what their conditions say, what is refused, and the valley that is
// taken where none is named.
#include "base/error.h"
#include "base/random.h"
#include "operators/internal_coordinates.h"
#include "trainer/data/states.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow::trainer;

// Two atoms with three components.
const double point[6] = {1.0, -2.0, 3.0, 0.5, 0.25, -4.0};

bool holds(const std::string &condition) {
  return State("s: " + condition, 2, 3).contains(point);
}

std::string complaint(const std::string &text, int64_t dim = 3) {
  try {
    State(text, 2, dim);
  } catch (const nflow::Error &e) {
    return e.what();
  }
  return "";
}

TEST(State, CoordinatesAndComparisons) {
  for (const auto condition : {"x1 > 0.9", "x1 < 1.1", "y1 < 0", "z1 >= 3", "z1<=3", "x2 >y2"})
    EXPECT_TRUE(holds(condition)) << condition;
  for (const auto condition : {"x1 > 1", "x1 < 1", "y1 >= 0", "z2 > -4", "y2 > x2"})
    EXPECT_FALSE(holds(condition)) << condition;
}

TEST(State, Arithmetic) {
  EXPECT_TRUE(holds("0.89*x1 - 0.45*x2 < 0.666"));
  EXPECT_FALSE(holds("0.89*x1 - 0.45*x2 < 0.664"));
  EXPECT_TRUE(holds("2 - 3 - 4 < -4.9 && 2 - 3 - 4 > -5.1")); // from the left
  EXPECT_TRUE(holds("16/4/2 < 2.1 && 16/4/2 > 1.9"));
  EXPECT_TRUE(holds("2 + 3*x2 > 3.4 && 2 + 3*x2 < 3.6")); // products first
  EXPECT_TRUE(holds("(2 + 3)*x2 < 2.6 && (2 + 3)*x2 > 2.4"));
  EXPECT_TRUE(holds("-x1*-x1 > 0.9"));
  EXPECT_TRUE(holds("- (x1 + y1) > 0.9e0"));
  EXPECT_TRUE(holds("x1*x1 + y1*y1 > 4.9"));
}

/// Atoms 2 to 5 are a chain with a right angle at 3 and 4; 1 is on the line of 2 and 3.
bool chain_holds(const std::string &condition, double dihedral) {
  const double turned = dihedral * M_PI / 180.0;
  // Looking along z, from atom 3 to atom 4, +x to +y is clockwise.
  const double x[15] = {3.0,
                        0.0,
                        0.0,
                        2.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        1.5,
                        std::cos(turned),
                        std::sin(turned),
                        1.5};
  return State("s: " + condition, 5, 3).contains(x);
}

TEST(State, DistancesAnglesAndDihedrals) {
  for (const auto condition :
       {"distance(2,3) > 1.999 && distance(3,2) < 2.001", "distance( 3 , 4 ) + 1 < 2.501",
        "angle(2,3,4) > 89.9 && angle(2,3,4) < 90.1", "angle(1,2,3) > 179.9", "angle(2,1,3) < 0.1",
        "dihedral(2,3,4,5) > 59.9 && dihedral(2,3,4,5) < 60.1",
        "dihedral(5,4,3,2) > 59.9 && -dihedral(5,4,3,2) < -59.9"})
    EXPECT_TRUE(chain_holds(condition, 60.0)) << condition;
  EXPECT_TRUE(chain_holds("dihedral(2,3,4,5) < -59.9", -60.0));
  EXPECT_TRUE(chain_holds("dihedral(2,3,4,5) > 179.999 && dihedral(2,3,4,5) <= 180", 180.0));
  const std::string trans = "dihedral(2,3,4,5) > 120 || dihedral(2,3,4,5) < -120";
  for (const double angle : {121.0, 180.0, -179.0, -121.0}) EXPECT_TRUE(chain_holds(trans, angle));
  for (const double angle : {119.0, 0.0, -119.0}) EXPECT_FALSE(chain_holds(trans, angle));
  // About a line there is no dihedral, and no comparison with it holds.
  for (const auto condition : {"dihedral(1,2,3,4) >= 0", "dihedral(1,2,3,4) <= 0"})
    EXPECT_FALSE(chain_holds(condition, 60.0)) << condition;
  EXPECT_TRUE(State("s: distance(1,2) > 3.71 && distance(1,2) < 3.72", 2, 2).contains(point + 1));
}

TEST(State, DihedralsAreTheTorsionsOfInternalCoordinates) {
  const int64_t tree[] = {0, -1, -1, -1, 1, 0, -1, -1, 2, 1, 0, -1, 3, 2, 1, 0};
  const nflow::operators::InternalCoordinates internal(tree, 4);
  nflow::RandomStream random(5, 0, 0, nflow::Purpose::sample);
  for (int i = 0; i < 100; i++) {
    double x[12], z[12];
    for (double &number : x) number = random.gaussian();
    internal.measure(x, z);
    const std::string values[] = {std::to_string(z[9]), std::to_string(z[10] * 180.0 / M_PI),
                                  std::to_string(z[11] * 180.0 / M_PI)};
    const std::string names[] = {"distance(4,3)", "angle(4,3,2)", "dihedral(4,3,2,1)"};
    for (int k = 0; k < 3; k++)
      EXPECT_TRUE(State("s: " + names[k] + " > " + values[k] + " - 1e-5 && " + names[k] + " < " +
                            values[k] + " + 1e-5",
                        4, 3)
                      .contains(x))
          << names[k] << " should be " << values[k];
  }
}

TEST(State, AndComesBeforeOr) {
  EXPECT_TRUE(holds("x1 > 0 || x1 > 0 && x1 > 5"));
  EXPECT_TRUE(holds("x1 > 5 && x1 > 0 || x1 > 0"));
  EXPECT_FALSE(holds("x1 > 5 && x1 > 0 || x1 > 5"));
  EXPECT_FALSE(holds("x1 > 0 && x1 > 5"));
}

TEST(State, WhatIsNotUnderstoodIsSaid) {
  const auto expect = [](const std::string &text, const std::string &part, int64_t dim = 3) {
    EXPECT_NE(complaint(text, dim).find(part), std::string::npos)
        << text << ": " << complaint(text, dim);
  };
  EXPECT_EQ(complaint("left: x1 < 0"), "");
  expect("x1 < 0", "has no name");
  expect(": x1 < 0", "has no name");
  expect("a,b: x1 < 0", "has no name");
  expect("left: x1", "'<', '>', '<=' or '>='");
  expect("left: x1 < ", "(its end)");
  expect("left: x3 < 0", "atoms 1 to 2");
  expect("left: x0 < 0", "atoms 1 to 2");
  expect("left: x < 0", "atoms 1 to 2");
  expect("left: y1 < 0", "components x", 1);
  expect("left: x1 < 0 x2", "the end");
  expect("left: (x1 < 0", "')'");
  expect("left: x1 < w", "a number or a coordinate");
  expect("left: x1 < 99999999999999999999*x99999999999999999999999", "atoms 1 to 2");
  expect("left: distance(1,1) < 0", "another one of atoms 1 to 2");
  expect("left: distance(1,3) < 0", "another one of atoms 1 to 2");
  expect("left: distance(0,1) < 0", "another one of atoms 1 to 2");
  expect("left: distance(1,99999999999999999999999) < 0", "another one of atoms 1 to 2");
  expect("left: distance(1,x) < 0", "another one of atoms 1 to 2");
  expect("left: distance 1", "'('");
  expect("left: distance(1) < 0", "','");
  expect("left: distance(1,2 < 0", "')'");
  expect("left: distance(1,2,1) < 0", "')'");
  expect("left: dist(1,2) < 0", "a number or a coordinate");
  expect("left: distance(1,2) < 0", "needs 2 dimensions, and these atoms have 1", 1);
  expect("left: dihedral(1,2,3,4) < 0", "needs 3 dimensions, and these atoms have 2", 2);
  EXPECT_THROW(parse_states({"a: x1 < 0", "a: x1 > 0"}, 2, 3), nflow::Error);
}

TEST(State, LongAndDeepTextsAreRefusedAndNotFollowedIntoTheStack) {
  const auto many = [](const std::string &text, int times) {
    std::string all;
    for (int i = 0; i < times; i++) all += text;
    return all;
  };
  EXPECT_TRUE(holds(many("(", 40) + "x1" + many(")", 40) + " > 0"));
  EXPECT_TRUE(holds("0" + many("+x1", 600) + " > 599"));
  EXPECT_NE(complaint("s: " + many("(", 200000)).find("more than 2000 characters"),
            std::string::npos);
  EXPECT_NE(complaint("s: x1 < 0" + many(" + x1", 200000)).find("more than 2000 characters"),
            std::string::npos);
  for (const std::string text : {"(", "-", "-("})
    EXPECT_NE(complaint("s: " + many(text, 900) + "x1 > 0").find("within each other"),
              std::string::npos)
        << text;
  EXPECT_LT(complaint("s: " + many("(", 200000)).size(), 200u);
}

TEST(State, ConfigurationsGetTheFirstStateThatFits) {
  const auto states = parse_states({"left: x1 < 0", "near: x1 < 1"}, 1, 1);
  EXPECT_EQ(states[1].name(), "near");
  EXPECT_EQ(states_of(states, {-1.0, 0.5, 2.0}, 1), (std::vector<double>{0.0, 1.0, 2.0}));
}

/// Two coordinates: a gaussian, and two peaks of which a share is in the one at 3.
ThermalSamples two_peaks(double share) {
  ThermalSamples samples;
  samples.samples.n_atoms = 2;
  samples.samples.dim = 1;
  nflow::RandomStream random(3, 0, 0, nflow::Purpose::sample);
  for (int64_t i = 0; i < 5000; i++) {
    samples.samples.x.push_back(random.gaussian());
    samples.samples.x.push_back((random.uniform() < share ? 3.0 : -1.0) + 0.5 * random.gaussian());
    samples.split.training.push_back(i);
  }
  return samples;
}

TEST(StatesByValley, PartTwoPeaks) {
  for (const double share : {0.5, 0.05}) {
    const auto texts = states_by_valley(two_peaks(share), {0, 1});
    ASSERT_EQ(texts.size(), 2u) << share;
    const auto states = parse_states(texts, 2, 1);
    const double left[2] = {0.0, -0.3}, right[2] = {0.0, 2.3};
    EXPECT_TRUE(states[0].contains(left) && states[1].contains(right)) << texts[0];
  }
}

TEST(StatesByValley, FindNoneInOnePeak) {
  EXPECT_TRUE(states_by_valley(two_peaks(0.5), {0}).empty());
  EXPECT_TRUE(states_by_valley(two_peaks(0.0), {0, 1}).empty());
}

} // namespace
