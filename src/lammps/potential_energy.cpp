#include "lammps/potential_energy.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/energy_only.h"
#include "lammps/error_text.h"

#include "angle.h"
#include "atom.h"
#include "atom_masks.h"
#include "bond.h"
#include "comm.h"
#include "compute.h"
#include "dihedral.h"
#include "domain.h"
#include "fix.h"
#include "force.h"
#include "group.h"
#include "improper.h"
#include "irregular.h"
#include "kspace.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "universe.h"
#include "update.h"

#include <cmath>

using namespace LAMMPS_NS;

namespace {

/// Whether a fix moves atoms by their forces.
bool is_integrator(const Fix *fix) {
  return fix->time_integrate && !compat::begins_with(fix->style, {"nve/noforce", "move"});
}

/// While it lives LAMMPS writes nothing, so that what is no error of the run is not logged as one.
class Silence {
 public:
  explicit Silence(LAMMPS *lmp)
      : lmp_(lmp), screen_(lmp->screen), log_(lmp->logfile), universe_(lmp->universe->uscreen) {
    lmp->screen = lmp->logfile = lmp->universe->uscreen = nullptr;
  }
  ~Silence() {
    lmp_->screen = screen_;
    lmp_->logfile = log_;
    lmp_->universe->uscreen = universe_;
  }
  Silence(const Silence &) = delete;
  Silence &operator=(const Silence &) = delete;

 private:
  LAMMPS *lmp_;
  FILE *screen_, *log_, *universe_;
};

} // namespace

PotentialEnergy::PotentialEnergy(LAMMPS *lmp, Platform &platform)
    : Pointers(lmp), atoms_(platform.local_atoms(lmp)) {}

PotentialEnergy::~PotentialEnergy() = default;

void PotentialEnergy::init() {
  potential_ = compat::find_compute(modify, "thermo_pe");
  find_forcing_fixes();
  for (int i = 0; i < modify->nfix; i++)
    if (compat::begins_with(modify->fix[i]->style, {"gjf"}))
      throw nflow::Error("fix gjf has half-steps and velocities of its own, which a move in the "
                         "middle of a step cannot complete: use fix nve with fix langevin");
  if (!irregular_) irregular_ = std::make_unique<Irregular>(lmp);
}

void PotentialEnergy::migrate() {
  lists_present_ = false;
  // Flows send atoms anywhere: comm->exchange() alone reaches neighbouring subdomains only.
  domain->pbc();
  if (domain->box_change) {
    domain->reset_box();
    comm->setup();
    if (neighbor->style) neighbor->setup_bins();
  }
  if (comm->nprocs > 1) atoms_->migrate(*irregular_);
}

/// Whether all energy is that of fixes that ask for positions and nothing else: neither neighbors
/// nor ghosts nor atoms in their places.
bool PotentialEnergy::is_of_positions_alone() const {
  const bool molecular = atom->molecular != Atom::ATOMIC &&
                         (force->bond || force->angle || force->dihedral || force->improper);
  if (force->pair || molecular || force->kspace || forcing_fixes_.empty()) return false;
  for (const auto &one : forcing_fixes_)
    if (!one.without_forces) return false;
  return true;
}

EnergyOnly *PotentialEnergy::only_of(const GroupPositions &positions) const {
  if (forcing_fixes_.size() != 1 || !is_of_positions_alone()) return nullptr;
  EnergyOnly *const fix = forcing_fixes_[0].without_forces;
  return fix->is_of(positions) ? fix : nullptr;
}

double PotentialEnergy::evaluate(bool with_forces, bool tally) {
  if (!with_forces && !tally && is_of_positions_alone())
    return evaluate_with_present_lists(false, false);
  // The steps of a re-neighbouring in Verlet::run(), as in FixGCMC::energy_full().
  migrate();
  comm->exchange();
  comm->borders();
  modify->pre_neighbor();
  neighbor->build(1);
  modify->post_neighbor();
  lists_present_ = true;
  if (tally) {
    // Lists that computes built earlier in this step would pass for those of now.
    neighbor->lastcall = update->ntimestep + 1;
    forget_computes();
  }
  return evaluate_with_present_lists(with_forces, tally);
}

/// Verlet's test of a step without re-neighbouring.
bool PotentialEnergy::lists_hold() const {
  return lists_present_ && neighbor->dist_check && !neighbor->check_distance();
}

double PotentialEnergy::evaluate_proposal(bool with_forces, bool tally, bool nearby) {
  double energy = INFINITY;
  const int whichflag = update->whichflag; // which errors of LAMMPS reset
  auto silence = std::make_unique<Silence>(lmp);
  compat::guarded(
      [&] {
        if (nearby && lists_hold()) {
          atoms_->before_forward_comm();
          comm->forward_comm();
          energy = evaluate_with_present_lists(with_forces, tally);
        } else {
          energy = evaluate(with_forces, tally);
        }
      },
      [&](const std::string &text, bool of_one) {
        silence.reset();
        update->whichflag = whichflag;
        const auto what = sentence_of_error(text);
        const bool of_setup = what.find("overflow") != std::string::npos ||
                              what.find("allocate") != std::string::npos;
        if (of_one && !of_setup && comm->nprocs == 1) return;
        const auto sentence =
            "LAMMPS could not compute the energy of a proposed configuration: " + what +
            (of_setup || !of_one ? "" : " (on one rank such proposals are rejected)");
        if (of_one) error->one(FLERR, sentence);
        throw nflow::Error(sentence);
      });
  return energy;
}

