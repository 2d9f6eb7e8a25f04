#ifndef NFLOW_TRAINER_TRAINING_CHECKPOINT_H
#define NFLOW_TRAINER_TRAINING_CHECKPOINT_H

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nflow::trainer {

/// Everything that a training is, between two steps. Random numbers need no state: they are
/// functions of seed and step.
struct TrainingState {
  int64_t step = 0; // steps done
  std::vector<double> parameters, constants;
  std::vector<double> adam_mean, adam_square;
  int64_t adam_updates = 0;
  std::vector<double> best_parameters;
  double best_score = 0.0;
  int64_t best_step = -1; // -1: not validated yet
  int64_t without_progress = 0;
  int64_t skipped_steps = 0; // because the loss was not finite
  int64_t skipped_in_a_row = 0;
  int64_t set_backs = 0;   // returns to the best parameters
  double rate_scale = 1.0; // halved at every set-back
};

/// What a resumed run must share with the run that it resumes.
struct Fingerprint {
  nlohmann::json options; // schedule_options()
  nlohmann::json data;    // digests
};

/// Writes `state` to `file`; what stood there stays until all is written. Throws Error.
void write_checkpoint(const TrainingState &state, const Fingerprint &fingerprint,
                      const std::string &file);

/// Reads it back, bit by bit. Throws Error for a missing or damaged file and where options or data
/// differ, naming the first that does.
TrainingState read_checkpoint(const Fingerprint &fingerprint, const std::string &file);

/// FNV-1a of bytes, "fnv1a64:" and 16 hex digits.
std::string digest(const void *data, std::size_t bytes);
std::string digest(const std::vector<double> &values);

} // namespace nflow::trainer

#endif
