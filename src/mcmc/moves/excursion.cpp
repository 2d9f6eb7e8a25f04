// excursion steps n timestep dt [repeat m] [local k]: the current configuration goes backward
// through a flow with a boltzmann prior to T0, moves there by hybrid Monte Carlo, which is
// reversible for the prior, and goes forward again. With `local`, only the k atoms nearest to a
// random point do, in the presence of the others.

#include "base/error.h"
#include "base/stopwatch.h"
#include "mcmc/chain.h"
#include "mcmc/hybrid_monte_carlo.h"
#include "mcmc/moves/table.h"

#include <array>
#include <cmath>

namespace nflow::mcmc {

namespace {

struct ExcursionArguments {
  int steps = 0; // of velocity Verlet in one trajectory
  double timestep = 0.0;
  int repeat = 1;    // trajectories
  int64_t local = 0; // atoms that move; 0: all
};

class Excursion : public Move {
 public:
  explicit Excursion(const ExcursionArguments &arguments)
      : Move(Needs{0, nullptr, arguments.local}), arguments_(arguments) {}

  void start(Chain &chain) override { work_ = std::make_unique<Work>(chain); }

  bool attempt(Chain &chain, const FreshPoints &) override {
    const bool local = arguments_.local > 0;
    const Point centre = local ? draw_centre(chain) : Point{};
    const uint8_t *atoms =
        local ? mark_nearest(chain, centre, chain.x(), work_->nearest_before) : nullptr;
    PointWeights old_point, new_point;
    if (!cross_and_return(chain, atoms, old_point, new_point)) return chain.reject_not_finite();
    if (local && !is_reversible(chain, centre)) {
      chain.record().counters.not_reversible++;
      return false;
    }
    return chain.decide(chain.rules().prior_reversible, old_point, work_->v.data(), new_point)
        .accepted;
  }

 private:
  using Point = std::array<double, 3>;
  struct Work {
    explicit Work(Chain &chain)
        : dynamics(chain.target(), chain.space().atoms(), chain.space().box.dim, chain.arrays()),
          state(chain.arrays(), chain.space().coordinates), u(chain.arrays(), chain.space().size()),
          v(chain.arrays(), chain.space().size()),
          nearest_before(chain.arrays(), chain.space().atoms()),
          nearest_after(chain.arrays(), chain.space().atoms()) {}

    HybridMonteCarlo dynamics;
    DynamicState state;  // at T0
    Buffer<double> u, v; // the proposal on the prior's side and on the target's
    Buffer<uint8_t> nearest_before, nearest_after; // atoms of a local excursion
  };

  static Point draw_centre(const Chain &chain) {
    const PeriodicBox &box = chain.space().box;
    RandomStream random = chain.random(Purpose::centre);
    Point centre{};
    for (int64_t k = 0; k < box.dim; k++) centre[k] = box.lengths[k] * random.uniform();
    return centre;
  }
  const uint8_t *mark_nearest(const Chain &chain, const Point &centre, const double *x,
                              Buffer<uint8_t> &mask) const {
    const Space &space = chain.space();
    chain.arrays().nearest_atoms(space.box, centre.data(), x, space.atoms(), arguments_.local,
                                 mask.data());
    return mask.data();
  }

  /// Whether a local excursion from the proposal with the same centre would move the same atoms.
  bool is_reversible(const Chain &chain, const Point &centre) {
    const uint8_t *after = mark_nearest(chain, centre, work_->v.data(), work_->nearest_after);
    const int64_t different =
        chain.arrays().count_different(chain.space().atoms(), work_->nearest_before.data(), after);
    return chain.target().agree(chain.rules().is_reversible(different)) != 0;
  }

  /// To T0, where the atoms move, or all if there are none, and back: makes the proposal. False if
  /// it meets something that is not finite.
  bool cross_and_return(Chain &chain, const uint8_t *atoms, PointWeights &old_point,
                        PointWeights &new_point) {
    const Space &space = chain.space();
    const int64_t m = space.coordinates;
    double *u = work_->u.data(), *v = work_->v.data();
    old_point = chain.pull_back(atoms);
    if (!chain.all_finite(chain.latent()) || !run_at_prior(chain, atoms, old_point)) return false;

    copy(chain.arrays(), work_->state.x.data(), m, u);
    copy(chain.arrays(), chain.latent() + m, space.size() - m, u + m);
    new_point.log_prior = -chain.prior_energy(work_->state.energy, u);
    new_point.log_det = chain.push_forward(u, atoms, v);
    if (!chain.all_finite(v)) return false;
    // The image nearest to where an atom was: a flow returns any. What did not move stays to the
    // bit.
    chain.arrays().to_nearest_image(space.box, chain.x(), atoms, space.atoms(), v);
    return true;
  }

  /// Hybrid Monte Carlo at T0 from latent(), whose log_prior it finds; false if it does not start
  /// from a finite energy.
  bool run_at_prior(Chain &chain, const uint8_t *atoms, PointWeights &old_point) {
    DynamicState &state = work_->state;
    Counters &counters = chain.record().counters;
    copy(chain.arrays(), chain.latent(), chain.space().coordinates, state.x.data());
    const Stopwatch watch(chain.record().timings.energy);
    state.energy = chain.target().energy_and_forces(state.x.data(), state.forces.data());
    counters.evaluations++;
    if (!std::isfinite(state.energy)) return false;
    old_point.log_prior = -chain.prior_energy(state.energy, chain.latent());
    RandomStream random = chain.random(Purpose::excursion);
    for (int i = 0; i < arguments_.repeat; i++) {
      counters.trajectories++;
      counters.accepted_trajectories +=
          work_->dynamics.move(state, atoms, chain.tau().prior, arguments_.steps,
                               arguments_.timestep, random, counters.evaluations);
    }
    return true;
  }

  ExcursionArguments arguments_;
  std::unique_ptr<Work> work_;
};

int take_count(Words &words, const std::string &what) {
  const int value = words.take_integer(what);
  if (value < 1) throw Error(what + " must be at least 1");
  return value;
}

double take_time(Words &words, const std::string &what) {
  const double value = words.take_number(what);
  if (!(value > 0.0) || !std::isfinite(value)) throw Error(what + " must be positive");
  return value;
}

} // namespace

std::unique_ptr<Move> make_excursion(Words &words) {
  ExcursionArguments arguments;
  for (bool more = true; more;) {
    if (words.take_if("timestep"))
      arguments.timestep = take_time(words, "timestep of move excursion");
    else if (words.take_if("steps"))
      arguments.steps = take_count(words, "steps of move excursion");
    else if (words.take_if("repeat"))
      arguments.repeat = take_count(words, "repeat of move excursion");
    else if (words.take_if("local"))
      arguments.local = take_count(words, "local of move excursion");
    else
      more = false;
  }
  if (arguments.steps == 0 || arguments.timestep == 0.0)
    throw Error("move excursion needs 'steps n timestep dt', the dynamics at T0");
  return std::make_unique<Excursion>(arguments);
}

} // namespace nflow::mcmc
