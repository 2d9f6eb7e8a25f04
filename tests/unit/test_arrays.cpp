// The arithmetic of Arrays against plain loops, in the memory of the host and in memory that the
// host cannot reach; and that streams of random numbers are what they always were.

#include "arrays/arrays.h"
#include "support/far_exec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace {

using namespace nflow;
using nflow::Arrays;
using nflow::Buffer;
using nflow::PeriodicBox;
using nflow::Purpose;
using nflow::RandomStream;

RandomStream stream(uint64_t attempt = 0) {
  return RandomStream(17, 2, attempt, Purpose::latent);
}

std::vector<double> normals(int64_t count, uint64_t attempt) {
  std::vector<double> values(count);
  stream(attempt).fill_gaussian(values.data(), count);
  return values;
}

/// Restart files count on these numbers.
TEST(RandomStream, IsWhatItWas) {
  RandomStream random(2026, 3, (7ull << 32) + 41, Purpose::latent);
  EXPECT_EQ(random.uniform(), 0x1.45b4e0e7b7c75p-2);
  EXPECT_EQ(random.uniform(), 0x1.975ebc5117a8ap-1);
  EXPECT_EQ(random.uniform(), 0x1.0dc384853ffd6p-1);
  for (const double value :
       {0x1.f77f36ed8e72p-4, 0x1.8f780d66a904cp-1, 0x1.35f590f8b7068p-1, -0x1.cfe85687f600bp-1})
    EXPECT_DOUBLE_EQ(random.gaussian(), value);
  EXPECT_EQ(random.uniform(), 0x1.4f0d20500958cp-1);
  double filled[5];
  random.fill_gaussian(filled, 5, 0.5);
  const double wanted[5] = {0x1.4bb48d274ca9ap-8, 0x1.79e20baea1de9p-5, 0x1.4faf9413106b9p-2,
                            0x1.b92059bd99beep-3, -0x1.30205806a77abp-2};
  for (int i = 0; i < 5; i++) EXPECT_DOUBLE_EQ(filled[i], wanted[i]);
  EXPECT_EQ(random.uniform(), 0x1.f29ae8f06aeb4p-1);
  EXPECT_DOUBLE_EQ(random.gaussian(), 0x1.b44e0347f01b9p+0);
  EXPECT_DOUBLE_EQ(random.gaussian(), -0x1.a7b85d8494e47p+0);
}

/// Ways to arrive at a place of a stream: at either half of a block, with and without a spare.
std::vector<std::function<void(RandomStream &)>> beginnings() {
  const auto uniform = [](RandomStream &random) { random.uniform(); };
  const auto gaussian = [](RandomStream &random) { random.gaussian(); };
  const auto taken = [](RandomStream &random) { random.take_gaussians(3); };
  return {[](RandomStream &) {},
          uniform,
          gaussian,
          taken,
          [=](RandomStream &random) { uniform(random), gaussian(random); },
          [=](RandomStream &random) { gaussian(random), uniform(random); },
          [=](RandomStream &random) { taken(random), uniform(random), uniform(random); }};
}

TEST(RandomStream, TakesNormalsThatCanBeComputedElsewhere) {
  for (const auto &begin : beginnings())
    for (int64_t count = 0; count < 8; count++) {
      RandomStream one_by_one = stream(), at_once = stream(), filled = stream();
      begin(one_by_one), begin(at_once), begin(filled);
      const auto numbers = at_once.take_gaussians(count);
      std::vector<double> values(count);
      filled.fill_gaussian(values.data(), count);
      for (int64_t i = 0; i < count; i++) {
        const double wanted = one_by_one.gaussian();
        EXPECT_EQ(numbers.at(i), wanted);
        EXPECT_EQ(values[i], wanted);
      }
      for (RandomStream *other : {&at_once, &filled}) {
        RandomStream rest = one_by_one;
        EXPECT_EQ(other->uniform(), rest.uniform());
        for (int i = 0; i < 3; i++) EXPECT_EQ(other->gaussian(), rest.gaussian());
        EXPECT_EQ(other->uniform(), rest.uniform());
      }
    }
}

class OfArrays : public testing::TestWithParam<Arrays *> {
 protected:
  Buffer<double> there(const std::vector<double> &values) {
    Buffer<double> buffer(arrays_);
    buffer.assign(values.data(), static_cast<int64_t>(values.size()));
    return buffer;
  }
  Buffer<uint8_t> there(const std::vector<uint8_t> &values) {
    Buffer<uint8_t> buffer(arrays_);
    buffer.assign(values.data(), static_cast<int64_t>(values.size()));
    return buffer;
  }
  Arrays &arrays_ = *GetParam();
};

