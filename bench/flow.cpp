// What the kick-drift flow costs, in units of a Lennard-Jones force evaluation of the same library:
//   flow [input] [temperature] [layers]
// on configurations that LAMMPS samples. One layer of the map as the operator computes it and
// through the frozen TorchScript model at batch 1 and 64; forward and backward against forward;
// LAMMPS's energy and forces beside them; and the cost of a kick by system size. All are measured
// in turn, round after round; numbers are medians over the rounds.

#include "architectures/flow_builder.h"
#include "base/random.h"
#include "model/archive.h"
#include "model/model.h"
#include "operators/kick_drift.h"
#include "trainer/energies/lammps_sampler.h"
#include "trainer/training/thermal_setting.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <mpi.h>
#include <string>
#include <vector>

using namespace nflow;

namespace {

constexpr int rounds = 15;
constexpr int64_t frames = 64;

struct Series {
  const char *name;
  std::function<void()> work;
  double count; // what a call is divided by
  std::vector<double> times;

  double median() {
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }
};

double microseconds(const std::function<void()> &work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

void measure(std::vector<Series> &all) {
  for (auto &series : all) series.work();
  for (int round = 0; round < rounds; round++)
    for (auto &series : all) series.times.push_back(microseconds(series.work) / series.count);
}

template <class T>
const T &value(const FlowSetting &o, const std::string &option) {
  return std::get<T>(o.values.at(option));
}

/// The operator's arguments as plain arrays, of the flow's starting weights.
struct Plain {
  std::vector<int64_t> species;
  std::vector<double> sigma, epsilon, damping, drift, first, last, strength, splines;
  operators::KickDriftParameters<double> parameters;

  explicit Plain(const FlowSetting &o)
      : species(species_of(o.types)), sigma(value<std::vector<double>>(o, "sigma")),
        epsilon(value<std::vector<double>>(o, "epsilon")) {
    const int64_t s = 1 + *std::max_element(species.begin(), species.end());
    const int64_t pairs = s * (s + 1) / 2, l = value<int64_t>(o, "layers");
    const auto k = value<int64_t>(o, "spline-size");
    damping.assign(l * s, 0.98);
    drift.assign(l * s, 0.015);
    first.assign(s, 0.007);
    last.assign(s, 1.2);
    strength.assign(l * pairs, 0.02);
    splines.assign(l * pairs * k, 1e-3);
    parameters = {o.n_atoms,
                  l,
                  s,
                  k,
                  value<double>(o, "cutoff"),
                  species.data(),
                  o.box.data(),
                  sigma.data(),
                  epsilon.data(),
                  damping.data(),
                  drift.data(),
                  first.data(),
                  last.data(),
                  strength.data(),
                  splines.data()};
  }
};

std::vector<double> points_of(const Samples &samples) {
  const int64_t m = samples.n_atoms * samples.dim;
  std::vector<double> u(frames * 2 * m);
  RandomStream random(1, 0, 0, Purpose::auxiliary);
  for (int64_t b = 0; b < frames; b++) {
    std::copy(samples.frame(b), samples.frame(b) + m, &u[b * 2 * m]);
    random.fill_gaussian(&u[(b * 2 + 1) * m], m);
  }
  return u;
}

template <int D>
void measure_flow(const FlowSetting &o, trainer::LammpsSystem &lammps, const Samples &samples) {
  const int64_t m = o.n_atoms * o.dim;
  const auto u = points_of(samples);
  std::vector<double> v(u.size()), log_det(frames), f(m), energies(frames), forces(frames * m);
  Plain plain(o);
  operators::KickDrift<double, D> kernel(plain.parameters);

  save_archive(build_flow(o), flow_metadata(o), "bench_flow.pt");
  Model model("bench_flow.pt", "cpu");
  const double tau0 = o.tau(0), tau1 = o.tau(1);
  auto flow = build_flow(o);
  const auto batch = torch::from_blob(const_cast<double *>(u.data()), {frames, 2, o.n_atoms, o.dim},
                                      torch::kFloat64);
  const auto tau = torch::tensor({tau0, tau1}, torch::kFloat64);
  const auto forward = [&] {
    return flow.get_method("forward")({batch, tau}).toTupleRef().elements()[0].toTensor();
  };
  const double count = frames, layers = value<int64_t>(o, "layers");
  std::vector<Series> all = {
      {"Lennard-Jones forces",
       [&] {
         for (int64_t b = 0; b < frames; b++) kernel.lennard_jones(&u[b * 2 * m], f.data());
       },
       count,
       {}},
      {"one layer, operator alone",
       [&] {
         for (int64_t b = 0; b < frames; b++)
           kernel.map(&u[b * 2 * m], v.data(), nullptr, false, nullptr);
       },
       count * layers,
       {}},
      {"one layer, model, batch 1",
       [&] {
         for (int64_t b = 0; b < frames; b++)
           model.forward(1, &u[b * 2 * m], {tau0, tau1}, v.data(), log_det.data());
       },
       count * layers,
       {}},
      {"one layer, model, batch 64",
       [&] {
         model.forward(frames, u.data(), {tau0, tau1}, v.data(), log_det.data());
       },
       count * layers,
       {}},
      {"whole map, model, batch 64",
       [&] {
         model.forward(frames, u.data(), {tau0, tau1}, v.data(), log_det.data());
       },
       count,
       {}},
      {"forward, without gradients",
       [&] {
         const torch::NoGradGuard no_gradient;
         forward();
       },
       count,
       {}},
      {"forward and backward",
       [&] {
         std::vector<torch::Tensor> parameters;
         for (const auto &parameter : flow.parameters()) parameters.push_back(parameter);
         torch::autograd::grad({forward().sum()}, parameters);
       },
       count,
       {}},
      {"LAMMPS, energy and forces",
       [&] { lammps.evaluate(frames, samples.x.data(), energies.data(), forces.data()); },
       count,
       {}},
  };
  measure(all);
  const double unit = all[0].median(), once = all[5].median();
  std::printf("%-30s %12s %10s\n", "", "microseconds", "LJ forces");
  for (auto &series : all)
    std::printf("%-30s %12.2f %10.2f\n", series.name, series.median(), series.median() / unit);
  std::printf("forward and backward over forward: %.2f\n", all[6].median() / once);
  std::remove("bench_flow.pt");
}

/// A kick by size: copies of one configuration side by side.
template <int D>
void measure_sizes(FlowSetting o, const Samples &samples) {
  std::printf("\n%-10s %14s %16s\n", "atoms", "kick, us", "us per atom");
  const FlowSetting one = o;
  for (const int64_t copies : {1, 2, 3, 5, 8}) {
    std::vector<double> x;
    o.types.clear();
    const auto cells = static_cast<int64_t>(std::pow(copies, D));
    for (int64_t cell = 0; cell < cells; cell++)
      for (int64_t i = 0; i < one.n_atoms; i++) {
        o.types.push_back(one.types[i]);
        for (int64_t k = 0, rest = cell; k < D; k++, rest /= copies)
          x.push_back(samples.frame(0)[i * D + k] +
                      static_cast<double>(rest % copies) * one.box[k]);
      }
    o.n_atoms = static_cast<int64_t>(o.types.size());
    if (o.n_atoms > 20000) break;
    for (int k = 0; k < D; k++) o.box[k] = one.box[k] * static_cast<double>(copies);
    Plain plain(o);
    operators::KickDrift<double, D> kernel(plain.parameters);
    std::vector<double> f(x.size());
    std::vector<Series> all = {{"kick",
                                [&] {
                                  for (int i = 0; i < 10; i++)
                                    kernel.force(0, x.data(), nullptr, f.data());
                                },
                                10.0,
                                {}}};
    measure(all);
    std::printf("%-10lld %14.1f %16.3f\n", static_cast<long long>(o.n_atoms), all[0].median(),
                all[0].median() / static_cast<double>(o.n_atoms));
  }
}

void run(int argc, char **argv) {
  const std::string input = argc > 1 ? argv[1] : "examples/ka2d/in.system";
  const double temperature = argc > 2 ? std::stod(argv[2]) : 0.6;
  trainer::LammpsSystem lammps(input, {});
  trainer::SampleOptions sampling;
  sampling.temperature = temperature;
  sampling.frames = frames;
  const auto samples = trainer::LammpsSampler(lammps).sample(sampling).samples;

  FlowOptions options;
  options.architecture = "kick-drift";
  options.set("layers", argc > 3 ? std::stoi(argv[3]) : 16);
  options.set("spline-size", 16);
  options.set("cutoff", 2.5);
  trainer::ThermalSamples data;
  data.samples = samples;
  const auto o =
      trainer::thermal_setting(options, {temperature, 0.7 * temperature}, lammps, {data});
  std::printf("%s: %lld atoms, kick-drift with %d layers and splines, one core\n", input.c_str(),
              static_cast<long long>(o.n_atoms), static_cast<int>(value<int64_t>(o, "layers")));
  if (o.dim == 2) {
    measure_flow<2>(o, lammps, samples);
    measure_sizes<2>(o, samples);
  } else {
    measure_flow<3>(o, lammps, samples);
    measure_sizes<3>(o, samples);
  }
}

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  use_threads(1);
  int code = 0;
  try {
    run(argc, argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "flow: %s\n", e.what());
    code = 2;
  }
  MPI_Finalize();
  return code;
}
