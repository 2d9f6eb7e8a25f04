#include "mcmc/fruitless.h"

#include <cmath>
#include <cstdio>

namespace nflow::mcmc {

std::string FruitlessMove::sentence(const std::string &name) const {
  std::string text =
      "of " + std::to_string(attempts) + " attempts of '" + name + "' none was accepted";
  if (!std::isfinite(best_log_acceptance)) return text;
  char best[64];
  std::snprintf(best, sizeof(best), " (the likeliest with a probability of exp(%.3g))",
                best_log_acceptance);
  return text + best;
}

std::vector<FruitlessMove> FruitlessMoves::take(const Record &record) {
  const auto &counters = record.counters;
  attempts_.resize(counters.move_attempts.size());
  accepts_.resize(counters.move_accepts.size());
  std::vector<FruitlessMove> found;
  for (size_t i = 0; i < attempts_.size(); i++) {
    const uint64_t attempts = counters.move_attempts[i] - attempts_[i];
    const bool accepted = counters.move_accepts[i] != accepts_[i];
    if (!accepted && attempts < least) continue; // too early to tell
    if (!accepted) found.push_back({i, attempts, record.best_log_acceptance[i]});
    attempts_[i] = counters.move_attempts[i];
    accepts_[i] = counters.move_accepts[i];
  }
  return found;
}

} // namespace nflow::mcmc