INSTANTIATE_TEST_SUITE_P(HostAndFar, OfArrays,
                         testing::Values(&host_arrays(), &tests::far_arrays()),
                         [](const auto &info) { return info.param->on_host() ? "host" : "far"; });

TEST_P(OfArrays, Elementwise) {
  const int64_t n = 13;
  const auto a = normals(n, 1), b = normals(n, 2);
  auto first = there(a);
  const auto second = there(b);
  arrays_.add_scaled(0.3, first.data(), second.data(), n, first.data());
  auto values = first.on_host();
  for (int64_t i = 0; i < n; i++) EXPECT_EQ(values[i], 0.3 * a[i] + b[i]);
  arrays_.scale(-2.0, n, first.data());
  arrays_.fill(7.0, 2, first.data() + 3);
  const auto scaled = first.on_host();
  for (int64_t i = 0; i < n; i++)
    EXPECT_EQ(scaled[i], i == 3 || i == 4 ? 7.0 : -2.0 * values[i]) << i;
}

TEST_P(OfArrays, RowsOfNormals) {
  for (const int64_t columns : {1, 2, 5, 6}) {
    std::vector<GaussianRow> rows;
    Buffer<double> values(arrays_, 20 * columns);
    std::vector<double> wanted(20 * columns, -1.0);
    arrays_.fill(-1.0, values.size(), values.data());
    for (const auto &begin : beginnings()) {
      RandomStream random = stream(rows.size()), again = random;
      begin(random), begin(again);
      for (int repeat = 0; repeat < 2; repeat++) { // the second one often begins with a spare
        const int64_t start = (rows.size() + 3) * columns;
        const double sigma = 0.5 + static_cast<double>(rows.size());
        rows.push_back({random.take_gaussians(columns), sigma, start});
        again.fill_gaussian(&wanted[start], columns, sigma);
      }
    }
    arrays_.fill_gaussian(rows, columns, values.data());
    EXPECT_EQ(values.on_host(), wanted);
  }
  RandomStream random = stream(), again = stream();
  for (const int64_t n : {5, 3}) {
    Buffer<double> values(arrays_, n);
    std::vector<double> wanted(n);
    arrays_.fill_gaussian(random, 0.7, n, values.data());
    again.fill_gaussian(wanted.data(), n, 0.7);
    EXPECT_EQ(values.on_host(), wanted);
  }
  EXPECT_EQ(random.uniform(), again.uniform());
}

TEST_P(OfArrays, CopiesRows) {
  const auto from = there(normals(12, 1));
  auto to = there(std::vector<double>(9, 0.0));
  arrays_.copy_rows({{9, 0}, {3, 6}}, 3, from.data(), to.data());
  const auto a = from.on_host(), b = to.on_host();
  EXPECT_EQ(b, (std::vector<double>{a[9], a[10], a[11], 0.0, 0.0, 0.0, a[3], a[4], a[5]}));
}

TEST_P(OfArrays, KnowsWhatIsFinite) {
  for (const double odd : {double(NAN), double(INFINITY), -double(INFINITY)}) {
    auto values = normals(9, 1);
    EXPECT_TRUE(arrays_.all_finite(9, there(values).data()));
    values[7] = odd;
    EXPECT_FALSE(arrays_.all_finite(9, there(values).data()));
    EXPECT_TRUE(arrays_.all_finite(7, there(values).data()));
    EXPECT_FALSE(
        arrays_.all_zero(9, there(std::vector<double>{0, 0, 0, 0, odd, 0, 0, 0, 0}).data()));
  }
  EXPECT_TRUE(arrays_.all_zero(3, there(std::vector<double>{0.0, -0.0, 0.0}).data()));
  EXPECT_FALSE(arrays_.all_zero(3, there(std::vector<double>{0.0, 1e-300, 0.0}).data()));
}

TEST_P(OfArrays, SumsOfSquares) {
  const auto values = normals(40, 1);
  const auto buffer = there(values);
  const auto wanted = [&](int64_t start, int64_t count) {
    return std::inner_product(&values[start], &values[start] + count, &values[start], 0.0);
  };
  EXPECT_NEAR(arrays_.sum_of_squares(40, buffer.data()), wanted(0, 40), 1e-12);
  double sums[3];
  arrays_.sums_of_squares({30, 0, 7}, 10, buffer.data(), sums);
  const int64_t starts[3] = {30, 0, 7};
  for (int i = 0; i < 3; i++) EXPECT_NEAR(sums[i], wanted(starts[i], 10), 1e-12);
}

