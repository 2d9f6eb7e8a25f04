#include "trainer/energies/lammps_system.h"

#include "trainer/energies/lammps_system_impl.h"

#include "lammps/atoms_platform.h"
#include "lammps/usable.h"

#include "atom.h"
#include "domain.h"
#include "force.h"
#include "neighbor.h"
#include "pair.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

namespace {

using LAMMPS_NS::LAMMPS;

/// Throws an Error about the input script where `check` finds what cannot be used.
template <class Check>
void require_of_input(const std::string &file, const Check &check) {
  try {
    check();
  } catch (const Error &e) {
    throw Error("the LAMMPS input '" + file + "' cannot be used: " + e.what());
  }
}

void require_atoms(const LAMMPS *lmp) {
  if (!lmp->domain->box_exist)
    throw Error("it makes no simulation box: it must define box and atoms");
  if (lmp->atom->natoms == 0) throw Error("it has no atoms: it must create or read them");
}

/// Every evaluation finds all neighbours anew, so a skin only adds pairs beyond the cutoff. Where
/// other things than a plain pair style use the reach of ghost atoms it stays.
bool can_do_without_skin(LAMMPS *lmp) {
  const auto pair = lmp->force->pair;
  return lmp->atom->molecular == LAMMPS_NS::Atom::ATOMIC && pair && pair->cutforce > 0.0 &&
         !pair->manybody_flag && !lmp->force->kspace && !lmp->atom->radius_flag;
}

constexpr double bare_skin = 1e-3; // in cutoffs

} // namespace

LammpsSystem::Impl::Impl(const std::string &file, const std::vector<std::string> &variables)
    : session(file, variables), potential(session.lammps(), LAMMPS_NS::host_platform()) {
  const auto lmp = session.lammps();
  require_of_input(file, [&] { require_atoms(lmp); });
  input_skin = lmp->neighbor->skin;
  const int dim = lmp->domain->dimension;
  bool periodic = true;
  for (int k = 0; k < dim; k++) periodic = periodic && lmp->domain->periodicity[k];
  positions = LAMMPS_NS::host_platform().positions(lmp, 0 /* all */, dim, periodic);
  session.command("run 0 post no"); // says what is wrong with the script itself
  require_of_input(file, [&] {
    LAMMPS_NS::require_fixed_setting(lmp, 0 /* all */);
    LAMMPS_NS::require_counted_energies(lmp, nullptr);
    positions->init();
  });
  prepare();
  system = positions->system();
  for (const auto id : positions->ids()) ids.push_back(id);
  double energy = 0.0;
  session.run([&] { energy = potential.evaluate(true); });
  pairs = PairLaw::make(session, *positions);
}

void LammpsSystem::Impl::prepare() {
  const auto lmp = session.lammps();
  if (can_do_without_skin(lmp)) {
    lmp->neighbor->skin = std::min(input_skin, bare_skin * lmp->force->pair->cutforce);
    try {
      session.command("run 0 post no");
    } catch (const Error &) { // something of the script relies on the skin
      use_input_skin();
      session.command("run 0 post no");
    }
  } else {
    use_input_skin();
    session.command("run 0 post no");
  }
  session.run([&] {
    positions->init();
    potential.init();
  });
}

void LammpsSystem::Impl::use_input_skin() {
  session.lammps()->neighbor->skin = input_skin;
}

bool LammpsSystem::Impl::compute(const double *x, double &energy, bool with_forces) {
  if (!positions->replace(x)) return false;
  return session.run_if_possible([&] { energy = potential.evaluate(with_forces); });
}

bool LammpsSystem::Impl::take(double &energy, double *forces) {
  if (forces) {
    positions->forces(forces);
    double sum = 0.0; // NaN where any is not finite
    for (int64_t i = 0; i < numbers(); i++) sum += 0.0 * forces[i];
    if (sum == 0.0 && std::isfinite(energy)) return true;
  } else if (std::isfinite(energy)) {
    return true;
  }
  energy = INFINITY;
  if (forces) std::fill(forces, forces + numbers(), 0.0);
  return false;
}

void LammpsSystem::Impl::evaluate_linearised(const double *x, double &energy, double *forces) {
  const auto pair = session.lammps()->force->pair;
  const int dim = static_cast<int>(system.dim);
  const auto unusable = [&] {
    energy = INFINITY;
    if (forces) std::fill(forces, forces + numbers(), 0.0);
  };
  if (!positions->replace(x)) return unusable();
  const bool computed = session.run_if_possible([&] { energy = potential.evaluate(true); });
  if (computed && take(energy, forces) && pairs->correct(dim, energy, forces)) return;

  // Overlaps that LAMMPS cannot express: everything else from LAMMPS, the pairs one by one.
  bool possible = false;
  pair->compute_flag = 0;
  pair->eng_vdwl = pair->eng_coul = 0.0;
  try {
    possible = session.run_if_possible([&] { energy = potential.evaluate(true); });
  } catch (...) {
    pair->compute_flag = 1;
    throw;
  }
  pair->compute_flag = 1;
  if (!possible || !take(energy, forces)) return unusable();
  pairs->add_sum(dim, energy, forces);
}

LammpsSystem::LammpsSystem(const std::string &file, const std::vector<std::string> &variables)
    : impl_(std::make_unique<Impl>(file, variables)) {}

LammpsSystem::~LammpsSystem() = default;

const System &LammpsSystem::system() const {
  return impl_->system;
}

const std::vector<int64_t> &LammpsSystem::ids() const {
  return impl_->ids;
}

std::vector<double> LammpsSystem::positions() {
  std::vector<double> x(impl_->numbers());
  impl_->session.run([&] { impl_->positions->read(x.data()); });
  return x;
}

void LammpsSystem::evaluate(int64_t count, const double *x, double *energies, double *forces) {
  const int64_t numbers = impl_->numbers();
  for (int64_t i = 0; i < count; i++) {
    double *const mine = forces ? forces + i * numbers : nullptr;
    energies[i] = INFINITY;
    if (impl_->compute(x + i * numbers, energies[i], forces != nullptr)) {
      impl_->take(energies[i], mine);
    } else {
      energies[i] = INFINITY;
      if (mine) std::fill(mine, mine + numbers, 0.0);
    }
  }
}

void LammpsSystem::evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                                       double *forces) {
  if (!impl_->pairs) {
    evaluate(count, x, energies, forces);
    return;
  }
  impl_->pairs->set_cap(cap);
  const int64_t numbers = impl_->numbers();
  for (int64_t i = 0; i < count; i++) {
    double *const mine = forces ? forces + i * numbers : nullptr;
    impl_->evaluate_linearised(x + i * numbers, energies[i], mine);
  }
}

bool LammpsSystem::has_pair_law() const {
  return impl_->pairs != nullptr;
}

void LammpsSystem::pair_law(int type_a, int type_b, double r, double &energy, double &force) {
  if (!impl_->pairs)
    throw Error("the pair style of the LAMMPS input '" + impl_->session.file() +
                "' does not give energies of single pairs");
  (*impl_->pairs)(type_a, type_b, r, energy, force);
}

std::string LammpsSystem::version() const {
  return impl_->session.lammps()->version;
}

} // namespace nflow::trainer
