#include "trainer/energies/lammps_sampler.h"

#include "base/random.h"
#include "base/text.h"
#include "estimators/autocorrelation.h"
#include "trainer/energies/lammps_system_impl.h"

#include "atom.h"
#include "domain.h"
#include "fix.h"
#include "force.h"
#include "update.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

namespace {

constexpr int energy_stride = 10;           // steps between energies of the drift test
constexpr int64_t steps_at_a_time = 1000;   // between calls of progress and stop
constexpr double damping = 100.0;           // in timesteps
constexpr double largest_drift = 3.0;       // z
constexpr double least_independent = 200.0; // energies in a window that passes
constexpr const char *langevin = "nflow_sampler_langevin";
constexpr const char *integrator = "nflow_sampler_nve";
constexpr const char *plane = "nflow_sampler_2d";
constexpr const char *recorder = "nflow_sampler_energy";

/// Thrown where a sampling is asked to stop, to where it began.
struct Stopped {};

/// z of the difference of the means of both halves.
double drift_of(const std::vector<double> &series) {
  const auto middle = series.begin() + series.size() / 2;
  const auto first = estimators::mean_with_error({series.begin(), middle});
  const auto second = estimators::mean_with_error({middle, series.end()});
  const double error = std::hypot(first.error, second.error);
  return first.mean == second.mean ? 0.0 : (second.mean - first.mean) / error;
}

} // namespace

/// One call of sample(): the state of LAMMPS before it, and its steps.
struct LammpsSampler::Run {
  Run(LammpsSystem::Impl &system, const SampleOptions &options);
  ~Run();

  void sample(SampleSet &result);
  void restore();

 private:
  void draw_velocities(double temperature);
  void relax();
  void define_dynamics(double from, double to);
  void remove_fix(const std::string &id);
  void equilibrate(double temperature, SampleSet &result);
  std::vector<double> record_energies(int64_t steps, SampleSet &result);
  void describe(Samples &samples) const;
  void collect(SampleSet &result);
  void report(SampleSet &result, const SamplingProgress &progress);
  std::string place() const { return " (LAMMPS input '" + system_.session.file() + "')"; }

  LammpsSystem::Impl &system_;
  const SampleOptions &options_;
  LAMMPS_NS::LAMMPS *lmp_;
  RandomStream random_;
  std::vector<double> start_, velocities_;
  bool restored_ = false;
};

LammpsSampler::Run::Run(LammpsSystem::Impl &system, const SampleOptions &options)
    : system_(system), options_(options), lmp_(system.session.lammps()),
      random_(options.seed, options.rank, 0, Purpose::sample), start_(system.numbers()),
      velocities_(3 * system.system.n_atoms) {
  system_.session.run([&] { system_.positions->read(start_.data()); });
  for (int i = 0; i < lmp_->atom->nlocal; i++)
    for (int k = 0; k < 3; k++)
      velocities_[3 * system_.positions->ordinal(i) + k] = lmp_->atom->v[i][k];
}

/// After an error: what can be put back is, and the error that is under way stays the one told.
LammpsSampler::Run::~Run() {
  try {
    restore();
  } catch (const std::exception &) {
  }
}

void LammpsSampler::Run::restore() {
  if (restored_) return;
  restored_ = true;
  for (const auto id : {recorder, plane, integrator, langevin}) remove_fix(id);
  for (int i = 0; i < lmp_->atom->nlocal; i++)
    for (int k = 0; k < 3; k++)
      lmp_->atom->v[i][k] = velocities_[3 * system_.positions->ordinal(i) + k];
  system_.positions->replace(start_.data());
  system_.prepare();
}

void LammpsSampler::Run::remove_fix(const std::string &id) {
  if (lmp_->modify->find_fix(id) >= 0) system_.session.command("unfix " + id);
}

/// Independent of LAMMPS's `velocity create`, which cannot heat a single atom.
void LammpsSampler::Run::draw_velocities(double temperature) {
  const auto atom = lmp_->atom;
  std::vector<double> noise(velocities_.size());
  random_.fill_gaussian(noise.data(), static_cast<int64_t>(noise.size()));
  for (int i = 0; i < atom->nlocal; i++) {
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    const double sigma = std::sqrt(lmp_->force->boltz * temperature / (mass * lmp_->force->mvv2e));
    for (int k = 0; k < 3; k++)
      atom->v[i][k] =
          k < system_.system.dim ? sigma * noise[3 * system_.positions->ordinal(i) + k] : 0.0;
  }
}