TEST_P(OfArrays, MovesTheAtomsOfAMask) {
  const int64_t n = 7, dim = 3, m = n * dim;
  const std::vector<uint8_t> some{1, 0, 0, 1, 1, 0, 1};
  const auto forces = normals(m, 1), x = normals(m, 2);
  std::vector<double> inverse_masses(m);
  for (int64_t i = 0; i < m; i++) inverse_masses[i] = 0.5 + static_cast<double>(i / dim);
  const auto masses_there = there(inverse_masses), forces_there = there(forces);
  const auto mask_there = there(some);
  for (const bool all : {true, false}) {
    const uint8_t *mask = all ? nullptr : mask_there.data();
    RandomStream random = stream(4), again = stream(4);
    random.uniform(), again.uniform();
    auto velocities = there(std::vector<double>(m, 99.0)), places = there(x);
    arrays_.draw_velocities(random, 0.8, masses_there.data(), mask, n, dim, velocities.data());
    const auto drawn = velocities.on_host();
    arrays_.kick(0.3, masses_there.data(), forces_there.data(), mask, n, dim, velocities.data());
    const auto kicked = velocities.on_host();
    arrays_.drift(0.2, velocities.data(), mask, n, dim, places.data());
    const auto drifted = places.on_host();
    double energy = 0.0;
    for (int64_t i = 0; i < m; i++) {
      const bool moves = all || some[i / dim];
      EXPECT_EQ(drawn[i], moves ? std::sqrt(0.8 * inverse_masses[i]) * again.gaussian() : 0.0);
      EXPECT_EQ(kicked[i], moves ? drawn[i] + 0.3 * inverse_masses[i] * forces[i] : 0.0);
      EXPECT_EQ(drifted[i], moves ? x[i] + 0.2 * kicked[i] : x[i]);
      energy += 0.5 * kicked[i] * kicked[i] / inverse_masses[i];
    }
    EXPECT_EQ(random.gaussian(), again.gaussian());
    EXPECT_NEAR(arrays_.kinetic_energy(velocities.data(), masses_there.data(), mask, n, dim),
                energy, 1e-12 * energy);
  }
}

TEST_P(OfArrays, GathersAndScatters) {
  const auto from = there(normals(8, 1));
  auto to = there(std::vector<double>(8, 0.0)), few = there(std::vector<double>(3, 0.0));
  Buffer<int64_t> places(arrays_);
  const int64_t list[3] = {6, 0, 5};
  places.assign(list, 3);
  arrays_.gather(places.data(), 3, from.data(), few.data());
  arrays_.scatter(places.data(), 3, few.data(), to.data());
  const auto a = from.on_host();
  EXPECT_EQ(few.on_host(), (std::vector<double>{a[6], a[0], a[5]}));
  EXPECT_EQ(to.on_host(), (std::vector<double>{a[0], 0.0, 0.0, 0.0, 0.0, a[5], a[6], 0.0}));
}

TEST_P(OfArrays, LargestDifference) {
  const PeriodicBox box{2, {3.0, 0.0}};
  std::vector<double> a{0.1, 0.0, 1.0, 4.0}, b{3.05, 0.1, 1.2, 4.3};
  EXPECT_NEAR(arrays_.largest_difference(box, there(a).data(), there(b).data(), 2), 0.3, 1e-14);
  EXPECT_EQ(arrays_.largest_difference(box, there(a).data(), there(a).data(), 2), 0.0);
  b[2] = NAN;
  EXPECT_EQ(arrays_.largest_difference(box, there(a).data(), there(b).data(), 2), INFINITY);
}

TEST_P(OfArrays, VelocitiesAsGaussians) {
  const int64_t n = 9;
  const auto velocities = normals(n, 1);
  std::vector<double> inverse_masses(n);
  for (int64_t i = 0; i < n; i++) inverse_masses[i] = 0.5 + 0.1 * static_cast<double>(i);
  const auto masses_there = there(inverse_masses);
  auto values = there(velocities);
  arrays_.velocities_to_gaussians(0.8, 1.7, masses_there.data(), n, values.data());
  const auto gaussians = values.on_host();
  arrays_.gaussians_to_velocities(0.8, 1.7, masses_there.data(), n, values.data());
  const auto back = values.on_host();
  for (int64_t i = 0; i < n; i++) {
    // m v^2 / tau = g^2 / variance
    EXPECT_NEAR(velocities[i] * velocities[i] / (0.8 * inverse_masses[i]),
                gaussians[i] * gaussians[i] / 1.7, 1e-12);
    EXPECT_NEAR(back[i], velocities[i], 1e-14);
  }
}

