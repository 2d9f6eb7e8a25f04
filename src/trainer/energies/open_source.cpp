#include "trainer/energies/open_source.h"

#include "base/error.h"
#include "trainer/energies/file_energy.h"
#include "trainer/energies/part_of_system.h"
#ifdef NFLOW_TRAINER_LAMMPS
#include "trainer/energies/lammps_system.h"
#endif

namespace nflow::trainer {

std::unique_ptr<EnergySource> open_source(const TrainOptions &o) {
  if (!o.energy.empty()) return std::make_unique<FileEnergy>(o.energy, o.units);
#ifdef NFLOW_TRAINER_LAMMPS
  return std::make_unique<LammpsSystem>(o.lammps, o.variables);
#else
  throw Error("this nflow-train was built without LAMMPS, which --lammps needs: configure with "
              "LAMMPS_SOURCE_DIR and LAMMPS_BINARY_DIR");
#endif
}

std::unique_ptr<EnergySource> part_of_source(std::unique_ptr<EnergySource> whole,
                                             const Samples &samples) {
#ifdef NFLOW_TRAINER_LAMMPS
  auto positions = dynamic_cast<LammpsSystem &>(*whole).positions();
  return std::make_unique<PartOfSystem>(std::move(whole), std::move(positions), samples);
#else
  (void) samples;
  return whole;
#endif
}

} // namespace nflow::trainer
