#ifndef LMP_FIX_NFLOW_MC_H
#define LMP_FIX_NFLOW_MC_H

#include "fix.h"
#include "lammps/atoms_platform.h"
#include "mc/call_times.h"
#include "mc/mc_arguments.h"
#include "mcmc/fruitless.h"
#include "mcmc/sampler.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// fix ID group nflow/mc N M seed T model keyword value ...: Monte Carlo moves proposed by a flow.
/// Its moves are those of src/mcmc/moves.
class FixNflowMC : public Fix {
 public:
  FixNflowMC(class LAMMPS *, int, char **, Platform &platform = host_platform());
  ~FixNflowMC() override;
  int setmask() override;
  void init() override;
  void setup_pre_exchange() override;
  void setup(int) override;
  void pre_exchange() override;
  void post_run() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  void reset_target(double) override;
  void *extract(const char *, int &) override;
  double memory_usage() override;

 private:
  // Columns of the vector before those of the moves, and after them.
  static constexpr int first_columns = 9, last_columns = 6;

  // In the constructor.
  void require_fitting_moves();
  void require_local_moves(const nflow::mcmc::WeightedMove &one) const;
  void read_reservoirs();
  void make_sampler();
  nflow::mcmc::Streams streams() const;
  // Before a run, and at its first call.
  bool environment_may_move() const;
  bool is_alone() const;
  void warn_of_open_model();
  bool is_checked(double tau) const;
  void check_flow(const nflow::Temperatures &tau);
  void choose_prefetch(const nflow::Temperatures &tau);
  void prepare_reservoirs(const nflow::Temperatures &tau);
  void require_unchanged_reservoirs();
  void audit(const nflow::Temperatures &tau);
  bool uses_masked() const;
  // In a call.
  nflow::Temperatures current_tau();
  bool make_attempts(const nflow::Temperatures &tau);
  void require_equal_energies(double first, double second, double tolerance) const;
  void settle(bool moved);
  double timed_energy();
  void warn_of_fruitless_moves();
  void redraw_velocities(uint64_t attempt, double tau);

  [[noreturn]] void stop(const std::string &sentence) const;
  /// Does work(), and stops with the sentence of an exception of this kind.
  template <class Exception, class Work>
  void or_stop(const Work &work) const;

  Platform &platform_;
  MonteCarloArguments arguments_; // whose moves are the sampler's
  int replica_;
  int mc_active_ = 0;
  std::unique_ptr<class BoundFlow> flow_;
  std::unique_ptr<class MonteCarloTemperature> temperature_;
  std::unique_ptr<class PotentialEnergy> potential_;
  std::unique_ptr<class LammpsTarget> target_;
  std::vector<std::unique_ptr<class LammpsReservoir>> reservoirs_;
  std::unique_ptr<nflow::mcmc::FlowSampler> sampler_;
  nflow::Buffer<double> velocities_; // [n, dim], in the platform's memory
  std::vector<double> checked_taus_;
  bool dynamics_ = false, warned_ = false;
  bool environment_moves_ = false, alone_ = false, prefetch_chosen_ = false;
  double weighed_tau_ = 0.0; // of the weights so far
  bool reservoirs_ready_ = true;
  std::unique_ptr<class FlowAudit> audit_;
  uint64_t next_comparison_ = 0; // of reservoirs, in attempts
  CallTimes times_;
  nflow::mcmc::FruitlessMoves fruitless_;
};

} // namespace LAMMPS_NS

#endif
