#include "mcmc/sampler.h"

#include "base/stopwatch.h"

#include <cmath>
#include <utility>

namespace nflow::mcmc {

FlowSampler::FlowSampler(Flow &flow, Target &target, const Space &space, Moves moves, int64_t batch,
                         const Streams &streams, const AcceptanceRules &rules, Arrays &arrays)
    : moves_(std::move(moves)), chain_(flow, target, space, streams, moves_, rules, arrays),
      block_(space, moves_, batch, arrays) {
  for (const auto &one : moves_) one.move->start(chain_);
}

void FlowSampler::set_state(const double *x, double energy, const Temperatures &tau,
                            const Call &call) {
  copy(chain_.arrays(), x, chain_.space().coordinates, chain_.x());
  set_state(energy, tau, call);
}

BatchTrial FlowSampler::try_batches(int64_t points, const Temperatures &tau) {
  BatchTrial trial(chain_.flow(), chain_.space(), chain_.arrays(), points);
  trial.run(chain_.x(), tau, chain_.streams());
  return trial;
}

bool FlowSampler::attempt() {
  Record &record = chain_.record();
  const Stopwatch total(record.timings.total);
  const uint64_t number = record.counters.attempts;
  const size_t choice = choose_move(moves_, chain_.streams(), number);
  Move &move = *moves_[choice].move;
  FreshPoints fresh;
  if (move.needs().fresh > 0) {
    const auto &carried = chain_.carried();
    const Stopwatch watch(record.timings.flow);
    fresh = block_.proposals(chain_.flow(), chain_.streams(), number, chain_.tau(), carried);
  }
  if (fresh.points) {
    const Stopwatch watch(record.timings.energy);
    block_.prepare(chain_.target());
  }
  const uint64_t without = record.counters.not_finite + record.counters.not_reversible;
  const bool accepted = move.attempt(chain_, fresh);
  const bool decided = without == record.counters.not_finite + record.counters.not_reversible;
  record.add_attempt(choice, accepted, decided ? record.log_acceptance : NAN);
  return accepted;
}

void FlowSampler::restart(const Streams &streams, const std::vector<double> &checkpoint) {
  chain_.set_streams(streams);
  chain_.record().restore(checkpoint);
}

} // namespace nflow::mcmc
