#include "temper/partition_agreement.h"

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/target.h"
#include "require_usable.h"

#include "atom.h"
#include "domain.h"
#include "fix.h"
#include "group.h"
#include "modify.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace LAMMPS_NS {

using nflow::number;

namespace {

double hash_of(const std::string &text) {
  return nflow::named_seed(0, text);
}

std::string text_of_system(const Domain &domain, const Update &update) {
  std::ostringstream out;
  out << update.unit_style << domain.dimension << domain.xperiodic << domain.yperiodic
      << domain.zperiodic;
  return out.str();
}

std::string text_of_topology(const Atom &atom) {
  std::ostringstream out;
  out << atom.nbonds << ' ' << atom.nangles << ' ' << atom.ndihedrals << ' ' << atom.nimpropers;
  return out.str();
}

std::string text_of_command(const TemperCommand &command) {
  std::ostringstream out;
  out.precision(10);
  out << command.settings;
  if (command.temperatures.size() > 1)
    for (const double temperature : command.temperatures) out << temperature << ' ';
  return out.str();
}

std::string text_of_state(const nflow::tempering::Tempering &tempering) {
  std::ostringstream out;
  out.precision(10);
  out << tempering.tuning();
  for (const double temperature : tempering.temperatures()) out << ' ' << temperature;
  for (int i = 0; tempering.has_ladder() && i < tempering.count(); i++)
    out << ' ' << tempering.replicas().replica_at(i);
  return out.str();
}

} // namespace

PartitionAgreement::PartitionAgreement(LAMMPS *lmp, const TemperCommand &command, int igroup,
                                       Platform &platform, const GroupPositions &whole,
                                       const LammpsTarget &masses)
    : Pointers(lmp), command_(command), igroup_(igroup), platform_(platform), whole_(whole),
      masses_(masses) {}

void PartitionAgreement::require_usable() {
  LAMMPS_NS::require_usable(lmp, igroup_, platform_, command_.uncounted);
  LAMMPS_NS::require_usable(lmp, 0, platform_,
                            command_.uncounted); // of all atoms: all are exchanged
  charges_vary_ = false;
  int of_this_style = 0;
  for (int i = 0; i < modify->nfix; i++) {
    const Fix *fix = modify->fix[i];
    of_this_style += compat::begins_with(fix->style, {"nflow/temper"}); // or its /kk variants
    charges_vary_ = charges_vary_ || compat::begins_with(fix->style, {"qeq", "acks2"});
    require_usable(*fix);
  }
  if (of_this_style > 1)
    throw nflow::Error("there are several fixes nflow/temper: use one at a time");
  if (atom->mu_flag || atom->omega_flag || atom->angmom_flag || atom->torque_flag ||
      atom->ellipsoid_flag || atom->line_flag || atom->tri_flag || atom->body_flag || atom->sp_flag)
    throw nflow::Error(
        "atoms have dipoles, spins, shapes or rotations, which do not go along in an "
        "exchange: use point particles");
}

void PartitionAgreement::require_usable(const Fix &fix) const {
  if (compat::begins_with(fix.style, {"sgcmc", "semi/grand", "gcmc", "mol/swap", "deposit", "pour",
                                      "evaporate", "append/atoms", "charge/regulation",
                                      "bond/break", "bond/create", "bond/react", "bond/swap"}))
    throw nflow::Error(
        "fix " + std::string(fix.id) + " (" + fix.style +
        ") changes atoms, types or bonds, which do not go along in an exchange: remove it");
  if (command_.tune_scans > 0 && compat::begins_with(fix.style, {"atom/swap"}))
    throw nflow::Error("tune moves the temperatures, but fix " + std::string(fix.id) +
                       " (atom/swap) keeps its own: leave tune out");
  if (command_.velocity_momenta && compat::begins_with(fix.style, {"nvt"}))
    throw nflow::Error("auxiliary velocity needs velocities that are all thermal, but fix " +
                       std::string(fix.id) +
                       " (nvt) conserves the total momentum: use fix langevin, or auxiliary fresh");
}

