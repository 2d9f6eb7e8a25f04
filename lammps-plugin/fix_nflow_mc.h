#ifndef LMP_FIX_NFLOW_MC_H
#define LMP_FIX_NFLOW_MC_H

#include "fix.h"
#include "mcmc/flow_sampler.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// fix ID group nflow/mc N M seed T model keyword value ...: Monte Carlo moves proposed by a flow.
class FixNflowMC : public Fix {
 public:
  FixNflowMC(class LAMMPS *, int, char **);
  ~FixNflowMC() override;
  int setmask() override;
  void init() override;
  void setup_pre_exchange() override;
  void pre_exchange() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  void *extract(const char *, int &) override;
  double memory_usage() override;

 private:
  /// The energy of a proposal: puts the atoms there and asks LAMMPS.
  class LammpsTarget : public nflow::mcmc::Target {
   public:
    LammpsTarget(class GroupConfiguration &configuration, int dim)
        : configuration_(configuration), dim_(dim) {}
    double energy(const double *x) override;

   private:
    class GroupConfiguration &configuration_;
    int dim_;
  };

  void parse_keywords(int, char **);
  int parse_move(int, int, char **);
  void require_usable() const;
  void make_sampler();
  void warn_of_open_model();
  uint32_t key() const;
  double current_tau();
  void check_flow(double tau);
  double timed_energy();
  void redraw_velocities(uint64_t attempt, double tau);
  [[noreturn]] void stop(const std::string &sentence) const;

  int attempts_per_call_, seed_, replica_;
  double temperature_ = 0.0;
  std::string temperature_variable_, model_file_, device_ = "auto";
  int64_t batch_ = 64;
  bool redraw_ = false;
  std::vector<nflow::mcmc::Move> moves_;
  int mc_active_ = 0;

  std::unique_ptr<class RootModel> model_;
  std::unique_ptr<class GroupConfiguration> configuration_;
  std::unique_ptr<LammpsTarget> target_;
  std::unique_ptr<nflow::mcmc::FlowSampler> sampler_;
  std::vector<double> x_, velocities_;
  std::vector<double> checked_taus_;
  bool dynamics_ = false, warned_ = false;
  double total_seconds_ = 0.0;
  double own_energy_seconds_ = 0.0; // of energies that are not of a proposal
};

} // namespace LAMMPS_NS

#endif
