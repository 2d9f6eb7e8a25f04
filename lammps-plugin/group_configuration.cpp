#include "group_configuration.h"

#include "lammps_compat.h"
#include "nflow_error.h"

#include "angle.h"
#include "atom.h"
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
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;

namespace {

// In Domain::boundary: 0 periodic, 1 fixed, 2 and 3 shrink-wrapped.
constexpr int fixed_boundary = 1;

void unpack(imageint image, int *counts) {
  counts[0] = static_cast<int>(image & IMGMASK) - IMGMAX;
  counts[1] = static_cast<int>(image >> IMGBITS & IMGMASK) - IMGMAX;
  counts[2] = static_cast<int>(image >> IMG2BITS) - IMGMAX;
}

imageint pack(const int *counts) {
  return (static_cast<imageint>(counts[0] + IMGMAX) & IMGMASK) |
         ((static_cast<imageint>(counts[1] + IMGMAX) & IMGMASK) << IMGBITS) |
         ((static_cast<imageint>(counts[2] + IMGMAX) & IMGMASK) << IMG2BITS);
}

/// Whether a fix moves atoms by their forces.
bool is_integrator(const Fix *fix) {
  return fix->time_integrate && !compat::begins_with(fix->style, {"nve/noforce", "move"});
}

} // namespace

GroupConfiguration::GroupConfiguration(LAMMPS *lmp, int igroup, int dim, bool modulo_box)
    : Pointers(lmp), igroup_(igroup), groupbit_(group->bitmask[igroup]), dim_(dim),
      modulo_box_(modulo_box) {}

GroupConfiguration::~GroupConfiguration() = default;

void GroupConfiguration::init() {
  if (domain->triclinic)
    throw nflow::Error("a triclinic box cannot be used with a flow: use an orthogonal box");
  if (!atom->tag_enable)
    throw nflow::Error("the atoms have no IDs, which a flow needs: remove 'atom_modify id no'");

  std::vector<tagint> mine; // ID and type, one after the other
  for (int i = 0; i < atom->nlocal; i++)
    if (atom->mask[i] & groupbit_)
      mine.insert(mine.end(), {atom->tag[i], static_cast<tagint>(atom->type[i])});
  const auto all = gather(mine);

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
  consecutive_ =
      !ids_.empty() && ids_.back() - ids_.front() + 1 == static_cast<tagint>(ids_.size());
  const size_t numbers = ids_.size() * dim_;
  saved_.assign(2 * numbers, 0.0);
  local_.assign(2 * numbers + 1, 0.0);
  wrapped_.assign(numbers, 0.0);
  images_.assign(numbers, 0);
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

int64_t GroupConfiguration::place_of(tagint id) const {
  if (consecutive_) {
    const tagint place = id - ids_.front();
    return place >= 0 && place < static_cast<tagint>(ids_.size()) ? place : -1;
  }
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
  return found != ids_.end() && *found == id ? found - ids_.begin() : -1;
}

/// The numbers of all ranks, in the order of the ranks.
std::vector<tagint> GroupConfiguration::gather(const std::vector<tagint> &mine) const {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int r = 1; r < comm->nprocs; r++) starts[r] = starts[r - 1] + counts[r - 1];
  std::vector<tagint> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, MPI_LMP_TAGINT, all.data(), counts.data(), starts.data(),
                 MPI_LMP_TAGINT, world);
  return all;
}

void GroupConfiguration::read(TensorView x) {
  const int64_t numbers = size() * dim_;
  std::fill(local_.begin(), local_.end(), 0.0);
  int64_t found = 0;
  for (int i = 0; i < atom->nlocal; i++) {
    if (!(atom->mask[i] & groupbit_)) continue;
    const int64_t place = ordinal(i);
    found += place < 0 ? numbers + 1 : 1; // an unknown atom spoils the count
    if (place < 0) continue;
    int images[3];
    unpack(atom->image[i], images);
    for (int k = 0; k < dim_; k++) {
      local_[place * dim_ + k] = atom->x[i][k];
      local_[numbers + place * dim_ + k] = images[k];
    }
  }
  local_[2 * numbers] = static_cast<double>(found);
  // Each place is filled on one rank and zero on the others, so the sum is exact.
  if (comm->nprocs > 1)
    MPI_Allreduce(MPI_IN_PLACE, local_.data(), static_cast<int>(local_.size()), MPI_DOUBLE, MPI_SUM,
                  world);
  if (local_[2 * numbers] != static_cast<double>(size()))
    throw nflow::Error("group '" + std::string(group->names[igroup_]) +
                       "' has not the atoms that it had at the start of the run: a flow needs a "
                       "fixed set of atoms");
  std::copy(local_.begin(), local_.end() - 1, saved_.begin());
  for (int64_t i = 0; i < numbers; i++)
    x.data[i] = saved_[i] + saved_[numbers + i] * domain->prd[i % dim_];
}

