#include "lammps/group_configuration.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/kernels.h"

#include "angle.h"
#include "atom.h"
#include "atom_masks.h"
#include "bond.h"
#include "dihedral.h"
#include "domain.h"
#include "fix.h"
#include "force.h"
#include "group.h"
#include "improper.h"
#include "irregular.h"
#include "kspace.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <algorithm>

using namespace LAMMPS_NS;

namespace {

/// Whether a fix moves atoms by their forces.
bool is_integrator(const Fix *fix) {
  return fix->time_integrate && !compat::begins_with(fix->style, {"nve/noforce", "move"});
}

} // namespace

GroupConfiguration::GroupConfiguration(LAMMPS *lmp, int igroup, int dim, bool modulo_box,
                                       nflow::Arrays &arrays)
    : Pointers(lmp), arrays_(arrays), igroup_(igroup), groupbit_(group->bitmask[igroup]), dim_(dim),
      modulo_box_(modulo_box), saved_(arrays) {}

GroupConfiguration::~GroupConfiguration() = default;

void GroupConfiguration::init() {
  if (domain->triclinic)
    throw nflow::Error("a triclinic box cannot be used with a flow: use an orthogonal box");
  if (!atom->tag_enable)
    throw nflow::Error("the atoms have no IDs, which a flow needs: remove 'atom_modify id no'");

  to_host();
  std::vector<tagint> mine; // ID and type, one after the other
  for (int i = 0; i < atom->nlocal; i++)
    if (atom->mask[i] & groupbit_)
      mine.insert(mine.end(), {atom->tag[i], static_cast<tagint>(atom->type[i])});
  const auto all = gather_ids(mine);

  std::vector<std::pair<tagint, int>> atoms;
  for (size_t i = 0; i < all.size(); i += 2)
    atoms.emplace_back(all[i], static_cast<int>(all[i + 1]));
  std::sort(atoms.begin(), atoms.end());
  ids_.clear();
  types_.clear();
  for (const auto &item : atoms) {
    ids_.push_back(item.first);
    types_.push_back(item.second);
  }
  tabulate_places();
  saved_.resize(state_size() + 1);
  potential_ = compat::find_compute(modify, "thermo_pe");
  find_forcing_fixes();
  find_bonded_pairs();
  if (!irregular_) irregular_ = std::make_unique<Irregular>(lmp);
}

nflow::System GroupConfiguration::system() const {
  nflow::System system;
  system.n_atoms = size();
  system.dim = domain->dimension;
  system.types = types_;
  system.periodic = {domain->xperiodic != 0, domain->yperiodic != 0, domain->zperiodic != 0};
  system.box = {domain->prd[0], domain->prd[1], domain->prd[2]};
  system.units = update->unit_style;
  return system;
}

int64_t GroupConfiguration::ordinal(int i) const {
  return atom->mask[i] & groupbit_ ? place_of(atom->tag[i]) : -1;
}

/// A search for every atom would cost more than anything else that is done with it, and the table
/// no more memory than LAMMPS's own map of IDs; unless IDs are far apart.
void GroupConfiguration::tabulate_places() {
  places_.clear();
  if (ids_.empty()) return;
  const int64_t range = ids_.back() - ids_.front() + 1;
  if (range == size() || range > 2 * atom->natoms) return;
  places_.assign(range, -1);
  for (int64_t place = 0; place < size(); place++)
    places_[ids_[place] - ids_.front()] = static_cast<int32_t>(place);
}

kernels::PlaceOf GroupConfiguration::place_of_ids(const tagint *ids, const int32_t *places) const {
  if (ids_.empty()) return {ids, 0, 0, 0, nullptr};
  return {ids, size(), ids_.front(), ids_.back() - ids_.front() + 1,
          places_.empty() ? nullptr : places};
}

int64_t GroupConfiguration::place_of(tagint id) const {
  return place_of_ids(ids_.data(), places_.data())(id);
}

