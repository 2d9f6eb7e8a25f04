#include "trainer/energies/thermal_sampling.h"

#include "base/error.h"
#include "base/text.h"
#include "files/dump_writer.h"
#include "trainer/energies/lammps_sampler.h"
#include "trainer/training/training.h"

#include <chrono>
#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

constexpr int seconds_between_lines = 3;
constexpr double noticeable_drift = 2.5; // z; the sampler goes on above 3

std::string sentence_of(const SampleSet &set, double temperature, const Parallel &parallel) {
  char text[256];
  std::snprintf(text, sizeof(text),
                "sampled T = %g: %lld steps of equilibration (drift z = %.2f), then a frame every "
                "%lld steps (correlation time of the energy %.0f steps)%s",
                temperature, static_cast<long long>(set.equilibration_steps), set.drift,
                static_cast<long long>(set.interval), set.tau,
                parallel.size() > 1 ? " on rank 0" : "");
  return text;
}

/// Lines on stderr, every few seconds.
class SamplingReport {
 public:
  explicit SamplingReport(double temperature) : temperature_(temperature) {}

  void operator()(const SamplingProgress &p) {
    // Steps that are under way, or frames, are all of one kind from where they began.
    if (p.done < last_done_ || p.equilibrated != equilibrated_) begun_ = last_;
    last_done_ = p.done;
    equilibrated_ = p.equilibrated;
    const auto now = Clock::now();
    last_ = now;
    if (now - said_ < std::chrono::seconds(seconds_between_lines)) return;
    said_ = now;
    const double left = std::chrono::duration<double>(now - begun_).count() *
                        static_cast<double>(p.wanted - p.done) / static_cast<double>(p.done);
    char text[256];
    std::snprintf(
        text, sizeof(text),
        p.equilibrated ? "frame %lld of %lld, left %s"
                       : "equilibration, %lld of %lld steps of this window, left %s if it "
                         "shows no drift, then the frames",
        static_cast<long long>(p.done), static_cast<long long>(p.wanted), clock_text(left).c_str());
    std::fprintf(stderr, "nflow-train: sampling T = %g: %s\n", temperature_, text);
  }

 private:
  using Clock = std::chrono::steady_clock;

  double temperature_;
  int64_t last_done_ = 0;
  bool equilibrated_ = false;
  Clock::time_point begun_ = Clock::now(), said_ = begun_, last_ = begun_; // last: of calls
};

std::string sentence_of_stop(double temperature, int64_t frames, int64_t wanted,
                             const std::string &file) {
  return "stopped while sampling at T = " + number(temperature) + ": " +
         (frames > 0 ? std::to_string(frames) + " of " + std::to_string(wanted) +
                           " frames are kept in " + file + ", to be given as a dump"
                     : "nothing was kept of it, for its equilibration was not over") +
         "; dumps of other temperatures that it has written are complete";
}

} // namespace

std::string drift_warning(double drift, double temperature) {
  if (std::fabs(drift) <= noticeable_drift) return "";
  char text[256];
  std::snprintf(text, sizeof(text),
                "the energy at T = %g still drifts by %.1f standard errors in the last window of "
                "the equilibration: compare its mean with what you know, or give dumps of a longer "
                "run",
                temperature, drift);
  return text;
}

void sample_into(const TrainOptions &o, const Parallel &parallel, double temperature,
                 const std::string &file) {
  SampleOptions options;
  options.temperature = temperature;
  const auto range = parallel.share(o.sample);
  options.frames = range.second - range.first;
  options.seed = o.flow.seed;
  options.rank = static_cast<uint32_t>(parallel.rank());
  options.start_temperature = o.sample_start > temperature ? o.sample_start : 0.0;
  options.stop = signal_caught;
  if (parallel.root()) options.progress = SamplingReport(temperature);
  SampleSet set;
  parallel.together([&] {
    if (options.frames < 1)
      throw Error("--sample is smaller than the number of ranks: ask for more frames");
    LammpsSystem lammps(o.lammps, o.variables);
    set = LammpsSampler(lammps).sample(options);
  });
  std::vector<double> stopped{set.stopped ? 1.0 : 0.0};
  parallel.sum(stopped);
  const auto x = parallel.gather(set.samples.x);
  const int64_t numbers = set.samples.n_atoms * set.samples.dim;
  const int64_t frames = static_cast<int64_t>(x.size()) / numbers;
  parallel.together([&] {
    if (!parallel.root() || frames == 0) return;
    DumpWriter writer(file, set.samples, 0.0);
    for (int64_t i = 0; i < frames; i++) writer.write(i, &x[i * numbers]);
    writer.close();
  });
  if (stopped[0] > 0.0) throw Interruption(sentence_of_stop(temperature, frames, o.sample, file));
  if (!parallel.root()) return;
  std::printf("%s\n", sentence_of(set, temperature, parallel).c_str());
  std::fflush(stdout);
  const auto warning = drift_warning(set.drift, temperature);
  if (!warning.empty()) std::fprintf(stderr, "nflow-train: warning: %s\n", warning.c_str());
}

} // namespace nflow::trainer
