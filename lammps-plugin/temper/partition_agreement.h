#ifndef NFLOW_TEMPER_PARTITION_AGREEMENT_H
#define NFLOW_TEMPER_PARTITION_AGREEMENT_H

#include "lammps/atoms_platform.h"
#include "partition_link.h"
#include "pointers.h"
#include "temper/temper_command.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

/// What must be so in a partition that exchanges configurations, and the same in all.
class PartitionAgreement : protected Pointers {
 public:
  using Tempering = nflow::tempering::Tempering;

  /// All must live as long as this; `whole` are all atoms in three dimensions.
  PartitionAgreement(LAMMPS *lmp, const TemperCommand &command, int igroup, Platform &platform,
                     const class GroupPositions &whole, const class LammpsTarget &masses);

  /// Throws nflow::Error if there is something here that does not go along in an exchange.
  void require_usable();
  /// Atoms whose types have been exchanged have other IDs in each partition: lets the rows of
  /// `whole` have the types that they have in the first one, as far as there are as many of each.
  void order_types(PartitionLink &link, class GroupPositions &whole);
  /// Throws nflow::Error where only some atoms go through flows: after an exchange of types with
  /// others these would be other rows in each partition.
  void require_whole_group() const;
  /// Compares all partitions; where two differ, all stop with the same sentence. Returns the
  /// temperature of each by its command. Collective.
  std::vector<double> compare(PartitionLink &link, const Tempering &tempering) const;

 private:
  /// What two partitions may differ in: "partition 1 has 3 as its <what>", or, where the number is
  /// a hash that says nothing, "partition 1 has other <what>".
  struct Fact {
    double value;
    const char *what, *remedy;
    double tolerance; // relative
    bool hash;
  };

  void require_usable(const class Fix &fix) const;
  std::vector<Fact> facts(const Tempering &tempering) const;
  std::string atoms() const;

  const TemperCommand &command_;
  int igroup_;
  Platform &platform_;
  const GroupPositions &whole_;
  const LammpsTarget &masses_;
  bool charges_vary_ = false;
};

} // namespace LAMMPS_NS

#endif
