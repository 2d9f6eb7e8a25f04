#ifndef NFLOW_MCMC_PROPOSAL_BLOCK_H
#define NFLOW_MCMC_PROPOSAL_BLOCK_H

#include "arrays/arrays.h"
#include "flow/flow.h"
#include "mcmc/acceptance.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace nflow::mcmc {

/// The augmented space: `coordinates` numbers, and as many auxiliary momenta if there are any.
struct Space {
  int64_t coordinates = 0;
  bool auxiliary = false;
  bool gaussian_prior = true;
  double recorded_variance = 1.0; // of the momenta, for a boltzmann prior
  PeriodicBox box = {};           // in which differences of coordinates are taken

  int64_t atoms() const { return coordinates / box.dim; }
  int64_t size() const { return auxiliary ? 2 * coordinates : coordinates; }
  /// Variance of the momenta at k_B T = tau.
  double momentum_variance(double tau) const;
  /// ln prior(u) of a gaussian prior at k_B T = tau.
  double log_prior(Arrays &arrays, const double *u, double tau) const;
  /// The same of a point whose coordinates and momenta, if any, have these sums of squares.
  double log_prior_of(double coordinate_squares, double momentum_squares, double tau) const;
  /// h(v) = U/tau + |p|^2 / (2 a) of a point of energy U.
  double reduced_energy(Arrays &arrays, double energy, const double *v, double tau) const;
  /// The same of a point whose momenta, if any, have this sum of squares.
  double reduced_energy_of(double energy, double momentum_squares, double tau) const;
};

enum class MoveKind { independence, multitry, latent, pcn, mapped, excursion };

/// Whether a move starts from a boltzmann prior; all others start from a gaussian one.
inline bool needs_boltzmann(MoveKind kind) {
  return kind == MoveKind::mapped || kind == MoveKind::excursion;
}

/// Equilibrium configurations [count, n, d] at the temperature of a boltzmann prior, and their
/// energies, on the host. Whoever changes x increments the revision, for there may be copies.
struct Reservoir {
  std::vector<double> x, energies;
  uint64_t revision = 0;
};

/// One way to propose a configuration, chosen with a probability proportional to its weight.
struct Move {
  MoveKind kind = MoveKind::independence;
  int tries = 2;     // multitry: candidates, the current configuration included
  double step = 0.1; // latent: sigma; pcn: s in (0, 1]
  double weight = 1.0;
  std::shared_ptr<const Reservoir> reservoir; // mapped; filled before the first attempt
  int steps = 10;                             // excursion: of velocity Verlet in one trajectory
  double timestep = 0.005;                    // excursion
  int repeat = 1;                             // excursion: trajectories
  int64_t local = 0;                          // excursion: atoms that move; 0: all

  /// Draws from the flow that one attempt consumes.
  int fresh() const {
    if (kind == MoveKind::independence || kind == MoveKind::mapped) return 1;
    return kind == MoveKind::multitry ? tries - 1 : 0;
  }
};

/// Which move attempt number `attempt` makes.
size_t choose_move(const std::vector<Move> &moves, uint32_t seed, uint32_t replica,
                   uint64_t attempt);

/// The independent proposals of a block of attempts [b B, (b+1) B), made by one batched forward. A
/// block is always made whole, so that a restart in its middle gives the same numbers to the last
/// bit.
class ProposalBlock {
 public:
  ProposalBlock(const Space &space, const std::vector<Move> &moves, int64_t batch, uint32_t seed,
                uint32_t replica, Arrays &arrays = host_arrays());
  /// Makes the block of `attempt` at these temperatures unless it is there. Returns true if it
  /// called the flow.
  bool prepare(Flow &flow, uint64_t attempt, const Temperatures &tau);
  /// The proposals of that attempt: [fresh, S, n, d], and their weights but for h.
  const double *points(uint64_t attempt) const;
  const PointWeights *weights(uint64_t attempt) const;

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

  int64_t choose(uint64_t block);
  void plan(uint64_t attempt, size_t choice, double tau);
  void plan_frame(uint64_t attempt, size_t choice, int64_t start, Lane &lane);
  int64_t plan_squares(int64_t start);
  void fill();
  void weigh(double tau);
  double squares(int64_t place) const { return place < 0 ? 0.0 : squares_[place]; }

  Space space_;
  const std::vector<Move> moves_;
  int64_t batch_;
  uint32_t seed_, replica_;
  Arrays &arrays_;
  bool valid_ = false;
  uint64_t block_ = 0;
  Temperatures tau_{0.0};
  std::vector<int64_t> first_;  // of attempt block_ * batch_ + i
  std::vector<size_t> choices_; // of moves
  Buffer<double> u_, v_;
  std::vector<double> log_det_;
  std::vector<PointWeights> weights_;
  // What a block takes, so that it can be taken at once.
  std::vector<Frames> frames_; // of moves
  std::vector<Lane> lanes_;
  std::vector<GaussianRow> normals_;
  std::vector<int64_t> starts_; // of rows whose squares are summed
  std::vector<double> squares_;
};

} // namespace nflow::mcmc

#endif
