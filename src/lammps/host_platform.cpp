// Styles on the host: plain loops over LAMMPS's own arrays.

#include "arrays/host_exec.h"
#include "lammps/atoms_platform.h"
#include "lammps/group_positions_on.h"
#include "lammps/local_atoms_on.h"

#include <cstring>

using namespace LAMMPS_NS;

namespace {

class HostAtoms : protected Pointers {
 public:
  struct View {
    double **positions, **velocities, **forces;
    const tagint *tags;
    const int *masks, *types;
    imageint *images;
    const double *atom_masses, *type_masses;

    double &x(int64_t i, int64_t k) const { return positions[i][k]; }
    double &v(int64_t i, int64_t k) const { return velocities[i][k]; }
    double &f(int64_t i, int64_t k) const { return forces[i][k]; }
    tagint tag(int64_t i) const { return tags[i]; }
    int mask(int64_t i) const { return masks[i]; }
    imageint &image(int64_t i) const { return images[i]; }
    double mass(int64_t i) const { return atom_masses ? atom_masses[i] : type_masses[types[i]]; }
  };

  explicit HostAtoms(LAMMPS *lmp) : Pointers(lmp) {}
  View view(compat::DataMask, compat::DataMask) const {
    return {atom->x,    atom->v,     atom->f,     atom->tag, atom->mask,
            atom->type, atom->image, atom->rmass, atom->mass};
  }
  void to_host() {}
  void use(ExecutionSpace, compat::DataMask, compat::DataMask) {}
  void before_reverse_comm() {}
  void before_forward_comm() {}
  void changed_on_host() {}
  void irregular_migrate(Irregular &irregular) { irregular.migrate_atoms(); }
  void clear_forces() {
    const size_t bytes = sizeof(double) * 3 * (atom->nlocal + atom->nghost);
    if (bytes) std::memset(&atom->f[0][0], 0, bytes);
  }
  void call(Fix *, const std::function<void()> &work) { work(); }
};

class HostPlatform : public Platform {
 public:
  nflow::Arrays &arrays() override { return nflow::host_arrays(); }
  std::unique_ptr<GroupPositions> positions(LAMMPS *lmp, int igroup, int dim,
                                            bool modulo_box) override {
    return std::make_unique<GroupPositionsOn<nflow::HostExec, HostAtoms>>(lmp, igroup, dim,
                                                                          modulo_box, arrays());
  }
  std::unique_ptr<LocalAtoms> local_atoms(LAMMPS *lmp) override {
    return std::make_unique<LocalAtomsOn<nflow::HostExec, HostAtoms>>(lmp);
  }
};

} // namespace

Platform &LAMMPS_NS::host_platform() {
  static HostPlatform platform;
  return platform;
}