/// The numbers of all ranks, in the order of the ranks.
std::vector<tagint> GroupConfiguration::gather_ids(const std::vector<tagint> &mine) const {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int r = 1; r < comm->nprocs; r++) starts[r] = starts[r - 1] + counts[r - 1];
  std::vector<tagint> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, MPI_LMP_TAGINT, all.data(), counts.data(), starts.data(),
                 MPI_LMP_TAGINT, world);
  return all;
}

void GroupConfiguration::sum_over_ranks(double *values, int64_t count) const {
  if (comm->nprocs == 1) return;
  nflow::HostView host(arrays_, values, count, nflow::HostView::both, arrays_.mpi_reads(),
                       host_scratch_);
  MPI_Allreduce(MPI_IN_PLACE, host.data(), static_cast<int>(count), MPI_DOUBLE, MPI_SUM, world);
}

void GroupConfiguration::stop_for_changed_group() const {
  throw nflow::Error("group '" + std::string(group->names[igroup_]) +
                     "' has not the atoms that it had at the start of the run: a flow needs a "
                     "fixed set of atoms");
}

void GroupConfiguration::find_bonded_pairs() {
  bonded_pairs_.clear();
  if (atom->molecular != Atom::MOLECULAR) return;
  std::vector<tagint> mine; // IDs, two a pair
  const auto add = [&](tagint first, tagint second) {
    if (first != second) mine.insert(mine.end(), {first, second});
  };
  for (int i = 0; i < atom->nlocal; i++) {
    const tagint id = atom->tag[i];
    for (int m = 0; atom->num_bond && m < atom->num_bond[i]; m++) add(id, atom->bond_atom[i][m]);
    for (int m = 0; atom->num_angle && m < atom->num_angle[i]; m++)
      for (auto list : {atom->angle_atom1, atom->angle_atom2, atom->angle_atom3})
        add(id, list[i][m]);
    for (int m = 0; atom->num_dihedral && m < atom->num_dihedral[i]; m++)
      for (auto list :
           {atom->dihedral_atom1, atom->dihedral_atom2, atom->dihedral_atom3, atom->dihedral_atom4})
        add(id, list[i][m]);
    for (int m = 0; atom->num_improper && m < atom->num_improper[i]; m++)
      for (auto list :
           {atom->improper_atom1, atom->improper_atom2, atom->improper_atom3, atom->improper_atom4})
        add(id, list[i][m]);
  }
  const auto all = gather_ids(mine);
  for (size_t i = 0; i < all.size(); i += 2) {
    const int64_t first = place_of(all[i]), second = place_of(all[i + 1]);
    if (first >= 0 && second >= 0) bonded_pairs_.emplace_back(first, second);
  }
}

void GroupConfiguration::migrate() {
  // Flows send atoms anywhere: comm->exchange() alone reaches neighbouring subdomains only.
  domain->pbc();
  if (domain->box_change) {
    domain->reset_box();
    comm->setup();
    if (neighbor->style) neighbor->setup_bins();
  }
  if (comm->nprocs > 1) irregular_migrate();
}

double GroupConfiguration::energy(bool with_forces, bool tally) {
  // The steps of a re-neighbouring in Verlet::run(), as in FixGCMC::energy_full().
  migrate();
  comm->exchange();
  comm->borders();
  modify->pre_neighbor();
  neighbor->build(1);
  modify->post_neighbor();
  if (tally) {
    // Lists that computes built earlier in this step would pass for those of now.
    neighbor->lastcall = update->ntimestep + 1;
    forget_computes();
  }
  return present_energy(with_forces, tally);
}

double GroupConfiguration::present_energy(bool with_forces, bool tally) {
  compute_forces(with_forces, tally ? energy_flags() : ENERGY_GLOBAL, tally ? virial_flags() : 0);
  update->eflag_global = update->ntimestep;
  return tallied_energy();
}

/// Energy and virial flags of a force computation that gives all that this step's output needs.
int GroupConfiguration::energy_flags() const {
  return ENERGY_GLOBAL | (update->eflag_atom == update->ntimestep ? ENERGY_ATOM : 0);
}

