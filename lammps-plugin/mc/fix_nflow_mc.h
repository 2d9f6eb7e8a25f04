#ifndef LMP_FIX_NFLOW_MC_H
#define LMP_FIX_NFLOW_MC_H

#include "fix.h"
#include "lammps/atoms_platform.h"
#include "mcmc/sampler.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

/// fix ID group nflow/mc N M seed T model keyword value ...: Monte Carlo moves proposed by a flow.
class FixNflowMC : public Fix {
 public:
  FixNflowMC(class LAMMPS *, int, char **, Platform &platform = host_platform());
  ~FixNflowMC() override;
  int setmask() override;
  void init() override;
  void setup_pre_exchange() override;
  void pre_exchange() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  void reset_target(double) override;
  void *extract(const char *, int &) override;
  double memory_usage() override;

 private:
  // Columns of the vector before those of the moves, and after them.
  static constexpr int first_columns = 9, last_columns = 5;

  void parse_keywords(int, char **);
  int parse_move(int, int, char **);
  int parse_excursion(int, int, char **, nflow::mcmc::Move &) const;
  double number_at(int, int, char **, const std::string &what) const;
  bool boltzmann() const;
  void require_fitting_moves();
  void choose_pair(double temperature);
  void read_reservoirs();
  void prepare_reservoirs(const nflow::Temperatures &tau);
  void make_sampler();
  void warn_of_open_model();
  void log_placement();
  uint32_t key() const;
  double current_temperature();
  nflow::Temperatures current_tau();
  void check_flow(const nflow::Temperatures &tau);
  double timed_energy();
  void redraw_velocities(uint64_t attempt, double tau);
  [[noreturn]] void stop(const std::string &sentence) const;

  Platform &platform_;
  int attempts_per_call_, seed_, replica_;
  double temperature_ = 0.0;
  std::string temperature_variable_, model_file_, device_ = "auto";
  int64_t batch_ = 64;
  bool redraw_ = false;
  std::vector<nflow::mcmc::Move> moves_;
  std::vector<std::string> reservoir_files_; // of each move, or empty
  double prior_temperature_ = 0.0;           // T0 that was asked for; 0: that of the only pair
  std::pair<double, double> pair_{0.0, 0.0}; // T0, T1 of a boltzmann prior
  nflow::Rearrangement rearrangement_;
  int mc_active_ = 0;

  std::unique_ptr<class RootModel> model_;
  std::unique_ptr<class GroupPositions> configuration_;
  std::unique_ptr<class PotentialEnergy> potential_;
  std::unique_ptr<class LammpsTarget> target_;
  std::vector<std::unique_ptr<class LammpsReservoir>> reservoirs_;
  std::unique_ptr<nflow::mcmc::FlowSampler> sampler_;
  nflow::Buffer<double> x_, velocities_; // [n, dim], in the platform's memory
  std::vector<double> checked_taus_;
  bool dynamics_ = false, warned_ = false, logged_ = false;
  bool reservoirs_ready_ = true;
  double total_seconds_ = 0.0;
  double cpu_seconds_ = 0.0;        // of all ranks
  double own_energy_seconds_ = 0.0; // of energies that are not of a proposal
};

} // namespace LAMMPS_NS

#endif
