#ifndef NFLOW_TRAINER_ENERGIES_THERMAL_SAMPLING_H
#define NFLOW_TRAINER_ENERGIES_THERMAL_SAMPLING_H

#include "trainer/command/train_options.h"
#include "trainer/training/parallel.h"

#include <string>

namespace nflow::trainer {

/// Thrown by all ranks where a signal has ended the sampling; says what is kept.
class Interruption : public AlikeError {
 public:
  using AlikeError::AlikeError;
};

/// An equilibration that passed its test just so (`drift`: z of its last window) is told of; empty
/// if there is nothing to say.
std::string drift_warning(double drift, double temperature);

/// LAMMPS's own dynamics on all ranks, each a share of the frames; the frames go into a dump, which
/// can be a reservoir later and lets a resumed training have the same samples. In a LAMMPS of its
/// own: dynamics leave atoms in another order, and then sums of energies have other last bits than
/// in a training that is resumed. Says on stderr how far it is. After SIGINT or SIGTERM the
/// frames that there are go into the dump, and Interruption is thrown.
void sample_into(const TrainOptions &options, const Parallel &parallel, double temperature,
                 const std::string &file);

} // namespace nflow::trainer

#endif
