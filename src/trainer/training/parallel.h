#ifndef NFLOW_TRAINER_TRAINING_PARALLEL_H
#define NFLOW_TRAINER_TRAINING_PARALLEL_H

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <mpi.h>
#include <string>
#include <utility>
#include <vector>

namespace nflow::trainer {

/// What every rank throws together, so that one of them says it and all end. Any other exception is
/// of one rank, for which the others may wait.
class AlikeError : public Error {
 public:
  using Error::Error;
};

/// What the trainer needs of MPI. Every member is collective: all ranks call it.
class Parallel {
 public:
  explicit Parallel(MPI_Comm comm);
  int rank() const { return rank_; }
  int size() const { return size_; }
  bool root() const { return rank_ == 0; }

  /// The part [first, second) of `count` items that belongs to this rank; the parts follow the
  /// ranks.
  std::pair<int64_t, int64_t> share(int64_t count) const;
  /// Sums over ranks, in place.
  void sum(std::vector<double> &values) const;
  /// All ranks' values behind one another, in the order of the ranks.
  std::vector<double> gather(const std::vector<double> &mine) const;
  void broadcast(std::vector<double> &values) const;
  void broadcast(std::string &text) const;
  /// Runs `work`, which must not call MPI. If it throws on any rank, every rank throws an
  /// AlikeError with the text of the lowest such rank.
  void together(const std::function<void()> &work) const;
  /// Throws an AlikeError where `text` is not on every rank what it is on the root.
  void require_same(const std::string &text, const std::string &sentence) const;
  /// Throws an AlikeError on every rank if `failure` is not empty on any.
  void throw_if_any(const std::string &failure) const;

 private:
  void broadcast_bytes(void *data, int64_t bytes, int from) const;

  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
};

} // namespace nflow::trainer

#endif
