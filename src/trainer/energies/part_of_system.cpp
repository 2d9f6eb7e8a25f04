#include "trainer/energies/part_of_system.h"

#include "base/error.h"

#include <algorithm>

namespace nflow::trainer {

PartOfSystem::PartOfSystem(std::unique_ptr<EnergySource> whole, std::vector<double> positions,
                           const Samples &samples)
    : whole_(std::move(whole)), ids_(samples.ids), positions_(std::move(positions)),
      forces_(positions_.size()) {
  const System &all = whole_->system();
  if (samples.dim > all.dim)
    throw Error("--dim is " + std::to_string(samples.dim) + ", " + whole_->name() + " has " +
                std::to_string(all.dim) + " components: give --dim " + std::to_string(all.dim));
  system_.n_atoms = samples.n_atoms;
  system_.dim = samples.dim;
  system_.units = all.units;
  // A flow with a gaussian prior lives on unwrapped positions.
  system_.periodic.assign(samples.dim, false);
  for (size_t i = 0; i < ids_.size(); i++) {
    const auto found = std::lower_bound(whole_->ids().begin(), whole_->ids().end(), ids_[i]);
    if (found == whole_->ids().end() || *found != ids_[i])
      throw Error("the samples have an atom " + std::to_string(ids_[i]) + ", which " +
                  whole_->name() + " has not: give dumps of this system");
    const auto atom = static_cast<size_t>(found - whole_->ids().begin());
    if (!samples.types.empty() && samples.types[i] != all.types[atom])
      throw Error("atom " + std::to_string(ids_[i]) + " is of type " +
                  std::to_string(samples.types[i]) + " in the samples and of type " +
                  std::to_string(all.types[atom]) + " in " + whole_->name() +
                  ": give dumps of this system");
    system_.types.push_back(all.types[atom]);
    for (int64_t k = 0; k < samples.dim; k++) places_.push_back(atom * all.dim + k);
  }
}

/// Calls evaluate(configuration number, positions of all atoms, their forces or null) for each.
template <class Evaluate>
void PartOfSystem::one_by_one(int64_t count, const double *x, double *forces,
                              const Evaluate &evaluate) {
  const size_t size = places_.size();
  for (int64_t i = 0; i < count; i++) {
    for (size_t k = 0; k < size; k++) positions_[places_[k]] = x[i * size + k];
    evaluate(i, positions_.data(), forces ? forces_.data() : nullptr);
    for (size_t k = 0; forces && k < size; k++) forces[i * size + k] = forces_[places_[k]];
  }
}

void PartOfSystem::evaluate(int64_t count, const double *x, double *energies, double *forces) {
  one_by_one(count, x, forces, [&](int64_t i, const double *all, double *forces_of_all) {
    whole_->evaluate(1, all, energies + i, forces_of_all);
  });
}

void PartOfSystem::evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                                       double *forces) {
  one_by_one(count, x, forces, [&](int64_t i, const double *all, double *forces_of_all) {
    whole_->evaluate_linearised(cap, 1, all, energies + i, forces_of_all);
  });
}

} // namespace nflow::trainer
