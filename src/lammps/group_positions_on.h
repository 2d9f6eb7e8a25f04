#ifndef NFLOW_LAMMPS_GROUP_POSITIONS_ON_H
#define NFLOW_LAMMPS_GROUP_POSITIONS_ON_H

#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/kernels.h"

#include "atom.h"
#include "atom_masks.h"
#include "comm.h"
#include "domain.h"

namespace LAMMPS_NS {

/// GroupPositions by the loops of `Exec` (arrays/arrays_on.h) over the atoms of `Access`, which
/// has
///     View view(read, modified)    of the local atoms; the masks say what of them is used
///     to_host()                    before the host reads its atoms
template <class Exec, class Access>
class GroupPositionsOn : public GroupPositions {
 public:
  using View = typename Access::View;

  GroupPositionsOn(LAMMPS *lmp, int igroup, int dim, bool modulo_box, nflow::Arrays &arrays)
      : GroupPositions(lmp, igroup, dim, modulo_box, arrays), access_(lmp), placed_(arrays),
        virial_(arrays, 6), kernel_ids_(arrays), kernel_places_(arrays), kernel_rows_(arrays),
        kernel_pairs_(arrays) {}

  void init() override {
    GroupPositions::init();
    placed_.resize(state_size());
    kernel_ids_.assign(ids_.data(), size());
    kernel_places_.assign(places_.data(), static_cast<int64_t>(places_.size()));
    reorder();
    std::vector<kernels::PlacePair> pairs;
    for (const auto &pair : bonded_pairs_) pairs.push_back({pair.first, pair.second});
    kernel_pairs_.assign(pairs.data(), static_cast<int64_t>(pairs.size()));
  }

  void read(double *x) override {
    // On one rank every number is written; on several, each one on one of them.
    const bool alone = comm->nprocs == 1;
    double *state = saved_.data(), *count = state + state_size();
    if (!alone) arrays_.fill(0.0, state_size(), state);
    double found =
        Exec::sum(atom->nlocal, kernels::ReadState<View>{members(X_MASK | IMAGE_MASK, EMPTY_MASK),
                                                         size(), dim_, state});
    if (!alone) {
      arrays_.copy_in(&found, sizeof(double), count);
      sum_over_ranks(state, state_size() + 1);
      arrays_.copy_out(count, sizeof(double), &found);
    }
    if (found != static_cast<double>(size())) stop_for_changed_group();
    unwrap(saved_.data(), x);
  }

  void unwrap(const double *state, double *x) const override {
    kernels::Unwrap kernel{state, dim_, {0.0, 0.0, 0.0}, x};
    for (int k = 0; k < 3; k++) kernel.length[k] = domain->prd[k];
    Exec::for_each(size(), kernel);
  }

  bool replace(const double *x) override {
    if (!allows(x)) return false;
    place(placed_.data());
    return true;
  }

  bool allows(const double *x) override {
    kernels::Wrap wrap{x, dim_, {}, modulo_box_, placed_.data()};
    kernels::BeyondReach beyond{kernel_pairs_.data(), placed_.data(), dim_, {}, {}};
    for (int k = 0; k < 3; k++) {
      constexpr int fixed = 1; // in Domain::boundary
      const int *boundary = domain->boundary[k];
      wrap.axes[k] = {domain->boxlo[k],     domain->boxhi[k],
                      domain->prd[k],       domain->periodicity[k] != 0,
                      boundary[0] == fixed, boundary[1] == fixed};
      beyond.axes[k] = wrap.axes[k];
      beyond.reach[k] = comm->cutghost[k];
    }
    if (Exec::sum(size(), wrap) > 0.0) return false;
    // The same answer for any number of ranks, though on one rank LAMMPS would find the atoms:
    // decisions must not depend on that.
    return !(Exec::sum(kernel_pairs_.size(), beyond) > 0.0);
  }

  void place(const double *state) override {
    Exec::for_each(
        atom->nlocal,
        kernels::PlaceState<View>{members(X_MASK | IMAGE_MASK, X_MASK | IMAGE_MASK), dim_, state});
  }

  void gather(Field field, int columns, double *values) override {
    const int64_t numbers = size() * columns;
    if (comm->nprocs > 1) arrays_.fill(0.0, numbers, values);
    if (field == Field::velocity)
      Exec::for_each(atom->nlocal, kernels::GatherRows<View, kernels::Velocity>{
                                       members(V_MASK, EMPTY_MASK), columns, values});
    else
      Exec::for_each(atom->nlocal, kernels::GatherRows<View, kernels::Force>{
                                       members(F_MASK, EMPTY_MASK), columns, values});
    sum_over_ranks(values, numbers);
  }

  void scatter(Field field, const double *values, int columns) override {
    if (field == Field::velocity)
      Exec::for_each(atom->nlocal, kernels::ScatterRows<View, kernels::Velocity>{
                                       members(V_MASK, V_MASK), columns, values});
    else
      Exec::for_each(atom->nlocal, kernels::ScatterRows<View, kernels::Force>{
                                       members(F_MASK, F_MASK), columns, values});
  }

  void collect(const double *rows, double *values) override {
    if (comm->nprocs > 1) arrays_.fill(0.0, size() * dim_, values);
    double found =
        Exec::sum(atom->nlocal,
                  kernels::CollectRows<View>{members(EMPTY_MASK, EMPTY_MASK), dim_, rows, values});
    if (comm->nprocs > 1) MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_DOUBLE, MPI_SUM, world);
    if (found != static_cast<double>(size())) stop_for_changed_group();
    sum_over_ranks(values, size() * dim_);
  }

  void place_wrapped(const double *x) override {
    Exec::for_each(atom->nlocal,
                   kernels::ScatterRows<View, kernels::Position>{members(X_MASK, X_MASK), dim_, x});
  }

  void add_forces(double factor, const double *values) override {
    Exec::for_each(atom->nlocal,
                   kernels::AddForces<View>{members(F_MASK, F_MASK), factor, dim_, values});
  }

  void virial(const double *x, const double *gradient, double *sums) override {
    Exec::row_sums(6, atom->nlocal,
                   kernels::Virial<View>{members(EMPTY_MASK, EMPTY_MASK), dim_, x, gradient},
                   virial_.data());
    virial_.copy_out(sums);
  }

  void atom_virials(const double *x, const double *gradient, nflow::Buffer<double> &rows) override {
    rows.resize(6 * static_cast<int64_t>(atom->nlocal));
    Exec::for_each(rows.size(),
                   kernels::VirialRows<View>{{members(EMPTY_MASK, EMPTY_MASK), dim_, x, gradient},
                                             rows.data()});
  }

 protected:
  void to_host() override { access_.to_host(); }
  void reorder() override { kernel_rows_.assign(rows_.data(), static_cast<int64_t>(rows_.size())); }

 private:
  kernels::Members<View> members(compat::DataMask read, compat::DataMask modified) {
    return {access_.view(read | TAG_MASK | MASK_MASK, modified), groupbit_, atom->nlocal,
            row_of_ids(kernel_ids_.data(), kernel_places_.data(), kernel_rows_.data())};
  }

  Access access_;
  nflow::Buffer<double> placed_; // the state that replace() makes
  nflow::Buffer<double> virial_;
  nflow::Buffer<tagint> kernel_ids_;
  nflow::Buffer<int32_t> kernel_places_, kernel_rows_;
  nflow::Buffer<kernels::PlacePair> kernel_pairs_;
};

} // namespace LAMMPS_NS

#endif
