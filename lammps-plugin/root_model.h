#ifndef NFLOW_ROOT_MODEL_H
#define NFLOW_ROOT_MODEL_H

#include "flow/flow.h"
#include "lammps/atoms_platform.h"
#include "model/energy_model.h"
#include "model/model.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mpi.h>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// Runs `work` on rank 0 of `comm`; if it throws, every rank throws an nflow::Error with the same
/// sentence, so that an error never leaves the others waiting.
void run_on_root(MPI_Comm comm, const std::function<void()> &work);

/// The index of this rank's partition root among the roots on its node, for choosing a GPU. Uses
/// what MPI launchers put into the environment, so that it needs no communication beyond the
/// partition (a fix may exist in some partitions only); without that, the number of the partition.
int root_on_node(MPI_Comm world, int partition);

/// A flow that lives on rank 0 of a partition and gives its results to all: its ranks decide alike
/// even where their hardware does not round alike.
class RootModel : public nflow::Flow {
 public:
  using Temperatures = nflow::Temperatures;

  /// `device`: "auto", "cpu", "cuda" or "cuda:i". Where the platform's memory is a GPU's, "auto"
  /// and "cuda" are that GPU. Points and masks are in the memory of the platform.
  RootModel(MPI_Comm comm, const std::string &file, const std::string &device, int partition,
            Platform &platform);

  const nflow::Metadata &metadata() const { return metadata_; }
  const std::string &device() const { return device_; }
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override;
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override;
  bool has_masked() const override { return has_masked_; }
  void forward_masked(int64_t batch, const double *u, const Temperatures &tau, const uint8_t *mask,
                      double *v, double *log_det) override;
  void inverse_masked(int64_t batch, const double *v, const Temperatures &tau, const uint8_t *mask,
                      double *u, double *log_det) override;
  /// Of the auxiliary momenta on the side of k_B T = tau.
  double momentum_variance(double tau) const;
  /// nflow::check_flow on the root, with the current configuration x [n, d] (on the host), and
  /// warm-up; `masked`: nflow::check_masked as well.
  void check(const Temperatures &tau, const std::vector<double> &x, int64_t batch, bool masked);
  /// The checks again, at x and at what points [count, S, n, d] of the prior's side (on the host)
  /// become.
  void audit(const Temperatures &tau, const std::vector<double> &x,
             const std::vector<double> &prior_points, int64_t batch, bool masked);
  /// nflow::is_equivariant on the root.
  bool is_equivariant(const Temperatures &tau);
  /// Whether check() compares the log-det with a determinant, or the model is too large.
  bool jacobian_checked() const;

  /// For the log: which rank and partition, where the positions are, and where the flow runs.
  std::string placement() const;

  /// At how many of the points since the last call the flow was not defined, as a sentence for the
  /// log of rank 0; empty if it was at all.
  std::string domain_left();

  /// Whether points go through the host, though they are not there.
  bool staged() const { return staged_; }

 private:
  std::vector<double> with_momenta(const Temperatures &tau, const std::vector<double> &x) const;
  std::vector<double> where_defined(const Temperatures &tau, const std::vector<double> &x) const;
  void count_undefined(int64_t batch, const double *points, const double *log_det);
  void share_description(const std::string &file);
  void map(nflow::Model::Direction direction, int64_t batch, const double *in,
           const Temperatures &tau, const uint8_t *mask, double *out, double *log_det);
  void map_on_root(nflow::Model::Direction direction, int64_t batch, const double *in,
                   const Temperatures &tau, const uint8_t *mask, double *out, double *log_det);

  MPI_Comm comm_;
  int partition_;
  Platform &platform_;
  std::unique_ptr<nflow::Model> model_; // null but on rank 0
  nflow::Metadata metadata_;
  std::string device_;
  bool has_masked_ = false;
  uint64_t audits_ = 0;
  bool staged_ = false; // the model cannot use the platform's memory: by way of the host
  int64_t undefined_ = 0, mapped_ = 0; // points that rank 0 has mapped
  std::vector<double> host_in_, host_out_;
  std::vector<uint8_t> host_mask_;
};

/// The same for a potential.
class RootEnergy {
 public:
  /// Positions and gradients are in the memory of the platform.
  RootEnergy(MPI_Comm comm, const std::string &file, Platform &platform);
  const nflow::Metadata &metadata() const { return metadata_; }
  /// Compares the file's own gradient, if it has one, with autograd at the configuration x [n, d].
  void check(const nflow::Buffer<double> &x);
  /// U of one configuration x [n, d] and dU/dx, on every rank.
  double evaluate(const double *x, double *gradient);
  /// U alone.
  double energy(const double *x);
  /// U of `count` configurations [count, n, d] on the host, on every rank.
  void energies(int64_t count, const double *x, double *energies);

 private:
  double evaluate_on_root(const double *x, double *gradient);

  MPI_Comm comm_;
  Platform &platform_;
  std::unique_ptr<nflow::EnergyModel> energy_; // null but on rank 0
  nflow::Metadata metadata_;
  bool staged_ = false; // as in RootModel
  std::vector<double> host_x_, host_gradient_;
};

} // namespace LAMMPS_NS

#endif
