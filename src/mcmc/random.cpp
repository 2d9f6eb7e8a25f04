#include "mcmc/random.h"

#include <Random123/philox.h>

#include <cmath>

namespace nflow::mcmc {

uint32_t named_seed(uint32_t seed, const std::string &name) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash ^ seed;
}

RandomStream::RandomStream(uint32_t seed, uint32_t replica, uint64_t attempt, Purpose purpose)
    : key_{seed, replica},
      // The last word counts the blocks of four numbers of this stream.
      counter_{static_cast<uint32_t>(attempt), static_cast<uint32_t>(attempt >> 32),
               static_cast<uint32_t>(purpose), 0} {}

uint32_t RandomStream::next() {
  if (used_ == 4) {
    const r123::Philox4x32::ctr_type counter = {
        {counter_[0], counter_[1], counter_[2], counter_[3]++}};
    const r123::Philox4x32::key_type key = {{key_[0], key_[1]}};
    const auto block = r123::Philox4x32()(counter, key);
    for (int i = 0; i < 4; i++) block_[i] = block[i];
    used_ = 0;
  }
  return block_[used_++];
}

double RandomStream::uniform() {
  const uint64_t high = next() >> 5, low = next() >> 6;
  return (static_cast<double>(high * 67108864ull + low) + 0.5) / 9007199254740992.0;
}

double RandomStream::gaussian() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  const double angle = 2.0 * M_PI * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

void RandomStream::fill_gaussian(double *values, int64_t count, double sigma) {
  for (int64_t i = 0; i < count; i++) values[i] = sigma * gaussian();
}

} // namespace nflow::mcmc
