#ifndef NFLOW_MCMC_PROPOSAL_BLOCK_H
#define NFLOW_MCMC_PROPOSAL_BLOCK_H

#include "arrays/arrays.h"
#include "flow/flow.h"
#include "flow/target.h"
#include "mcmc/moves/move.h"
#include "mcmc/space.h"
#include "mcmc/streams.h"

#include <cstddef>
#include <vector>

namespace nflow::mcmc {

/// Which move attempt number `attempt` makes.
size_t choose_move(const Moves &moves, const Streams &streams, uint64_t attempt);

/// The independent proposals of a block of attempts [b B, (b+1) B), made by one batched forward. A
/// block is always made whole, so that a restart in its middle gives the same numbers to the last
/// bit.
class ProposalBlock {
 public:
  /// Keeps `moves`, whose reservoirs may be filled later.
  ProposalBlock(const Space &space, const Moves &moves, int64_t batch,
                Arrays &arrays = host_arrays());
  /// The proposals of that attempt at these temperatures, from the block that is there or from one
  /// that is made now, with these carried numbers. They stay until the next call.
  FreshPoints proposals(Flow &flow, const Streams &streams, uint64_t attempt,
                        const Temperatures &tau, const std::vector<double> &carried = {});
  /// Lets the target find their energies together, if they are new.
  void prepare(Target &target) const {
    if (!fresh_ || lanes_.empty()) return;
    target.prepare(static_cast<int64_t>(lanes_.size()), v_.data(), space_.size());
  }

 private:
  /// The frames of a reservoir in the memory of the arrays, and those that a block takes.
  struct Frames {
    explicit Frames(Arrays &arrays) : copy(arrays) {}

    bool copied = false;
    uint64_t revision = 0; // of the copy
    Buffer<double> copy;
    std::vector<RowCopy> rows;
  };
  /// A point on the prior's side: where its sums of squares are, and the energy of its frame.
  struct Lane {
    bool mapped = false;
    double energy = 0.0;
    int64_t coordinate_squares = -1, momentum_squares = -1;
  };
  /// Sums of squares of rows of `columns` that begin at these places of u_.
  struct Squares {
    int64_t columns = 0;
    std::vector<int64_t> starts;
    std::vector<double> sums;

    int64_t plan(int64_t start) {
      starts.push_back(start);
      return static_cast<int64_t>(starts.size()) - 1;
    }
    double at(int64_t place) const { return place < 0 ? 0.0 : sums[place]; }
  };

  void make(Flow &flow);
  int64_t choose();
  void plan(uint64_t attempt, size_t choice, double tau);
  void plan_frame(uint64_t attempt, size_t choice, int64_t start, Lane &lane);
  void fill();
  void fill_frames();
  void fill_carried();
  void weigh(double tau);

  Space space_;
  const Moves &moves_;
  int64_t batch_;
  Arrays &arrays_;
  // Of which block these are.
  bool valid_ = false, fresh_ = false; // made by the last call
  Streams streams_;
  uint64_t block_ = 0;
  Temperatures tau_{0.0};
  std::vector<double> carried_;
  std::vector<int64_t> first_;  // of attempt block_ * batch_ + i
  std::vector<size_t> choices_; // of moves
  Buffer<double> u_, v_;
  std::vector<double> log_det_;
  std::vector<PointWeights> weights_;
  // What a block takes, so that it can be taken at once.
  std::vector<Frames> frames_; // of moves
  std::vector<Lane> lanes_;
  std::vector<GaussianRow> normals_;
  Squares coordinate_squares_, momentum_squares_;
  Buffer<double> carried_there_; // carried_ in the memory of the arrays
  std::vector<RowCopy> carried_rows_;
};

} // namespace nflow::mcmc

#endif
