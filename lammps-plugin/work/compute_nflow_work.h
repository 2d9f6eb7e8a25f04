#ifndef LMP_COMPUTE_NFLOW_WORK_H
#define LMP_COMPUTE_NFLOW_WORK_H

#include "compute.h"
#include "lammps/atoms_platform.h"
#include "tempering/exchange.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// compute ID group nflow/work model T [T_other] keyword value ...: ln q of a flow at the current
/// configuration, or the work of carrying it to another temperature.
class ComputeNflowWork : public Compute {
 public:
  ComputeNflowWork(class LAMMPS *, int, char **, Platform &platform = host_platform());
  ~ComputeNflowWork() override;
  void init() override;
  double compute_scalar() override;
  void compute_vector() override;
  double memory_usage() override;

 private:
  // The elements of the vector.
  enum Element { u_before, u_after, log_det, round_trip, h_before, h_after, log_weight, elements };

  void parse(int, char **);
  void add_lists_fix();
  class FixNflowLists *lists_fix() const;
  void evaluate();
  void check_flow();
  void draw_momenta();
  void map_there();
  void take_log_q();
  double energy_there();
  double deviation() const;
  double reduced_energy(double energy, const double *point, double tau) const;
  double tau_here() const;
  double tau_there() const;
  [[noreturn]] void stop(const std::string &sentence) const;

  Platform &platform_;
  nflow::Arrays &arrays_;
  std::string model_file_, device_ = "auto", lists_id_;
  std::vector<std::string> uncounted_; // IDs of fixes whose forces need have no energy
  double temperature_ = 0.0, other_temperature_ = 0.0; // 0: none was given
  int seed_ = 1;
  std::unique_ptr<class BoundFlow> flow_;
  std::unique_ptr<class PotentialEnergy> energy_;
  std::unique_ptr<class SimulationState> state_;
  nflow::tempering::ExchangeMap there_, back_;
  nflow::Buffer<double> x_, point_, mapped_, returned_;
  bool checked_ = false;
  int64_t evaluated_at_ = -1; // step that the results belong to
};

} // namespace LAMMPS_NS

#endif
