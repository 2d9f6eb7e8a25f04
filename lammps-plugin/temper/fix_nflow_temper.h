#ifndef LMP_FIX_NFLOW_TEMPER_H
#define LMP_FIX_NFLOW_TEMPER_H

#include "files/exchange_log.h"
#include "fix.h"
#include "lammps/atoms_platform.h"
#include "partition_link.h"
#include "tempering/exchange.h"
#include "tempering/pair_statistics.h"
#include "tempering/replica_flow.h"
#include "tempering/schedule.h"

#include <map>
#include <memory>
#include <ostream>
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
  using Scheme = nflow::tempering::Scheme;
  /// A flow and how it serves one partner.
  struct Route {
    class RootModel *model = nullptr; // null: none
    nflow::tempering::ExchangeMap map;
  };

  int parse_temperatures(int, char **);
  void parse_keywords(int, int, char **);
  int parse_models(int, int, char **);
  void parse_scheme(const std::string &);
  [[noreturn]] void stop(const std::string &sentence) const;

  // What the partitions must agree on (fix_nflow_temper_setup.cpp).
  void require_usable();
  void compare_partitions();
  std::vector<double> facts() const;
  void describe_atoms(std::ostream &) const;
  void take_temperatures(const std::vector<double> &own_ones);
  void find_thermostats();
  void require_thermostats_agree() const;
  void prepare_routes();
  void require_fit(const class RootModel &, const std::string &file);
  void check_flow(int partner);
  std::string model_of(int i, int j) const;
  bool evaluates(int i, int j) const { return own_hamiltonian_ || !model_of(i, j).empty(); }

  // One scan (fix_nflow_temper_exchange.cpp).
  bool all_alive();
  void scan();
  double propose(int partner);
  void pack_arrays(int64_t mapped);
  void pack_proposal(int partner);
  void map_proposal(Route &route, int partner);
  void draw_momenta(double tau, double variance);
  bool place_proposal(int partner);
  void settle_proposal(int partner, bool accepted);
  void exchange_directly(int partner, double energy_there);
  void finish_exchange();
  void compare_energies(int partner, double here, double there);
  void take_velocities(int partner);
  void take_momenta(int partner);
  double tau(int partition) const;
  int64_t numbers() const; // of coordinates of all atoms

  /// What the body of a packet consists of, all in the order of the atom IDs, each of numbers()
  /// numbers but the state, which has twice as many, and the last.
  enum Section { state = 0, velocities = 2, other_forces = 3, mapped = 4 };
  double *section(Packet &packet, Section section) const {
    return packet.body.data() + section * numbers();
  }

  void tune();
  void tell_nose_hoover();
  void take_ladder(const std::vector<double> &temperatures);
  void reset_statistics();

  // fix_nflow_temper_output.cpp
  void open_logs();
  void log_scan(const std::vector<std::pair<int, int>> &pairs, const std::vector<double> &works_ij,
                const std::vector<double> &works_ji, const std::vector<char> &accepted);
  void log_permutation(bool with_header);
  void say(const std::string &sentence) const;
  bool first_of_all() const;
  std::vector<double> rejections() const;

  Platform &platform_;
  nflow::Arrays &arrays_;

  // As the command says.
  int seed_;
  std::vector<double> given_temperatures_;
  std::vector<std::string> model_files_; // one, or one a pair of neighbors; empty name: none
  bool one_model_ = false;
  Scheme scheme_ = Scheme::deo;
  bool adjacent_ = true, velocity_momenta_ = false, redraw_ = false, own_hamiltonian_ = false;
  bool universe_log_ = true;
  std::string log_file_, device_ = "auto";
  std::string settings_; // the keywords, to be compared
  uint64_t tune_scans_ = 0;
  double limit_ = 600.0;
  uint32_t key_;

  // The ladder and what is known of it; the same in all partitions.
  int count_, here_; // partitions, and which this one is
  std::vector<double> temperatures_;
  bool tuning_ = false, temperatures_of_restart_ = false;
  uint64_t scan_ = 0; // number of scans so far: all random numbers follow from it
  uint64_t sampled_scans_ = 0;
  std::vector<nflow::tempering::PairStatistics> statistics_;
  std::unique_ptr<nflow::tempering::ReplicaFlow> replicas_;
  bigint restart_step_ = -1;

  std::unique_ptr<PartitionLink> link_;
  std::unique_ptr<class GroupPositions> whole_, group_; // all atoms in 3D; those of the flow
  std::unique_ptr<class PotentialEnergy> potential_;
  std::unique_ptr<class LammpsTarget> masses_;
  nflow::Buffer<int64_t> places_;        // of the numbers of the flow among those of the whole
  nflow::Buffer<double> inverse_masses_; // of the numbers of the flow
  std::map<std::string, std::unique_ptr<class RootModel>> models_;
  std::map<int, Route> routes_; // by partner
  std::vector<Fix *> thermostats_;
  std::vector<Fix *> nose_hoover_; // of them: those that remember the kinetic energy
  std::string failure_;            // of init(), told in setup()
  std::unique_ptr<nflow::ExchangeLogWriter> log_;

  // Of the present scan.
  std::vector<double> status_;  // of each partition: whether it goes on, and its potential energy
  std::vector<double> arrived_; // the work of what arrived in each partition
  Packet packet_, received_;
  nflow::Buffer<double> point_, unwrapped_, scratch_;
  bool placed_ = false; // the atoms are at the proposal
  uint64_t evaluations_ = 0;
  double seconds_ = 0.0;
  bool started_ = false;       // set up in this session
  bool ended_ = false;         // a partition has stopped early
  std::vector<char> compared_; // by partner: whether energies of both sides agreed once
  bool warned_ = false;
  bool charges_vary_ = false;
  int64_t flow_dim_ = 0; // components of the atoms that the flows move
  int mc_active_ = 0;
};

} // namespace LAMMPS_NS

#endif
