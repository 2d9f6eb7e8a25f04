// nflow::kick_drift by tensor operations, which devices other than the CPU use, called on the CPU:
// against the hand-written operator in values, log-dets, gradients and refusals.
#include "operators/kick_drift_dense.h"
#include "operators/operators.h"
#include "unit/kick_drift_case.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>

namespace {

using namespace nflow::tests;
using nflow::operators::default_pairs_at_once;
using torch::Tensor;

Mapped call_dense(const KickDriftCase &a, bool inverse,
                  int64_t pairs_at_once = default_pairs_at_once) {
  const auto [points, log_det] = nflow::operators::kick_drift_dense(
      {a.differentiable[1], a.tau, a.layers, a.spline_size, a.step, a.kick, a.spline_unit,
       a.species, a.box, a.sigma, a.epsilon, a.cutoff, a.mask, inverse},
      a.differentiable[0], pairs_at_once);
  return {points, log_det};
}

/// Weights near those of a flow that starts, with which no momentum is so large that it hides
/// errors of the others.
KickDriftCase mild(KickDriftCase a) {
  a.differentiable[1] = a.differentiable[1] / 6.0;
  return a;
}

/// Values to 1e-12 and gradients to 1e-11 of the largest, in float64.
void compare(KickDriftCase a, int64_t pairs_at_once = default_pairs_at_once) {
  for (const bool inverse : {false, true}) {
    for (auto &t : a.differentiable) t = t.detach().requires_grad_(true);
    const auto dense = call_dense(a, inverse, pairs_at_once), wanted = call_operator(a, inverse);
    ASSERT_EQ(dense.points.sizes(), wanted.points.sizes());
    ASSERT_EQ(dense.log_det.scalar_type(), torch::kFloat64);
    EXPECT_LT(relative(dense.points.select(1, 0), wanted.points.select(1, 0)), 1e-12) << inverse;
    EXPECT_LT(relative(dense.points.select(1, 1), wanted.points.select(1, 1)), 1e-12) << inverse;
    EXPECT_LT(relative(dense.log_det, wanted.log_det), 1e-12) << inverse;
    const auto weight = uniform(dense.points.sizes(), 12, -1.0, 1.0);
    const auto of_log_det = uniform(dense.log_det.sizes(), 13, -1.0, 1.0);
    const auto gradients = [&](const Mapped &m) {
      return torch::autograd::grad({(m.points * weight).sum() + (m.log_det * of_log_det).sum()},
                                   a.differentiable);
    };
    const auto g = gradients(dense), h = gradients(wanted);
    EXPECT_LT(relative(g[0], h[0]), 1e-11) << "points, inverse " << inverse;
    EXPECT_LT(relative(g[1], h[1]), 1e-11) << "weights, inverse " << inverse;
  }
}

TEST(Dense, EqualsTheOperatorIn2D) {
  compare(KickDriftCase(43, 2, 6.2));
  compare(KickDriftCase(43, 2, 6.2).masked());
  compare(KickDriftCase(43, 2, 6.2, 0)); // no splines
}
TEST(Dense, EqualsTheOperatorIn3D) {
  compare(mild(KickDriftCase(60, 3, 5.1)));
  compare(mild(KickDriftCase(60, 3, 5.1).masked()));
}
TEST(Dense, EqualsTheOperatorWithCells) {
  compare(mild(KickDriftCase(300, 3, 10.5)));
  compare(KickDriftCase(300, 2, 15.0).masked());
}

TEST(Dense, InPieces) {
  const int64_t n = 43;
  const KickDriftCase a(n, 2, 6.2, 16, 5);
  compare(a, 2 * n * n); // 2, 2 and 1 points
  compare(KickDriftCase(a).masked(), 2 * n * n);
  compare(a, 10 * n); // point by point, 10 rows and at last 3
  compare(KickDriftCase(a).masked(), 10 * n);
  compare(mild(KickDriftCase(7, 3, 5.1)), 1); // row by row
}

TEST(Dense, OverlapsAndTheBoxEdge) {
  // Two atoms at one place, others nearer than the caps and at the cutoff's distance.
  KickDriftCase a(6, 2, 5.2);
  auto x = a.differentiable[0].select(1, 0).select(0, 0);
  const double places[6][2] = {{0.0, 0.0}, {0.3, 0.0}, {5.2, 2.6},
                               {2.5, 2.0}, {2.5, 0.0}, {2.5, 2.0}};
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 2; k++) x[i][k] = places[i][k];
  a.differentiable[0].select(1, 1).select(1, 5).copy_(
      a.differentiable[0].select(1, 1).select(1, 3));
  a.species.fill_(1);
  compare(a);
}

