#ifndef NFLOW_LAMMPS_LOCAL_ATOMS_ON_H
#define NFLOW_LAMMPS_LOCAL_ATOMS_ON_H

#include "lammps/kernels.h"
#include "lammps/local_atoms.h"

#include "atom.h"
#include "atom_masks.h"
#include "irregular.h"

namespace LAMMPS_NS {

namespace kernels {

template <class Atoms, class Array>
struct ReadRows {
  Atoms atoms;
  double *rows;
  NFLOW_FUNCTION void operator()(int64_t i) const { rows[i] = Array::of(atoms, i / 3, i % 3); }
};

template <class Atoms, class Array>
struct WriteRows {
  Atoms atoms;
  const double *rows;
  NFLOW_FUNCTION void operator()(int64_t i) const { Array::of(atoms, i / 3, i % 3) = rows[i]; }
};

template <class Atoms>
struct ReadIds {
  Atoms atoms;
  tagint *ids;
  NFLOW_FUNCTION void operator()(int64_t i) const { ids[i] = atoms.tag(i); }
};

template <class Atoms>
struct ReadImages {
  Atoms atoms;
  imageint *images;
  NFLOW_FUNCTION void operator()(int64_t i) const { images[i] = atoms.image(i); }
};

template <class Atoms>
struct WriteImages {
  Atoms atoms;
  const imageint *images;
  NFLOW_FUNCTION void operator()(int64_t i) const { atoms.image(i) = images[i]; }
};

} // namespace kernels

/// LocalAtoms by the loops of `Exec` over the atoms of `Access`, which has what is
/// called of it below.
template <class Exec, class Access>
class LocalAtomsOn : public LocalAtoms {
 public:
  using View = typename Access::View;

  explicit LocalAtomsOn(LAMMPS *lmp) : LocalAtoms(lmp), access_(lmp) {}

  void read_positions(Buffer<double> &x) override { read<kernels::Position>(X_MASK, x); }
  void read_forces(Buffer<double> &f) override { read<kernels::Force>(F_MASK, f); }
  void read_ids(Buffer<tagint> &ids) override {
    ids.resize(atom->nlocal);
    Exec::for_each(ids.size(),
                   kernels::ReadIds<View>{access_.view(TAG_MASK, EMPTY_MASK), ids.data()});
  }
  void read_images(Buffer<imageint> &images) override {
    images.resize(atom->nlocal);
    Exec::for_each(images.size(),
                   kernels::ReadImages<View>{access_.view(IMAGE_MASK, EMPTY_MASK), images.data()});
  }
  void write_positions(const Buffer<double> &x) override { write<kernels::Position>(X_MASK, x); }
  void write_forces(const Buffer<double> &f) override { write<kernels::Force>(F_MASK, f); }
  void write_images(const Buffer<imageint> &images) override {
    Exec::for_each(images.size(),
                   kernels::WriteImages<View>{access_.view(IMAGE_MASK, IMAGE_MASK), images.data()});
  }

  void to_host() override { access_.to_host(); }
  void changed_on_host() override { access_.changed_on_host(); }
  void before_forward_comm() override { access_.before_forward_comm(); }
  void before_reverse_comm() override { access_.before_reverse_comm(); }
  void use(ExecutionSpace space, compat::DataMask read, compat::DataMask modified) override {
    access_.use(space, read, modified);
  }
  void call(Fix *fix, const std::function<void()> &work) override { access_.call(fix, work); }

  void migrate(Irregular &irregular) override { access_.irregular_migrate(irregular); }
  void clear_forces() override { access_.clear_forces(); }
  void half_kick(int groups, double half_step) override {
    const View atoms = access_.view(V_MASK | F_MASK | MASK_MASK | TYPE_MASK | RMASS_MASK, V_MASK);
    Exec::for_each(atom->nlocal, kernels::HalfKick<View>{atoms, groups, half_step});
  }

 private:
  template <class Array>
  void read(compat::DataMask mask, Buffer<double> &rows) {
    rows.resize(3 * static_cast<int64_t>(atom->nlocal));
    Exec::for_each(rows.size(),
                   kernels::ReadRows<View, Array>{access_.view(mask, EMPTY_MASK), rows.data()});
  }
  template <class Array>
  void write(compat::DataMask mask, const Buffer<double> &rows) {
    Exec::for_each(rows.size(),
                   kernels::WriteRows<View, Array>{access_.view(mask, mask), rows.data()});
  }

  Access access_;
};

} // namespace LAMMPS_NS

#endif