/// Minimises where forces would change a thermal velocity by more than itself within a timestep;
/// an equilibrated start, which a glass former may depend on, is left alone.
void LammpsSampler::Run::relax() {
  const auto atom = lmp_->atom;
  double energy = 0.0, largest = 0.0;
  system_.session.run([&] { energy = system_.potential.evaluate(true); });
  for (int i = 0; i < atom->nlocal; i++) {
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    const double speed =
        std::sqrt(lmp_->force->boltz * options_.temperature / (mass * lmp_->force->mvv2e));
    for (int k = 0; k < 3; k++)
      largest = std::max(largest, std::fabs(atom->f[i][k]) * lmp_->force->ftm2v * lmp_->update->dt /
                                      (mass * speed));
  }
  if (largest > 1.0 || !std::isfinite(energy)) system_.session.command("minimize 0 0 200 2000");
}

void LammpsSampler::Run::define_dynamics(double from, double to) {
  for (const auto id : {plane, integrator, langevin}) remove_fix(id);
  const int seed = 1 + static_cast<int>(random_.uniform() * 899999998.0);
  system_.session.command("fix " + std::string(langevin) + " all langevin " + number(from, 17) +
                          " " + number(to, 17) + " " + number(damping * lmp_->update->dt, 17) +
                          " " + std::to_string(seed));
  system_.session.command("fix " + std::string(integrator) + " all nve");
  // Also beside one of the input, which stands before fix langevin and so misses its noise.
  if (system_.system.dim == 2)
    system_.session.command("fix " + std::string(plane) + " all enforce2d");
}

void LammpsSampler::Run::report(SampleSet &result, const SamplingProgress &progress) {
  if (options_.progress) options_.progress(progress);
  if (!options_.stop || !options_.stop()) return;
  result.stopped = true;
  throw Stopped();
}

/// Potential energies at every energy_stride steps of a run, which to LAMMPS's fixes is one.
std::vector<double> LammpsSampler::Run::record_energies(int64_t steps, SampleSet &result) {
  system_.session.command("fix " + std::string(recorder) + " all vector " +
                          std::to_string(energy_stride) + " c_thermo_pe");
  const int64_t start = lmp_->update->ntimestep;
  const std::string span =
      " start " + std::to_string(start) + " stop " + std::to_string(start + steps) + " post no";
  for (int64_t done = 0; done < steps;) {
    const int64_t some = std::min(steps_at_a_time, steps - done);
    system_.session.command("run " + std::to_string(some) + (done > 0 ? " pre no" : "") + span);
    done += some;
    report(result, {false, result.equilibration_steps + done, done, steps});
  }
  const auto fix = lmp_->modify->fix[lmp_->modify->find_fix(recorder)];
  std::vector<double> energies(fix->size_vector);
  for (int i = 0; i < fix->size_vector; i++) energies[i] = fix->compute_vector(i);
  remove_fix(recorder);
  for (const double energy : energies)
    if (!std::isfinite(energy))
      throw Error("the potential energy became infinite while sampling" + place() +
                  ": use a smaller timestep, or a start without overlaps");
  return energies;
}

void LammpsSampler::Run::equilibrate(double temperature, SampleSet &result) {
  int64_t steps = 0;
  for (int64_t window = options_.first_window;; window *= 2) {
    const auto energies = record_energies(window, result);
    steps += window;
    const auto estimate = estimators::mean_with_error(energies);
    result.drift = drift_of(energies);
    result.tau = estimate.tau * energy_stride;
    result.equilibration_steps += window;
    if (std::fabs(result.drift) < largest_drift && estimate.effective_samples >= least_independent)
      return;
    if (steps + 2 * window > options_.most_steps)
      throw Error("the energy is not at equilibrium after " + std::to_string(steps) +
                  " steps at temperature " + number(temperature) + place() +
                  (std::fabs(result.drift) < largest_drift
                       ? ": it does not drift, but forgets itself so slowly that the last " +
                             std::to_string(window) + " steps have only " +
                             number(estimate.effective_samples, 2) + " independent values of the " +
                             number(least_independent) +
                             " that are needed: sample by a script of your own, and give dumps "
                             "of it"
                       : ": give dumps of a longer run of your own, or let it cool down from a "
                         "higher temperature (--sample-start)"));
  }
}

