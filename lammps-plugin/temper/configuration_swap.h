#ifndef NFLOW_TEMPER_CONFIGURATION_SWAP_H
#define NFLOW_TEMPER_CONFIGURATION_SWAP_H

#include "partition_link.h"
#include "pointers.h"
#include "temper/exchange_flows.h"
#include "temper/temper_command.h"
#include "tempering/noise_comparison.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

/// An attempt to exchange configurations as this partition sees it.
struct Encounter {
  int partner = -1; // the other partition; -1: none in this scan
  double temperature_here = 0.0, temperature_there = 0.0;
  uint64_t scan = 0;
};

/// How a configuration goes to another partition and that one's comes here: positions, perhaps
/// through a flow, velocities, and the forces of thermostats. Every function is collective in the
/// partition, and its partner calls the same; it throws nflow::Error.
class ConfigurationSwap : protected Pointers {
 public:
  /// All must live as long as this; `whole` are all atoms in three dimensions.
  ConfigurationSwap(LAMMPS *lmp, const TemperCommand &command, PartitionLink &link,
                    class GroupPositions &whole, class PotentialEnergy &potential,
                    class LammpsTarget &masses, ExchangeFlows &flows);

  /// Sends this partition's configuration, of potential energy `energy`, mapped, to the partner;
  /// puts the atoms where the one that comes from there has them, and returns the work of that one:
  /// infinite if they cannot be there.
  double propose(const Encounter &encounter, double energy);
  /// After propose(): what came stays, with its velocities, or the atoms go back.
  void settle(const Encounter &encounter, bool accepted);
  /// An accepted exchange without propose(), where both energies are known: only now does anything
  /// move. `energy_there` is that of the configuration that comes.
  void exchange_directly(const Encounter &encounter, double energy_there);
  void rescale_velocities(double factor);

  /// Evaluations of the energy so far.
  uint64_t evaluations() const { return evaluations_; }
  void set_evaluations(uint64_t evaluations) { evaluations_ = evaluations; }
  double bytes() const;

 private:
  /// What the body of a packet consists of, all in the order of the atom IDs, each of numbers()
  /// numbers but the state, which has twice as many, and the last.
  enum Section { state = 0, velocities = 2, other_forces = 3, mapped = 4 };
  double *section(Packet &packet, Section section) const {
    return packet.body.data() + section * numbers();
  }
  int64_t numbers() const; // of coordinates of all atoms
  double tau(double temperature) const;
  double energy();
  double energy_of_proposal();

  void pack_arrays(int64_t mapped);
  void pack_proposal(const Encounter &encounter, double energy);
  void subtract_potential(double *forces);
  void map_proposal(const Encounter &encounter, ExchangeFlows::Route &route);
  void draw_momenta(const Encounter &encounter, double variance);
  bool place_proposal(int partner);
  void go_back();
  void compare_energies(const Encounter &encounter, double here, double there);
  std::pair<double, double> energies_with_new_lists(const Encounter &encounter);
  bool compares_noise(const Encounter &encounter);
  void compare_noise(const Encounter &encounter, const double *mine, const double *others);
  void return_noise(const Encounter &encounter);
  void take_velocities(const Encounter &encounter);
  void take_momenta(const Encounter &encounter, const RootModel &model);

  const TemperCommand &command_;
  PartitionLink &link_;
  GroupPositions &whole_;
  PotentialEnergy &potential_;
  LammpsTarget &masses_;
  ExchangeFlows &flows_;
  nflow::Arrays &arrays_;
  Packet packet_, received_;
  nflow::Buffer<double> point_, unwrapped_, scratch_;
  bool placed_ = false; // the atoms are at the proposal
  uint64_t evaluations_ = 0;
  std::map<int, nflow::tempering::NoiseComparison> noise_; // by partner
  bool warned_ = false;
};

} // namespace LAMMPS_NS

#endif
