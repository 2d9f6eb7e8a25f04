#ifndef LMP_FIX_NFLOW_TEMPER_H
#define LMP_FIX_NFLOW_TEMPER_H

#include "fix.h"
#include "lammps/atoms_platform.h"
#include "partition_link.h"
#include "temper/configuration_swap.h"
#include "temper/exchange_flows.h"
#include "temper/partition_agreement.h"
#include "temper/temper_command.h"
#include "temper/temper_log.h"
#include "temper/thermostats.h"
#include "tempering/tempering.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// fix ID group nflow/temper N seed T_1 ... keyword value ...: exchange of configurations between
/// the partitions, directly or through flows.
class FixNflowTemper : public Fix {
 public:
  FixNflowTemper(class LAMMPS *, int, char **, Platform &platform = host_platform());
  ~FixNflowTemper() override;
  int setmask() override;
  void init() override;
  void setup(int) override;
  void end_of_step() override;
  void post_run() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  double compute_array(int, int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  void *extract(const char *, int &) override;
  double memory_usage() override;

 private:
  using Works = nflow::tempering::Works;

  std::string prepare();
  void follow();
  bool all_go_on(const std::vector<double> &status);

  void scan(const std::vector<double> &energies);
  Encounter next_encounter() const;
  std::vector<Works> propose(const Encounter &encounter, const std::vector<double> &energies);
  void settle(const Encounter &encounter, bool accepted, const std::vector<double> &energies);
  void tune();
  void take_ladder(double temperature_before);

  double temperature() const { return tempering_.temperatures()[link_.index()]; }
  double tau(int partition) const;
  nflow::tempering::RunFacts run_facts() const;

  PartitionLink link_;
  const TemperCommand command_;
  nflow::tempering::Tempering tempering_;       // the same in all partitions
  std::unique_ptr<class GroupPositions> whole_; // all atoms in three dimensions
  std::unique_ptr<class PotentialEnergy> energy_;
  std::unique_ptr<class LammpsTarget> masses_;
  PartitionAgreement agreement_;
  ExchangeFlows flows_;
  ConfigurationSwap swap_;
  Thermostats thermostats_;
  TemperLog log_;

  std::string failure_; // of init(), told in setup()
  bigint restart_step_ = -1;
  double seconds_ = 0.0;
  bool started_ = false; // set up in this session
  bool ended_ = false;   // a partition has stopped early
  int mc_active_ = 0;
};

} // namespace LAMMPS_NS

#endif
