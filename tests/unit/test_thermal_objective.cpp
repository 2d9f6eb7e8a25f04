// Between two temperatures, in process: gradients of the losses against finite differences, works
// against the saved model and LAMMPS, scales of the kicks, the temperature that forces tell.
#include "lammps_case.h"
#include "model/checks.h"
#include "model/model.h"
#include "trainer/data/configurational_temperature.h"
#include "trainer/data/thermal_data.h"
#include "trainer/energies/lammps_sampler.h"
#include "trainer/objectives/thermal_objective.h"
#include "trainer/training/starting_flow.h"
#include "trainer/training/thermal_setting.h"

#include <torch/csrc/jit/runtime/graph_executor.h>

#include <cmath>
#include <memory>

namespace {

using namespace nflow;
using namespace nflow::trainer;

const auto *const mpi = ::testing::AddGlobalTestEnvironment(new tests::MpiEnvironment);

constexpr double hot = 1.2, cold = 0.9;

ThermalSamples sampled(LammpsSystem &lammps, double temperature, int64_t frames) {
  SampleOptions options;
  options.temperature = temperature;
  options.frames = frames;
  auto set = LammpsSampler(lammps).sample(options);
  ThermalSamples samples;
  samples.temperature = temperature;
  samples.samples = std::move(set.samples);
  samples.energies.resize(frames);
  lammps.evaluate(frames, samples.samples.frame(0), samples.energies.data(), nullptr);
  samples.split = split_by_blocks(samples.samples, 0.1);
  return samples;
}

/// The two-dimensional liquid with equilibrium samples, made once.
struct Liquid {
  LammpsSystem lammps{tests::write_script("in.liquid", tests::liquid_script_2d()), {}};
  std::vector<ThermalSamples> data{sampled(lammps, hot, 200), sampled(lammps, cold, 200)};
};

std::unique_ptr<Liquid> made;

/// LAMMPS must go before MPI does, which the environment above ends.
class LiquidEnvironment : public ::testing::Environment {
 public:
  void TearDown() override { made.reset(); }
};
const auto *const environment = ::testing::AddGlobalTestEnvironment(new LiquidEnvironment);

Liquid &liquid() {
  if (!made) made = std::make_unique<Liquid>();
  return *made;
}

FlowSetting setting_for(const std::string &architecture) {
  FlowOptions o;
  o.architecture = architecture;
  o.set("layers", 3);
  o.set("spline-size", 5);
  o.set("couplings", 2);
  o.set("hidden", 8);
  o.set("depth", 1);
  o.set("bins", 4);
  return thermal_setting(o, {hot, cold}, liquid().lammps, liquid().data);
}

/// An objective whose parameters are no longer those of the start, with points of both sides.
struct Case {
  Case(const std::string &architecture, double cap)
      : objective(setting_for(architecture), "float64", cap, liquid().lammps),
        parameters(tests::shaken(objective.parameters(), 0.02, 8)) {
    objective.set_parameters(parameters);
    const ThermalBatches batches(liquid().data, objective.metadata().slots(),
                                 objective.setting().coordinates(), 1);
    target = batches.target(3, {0, 4});
    prior = batches.prior(3, {0, 4});
  }
  double loss(const std::vector<double> &at, double ml, double kl) {
    std::vector<double> ignored(at.size(), 0.0);
    objective.set_parameters(at);
    const auto terms = objective.add_gradient(target, ml, prior, kl, ignored);
    return ml * terms.ml + kl * terms.kl;
  }