void LammpsSampler::Run::describe(Samples &samples) const {
  const auto &of = system_.system;
  samples.n_atoms = of.n_atoms;
  samples.dim = of.dim;
  samples.ids = system_.ids;
  samples.types = of.types;
  samples.box = of.box;
  for (int k = 0; k < 3; k++) samples.periodic[k] = of.periodic[k];
  samples.units = of.units;
}

void LammpsSampler::Run::collect(SampleSet &result) {
  auto &samples = result.samples;
  samples.per_file = {options_.frames};
  samples.x.resize(options_.frames * system_.numbers());
  result.interval = std::max(static_cast<int64_t>(std::ceil(result.tau)), options_.least_interval);

  const auto potential = LAMMPS_NS::compat::find_compute(lmp_->modify, "thermo_pe");
  const std::string run = "run " + std::to_string(result.interval);
  for (int64_t i = 0; i < options_.frames; i++) {
    potential->addstep(lmp_->update->ntimestep + result.interval);
    system_.session.command(run + (i == 0 ? " post no" : " pre no post no"));
    system_.session.run([&] {
      result.energies.push_back(potential->compute_scalar());
      system_.positions->read(samples.x.data() + i * system_.numbers());
    });
    if (!std::isfinite(result.energies.back()))
      throw Error("the potential energy became infinite while sampling" + place() +
                  ": use a smaller timestep");
    report(result, {true, result.equilibration_steps, i + 1, options_.frames});
  }
  const auto estimate = estimators::mean_with_error(result.energies);
  result.mean_energy = estimate.mean;
  result.energy_error = estimate.error;
}

void LammpsSampler::Run::sample(SampleSet &result) {
  const double target = options_.temperature, hot = options_.start_temperature;
  describe(result.samples);
  system_.use_input_skin();
  relax();
  draw_velocities(std::max(target, hot));
  if (hot > target) {
    define_dynamics(hot, hot);
    equilibrate(hot, result);
    define_dynamics(hot, target);
    record_energies(options_.cooling_steps, result);
    result.equilibration_steps += options_.cooling_steps;
  }
  define_dynamics(target, target);
  equilibrate(target, result);
  collect(result);
}

LammpsSampler::LammpsSampler(LammpsSystem &system) : system_(system) {
  const auto modify = system.impl_->session.lammps()->modify;
  for (int i = 0; i < modify->nfix; i++) {
    const auto fix = modify->fix[i];
    if (fix->time_integrate ||
        LAMMPS_NS::compat::begins_with(fix->style, {"langevin", "temp/", "nflow/mc"}))
      throw Error("the LAMMPS input '" + system.impl_->session.file() + "' has a fix " +
                  fix->style +
                  ", but the sampler brings dynamics and thermostat of its own: "
                  "remove that fix from the input");
  }
}

SampleSet LammpsSampler::sample(const SampleOptions &options) {
  if (!(options.temperature > 0.0) || !std::isfinite(options.temperature))
    throw Error("the temperature to sample at must be positive");
  if (options.frames < 1) throw Error("the number of configurations to sample must be positive");
  if (options.start_temperature != 0.0 && !(options.start_temperature > options.temperature))
    throw Error("the temperature to start from must be above the one to sample at");
  if (options.first_window < 100 || options.cooling_steps < 1 || options.least_interval < 1)
    throw Error("sampling needs a first window of at least 100 steps, and positive numbers of "
                "cooling steps and of steps between frames");
  SampleSet result;
  Run run(*system_.impl_, options);
  try {
    run.sample(result);
  } catch (const Stopped &) {
    const auto frames = static_cast<int64_t>(result.energies.size());
    result.samples.x.resize(frames * system_.impl_->numbers());
    result.samples.per_file = {frames};
  }
  run.restore();
  return result;
}

} // namespace nflow::trainer
