#ifndef NFLOW_MODEL_MODEL_H
#define NFLOW_MODEL_MODEL_H

#include "flow/flow.h"
#include "model/metadata.h"

#include <memory>
#include <string>

namespace nflow {

/// Where the points of a call are: in the host's memory, or in that of the model's device.
enum class Memory { host, device };

/// The number of CUDA devices that LibTorch can use.
int cuda_device_count();

/// A trained flow, loaded from a TorchScript archive (docs/model-contract.md). LibTorch stays
/// behind the PIMPL; every one of its exceptions becomes an Error with one sentence.
class Model : public Flow {
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
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override;
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override;

  /// Any of the four maps: of the points at `in`, to `out`, both in `memory` (log_det is on the
  /// host). Null `mask`: of all atoms. Device memory must be of the model's device, and nothing may
  /// still be working on it; when this returns, all of the work is done.
  enum class Direction { forward, inverse };
  void map(Direction direction, int64_t batch, const double *in, const Temperatures &tau,
           const uint8_t *mask, double *out, double *log_det, Memory memory);

  /// Whether the file has both forward_masked and inverse_masked.
  bool has_masked() const override;
  /// The same for the atoms with mask [batch, n] = 1 in the presence of the others.
  void forward_masked(int64_t batch, const double *u, const Temperatures &tau, const uint8_t *mask,
                      double *v, double *log_det) override;
  void inverse_masked(int64_t batch, const double *v, const Temperatures &tau, const uint8_t *mask,
                      double *u, double *log_det) override;

  /// Runs forward and inverse `repeats` times at this batch size, so that what the JIT does at the
  /// first calls is not done inside a simulation, and checks that it maps points as at others
  /// (check_batch_size).
  void warm_up(int64_t batch, const Temperatures &tau, int repeats = 3);

  struct Impl;
  Impl &impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow

#endif