  ThermalObjective objective;
  std::vector<double> parameters;
  Points target, prior;
};

void expect_gradient(const std::string &architecture, double cap, double ml, double kl) {
  Case c(architecture, cap);
  std::vector<double> gradient(c.parameters.size(), 0.0);
  c.objective.add_gradient(c.target, ml, c.prior, kl, gradient);
  tests::expect_gradient_of([&](const std::vector<double> &at) { return c.loss(at, ml, kl); },
                            c.parameters, gradient, 3, 2e-5,
                            architecture + " cap " + std::to_string(cap) + " weights " +
                                std::to_string(ml) + " " + std::to_string(kl));
}

/// Mean of the works of both directions of an untrained flow, wild ones cut.
double mean_work(ThermalObjective &objective) {
  const ThermalBatches batches(liquid().data, 2, objective.setting().coordinates(), 7);
  double sum = 0.0;
  for (const bool forward : {true, false}) {
    const auto points = forward ? batches.prior(99, {0, 200}) : batches.target(99, {0, 200});
    for (const double work : objective.works(points, forward)) sum += std::min(work, 1000.0) / 200;
  }
  return sum;
}

/// The timestep of the untrained dynamics comes from trials, where the user gave none: scales that
/// are not those of the liquid make the usual one far too long.
TEST(StartingFlow, TakesTheTimestepThatDoesLeastWork) {
  const Parallel parallel(MPI_COMM_WORLD);
  TrainOptions options;
  options.precision = "float64";
  auto wrong = setting_for("kick-drift");
  wrong.set("epsilon", std::vector<double>{5.0});
  auto &source = liquid().lammps;
  const auto started = [&](const FlowSetting &setting) {
    return starting_flow(options, setting, source, liquid().data, parallel);
  };
  const auto found = started(wrong);
  ThermalObjective usual(wrong, "float64", 100.0, source);
  EXPECT_LT(mean_work(*found), 0.7 * mean_work(usual));
  // One that was given stays.
  auto given = wrong;
  given.set("timestep", 0.03);
  EXPECT_EQ(std::get<double>(started(given)->setting().values.at("timestep")), 0.03);
  // With the scales of the liquid, nothing worse than the usual one.
  const auto right = setting_for("kick-drift");
  ThermalObjective plain(right, "float64", 100.0, source);
  EXPECT_LT(mean_work(*started(right)), 1.02 * mean_work(plain));
}

/// Seven Lennard-Jones atoms in the plane without a box, held together by a weak trap.
TEST(OpenSystem, KickDriftKnowsPairsWithoutABox) {
  LammpsSystem lammps(
      tests::write_script(
          "in.cluster",
          "units lj\ndimension 2\nboundary f f p\natom_modify map array\nregion r block -20 20 -20 "
          "20 -0.5 0.5\ncreate_box 1 r\nlattice hex 0.9\nregion c sphere 0 0 0 1.2 units box\n"
          "create_atoms 1 region c\nmass 1 1.0\npair_style lj/cut 2.5\npair_modify shift yes\n"
          "pair_coeff 1 1 1.0 1.0\nfix trap all spring/self 0.5\nfix_modify trap energy yes\n"),
      {});
  const std::vector<ThermalSamples> data{sampled(lammps, 0.5, 300), sampled(lammps, 0.35, 300)};
  FlowOptions o;
  o.architecture = "kick-drift";
  o.set("layers", 6);
  const auto setting = thermal_setting(o, {0.5, 0.35}, lammps, data);
  ASSERT_TRUE(setting.box.empty());
  ThermalObjective open(setting, "float64", 100.0, lammps);
  EXPECT_FALSE(open.metadata().periodic || open.metadata().box);
  open.save(open.parameters(), open.metadata(), "cluster.pt");
  // As in a box so large that no pair sees its edges.
  auto boxed = setting;
  boxed.box = {512.0, 512.0};
  ThermalObjective large(boxed, "float64", 100.0, lammps);
  large.save(large.parameters(), large.metadata(), "boxed.pt");
  torch::jit::setGraphExecutorOptimize(true); // which trainings switch off, and freezing needs
  Model model("cluster.pt", "cpu"), in_box("boxed.pt", "cpu");
  const int64_t n = lammps.system().n_atoms;
  std::vector<double> u(data[0].samples.frame(5), data[0].samples.frame(5) + 2 * n);
  u.resize(4 * n, 0.4);
  const auto mapped = [&](Model &of, const std::vector<double> &from) {
    std::vector<double> v(from.size()), log_det(1);
    of.forward(1, from.data(), {0.5, 0.35}, v.data(), log_det.data());
    return v;
  };
  const auto v = mapped(model, u), w = mapped(in_box, u);
  auto far = u;
  for (int64_t i = 0; i < 2 * n; i++) far[i] += i % 2 ? -777.0 : 1000.0;
  const auto moved = mapped(model, far);
  double largest = 0.0;
  for (int64_t i = 0; i < 4 * n; i++) {
    EXPECT_NEAR(v[i], w[i], 1e-10);
    EXPECT_NEAR(v[i], moved[i] - (i < 2 * n ? i % 2 ? -777.0 : 1000.0 : 0.0), 1e-9);
    largest = std::max(largest, std::fabs(v[i] - u[i]));
  }
  EXPECT_GT(largest, 0.01);
  const auto report = check_flow(model, 0.5, 0.35);
  EXPECT_LT(report.round_trip, 1e-9);
}

TEST(ThermalObjective, GradientsOfKickDriftAreThoseOfTheLosses) {
  expect_gradient("kick-drift", 1e6, 0.25, 0.0);
  expect_gradient("kick-drift", 1e6, 0.0, 0.25);
  expect_gradient("kick-drift", 100.0, 0.1, 0.15);
  expect_gradient("kick-drift", 0.5, 0.1, 0.15); // most neighbours are in the linear part
}

TEST(ThermalObjective, GradientsOfTorusSplineAreThoseOfTheLosses) {
  expect_gradient("torus-spline", 100.0, 0.25, 0.0);
  expect_gradient("torus-spline", 100.0, 0.0, 0.25);
}

/// The same works from the file that was saved and energies of LAMMPS alone.
void expect_works(const std::string &architecture, bool forward) {
  Case c(architecture, 100.0);
  auto metadata = c.objective.metadata();
  const std::string file = "works-" + architecture + ".pt";
  c.objective.save(c.parameters, metadata, file);
  torch::jit::setGraphExecutorOptimize(true); // which trainings switch off, and freezing needs
  Model model(file, "cpu");
  auto &lammps = liquid().lammps;
  const Points &points = forward ? c.prior : c.target;
  const int64_t m = c.objective.setting().coordinates(), size = metadata.size();
  std::vector<double> out(points.values.size()), log_det(points.count);
  const Temperatures tau{hot, cold};
  if (forward)
    model.forward(points.count, points.values.data(), tau, out.data(), log_det.data());
  else
    model.inverse(points.count, points.values.data(), tau, out.data(), log_det.data());
  const auto works = c.objective.works(points, forward);
  ASSERT_EQ(static_cast<int64_t>(works.size()), points.count);
  for (int64_t i = 0; i < points.count; i++) {
    const auto reduced = [&](const double *point, double temperature) {
      double energy = 0.0, momenta = 0.0;
      lammps.evaluate(1, point, &energy, nullptr);
      for (int64_t k = m; k < size; k++) momenta += 0.5 * point[k] * point[k];
      return energy / temperature + momenta;
    };
    const double expected = reduced(&out[i * size], forward ? cold : hot) -
                            reduced(&points.values[i * size], forward ? hot : cold) - log_det[i];
    EXPECT_NEAR(works[i], expected, 1e-9 * (1.0 + std::fabs(expected))) << architecture << i;
  }
}

TEST(ThermalObjective, WorksAreThoseOfTheSavedModelAndLammps) {
  for (const auto architecture : {"kick-drift", "torus-spline"}) {
    expect_works(architecture, true);
    expect_works(architecture, false);
  }
}

TEST(ConfigurationalTemperature, IsThatOfTheSamples) {
  const Parallel parallel(MPI_COMM_WORLD);
  for (const auto &samples : liquid().data) {
    const auto tau = configurational_tau(samples.samples, liquid().lammps, parallel);
    EXPECT_GT(tau.error, 0.0);
    EXPECT_LT(tau.error, 0.05);
    EXPECT_LT(std::fabs(tau.z_score(samples.temperature)), 5.0)
        << tau.mean << " +- " << tau.error << " at " << samples.temperature;
    EXPECT_EQ(tests::refusal([&] { require_temperature(tau, samples.temperature, 0.0, " here"); }),
              "");
  }
}

TEST(ConfigurationalTemperature, RefusesAnotherOne) {
  const Parallel parallel(MPI_COMM_WORLD);
  const auto tau = configurational_tau(liquid().data[0].samples, liquid().lammps, parallel);
  const auto said = tests::refusal([&] { require_temperature(tau, cold, cold, " at T = 0.9"); });
  EXPECT_NE(said.find("the samples at T = 0.9 were not made at this temperature"),
            std::string::npos)
      << said;
  Samples few = liquid().data[0].samples;
  few.x.resize(10 * few.n_atoms * few.dim);
  const auto unknown = configurational_tau(few, liquid().lammps, parallel);
  EXPECT_FALSE(std::isfinite(unknown.error));
  EXPECT_EQ(tests::refusal([&] { require_temperature(unknown, cold, cold, ""); }), "");
}

struct Scales {
  std::vector<double> sigma, epsilon;
};

Scales scales_of(LammpsSystem &lammps, double tau) {
  FlowOptions flow;
  flow.architecture = "kick-drift";
  ThermalSamples data;
  data.samples.n_atoms = lammps.system().n_atoms;
  data.samples.dim = lammps.system().dim;
  data.samples.x = lammps.positions();
  const auto setting = thermal_setting(flow, {tau, 0.5 * tau}, lammps, {data});
  const auto learned = [&](const char *name) {
    return std::get<std::vector<double>>(setting.values.at(name));
  };
  return {learned("sigma"), learned("epsilon")};
}

TEST(PairScales, OfKa2dAreThoseOfItsDefinition) {
  const std::string root = NFLOW_SOURCE_DIR;
  LammpsSystem lammps(
      root + "/examples/ka2d/in.system",
      {"folder=" + root + "/examples/ka2d", "nflow_potentials=" + root + "/potentials"});
  const auto scales = scales_of(lammps, 1.0);
  const std::vector<double> sigma{1.0, 0.8, 0.9, 0.8, 0.88, 0.8, 0.9, 0.8, 0.94},
      epsilon{1.0, 1.5, 0.75, 1.5, 0.5, 1.5, 0.75, 1.5, 0.75};
  ASSERT_EQ(scales.sigma.size(), 9u);
  for (size_t i = 0; i < 9; i++) {
    EXPECT_NEAR(scales.sigma[i], sigma[i], 1e-3 * sigma[i]) << i;
    EXPECT_NEAR(scales.epsilon[i], epsilon[i], 1e-3 * epsilon[i]) << i;
  }
}

TEST(PairScales, OfLennardJonesAreNearItsOwn) {
  const std::string root = NFLOW_SOURCE_DIR;
  LammpsSystem lammps(root + "/examples/lj108/in.system", {"folder=" + root + "/examples/lj108"});
  const auto scales = scales_of(lammps, 2.0);
  ASSERT_EQ(scales.sigma.size(), 1u);
  // The zero and the depth of the law that kicks have (that of KA2D), against those of this one.
  double zero = 1.0, depth = 0.0;
  for (double r = 2.4; r > 0.9; r -= 1e-4) {
    const double s6 = std::pow(r, -6.0);
    const double v = 4.0 * (s6 * s6 - s6 + 0.04049023795 - 0.00970155098 * r * r +
                            0.00062012617 * r * r * r * r);
    depth = std::min(depth, v);
    if (v < 0.0) zero = r;
  }
  const double shift = 4.0 * (std::pow(2.5, -6.0) - std::pow(2.5, -12.0));
  // 4 (s^2 - s) + shift = 0 with s = r^-6.
  const double own_zero = std::pow(0.5 * (1.0 + std::sqrt(1.0 - shift)), -1.0 / 6.0);
  EXPECT_NEAR(scales.sigma[0], own_zero / zero, 1e-3);
  EXPECT_NEAR(scales.epsilon[0], (1.0 - shift) / -depth, 1e-3);
}

TEST(PairScales, OfARepulsiveWallAreWhereItReachesKT) {
  auto script = tests::liquid_script_2d();
  script.replace(script.find("lj/cut 2.5"), 10, "lj/cut 1.122462048309373");
  LammpsSystem lammps(tests::write_script("in.wca", script), {});
  const auto scales = scales_of(lammps, 2.0);
  // 4 (s^2 - s) + 1 = 2 with s = r^-6.
  EXPECT_NEAR(scales.sigma.at(0), std::pow(0.5 * (1.0 + std::sqrt(2.0)), -1.0 / 6.0), 2e-3);
  EXPECT_DOUBLE_EQ(scales.epsilon.at(0), 2.0);
}

TEST(PairScales, WithoutAPairLawComeFromTheSamples) {
  auto script = tests::liquid_script_2d();
  script.replace(script.find("lj/cut 2.5"), 10, "hybrid lj/cut 2.5");
  script.replace(script.find("pair_coeff 1 1"), 14, "pair_coeff 1 1 lj/cut");
  LammpsSystem lammps(tests::write_script("in.hybrid", script), {});
  ASSERT_FALSE(lammps.has_pair_law());
  const auto scales = scales_of(lammps, 2.0);
  EXPECT_NEAR(scales.sigma.at(0), 6.5 / 6.0 / 0.87, 1e-4); // of the square lattice
  EXPECT_DOUBLE_EQ(scales.epsilon.at(0), 2.0);
}

} // namespace