bool GroupConfiguration::replace(TensorView x) {
  const int64_t numbers = size() * dim_;
  for (int64_t i = 0; i < numbers; i++) {
    const int k = static_cast<int>(i % dim_);
    const double low = domain->boxlo[k], length = domain->prd[k];
    double image = 0.0, position = x.data[i];
    if (domain->periodicity[k]) {
      image = std::floor((position - low) / length);
      position -= image * length;
      // Rounding can leave it just outside: then it is at the lower edge of the next image.
      if (position >= low + length) {
        position = low;
        image += 1.0;
      }
      if (position < low) position = low;
      if (!(std::fabs(image) < IMGMAX)) {
        if (!modulo_box_) return false;
        image = 0.0;
      }
    } else if ((domain->boundary[k][0] == fixed_boundary && position < low) ||
               (domain->boundary[k][1] == fixed_boundary && position >= domain->boxhi[k])) {
      return false;
    }
    if (!std::isfinite(position)) return false;
    wrapped_[i] = position;
    images_[i] = static_cast<int>(image);
  }
  if (!bonded_within_reach()) return false;
  place();
  return true;
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
  const auto all = gather(mine);
  for (size_t i = 0; i < all.size(); i += 2) {
    const int64_t first = place_of(all[i]), second = place_of(all[i + 1]);
    if (first >= 0 && second >= 0) bonded_pairs_.emplace_back(first, second);
  }
}

/// The same answer for any number of ranks, though on one rank LAMMPS would find the atoms:
/// decisions must not depend on that.
bool GroupConfiguration::bonded_within_reach() const {
  for (const auto &pair : bonded_pairs_)
    for (int k = 0; k < dim_; k++) {
      double distance = wrapped_[pair.first * dim_ + k] - wrapped_[pair.second * dim_ + k];
      if (domain->periodicity[k])
        distance -= domain->prd[k] * std::round(distance / domain->prd[k]);
      if (std::fabs(distance) >= comm->cutghost[k]) return false;
    }
  return true;
}

void GroupConfiguration::place() {
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = ordinal(i) * dim_;
    if (first < 0) continue;
    int images[3];
    unpack(atom->image[i], images);
    for (int k = 0; k < dim_; k++) {
      atom->x[i][k] = wrapped_[first + k];
      images[k] = images_[first + k];
    }
    atom->image[i] = pack(images);
  }
}

void GroupConfiguration::place(const double *state) {
  const int64_t numbers = size() * dim_;
  for (int64_t i = 0; i < numbers; i++) {
    wrapped_[i] = state[i];
    images_[i] = static_cast<int>(state[numbers + i]);
  }
  place();
}

void GroupConfiguration::restore() {
  place(saved_.data());
}

void GroupConfiguration::migrate() {
  // Flows send atoms anywhere: comm->exchange() alone reaches neighbouring subdomains only.
  domain->pbc();
  if (domain->box_change) {
    domain->reset_box();
    comm->setup();
    if (neighbor->style) neighbor->setup_bins();
  }
  if (comm->nprocs > 1) irregular_->migrate_atoms();
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
  compute_forces(with_forces, tally ? energy_flags() : ENERGY_GLOBAL, tally ? virial_flags() : 0);
  update->eflag_global = update->ntimestep;
  return tallied_energy();
}

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
    if (compat::begins_with(compute->style, {"chunk/atom"})) compute->setup();
  }
}

void GroupConfiguration::gather(double **array, int columns, double *values) const {
  const int64_t numbers = size() * columns;
  std::fill(values, values + numbers, 0.0);
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = ordinal(i) * columns;
    if (first < 0) continue;
    for (int k = 0; k < columns; k++) values[first + k] = array[i][k];
  }
  if (comm->nprocs > 1)
    MPI_Allreduce(MPI_IN_PLACE, values, static_cast<int>(numbers), MPI_DOUBLE, MPI_SUM, world);
}

void GroupConfiguration::scatter(const double *values, int columns, double **array) const {
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = ordinal(i) * columns;
    if (first < 0) continue;
    for (int k = 0; k < columns; k++) array[i][k] = values[first + k];
  }
}

void GroupConfiguration::forces(TensorView f) {
  gather(atom->f, dim_, f.data);
}

void GroupConfiguration::compute_forces(bool with_forces, int eflag, int vflag) {
  // Forces must not accumulate over the evaluations within one step.
  const size_t bytes = sizeof(double) * 3 * (atom->nlocal + atom->nghost);
  if (bytes) std::memset(&atom->f[0][0], 0, bytes);
  modify->pre_force(vflag);
  if (force->pair && force->pair->compute_flag) force->pair->compute(eflag, vflag);
  if (atom->molecular != Atom::ATOMIC) {
    if (force->bond) force->bond->compute(eflag, vflag);
    if (force->angle) force->angle->compute(eflag, vflag);
    if (force->dihedral) force->dihedral->compute(eflag, vflag);
    if (force->improper) force->improper->compute(eflag, vflag);
  }
  if (force->kspace && force->kspace->compute_flag) force->kspace->compute(eflag, vflag);
  modify->pre_reverse(eflag, vflag);
  if (with_forces && force->newton) comm->reverse_comm();
  for (auto fix : forcing_fixes_) fix->post_force(vflag);
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

void GroupConfiguration::kick(double sign) {
  int integrated = 0; // groups of the atoms that have a half-step velocity
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) integrated |= group->bitmask[modify->fix[i]->igroup];
  const double half_step = 0.5 * sign * update->dt * force->ftm2v;
  for (int i = 0; i < atom->nlocal; i++) {
    if (!(atom->mask[i] & integrated)) continue;
    const double factor = half_step / (atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]]);
    for (int k = 0; k < 3; k++) atom->v[i][k] += factor * atom->f[i][k];
  }
}

bool GroupConfiguration::has_dynamics() const {
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) return true;
  return false;
}
