#ifndef NFLOW_MODEL_H
#define NFLOW_MODEL_H

#include "mcmc/flow.h"
#include "model/metadata.h"

#include <memory>
#include <string>

namespace nflow {

/// A trained flow, loaded from a TorchScript archive (docs/model-contract.md). LibTorch stays
/// behind the PIMPL; every one of its exceptions becomes an Error with one sentence.
class Model : public mcmc::Flow {
 public:
  /// Loads, validates, freezes and moves the model to `device`: "auto", "cpu", "cuda" or "cuda:i".
  /// "auto" and "cuda" take CUDA device `local_rank` modulo the number of devices.
  Model(const std::string &file, const std::string &device, int local_rank = 0);
  ~Model() override;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  const Metadata &metadata() const;
  const std::string &file() const;
  std::string device() const;

  /// v = forward(u): u and v are [batch, S, n, d] in float64 on the host, log_det is [batch].
  void forward(int64_t batch, const double *u, double tau, double *v, double *log_det) override;
  void inverse(int64_t batch, const double *v, double tau, double *u, double *log_det) override;

  /// The same with different temperatures on the prior and the target side (boltzmann prior).
  void forward(int64_t batch, const double *u, double tau_prior, double tau_target, double *v,
               double *log_det);
  void inverse(int64_t batch, const double *v, double tau_prior, double tau_target, double *u,
               double *log_det);

  /// Runs forward and inverse `repeats` times at this batch size, so that what the JIT does at the
  /// first calls is not done inside a simulation.
  void warm_up(int64_t batch, double tau, int repeats = 3);

  struct Impl;
  Impl &impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow

#endif