double PotentialEnergy::evaluate_with_present_lists(bool with_forces, bool tally) {
  const int eflag = tally         ? energy_flags()
                    : with_forces ? ENERGY_GLOBAL
                                  : ENERGY_GLOBAL | compat::energy_only;
  compute_forces(with_forces, !with_forces && !tally, eflag, tally ? virial_flags() : 0);
  update->eflag_global = update->ntimestep;
  return tallied();
}

/// Energy and virial flags of a force computation that gives all that this step's output needs.
int PotentialEnergy::energy_flags() const {
  return ENERGY_GLOBAL | (update->eflag_atom == update->ntimestep ? ENERGY_ATOM : 0);
}

int PotentialEnergy::virial_flags() const {
  int flags = 0;
  // As Verlet::init() chooses.
  if (update->vflag_global == update->ntimestep)
    flags |= force->newton_pair ? VIRIAL_FDOTR : VIRIAL_PAIR;
  if (update->vflag_atom == update->ntimestep) flags |= VIRIAL_ATOM | VIRIAL_CENTROID;
  return flags;
}

double PotentialEnergy::tallied() {
  // LAMMPS takes what such fixes may change for changed when it has asked them for their energy.
  for (int i = 0; i < modify->nfix; i++) {
    const Fix *fix = modify->fix[i];
    if (fix->energy_global_flag && fix->thermo_energy)
      atoms_->use(fix->execution_space, fix->datamask_modify, EMPTY_MASK);
  }
  double energy = potential_->compute_scalar();
  // All ranks must see the same bits, or their decisions could differ.
  if (comm->nprocs > 1) MPI_Bcast(&energy, 1, MPI_DOUBLE, 0, world);
  return energy;
}

void PotentialEnergy::tally_at(bigint step) {
  potential_->addstep(step);
}

/// What computes have found at this step belongs to a configuration that is no longer there.
void PotentialEnergy::forget_computes() {
  for (int i = 0; i < modify->ncompute; i++) {
    Compute *compute = modify->compute[i];
    compute->invoked_flag = 0;
    compute->invoked_scalar = compute->invoked_vector = compute->invoked_array = -1;
    compute->invoked_peratom = compute->invoked_local = -1;
    // It remembers in a way of its own, which its setup() resets.
    if (!compat::begins_with(compute->style, {"chunk/atom"})) continue;
    atoms_->to_host();
    compute->setup();
  }
}

/// Calls compute() of a pair style, bond style ... with the atoms in the memory that it works on.
template <class Style>
void PotentialEnergy::compute(Style *style, int eflag, int vflag) {
  atoms_->use(style->execution_space, style->datamask_read, style->datamask_modify);
  style->compute(eflag, vflag);
}

/// The flags are those of Pair::compute().
void PotentialEnergy::compute_forces(bool with_forces, bool energy_only, int eflag, int vflag) {
  // Forces must not accumulate over the evaluations within one step.
  atoms_->clear_forces();
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
    atoms_->before_reverse_comm();
    comm->reverse_comm();
  }
  for (const auto &[fix, without_forces] : forcing_fixes_)
    atoms_->call(fix, [&, fix = fix, alone = without_forces] {
      energy_only &&alone ? alone->find_energy() : fix->post_force(vflag);
    });
}

/// The fixes whose post_force() belongs to an evaluation: those that carry energy, and those that
/// hold atoms. All others stay out, for many have a memory (the noise of fix langevin,
/// metadynamics), which an attempt that may be rejected must not touch.
void PotentialEnergy::find_forcing_fixes() {
  forcing_fixes_.clear();
  other_forces_ = false;
  for (int i = 0; i < modify->nfix; i++) {
    Fix *fix = modify->fix[i];
    if (!(modify->fmask[i] & FixConst::POST_FORCE)) continue;
    const bool counts = fix->energy_global_flag && fix->thermo_energy;
    if (counts ||
        compat::begins_with(fix->style, {"setforce", "freeze", "lineforce", "planeforce"}))
      forcing_fixes_.push_back({fix, dynamic_cast<EnergyOnly *>(fix)});
    else
      other_forces_ = true;
  }
}

void PotentialEnergy::kick(double sign) {
  atoms_->half_kick(integrated_groups(), 0.5 * sign * update->dt * force->ftm2v);
}

int PotentialEnergy::integrated_groups() const {
  int groups = 0;
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) groups |= group->bitmask[modify->fix[i]->igroup];
  return groups;
}

bool PotentialEnergy::has_dynamics() const {
  for (int i = 0; i < modify->nfix; i++)
    if (is_integrator(modify->fix[i])) return true;
  return false;
}