std::vector<PartitionAgreement::Fact> PartitionAgreement::facts(const Tempering &tempering) const {
  constexpr const char *same_system = "give all partitions the same system",
                       *same_box = "give all partitions the same box";
  constexpr double any_box = 1e-6;
  return {
      {hash_of(text_of_system(*domain, *update)), "units, dimension or boundaries", same_system,
       0.0, true},
      {static_cast<double>(whole_.size()), "number of atoms", same_system, 0.0, false},
      {hash_of(atoms()), "atom IDs, types, masses or charges, or another group", same_system, 0.0,
       true},
      {hash_of(text_of_topology(*atom)), "numbers of bonds, angles, dihedrals or impropers",
       same_system, 0.0, true},
      {domain->boxlo[0], "lower edge of the box in x", same_box, any_box, false},
      {domain->boxlo[1], "lower edge of the box in y", same_box, any_box, false},
      {domain->boxlo[2], "lower edge of the box in z", same_box, any_box, false},
      {domain->prd[0], "length of the box in x", same_box, any_box, false},
      {domain->prd[1], "length of the box in y", same_box, any_box, false},
      {domain->prd[2], "length of the box in z", same_box, any_box, false},
      {static_cast<double>(tempering.scans()), "number of exchanges so far",
       "if they come from restart files, let all read files that were written at the same step",
       0.0, false},
      {static_cast<double>(update->firststep), "first step of the run",
       "give all partitions the same run and read_restart commands, and reset_timestep after "
       "minimize",
       0.0, false},
      {static_cast<double>(update->laststep), "last step of the run",
       "give all partitions the same run commands", 0.0, false},
      {hash_of(text_of_command(command_)), "keywords or a list of other temperatures",
       "give the same command in all partitions", 0.0, true},
      {hash_of(text_of_state(tempering)),
       "state of tuning, temperatures or replicas in its restart file",
       "the restart files are of different runs: read files of one run", 0.0, true},
  };
}

void PartitionAgreement::order_types(PartitionLink &link, GroupPositions &whole) {
  const auto types = whole.system().types;
  std::string text;
  for (const int type : types) text += std::to_string(type) + ' ';
  std::vector<double> mine(types.begin(), types.end()), all;
  const double facts[2] = {hash_of(text), static_cast<double>(types.size())};
  link.gather_all(facts, 2, all, "the start of the run");
  for (int partition = 0; partition < link.count(); partition++)
    if (all[2 * partition + 1] != all[1]) return; // compare() says so
  bool alike = true;
  for (int partition = 0; partition < link.count(); partition++)
    alike = alike && all[2 * partition] == all[0];
  if (alike) return;
  link.gather_all(mine.data(), static_cast<int>(mine.size()), all, "the start of the run");
  all.resize(mine.size());
  whole.order_by({all.begin(), all.end()});
}

void PartitionAgreement::require_whole_group() const {
  if (command_.model_files.empty() || group->count(igroup_) == atom->natoms) return;
  throw nflow::Error("types of atoms have been exchanged, which a flow of some of the atoms cannot "
                     "follow: let it move all atoms (group all), or remove what exchanges types");
}

/// IDs, types, masses, charges and membership in the group, row by row.
std::string PartitionAgreement::atoms() const {
  platform_.to_host(lmp);
  const auto &ids = whole_.ids();
  std::vector<double> of_atoms(2 * ids.size(), 0.0); // charge and membership
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t place = whole_.ordinal(i);
    if (atom->q) of_atoms[2 * place] = atom->q[i];
    if (atom->mask[i] & group->bitmask[igroup_]) of_atoms[2 * place + 1] = 1.0;
  }
  MPI_Allreduce(MPI_IN_PLACE, of_atoms.data(), static_cast<int>(of_atoms.size()), MPI_DOUBLE,
                MPI_SUM, world);
  const auto types = whole_.system().types;
  const auto &inverse_masses = masses_.host_inverse_masses();
  auto sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  std::ostringstream out;
  out.precision(10);
  for (size_t i = 0; i < ids.size(); i++)
    out << sorted[i] << ' ' << types[i] << ' ' << inverse_masses[3 * i] << ' '
        << of_atoms[2 * i + 1] << ' ' << (charges_vary_ ? 0.0 : of_atoms[2 * i]) << '\n';
  return out.str();
}

/// Everyone compares everyone with the first partition and comes to the same sentence.
std::vector<double> PartitionAgreement::compare(PartitionLink &link,
                                                const Tempering &tempering) const {
  const auto compared = facts(tempering);
  const size_t columns = compared.size() + 1;
  std::vector<double> mine, all;
  for (const auto &fact : compared) mine.push_back(fact.value);
  mine.push_back(command_.temperature_of(link.index()));
  link.gather_all(mine.data(), static_cast<int>(columns), all, "the start of the run");
  for (size_t k = 0; k < compared.size(); k++)
    for (int partition = 1; partition < link.count(); partition++) {
      const Fact &fact = compared[k];
      const double first = all[k], other = all[partition * columns + k];
      const double scale = std::fabs(first) + (fact.tolerance > 0.0 ? domain->prd[0] : 0.0);
      if (std::fabs(other - first) <= fact.tolerance * scale) continue;
      const std::string who = "partition " + std::to_string(partition) + " has ";
      const std::string sentence = fact.hash ? who + "other " + fact.what + " than partition 0"
                                             : who + number(other, 10) + " as its " + fact.what +
                                                   ", partition 0 has " + number(first, 10);
      link.stop_together(sentence + ": " + fact.remedy);
    }
  std::vector<double> temperatures;
  for (int partition = 0; partition < link.count(); partition++)
    temperatures.push_back(all[partition * columns + compared.size()]);
  return temperatures;
}

} // namespace LAMMPS_NS
