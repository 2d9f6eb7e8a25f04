#ifndef NFLOW_KOKKOS_ATOMS_H
#define NFLOW_KOKKOS_ATOMS_H

// The only place that knows how Kokkos lays out LAMMPS's atoms, and in which precision.

#include "KOKKOS/kokkos_exec.h"
#include "base/function_space.h"
#include "lammps/compat.h"

#include "atom_kokkos.h"
#include "atom_masks.h"
#include "fix.h"
#include "irregular.h"
#include "kokkos.h"
#include "pointers.h"

#include <functional>
#include <type_traits>
#include <utility>

namespace LAMMPS_NS {

namespace compat {

/// Whether communication works on the host's atoms, of which newer versions have another word.
template <class Kokkos>
auto reverse_comm_classic(const Kokkos &kokkos, int) -> decltype(kokkos.reverse_comm_legacy) {
  return kokkos.reverse_comm_legacy;
}
template <class Kokkos>
auto reverse_comm_classic(const Kokkos &kokkos, long) -> decltype(kokkos.reverse_comm_classic) {
  return kokkos.reverse_comm_classic;
}
template <class Kokkos>
auto forward_comm_classic(const Kokkos &kokkos, int) -> decltype(kokkos.forward_comm_legacy) {
  return kokkos.forward_comm_legacy;
}
template <class Kokkos>
auto forward_comm_classic(const Kokkos &kokkos, long) -> decltype(kokkos.forward_comm_classic) {
  return kokkos.forward_comm_classic;
}

} // namespace compat

/// The atoms in the memory of an execution space, for GroupPositionsOn.
template <class DeviceType>
class KokkosAtoms : protected Pointers {
  // Whatever the view of a dual view is in this version of LAMMPS.
  template <class Dual>
  using ViewOf = std::decay_t<decltype(std::declval<Dual &>().template view<DeviceType>())>;
  template <class View, class Value>
  static constexpr bool holds() {
    return std::is_same<std::decay_t<typename View::value_type>, Value>::value;
  }

 public:
  static constexpr ExecutionSpace space = ExecutionSpaceFromDevice<DeviceType>::space;
  // Newer versions tell it from the host, where LAMMPS's own arrays are.
  static constexpr ExecutionSpace kernels_on_host = ExecutionSpaceFromDevice<LMPHostType>::space;

  struct View {
    ViewOf<decltype(AtomKokkos::k_x)> positions;
    ViewOf<decltype(AtomKokkos::k_v)> velocities;
    ViewOf<decltype(AtomKokkos::k_f)> forces;
    ViewOf<decltype(AtomKokkos::k_tag)> tags;
    ViewOf<decltype(AtomKokkos::k_mask)> masks;
    ViewOf<decltype(AtomKokkos::k_type)> types;
    ViewOf<decltype(AtomKokkos::k_image)> images;
    ViewOf<decltype(AtomKokkos::k_rmass)> atom_masses;
    ViewOf<decltype(AtomKokkos::k_mass)> type_masses;

    NFLOW_FUNCTION double &x(int64_t i, int64_t k) const { return positions(i, k); }
    NFLOW_FUNCTION double &v(int64_t i, int64_t k) const { return velocities(i, k); }
    NFLOW_FUNCTION double &f(int64_t i, int64_t k) const { return forces(i, k); }
    NFLOW_FUNCTION tagint tag(int64_t i) const { return tags(i); }
    NFLOW_FUNCTION int mask(int64_t i) const { return masks(i); }
    NFLOW_FUNCTION imageint &image(int64_t i) const { return images(i); }
    NFLOW_FUNCTION double mass(int64_t i) const {
      return atom_masses.data() ? atom_masses(i) : type_masses(types(i));
    }
  };
  static_assert(
      holds<decltype(View::positions), double>() && holds<decltype(View::velocities), double>() &&
          holds<decltype(View::forces), double>(),
      "lammps-nflow needs a KOKKOS package that keeps positions, velocities and forces in "
      "double precision: build LAMMPS without single or mixed precision of Kokkos");

  // Public, for the compiler of a GPU names it outside of the class.
  struct Zero {
    ViewOf<decltype(AtomKokkos::k_f)> forces;
    NFLOW_FUNCTION void operator()(int64_t i) const {
      for (int k = 0; k < 3; k++) forces(i, k) = 0.0;
    }
  };

  explicit KokkosAtoms(LAMMPS *lmp)
      : Pointers(lmp), atomKK_(static_cast<AtomKokkos *>(lmp->atom)) {}

  View view(compat::DataMask read, compat::DataMask modified) {
    use(space, read, modified);
    return {of(atomKK_->k_x),     of(atomKK_->k_v),     of(atomKK_->k_f),
            of(atomKK_->k_tag),   of(atomKK_->k_mask),  of(atomKK_->k_type),
            of(atomKK_->k_image), of(atomKK_->k_rmass), of(atomKK_->k_mass)};
  }

  void use(ExecutionSpace where, compat::DataMask read, compat::DataMask modified) {
    atomKK_->sync(where, read);
    atomKK_->modified(where, modified);
  }

  void to_host() {
    atomKK_->sync(Host, ALL_MASK);
    // Masses of types are set on the host, and nobody says when.
    atomKK_->k_mass.modify_host();
    atomKK_->k_mass.template sync<DeviceType>();
  }

  void changed_on_host() {
    atomKK_->modified(Host, ALL_MASK);
    atomKK_->sync(space, ALL_MASK);
  }

  /// Migration works on the host's atoms.
  void irregular_migrate(Irregular &irregular) {
    atomKK_->sync(Host, ALL_MASK);
    // Should arrays grow on the way, the host's contents are those to keep.
    const int auto_sync = lmp->kokkos->auto_sync;
    lmp->kokkos->auto_sync = 1;
    irregular.migrate_atoms();
    lmp->kokkos->auto_sync = auto_sync;
    changed_on_host();
  }

  void clear_forces() {
    atomKK_->k_f.clear_sync_state(); // whatever is there will not be needed
    atomKK_->modified(space, F_MASK);
    KokkosExec<DeviceType>::for_each(atomKK_->nlocal + atomKK_->nghost, Zero{of(atomKK_->k_f)});
  }

  /// Communication that is not "classic" sends from kernels' memory without looking whether it is
  /// the newer one, or still written to.
  void before_reverse_comm() {
    if (compat::reverse_comm_classic(*lmp->kokkos, 0)) return;
    atomKK_->sync(lmp->kokkos->reverse_comm_on_host ? kernels_on_host : Device, F_MASK);
    Kokkos::fence();
  }
  void before_forward_comm() {
    if (compat::forward_comm_classic(*lmp->kokkos, 0)) return;
    atomKK_->sync(lmp->kokkos->forward_comm_on_host ? kernels_on_host : Device, X_MASK);
    Kokkos::fence();
  }

  /// As ModifyKokkos calls fixes.
  void call(Fix *fix, const std::function<void()> &work) {
    atomKK_->sync(fix->execution_space, fix->datamask_read);
    const int auto_sync = lmp->kokkos->auto_sync;
    if (!fix->kokkosable) lmp->kokkos->auto_sync = 1;
    work();
    lmp->kokkos->auto_sync = auto_sync;
    atomKK_->modified(fix->execution_space, fix->datamask_modify);
  }

 private:
  template <class Dual>
  static ViewOf<Dual> of(Dual &dual) {
    return dual.template view<DeviceType>();
  }

  AtomKokkos *atomKK_;
};

} // namespace LAMMPS_NS

#endif
