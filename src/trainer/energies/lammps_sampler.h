#ifndef NFLOW_TRAINER_ENERGIES_LAMMPS_SAMPLER_H
#define NFLOW_TRAINER_ENERGIES_LAMMPS_SAMPLER_H

#include "files/dump_reader.h"
#include "trainer/energies/lammps_system.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace nflow::trainer {

/// How far a sampling has come.
struct SamplingProgress {
  bool equilibrated = false;
  int64_t steps = 0;            // of equilibration so far
  int64_t done = 0, wanted = 0; // steps of the window of equilibration that is under way; frames
};

struct SampleOptions {
  double temperature = 0.0;       // in LAMMPS temperature units
  int64_t frames = 0;             // configurations wanted from this rank
  uint32_t seed = 1;              // with the rank it decides everything
  uint32_t rank = 0;              // so that ranks sample independently
  double start_temperature = 0.0; // above `temperature`: equilibrate there, then cool. 0: no
  int64_t cooling_steps = 20000;
  int64_t first_window = 4000;  // steps of the first drift test
  int64_t most_steps = 4000000; // of equilibration
  int64_t least_interval = 50;  // steps between frames, at least
  // Told every so many steps; `stop` is asked as often, whether to end early.
  std::function<void(const SamplingProgress &)> progress;
  std::function<bool()> stop;
};

/// Configurations of one temperature and what is known about them.
struct SampleSet {
  Samples samples;              // in time order, positions unwrapped as they came
  std::vector<double> energies; // of each frame, as LAMMPS's pe

  int64_t equilibration_steps = 0;
  int64_t interval = 0;      // steps between frames
  double tau = 0.0;          // 1 + 2 sum of the energy's autocorrelations, in steps
  double mean_energy = 0.0;  // of the frames
  double energy_error = 0.0; // its standard error
  bool stopped = false;      // early, with the frames that there were
  double drift = 0.0;        // z of first against second half of the last equilibration window
};

/// Samples equilibrium configurations with LAMMPS's own dynamics, fix langevin (damping time of
/// 100 timesteps) and fix nve at the timestep of the input, from the positions that the atoms
/// have. What is sampled depends on input, options, seed and rank, not on time.
class LammpsSampler {
 public:
  /// Throws Error if the input has a fix that moves or thermostats the atoms already.
  explicit LammpsSampler(LammpsSystem &system);

  /// Relaxes overlaps, equilibrates until the potential energy shows no drift (its window doubles
  /// until it does), and collects frames every 2 tau_int steps. LAMMPS has its positions,
  /// velocities and fixes back afterwards, also where it is stopped early. Throws Error for wrong
  /// options, where the energy still drifts after `most_steps`, and where it ceases to be finite.
  SampleSet sample(const SampleOptions &options);

 private:
  struct Run;
  LammpsSystem &system_;
};

} // namespace nflow::trainer

#endif
