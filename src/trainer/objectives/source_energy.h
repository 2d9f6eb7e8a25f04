#ifndef NFLOW_TRAINER_OBJECTIVES_SOURCE_ENERGY_H
#define NFLOW_TRAINER_OBJECTIVES_SOURCE_ENERGY_H

#include "trainer/energies/energy_source.h"

#include <torch/script.h>

namespace nflow::trainer {

/// U of x [B, n, d] float64 from a source, [B]. With a finite `cap` (energy units) pair energies
/// above it are linearised, and the gradient is minus the source's forces; with an infinite one
/// energies are as they are and there is no gradient.
at::Tensor source_energy(const at::Tensor &x, EnergySource &source, double cap);

} // namespace nflow::trainer

#endif
