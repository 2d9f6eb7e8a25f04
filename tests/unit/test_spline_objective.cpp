// Flow spline with an energy file, in process: the gradient of the acceptance loss through flow and
// energies, works against the saved model, where the flow starts, and which coordinates are active.
#include "architectures/spline_start.h"
#include "estimators/exchange.h"
#include "estimators/exchange_states.h"
#include "lammps_case.h"
#include "model/model.h"
#include "reference/energy_file.h"
#include "reference/exact_double_well64.h"
#include "reference/exact_multi_well.h"
#include "trainer/energies/file_energy.h"
#include "trainer/objectives/thermal_objective.h"
#include "trainer/training/thermal_setting.h"

#include <torch/csrc/jit/runtime/graph_executor.h>

#include <cmath>
#include <memory>

namespace {

using namespace nflow;
using namespace nflow::trainer;

constexpr double hot = 5.0, cold = 1.0;

template <class Exact>
ThermalSamples samples_of(const Exact &exact, EnergySource &source, int64_t count, uint32_t seed) {
  ThermalSamples all;
  all.temperature = exact.temperature();
  auto &samples = all.samples;
  samples.n_atoms = exact.dim();
  samples.dim = 1;
  samples.x.resize(count * exact.dim());
  samples.per_file = {count};
  for (int64_t i = 0; i < count; i++) {
    RandomStream random(seed, 0, i, Purpose::sample);
    exact.sample(random, &samples.x[i * exact.dim()]);
  }
  all.energies.resize(count);
  source.evaluate(count, samples.frame(0), all.energies.data(), nullptr);
  all.split = split_by_blocks(samples, 0.1);
  return all;
}

FlowOptions small_spline() {
  FlowOptions o;
  o.architecture = "spline";
  o.set("couplings", 4);
  o.set("activation", "silu");
  o.set("hidden", 8);
  o.set("bins", 6);
  return o;
}

SplineStart start_of(const FlowOptions &options, EnergySource &source,
                     const std::vector<ThermalSamples> &data) {
  return std::any_cast<SplineStart>(thermal_setting(options, {hot, cold}, source, data).start);
}

/// The double well with a flow that is no longer the one of the start.
struct Case {
  Case() {
    reference::write_double_well64_file("dw64.pt");
    source = std::make_unique<FileEnergy>("dw64.pt", "lj");
    data.push_back(samples_of(reference::ExactDoubleWell64(hot), *source, 400, 1));
    data.push_back(samples_of(reference::ExactDoubleWell64(cold), *source, 400, 2));
    objective = std::make_unique<ThermalObjective>(
        thermal_setting(options, {hot, cold}, *source, data), "float64", 100.0, *source);
    parameters = tests::shaken(objective->parameters(), 0.02, 8);
    objective->set_parameters(parameters);
    const ThermalBatches batches(data, 1, 64, 1);
    target = batches.target(3, {0, 20});
    prior = batches.prior(3, {0, 20});
  }
  double loss(const std::vector<double> &at) {
    objective->set_parameters(at);
    const auto works = objective->keep_works(target, prior);
    return estimators::acceptance_loss(works.forward, works.backward).value;
  }

