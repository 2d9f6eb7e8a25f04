// What an energy from LAMMPS in the trainer's process costs, against LAMMPS's own evaluation:
//   lammps_energy [input] [temperature] [name=value ..]
// (a) the sequence of an evaluation alone (class GroupPositions, the script's own skin),
// (b) a step of velocity Verlet that finds all neighbours anew and computes the energy; the same as
// (a) but for the configurations, which change so little that the processor knows its branches.
// All are measured in turn, round after round; the ratios are medians over the rounds.

#include "lammps/atoms_platform.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "trainer/energies/lammps_sampler.h"
#include "trainer/energies/lammps_session.h"

#include "domain.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace nflow;
using namespace nflow::trainer;

namespace {

constexpr int rounds = 9;
constexpr int64_t frames = 64;

template <class Work>
double microseconds(int64_t count, const Work &work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::micro> elapsed =
      std::chrono::steady_clock::now() - start;
  return elapsed.count() / static_cast<double>(count);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Microseconds of each round, of one way to compute.
struct Series {
  const char *name;
  std::vector<double> times;
};

void measure(const std::string &input, double temperature,
             const std::vector<std::string> &variables) {
  LammpsSystem lammps(input, variables);
  SampleOptions options;
  options.temperature = temperature;
  options.frames = frames;
  const auto set = LammpsSampler(lammps).sample(options);
  const int64_t numbers = lammps.system().n_atoms * lammps.system().dim;
  std::vector<double> energies(frames), forces(frames * numbers);

  // (a) and (b) in a LAMMPS of their own, at one of the configurations.
  LammpsSession session(input, variables);
  const auto group = LAMMPS_NS::host_platform().positions(
      session.lammps(), 0, static_cast<int>(lammps.system().dim), true);
  LAMMPS_NS::GroupPositions &positions = *group;
  LAMMPS_NS::PotentialEnergy potential(session.lammps(), LAMMPS_NS::host_platform());
  session.command("run 0 post no");
  session.run([&] {
    positions.init();
    potential.init();
  });
  std::vector<double> x(set.samples.frame(0), set.samples.frame(0) + numbers);
  positions.replace(x.data());
  session.command("neigh_modify every 1 delay 0 check no");
  session.command("fix bench_nve all nve");
  session.command("fix bench_pe all ave/time 1 1 1000000 c_thermo_pe"); // wants it at every step
  session.command("run 0 post no");

  double one = 1.0;
  lammps.evaluate(1, set.samples.frame(0), &one, nullptr);
  const int64_t repeats =
      1 + static_cast<int64_t>(1e5 / microseconds(1, [&] { potential.evaluate(true); }) / frames);
  std::vector<Series> series{{"evaluate(), with forces", {}},
                             {"evaluate_linearised()", {}},
                             {"(a) sequence of an evaluation", {}},
                             {"(b) step, neighbours and energy", {}}};
  const double cap = 100.0 * temperature;
  for (int round = 0; round < rounds; round++) {
    series[0].times.push_back(microseconds(repeats * frames, [&] {
      for (int64_t r = 0; r < repeats; r++)
        lammps.evaluate(frames, set.samples.x.data(), energies.data(), forces.data());
    }));
    series[1].times.push_back(microseconds(repeats * frames, [&] {
      for (int64_t r = 0; r < repeats; r++)
        lammps.evaluate_linearised(cap, frames, set.samples.x.data(), energies.data(),
                                   forces.data());
    }));
    // The same configurations, for a repeated one is quicker.
    double sequence = 0.0;
    for (int64_t r = 0; r < repeats * frames; r++) {
      std::copy_n(set.samples.frame(r % frames), numbers, x.begin());
      positions.replace(x.data());
      sequence += microseconds(repeats * frames, [&] { potential.evaluate(true); });
    }
    series[2].times.push_back(sequence);
    const std::string run = "run " + std::to_string(repeats * frames) + " post no";
    series[3].times.push_back(microseconds(repeats * frames, [&] { session.command(run); }));
  }

  std::printf("%s: %lld atoms, %lld configurations a round\n%-32s %10s %8s %8s\n", input.c_str(),
              static_cast<long long>(lammps.system().n_atoms),
              static_cast<long long>(repeats * frames), "", "us", "/ (a)", "/ (b)");
  for (const auto &line : series) {
    std::vector<double> to_a, to_b;
    for (int r = 0; r < rounds; r++) {
      to_a.push_back(line.times[r] / series[2].times[r]);
      to_b.push_back(line.times[r] / series[3].times[r]);
    }
    std::printf("%-32s %10.2f %8.2f %8.2f\n", line.name, median(line.times), median(to_a),
                median(to_b));
  }
}

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int status = 0;
  try {
    const std::string input = argc > 1 ? argv[1] : "examples/ka2d/in.system";
    const double temperature = argc > 2 ? std::stod(argv[2]) : 1.0;
    measure(input, temperature, std::vector<std::string>(argv + std::min(argc, 3), argv + argc));
  } catch (const std::exception &e) {
    std::fprintf(stderr, "Error: %s\n", e.what());
    status = 2;
  }
  MPI_Finalize();
  return status;
}