int GroupConfiguration::virial_flags() const {
  int flags = 0;
  // As Verlet::init() chooses.
  if (update->vflag_global == update->ntimestep)
    flags |= force->newton_pair ? VIRIAL_FDOTR : VIRIAL_PAIR;
  if (update->vflag_atom == update->ntimestep) flags |= VIRIAL_ATOM | VIRIAL_CENTROID;
  return flags;
}

double GroupConfiguration::tallied_energy() {
  // LAMMPS takes what such fixes may change for changed when it has asked them for their energy.
  for (int i = 0; i < modify->nfix; i++) {
    const Fix *fix = modify->fix[i];
    if (fix->energy_global_flag && fix->thermo_energy)
      use(fix->execution_space, fix->datamask_modify, EMPTY_MASK);
  }
  double energy = potential_->compute_scalar();
  // All ranks must see the same bits, or their decisions could differ.
  if (comm->nprocs > 1) MPI_Bcast(&energy, 1, MPI_DOUBLE, 0, world);
  return energy;
}

void GroupConfiguration::tally_energy_at(bigint step) {
  potential_->addstep(step);
}

/// What computes have found at this step belongs to a configuration that is no longer there.
void GroupConfiguration::forget_computes() {
  for (int i = 0; i < modify->ncompute; i++) {
    Compute *compute = modify->compute[i];
    compute->invoked_flag = 0;
    compute->invoked_scalar = compute->invoked_vector = compute->invoked_array = -1;
    compute->invoked_peratom = compute->invoked_local = -1;
    // It remembers in a way of its own, which its setup() resets.
    if (!compat::begins_with(compute->style, {"chunk/atom"})) continue;
    to_host();
    compute->setup();
  }
}

/// Calls compute() of a pair style, bond style ... with the atoms in the memory that it works on.
template <class Style>
void GroupConfiguration::compute(Style *style, int eflag, int vflag) {
  use(style->execution_space, style->datamask_read, style->datamask_modify);
  style->compute(eflag, vflag);
}

/// The flags are those of Pair::compute().
void GroupConfiguration::compute_forces(bool with_forces, int eflag, int vflag) {
  // Forces must not accumulate over the evaluations within one step.
  clear_forces();
  modify->pre_force(vflag);
  if (force->pair && force->pair->compute_flag) compute(force->pair, eflag, vflag);
  if (atom->molecular != Atom::ATOMIC) {
    if (force->bond) compute(force->bond, eflag, vflag);
    if (force->angle) compute(force->angle, eflag, vflag);
    if (force->dihedral) compute(force->dihedral, eflag, vflag);
    if (force->improper) compute(force->improper, eflag, vflag);
  }
  if (force->kspace && force->kspace->compute_flag) compute(force->kspace, eflag, vflag);
  modify->pre_reverse(eflag, vflag);
  if (with_forces && force->newton) {
    before_reverse_comm();
    comm->reverse_comm();
  }
  for (auto fix : forcing_fixes_) call(fix, [&] { fix->post_force(vflag); });
}

/// The fixes whose post_force() belongs to an evaluation: those that carry energy, and those that
/// hold atoms. All others stay out, for many have a memory (the noise of fix langevin,
/// metadynamics), which an attempt that may be rejected must not touch.
void GroupConfiguration::find_forcing_fixes() {
  forcing_fixes_.clear();
  other_forces_ = false;
  for (int i = 0; i < modify->nfix; i++) {
    Fix *fix = modify->fix[i];
    if (!(modify->fmask[i] & FixConst::POST_FORCE)) continue;
    const bool counts = fix->energy_global_flag && fix->thermo_energy;
    if (counts ||
        compat::begins_with(fix->style, {"setforce", "freeze", "lineforce", "planeforce"}))
      forcing_fixes_.push_back(fix);
    else
      other_forces_ = true;
  }
}

int GroupConfiguration::integrated_groups() const {
  int groups = 0;
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) groups |= group->bitmask[modify->fix[i]->igroup];
  return groups;
}

bool GroupConfiguration::has_dynamics() const {
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) return true;
  return false;
}
