#include "trainer/energies/file_energy.h"

#include "base/error.h"

#include <algorithm>

namespace nflow::trainer {

namespace {

constexpr int64_t batch = 1024; // of one call, which bounds the memory

} // namespace

FileEnergy::FileEnergy(const std::string &file, const std::string &units) : model_(file) {
  const auto &metadata = model_.metadata();
  if (metadata.units != units)
    throw Error("energy file '" + file + "' is in units " + metadata.units + ", the training in " +
                units + ": give --units " + metadata.units + ", or another energy file");
  system_.n_atoms = metadata.n_atoms;
  system_.dim = metadata.dim;
  if (metadata.types) system_.types = *metadata.types;
  system_.periodic.assign(metadata.dim, metadata.periodic);
  if (metadata.box) system_.box = *metadata.box;
  system_.units = metadata.units;
}

void FileEnergy::evaluate(int64_t count, const double *x, double *energies, double *forces) {
  const int64_t size = model_.metadata().coordinates();
  for (int64_t at = 0; at < count; at += batch) {
    const int64_t some = std::min(batch, count - at);
    if (forces)
      model_.energy_and_gradient(some, x + at * size, energies + at, forces + at * size);
    else
      model_.energy(some, x + at * size, energies + at);
  }
  if (!forces) return;
  for (int64_t i = 0; i < count * size; i++) forces[i] = -forces[i];
}

void FileEnergy::evaluate_linearised(double, int64_t count, const double *x, double *energies,
                                     double *forces) {
  evaluate(count, x, energies, forces);
}

} // namespace nflow::trainer