  FlowOptions options = small_spline();
  std::unique_ptr<FileEnergy> source;
  std::vector<ThermalSamples> data;
  std::unique_ptr<ThermalObjective> objective;
  std::vector<double> parameters;
  Points target, prior;
};

TEST(SplineObjective, GradientOfTheAcceptanceLossIsThatOfDifferences) {
  Case c;
  const auto works = c.objective->keep_works(c.target, c.prior);
  const auto loss = estimators::acceptance_loss(works.forward, works.backward);
  std::vector<double> gradient(c.parameters.size(), 0.0);
  c.objective->add_gradient_of_kept({loss.by_forward, loss.by_backward}, gradient);
  tests::expect_gradient_of([&](const std::vector<double> &at) { return c.loss(at); }, c.parameters,
                            gradient, 4, 1e-5);
}

/// Two shards with the slopes of the whole batch add up to the gradient of the whole batch.
TEST(SplineObjective, ShardsAddUpToTheGlobalBatch) {
  Case c;
  const auto whole_works = c.objective->keep_works(c.target, c.prior);
  const auto loss = estimators::acceptance_loss(whole_works.forward, whole_works.backward);
  std::vector<double> whole(c.parameters.size(), 0.0), parts = whole;
  c.objective->add_gradient_of_kept({loss.by_forward, loss.by_backward}, whole);
  const ThermalBatches batches(c.data, 1, 64, 1);
  for (const auto &[from, to] : {std::pair<int64_t, int64_t>{0, 7}, {7, 20}}) {
    c.objective->keep_works(batches.target(3, {from, to}), batches.prior(3, {from, to}));
    const auto part = [&, from = from, to = to](const std::vector<double> &all) {
      return std::vector<double>(all.begin() + from, all.begin() + to);
    };
    c.objective->add_gradient_of_kept({part(loss.by_forward), part(loss.by_backward)}, parts);
  }
  for (size_t i = 0; i < whole.size(); i++)
    EXPECT_NEAR(whole[i], parts[i], 1e-10 * (1.0 + std::fabs(whole[i])));
}

TEST(SplineObjective, WorksAreThoseOfTheSavedModel) {
  Case c;
  const auto metadata = c.objective->metadata();
  c.objective->save(c.parameters, metadata, "works.pt");
  torch::jit::setGraphExecutorOptimize(true); // which trainings switch off, and freezing needs
  Model model("works.pt", "cpu");
  for (const bool forward : {true, false}) {
    const Points &points = forward ? c.prior : c.target;
    std::vector<double> out(points.values.size()), log_det(points.count), mapped;
    if (forward)
      model.forward(points.count, points.values.data(), {hot, cold}, out.data(), log_det.data());
    else
      model.inverse(points.count, points.values.data(), {hot, cold}, out.data(), log_det.data());
    const auto works = c.objective->works(points, forward, &mapped);
    ASSERT_EQ(mapped.size(), out.size());
    for (int64_t i = 0; i < points.count; i++) {
      const double in = reference::double_well64_energy(&points.values[i * 64]),
                   after = reference::double_well64_energy(&out[i * 64]);
      const double expected =
          after / (forward ? cold : hot) - in / (forward ? hot : cold) - log_det[i];
      EXPECT_NEAR(works[i], expected, 1e-9 * (1.0 + std::fabs(expected)));
      EXPECT_NEAR(mapped[i * 64 + 1], out[i * 64 + 1], 1e-12);
    }
  }
}

/// The model that is shipped, on fresh exact samples: exchanges from T = 5 to 1 are accepted, reach
/// the other basin, and their works give the exact free energy difference (BAR, equal numbers).
TEST(SplineObjective, TheShippedModelExchangesFreshSamples) {
  torch::jit::setGraphExecutorOptimize(true);
  const std::string folder = std::string(NFLOW_SOURCE_DIR) + "/potentials/";
  Model model(folder + "doublewell64_spline.pt", "cpu");
  FileEnergy source(folder + "doublewell64.pt", "lj");
  const reference::ExactDoubleWell64 exact_hot(hot), exact_cold(cold);
  const int64_t count = 4000;
  const auto z = samples_of(exact_hot, source, count, 101),
             x = samples_of(exact_cold, source, count, 102);
  std::vector<double> fz(count * 64), fx(count * 64), gain(count), loss(count), u(count), v(count);
  model.forward(count, z.samples.frame(0), {hot, cold}, fz.data(), gain.data());
  model.inverse(count, x.samples.frame(0), {hot, cold}, fx.data(), loss.data());
  source.evaluate(count, fz.data(), u.data(), nullptr);
  source.evaluate(count, fx.data(), v.data(), nullptr);
  estimators::StatedWorks all;
  const auto basin = [](const double *point) { return point[0] < 0.0 ? 0 : 1; };
  for (int64_t i = 0; i < count; i++) {
    all.forward.push_back(u[i] / cold - z.energies[i] / hot - gain[i]);
    all.backward.push_back(v[i] / hot - x.energies[i] / cold - loss[i]);
    all.prior.push_back(basin(z.samples.frame(i)));
    all.to_target.push_back(basin(&fz[i * 64]));
    all.target.push_back(basin(x.samples.frame(i)));
    all.to_prior.push_back(basin(&fx[i * 64]));
  }
  const auto exchange = estimators::exchange_report(all.forward, all.backward);
  const auto states = estimators::exchange_states(all, 2);
  std::printf("acceptance %.4f +- %.4f, between basins %.4f +- %.4f of %.4f\n", exchange.acceptance,
              exchange.acceptance_error, states.between, states.between_error, states.ceiling);
  EXPECT_GT(exchange.acceptance, 0.95);
  EXPECT_GT(states.between, 0.05);
  EXPECT_GT(states.least_acceptance, 0.85);
  // sum f(w - C) = sum f(r + C), f(x) = 1/(1 + e^x), at C = -(ln Z1 - ln Z0).
  double c = 0.0;
  for (double step = 128.0; step > 1e-9; step *= 0.5) {
    double excess = 0.0;
    for (int64_t i = 0; i < count; i++)
      excess +=
          1.0 / (1.0 + std::exp(all.forward[i] - c)) - 1.0 / (1.0 + std::exp(all.backward[i] + c));
    c += excess < 0.0 ? step : -step;
  }
  const double truth = exact_hot.log_partition() - exact_cold.log_partition();
  EXPECT_NEAR(c, truth, 4.0 * std::hypot(exchange.forward.error, exchange.backward.error) / 2.0);
}

TEST(SplineStart, OfTheDoubleWellFindsItsTwoActiveCoordinates) {
  Case c;
  const auto start = start_of(c.options, *c.source, c.data);
  EXPECT_EQ(start.active, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(coordinate_names(start.active, 1), "x1 x2");
  for (int64_t i = 2; i < 64; i++) EXPECT_NEAR(start.scale[i], std::sqrt(0.2), 1e-12);
  // The splines reach over all samples.
  for (const int64_t i : {0, 1})
    for (const int64_t frame : c.data[1].split.training)
      EXPECT_LT(std::fabs(c.data[1].samples.frame(frame)[i] - start.middle[i]), start.bound[i]);
  auto given = c.options;
  given.set("active", std::vector<int64_t>{7, 2});
  given.set("bound", 2.5);
  const auto as_given = start_of(given, *c.source, c.data);
  EXPECT_EQ(as_given.active, (std::vector<int64_t>{1, 6}));
  EXPECT_EQ(as_given.bound, (std::vector<double>{2.5, 2.5}));
}

TEST(SplineStart, OfAMultiWellFindsThatAllAreActive) {
  const auto system = reference::random_multi_well(3, 7);
  reference::write_multi_well_file(system, {}, "mw3.pt");
  FileEnergy source("mw3.pt", "lj");
  std::vector<ThermalSamples> data{
      samples_of(reference::ExactMultiWell(system, hot), source, 300, 1),
      samples_of(reference::ExactMultiWell(system, cold), source, 300, 2)};
  const auto options = small_spline();
  EXPECT_EQ(start_of(options, source, data).active, (std::vector<int64_t>{0, 1, 2}));
  for (int64_t f = 0; f < 300; f++) data[0].samples.x[3 * f + 1] = 0.5;
  const auto said = tests::refusal([&] { start_of(options, source, data); });
  EXPECT_NE(said.find("coordinate x2 does not vary"), std::string::npos) << said;
}

TEST(FileEnergy, IsOfTheUnitsOfTheTraining) {
  reference::write_double_well64_file("dw64.pt");
  const auto said = tests::refusal([] { FileEnergy("dw64.pt", "metal"); });
  EXPECT_NE(said.find("is in units lj"), std::string::npos) << said;
}

} // namespace