TEST(Dense, Float32) {
  const torch::NoGradGuard no_gradient;
  for (const int64_t dim : {2, 3}) {
    auto a = mild(KickDriftCase(43, dim, dim == 2 ? 6.2 : 5.1, 16, 2, 0.1));
    a.differentiable[0] = a.differentiable[0].to(torch::kFloat32);
    for (const bool inverse : {false, true}) {
      const auto dense = call_dense(a, inverse), wanted = call_operator(a, inverse);
      ASSERT_EQ(dense.points.scalar_type(), torch::kFloat32);
      ASSERT_EQ(dense.log_det.scalar_type(), torch::kFloat64);
      EXPECT_LT(relative(dense.points.select(1, 0), wanted.points.select(1, 0)), 1e-5);
      EXPECT_LT(relative(dense.points.select(1, 1), wanted.points.select(1, 1)), 1e-5);
      EXPECT_LT(relative(dense.log_det, wanted.log_det), 1e-12); // of the same rounded numbers
    }
  }
}

TEST(Dense, FrozenAtomsAreUnchangedAndNoPointsAreNone) {
  const torch::NoGradGuard no_gradient;
  auto a = KickDriftCase(43, 2, 6.2).masked();
  const auto &u = a.differentiable[0];
  const auto frozen = a.mask.logical_not().unsqueeze(1).unsqueeze(3).expand_as(u);
  for (const bool inverse : {false, true})
    EXPECT_TRUE(
        torch::equal(call_dense(a, inverse).points.masked_select(frozen), u.masked_select(frozen)));
  KickDriftCase none(43, 2, 6.2);
  none.differentiable[0] = none.differentiable[0].slice(0, 0, 0);
  EXPECT_EQ(call_dense(none, false).points.sizes(), none.differentiable[0].sizes());
  EXPECT_EQ(call_dense(none, false).log_det.numel(), 0);
}

TEST(Dense, RefusesInTheSameWords) {
  const auto message = [](const std::function<void()> &work) {
    try {
      work();
    } catch (const c10::Error &e) {
      return std::string(e.what_without_backtrace());
    }
    return std::string();
  };
  const auto refused = [&](const KickDriftCase &a, const char *wanted) {
    const auto text = message([&] { call_dense(a, false); });
    EXPECT_NE(text.find(wanted), std::string::npos) << text;
    EXPECT_EQ(text, message([&] { call_operator(a, false); }));
  };
  const KickDriftCase good(10, 2, 5.2);
  auto a = good;
  a.cutoff = 3.0;
  refused(a, "the cutoff is beyond half the box");
  a = good;
  a.species = good.species.clone();
  a.species[3] = 3;
  refused(a, "a species is not from 0 to S - 1");
  a = good;
  a.layers = 4;
  refused(a, "not of this number of layers");
  a = good;
  a.mask = torch::ones({2, 9}, torch::kBool);
  refused(a, "mask must be empty or bool [B, n]");
  a = good;
  a.differentiable[0] = a.differentiable[0].to(torch::kFloat16);
  refused(a, "float32 or float64");
}

TEST(Dense, IsRegisteredForCuda) {
  for (const auto &name : nflow::operator_names()) EXPECT_TRUE(nflow::runs_on_cuda(name)) << name;
  EXPECT_FALSE(nflow::runs_on_cuda("warp"));
}

TEST(Dense, OnCuda) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  const auto a = KickDriftCase(43, 2, 6.2).masked();
  auto there = a;
  for (Tensor *t : {&there.differentiable[0], &there.differentiable[1], &there.tau, &there.species,
                    &there.box, &there.sigma, &there.epsilon, &there.mask})
    *t = t->to(torch::kCUDA);
  for (const bool inverse : {false, true})
    for (const bool gradients : {false, true}) {
      const torch::AutoGradMode mode(gradients);
      const auto dense = call_operator(there, inverse), wanted = call_operator(a, inverse);
      ASSERT_TRUE(dense.points.is_cuda() && dense.log_det.is_cuda());
      EXPECT_LT(relative(dense.points.cpu(), wanted.points), 1e-12);
      EXPECT_LT(relative(dense.log_det.cpu(), wanted.log_det), 1e-12);
    }
}

/// What it costs beside the hand-written operator, CPU time of the best of several calls on
/// one thread. No test:
/// --gtest_also_run_disabled_tests prints it.
TEST(Dense, DISABLED_Cost) {
  const torch::NoGradGuard no_gradient;
  at::set_num_threads(1);
  const auto best = [](const std::function<void()> &work) {
    double least = 1e300;
    for (int round = 0; round < 7; round++) {
      const auto start = std::clock();
      work();
      least = std::min(least, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return least;
  };
  const struct {
    int64_t n, batch;
    double length;
  } sizes[] = {{43, 1, 6.0}, {43, 64, 6.0}, {1290, 1, 32.9}};
  for (const auto &size : sizes) {
    const KickDriftCase a(size.n, 2, size.length, 16, size.batch, 0.1);
    const double dense = best([&] { call_dense(a, false); });
    const double written = best([&] { call_operator(a, false); });
    std::printf("n = %lld, batch %lld: dense %.3f ms, hand-written %.3f ms, ratio %.1f\n",
                static_cast<long long>(size.n), static_cast<long long>(size.batch), dense, written,
                dense / written);
  }
}

} // namespace