/// Of the total momentum and of what stands still; the rest is drawn, in order.
TEST_P(OfArrays, RedrawnVelocities) {
  const int64_t atoms = 6, n = 3 * atoms;
  auto velocities = normals(n, 1);
  for (int64_t i = 0; i < n; i++)
    if (i % 3 == 2 || i == 4) velocities[i] = 0.0;
  std::vector<double> inverse_masses(n);
  for (int64_t i = 0; i < n; i++) inverse_masses[i] = 1.0 / (1.0 + static_cast<double>(i / 3));
  auto values = there(velocities);
  RandomStream random = stream(5), again = stream(5);
  arrays_.redraw_velocities(random, 0.7, there(inverse_masses).data(), atoms, values.data());
  const auto redrawn = values.on_host();
  std::vector<double> drawn(n, 0.0);
  for (int64_t i = 0; i < n; i++)
    if (velocities[i] != 0.0) drawn[i] = std::sqrt(0.7 * inverse_masses[i]) * again.gaussian();
  EXPECT_EQ(random.gaussian(), again.gaussian());
  for (int64_t k = 0; k < 3; k++) {
    double before = 0.0, after = 0.0, common = 0.0;
    for (int64_t i = k; i < n; i += 3) {
      before += velocities[i] / inverse_masses[i];
      after += redrawn[i] / inverse_masses[i];
      if (velocities[i] == 0.0) {
        EXPECT_EQ(redrawn[i], 0.0);
        continue;
      }
      if (common == 0.0) common = drawn[i] - redrawn[i];
      EXPECT_NEAR(drawn[i] - redrawn[i], common, 1e-13); // the same for all
    }
    EXPECT_NEAR(after, before, 1e-12);
  }
}

TEST_P(OfArrays, NearestImages) {
  const PeriodicBox box{2, {3.0, 0.0}};
  const std::vector<double> x{0.1, 0.2, 2.9, 5.0, 1.0, 1.0}, moved{3.2, 9.0, 0.1, 4.0, 2.4, 7.0};
  auto trial = there(moved);
  arrays_.to_nearest_image(box, there(x).data(), there(std::vector<uint8_t>{1, 1, 0}).data(), 3,
                           trial.data());
  const std::vector<double> wanted{0.2, 9.0, 3.1, 4.0, 1.0, 1.0};
  const auto values = trial.on_host();
  for (size_t i = 0; i < wanted.size(); i++) EXPECT_NEAR(values[i], wanted[i], 1e-14);
}

double distance(const PeriodicBox &box, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t k = 0; k < box.dim; k++) {
    const double d = a[k] - b[k], length = box.periodic() ? box.lengths[k] : 0.0;
    const double nearest = length > 0.0 ? d - length * std::round(d / length) : d;
    sum += nearest * nearest;
  }
  return sum;
}

/// On a lattice many atoms are equally far: the first of them count.
TEST_P(OfArrays, NearestAtoms) {
  for (const bool lattice : {true, false}) {
    const int64_t n = 36;
    const PeriodicBox box{2, {6.0, 6.0}};
    auto x = normals(n * 2, 3);
    for (int64_t i = 0; i < n && lattice; i++) x[2 * i] = i % 6, x[2 * i + 1] = i / 6;
    const double centre[2] = {2.0, 5.0};
    std::vector<int64_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return distance(box, centre, &x[2 * a]) < distance(box, centre, &x[2 * b]);
    });
    const auto places = there(x);
    Buffer<uint8_t> mask(arrays_, n);
    for (int64_t count = 1; count <= n; count++) {
      arrays_.nearest_atoms(box, centre, places.data(), n, count, mask.data());
      std::vector<uint8_t> wanted(n, 0);
      for (int64_t i = 0; i < count; i++) wanted[order[i]] = 1;
      EXPECT_EQ(mask.on_host(), wanted) << count;
    }
  }
}

TEST_P(OfArrays, DifferentMasks) {
  const auto a = there(std::vector<uint8_t>{1, 0, 1, 1, 0});
  const auto b = there(std::vector<uint8_t>{0, 0, 1, 0, 1});
  EXPECT_EQ(arrays_.count_different(5, a.data(), b.data()), 3);
  EXPECT_EQ(arrays_.count_different(5, a.data(), a.data()), 0);
}

