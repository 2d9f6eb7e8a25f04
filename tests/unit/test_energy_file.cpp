#include "base/error.h"
#include "base/random.h"
#include "model/energy_model.h"
#include "reference/energy_file.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::reference;
using nflow::EnergyModel;
using nflow::Purpose;
using nflow::RandomStream;

namespace {

std::vector<double> gaussian_points(int64_t count) {
  RandomStream random(21, 0, 0, Purpose::sample);
  std::vector<double> x(static_cast<size_t>(count));
  random.fill_gaussian(x.data(), count, 1.3);
  return x;
}

} // namespace

TEST(EnergyFile, MultiWellEqualsClosedForm) {
  const auto system = random_multi_well(20, 7);
  write_multi_well_file(system, {{"seed", 7}}, "test_multiwell.pt");
  EnergyModel model("test_multiwell.pt");
  EXPECT_EQ(model.metadata().n_atoms, 20);
  EXPECT_EQ(model.metadata().dim, 1);
  constexpr int64_t batch = 50;
  const auto x = gaussian_points(batch * 20);
  std::vector<double> energy(batch), again(batch), gradient(batch * 20), expected(20);
  model.energy(batch, x.data(), energy.data());
  model.energy_and_gradient(batch, x.data(), again.data(), gradient.data());
  for (int64_t b = 0; b < batch; b++) {
    const double exact = system.energy(&x[b * 20]);
    EXPECT_NEAR(energy[b], exact, 1e-10 * (1.0 + std::abs(exact)));
    EXPECT_NEAR(again[b], exact, 1e-10 * (1.0 + std::abs(exact)));
    system.gradient(&x[b * 20], expected.data());
    for (int i = 0; i < 20; i++)
      EXPECT_NEAR(gradient[b * 20 + i], expected[i], 1e-10 * (1.0 + std::abs(expected[i])));
  }
}

TEST(EnergyFile, MultiWellReadsBack) {
  auto system = random_multi_well(6, 5);
  system.b = -3.0;
  write_multi_well_file(system, nlohmann::json::object(), "test_multiwell6.pt");
  const auto read = read_multi_well_file("test_multiwell6.pt");
  EXPECT_EQ(read.A.values, system.A.values);
  EXPECT_EQ(read.a, system.a);
  EXPECT_EQ(read.b, system.b);
  EXPECT_EQ(read.c, system.c);
}

TEST(EnergyFile, DoubleWell64EqualsClosedForm) {
  write_double_well64_file("test_doublewell64.pt");
  EnergyModel model("test_doublewell64.pt");
  constexpr int64_t batch = 40;
  auto x = gaussian_points(batch * 64);
  std::vector<double> energy(batch), gradient(batch * 64);
  model.energy_and_gradient(batch, x.data(), energy.data(), gradient.data());
  for (int64_t b = 0; b < batch; b++) {
    double *point = &x[b * 64];
    EXPECT_NEAR(energy[b], double_well64_energy(point), 1e-10 * (1.0 + energy[b]));
    for (const int i : {0, 1, 2, 63}) {
      const double h = 1e-5, kept = point[i];
      point[i] = kept + h;
      const double above = double_well64_energy(point);
      point[i] = kept - h;
      const double below = double_well64_energy(point);
      point[i] = kept;
      EXPECT_NEAR(gradient[b * 64 + i], (above - below) / (2.0 * h), 1e-5);
    }
  }
  EXPECT_THROW(read_multi_well_file("test_doublewell64.pt"), nflow::Error);
}

TEST(EnergyFile, MissingFileIsRefused) {
  EXPECT_THROW(read_multi_well_file("there_is_no_such_file.pt"), nflow::Error);
  EXPECT_THROW(read_multi_well("there_is_no_such_file.txt", "nor_this.txt"), nflow::Error);
}
