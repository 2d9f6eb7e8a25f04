#include "reference/ka2d.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

using namespace nflow::reference;

TEST(Ka2d, ForcesAndSlopesAreDerivatives) {
  for (const Ka2dPair &pair : ka2d_pairs())
    for (const double x : {0.05, 0.3, 0.41, 0.7, 1.0, 1.1225, 1.6, 2.3, 2.49}) {
      const double r = x * pair.sigma, h = 1e-5 * r;
      const PairTerm low = pair.tabulated(r - h), here = pair.tabulated(r),
                     high = pair.tabulated(r + h);
      const double scale = pair.epsilon + std::fabs(here.energy);
      EXPECT_NEAR(-(high.energy - low.energy) / (2.0 * h), here.force, 1e-6 * scale / r);
      EXPECT_NEAR((high.force - low.force) / (2.0 * h), here.slope,
                  1e-5 * (scale + std::fabs(here.force) * r) / (r * r));
    }
}

TEST(Ka2d, KnownValuesOfTheClosedForm) {
  const Ka2dPair &aa = ka2d_pairs()[0];
  // (s/r)^12 - (s/r)^6 vanishes at r = s.
  EXPECT_NEAR(aa.exact(1.0).energy, 4.0 * (0.04049023795 - 0.00970155098 + 0.00062012617), 1e-15);
  for (const Ka2dPair &pair : ka2d_pairs()) {
    const PairTerm cut = pair.exact(pair.cutoff() * (1.0 - 1e-15));
    EXPECT_LT(std::fabs(cut.energy), 1e-9);
    EXPECT_LT(std::fabs(cut.force), 1e-9);
    EXPECT_LT(std::fabs(cut.slope), 1e-9);
    EXPECT_EQ(pair.exact(pair.cutoff() * 1.0001).energy, 0.0);
  }
}

TEST(Ka2d, TheContinuationIsSmoothAndFinite) {
  EXPECT_NEAR(Ka2dGrid::inner(), 0.4, 0.01);
  for (const Ka2dPair &pair : ka2d_pairs()) {
    const double joint = Ka2dGrid::inner() * pair.sigma;
    const PairTerm below = pair.tabulated(joint * (1.0 - 1e-12)), above = pair.tabulated(joint);
    EXPECT_NEAR(below.energy, above.energy, 1e-9 * above.energy);
    EXPECT_NEAR(below.force, above.force, 1e-9 * above.force);
    EXPECT_GT(above.energy, 1e5 * pair.epsilon);
    EXPECT_GT(pair.tabulated(0.0).energy, above.energy);
    EXPECT_LT(pair.tabulated(0.0).energy, 1e7 * pair.epsilon);
  }
}

/// The committed table is what the generator writes today (to the last digit or two).
TEST(Ka2d, TheCommittedTableIsTheGenerators) {
  write_ka2d_table("test_ka2d.table");
  std::ifstream made("test_ka2d.table"),
      committed(std::string(NFLOW_SOURCE_DIR) + "/potentials/ka2d.table");
  ASSERT_TRUE(made && committed);
  size_t words = 0;
  std::string a, b;
  while (made >> a) {
    ASSERT_TRUE(committed >> b);
    words++;
    if (a == b) continue;
    char *end_a = nullptr, *end_b = nullptr;
    const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
    ASSERT_TRUE(*end_a == '\0' && *end_b == '\0') << a << " against " << b;
    ASSERT_NEAR(x, y, 1e-15 + 1e-11 * std::fabs(y)) << "word " << words;
  }
  EXPECT_FALSE(committed >> b);
  EXPECT_GT(words, size_t{6 * 4 * Ka2dGrid::points});
}
