#ifndef NFLOW_MCMC_PREFETCH_H
#define NFLOW_MCMC_PREFETCH_H

#include "arrays/arrays.h"
#include "flow/flow.h"
#include "mcmc/moves/move.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace nflow::mcmc {

/// How many attempts are prepared at once.
struct PrefetchDepth {
  static constexpr int64_t most = 64; // that follow the acceptance

  int64_t largest = 1;
  bool follows = false;   // the acceptance, up to the largest; else always the largest
  double call_cost = 6.0; // of a batched call of the flow, in units of what each point of it costs

  /// Of the powers of two the one at which an attempt that is made costs least.
  int64_t at(double acceptance) const;
};

/// Attempts from a configuration that has been given to the chain.
struct Call {
  uint64_t attempts = std::numeric_limits<uint64_t>::max(); // before the next one may be given
  bool alone = false; // nothing but attempts changes the configuration, or the temperature
};

/// What the next attempts take from the flow if none of them is accepted: the images of the present
/// configuration on the prior's side, each with the momenta of its attempt, and latent steps from
/// there. These attempts share one call of the flow in each direction. What has been prepared is
/// forgotten as soon as attempts start from elsewhere.
class Prefetch {
 public:
  /// The present configuration on the prior's side.
  struct Image {
    const double *u = nullptr;
    double log_det = 0.0;          // ln|det dv/du|
    double log_prior = 0.0;        // if the prior is gaussian
    double momentum_squares = 0.0; // of v
  };

  /// Keeps both; the attempt that is asked for is always the one that the chain is at.
  Prefetch(Chain &chain, const Moves &moves);

  void set_depth(const PrefetchDepth &depth) { depth_ = depth; }
  /// The chain has been given a configuration, with Record::shared_begin and shared_end from a
  /// restart file or from before.
  void begin(const Call &call);
  /// An attempt was accepted.
  void move();
  /// The random numbers are others from now on.
  void forget();

  /// For an attempt of a move of all atoms. Stays until the next attempt.
  Image image();
  /// For an attempt of a move that has a latent_step(): f(u') and its weights but for h.
  FreshPoints step();

 private:
  static constexpr int64_t none = -1;

  /// Points that go through the flow at once.
  struct Batch {
    explicit Batch(Arrays &arrays) : v(arrays), u(arrays) {}

    bool made = false;         // whole, for all lanes that want it
    std::vector<int64_t> rows; // by lane: attempt - begin_
    int64_t count = 0;         // of rows
    Buffer<double> v, u;       // on both sides of the flow
    std::vector<double> log_det, log_prior;
  };

  bool still_holds() const;
  int64_t lane();
  void open(uint64_t begin, uint64_t end);
  uint64_t end_from(uint64_t attempt) const;
  RandomStream random(int64_t lane, Purpose purpose) const;
  const Move &move_of(int64_t lane) const { return *moves_[choices_[lane]].move; }
  void clear_plans();
  void plan_normals(RandomStream &numbers, double sigma, int64_t start);
  void make_images();
  void fill_images();
  void make_steps();
  void fill_steps();
  void find_log_prior(Batch &batch);
  void find_squares(const Batch &batch, int64_t first, int64_t columns,
                    std::vector<double> &squares);
  void sum_squares(int64_t columns, const double *values, std::vector<double> &squares);

  Chain &chain_;
  const Moves &moves_;
  PrefetchDepth depth_;

  // The attempts [begin_, end_), with their moves.
  uint64_t begin_ = 0, end_ = 0;
  Call call_;
  uint64_t call_begin_ = 0;
  bool moved_ = true;     // since the configuration was given
  Temperatures tau_{0.0}; // of what is made
  std::vector<size_t> choices_;
  Batch images_, steps_;
  Buffer<double> noise_;
  std::vector<double> momentum_squares_; // of images_.v
  std::vector<PointWeights> weights_;    // of steps_.v
  // What a batch takes, so that it can be taken at once.
  std::vector<RowCopy> copies_;
  std::vector<GaussianRow> normals_;
  std::vector<double> keep_;  // of the image, by row of steps_
  std::vector<int64_t> from_; // row of images_, by row of steps_
  std::vector<int64_t> starts_;
  std::vector<double> coordinate_squares_, squares_;
};

} // namespace nflow::mcmc

#endif