/// By the words of the definition.
int64_t rearranged(const PeriodicBox &box, const Rearrangement &criterion,
                   const std::vector<double> &x, const std::vector<double> &x_new) {
  const int64_t n = static_cast<int64_t>(x.size()) / box.dim, dim = box.dim;
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    std::vector<double> mean(dim, 0.0), moved(dim);
    double neighbours = 0.0;
    for (int64_t j = 0; j < n; j++) {
      if (i == j || std::sqrt(distance(box, &x[i * dim], &x[j * dim])) >= criterion.neighbours)
        continue;
      neighbours++;
      for (int64_t k = 0; k < dim; k++) mean[k] += x_new[j * dim + k] - x[j * dim + k];
    }
    for (int64_t k = 0; k < dim; k++)
      moved[k] =
          x_new[i * dim + k] - x[i * dim + k] - (neighbours > 0.0 ? mean[k] / neighbours : 0);
    count += std::sqrt(std::inner_product(moved.begin(), moved.end(), moved.begin(), 0.0)) >
             criterion.distance;
  }
  return count;
}

struct Crowd {
  int64_t n;
  PeriodicBox box;
};

/// With and without cells and pairs: few atoms, short boxes, open ones.
TEST_P(OfArrays, Rearrangements) {
  const Crowd crowds[] = {{30, {2, {5.0, 6.0}}},       {100, {2, {9.0, 8.0}}},
                          {400, {2, {16.0, 25.0}}},    {400, {2, {2.9, 140.0}}},
                          {600, {3, {7.0, 8.0, 9.0}}}, {90, {3, {4.0, 3.0, 5.0}}},
                          {300, {3, {6.0, 8.0, 0.0}}}, {250, {2, {}}},
                          {250, {1, {90.0}}}};
  for (const auto &crowd : crowds) {
    const int64_t m = crowd.n * crowd.box.dim;
    RandomStream random = stream(8);
    std::vector<double> x(m), x_new = normals(m, 9);
    for (int64_t i = 0; i < m; i++) {
      const double length = crowd.box.periodic() ? crowd.box.lengths[i % crowd.box.dim] : 10.0;
      x[i] = (length > 0.0 ? length : 10.0) * (2.0 * random.uniform() - 0.5); // unwrapped
      x_new[i] = x[i] + 0.25 * x_new[i];
    }
    const auto count =
        arrays_.count_rearranged(crowd.box, {}, there(x).data(), there(x_new).data(), crowd.n);
    EXPECT_EQ(count, rearranged(crowd.box, {}, x, x_new));
    EXPECT_GT(count, crowd.n / 10);
    EXPECT_LT(count, crowd.n - crowd.n / 10);
  }
}

TEST_P(OfArrays, BuffersMoveAndGrow) {
  auto buffer = there(std::vector<double>{1.0, 2.0, 3.0});
  const double *address = buffer.data();
  buffer.resize(2);
  EXPECT_EQ(buffer.on_host(), (std::vector<double>{1.0, 2.0}));
  Buffer<double> other = std::move(buffer);
  EXPECT_EQ(other.data(), address);
  other.resize(1000);
  EXPECT_EQ(other.size(), 1000);
  std::vector<double> scratch;
  {
    HostView view(arrays_, other.data(), 1000, HostView::out, arrays_.on_host(), scratch);
    for (int i = 0; i < 1000; i++) view.data()[i] = i;
  }
  EXPECT_EQ(other.on_host()[999], 999.0);
}

TEST(FarMemoryDeathTest, IsProtected) {
  Buffer<double> buffer(tests::far_arrays(), 1);
  EXPECT_DEATH(std::printf("%g", *buffer.data()), "");
  EXPECT_DEATH(*buffer.data() = 1.0, "");
  const double on_stack[1] = {0.0};
  EXPECT_DEATH(tests::far_arrays().sum_of_squares(1, on_stack), "address of the host");
  EXPECT_DEATH(copy(tests::far_arrays(), on_stack, 1, buffer.data()), "address of the host");
#ifndef __SANITIZE_ADDRESS__ // which has a heap of its own
  const std::vector<double> on_heap(1, 0.0);
  EXPECT_DEATH(tests::far_arrays().sum_of_squares(1, on_heap.data()), "address of the host");
#endif
}

} // namespace
