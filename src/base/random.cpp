#include "base/random.h"

namespace nflow {

uint32_t named_seed(uint32_t seed, const std::string &name) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash ^ seed;
}

RandomStream::RandomStream(uint32_t seed, uint32_t replica, uint64_t attempt, Purpose purpose) {
  rest_.key[0] = seed;
  rest_.key[1] = replica;
  rest_.counter[0] = static_cast<uint32_t>(attempt);
  rest_.counter[1] = static_cast<uint32_t>(attempt >> 32);
  rest_.counter[2] = static_cast<uint32_t>(purpose);
}

double RandomStream::uniform() {
  const double value = rest_.uniform(rest_.word);
  rest_.word += 2;
  return value;
}

double RandomStream::gaussian() {
  double value;
  fill_gaussian(&value, 1);
  return value;
}

void RandomStream::find_spare() {
  if (rest_.has_spare && !spare_is_known_) rest_.spare = rest_.pair_at(spare_pair_).second;
  spare_is_known_ = true;
}

GaussianSequence RandomStream::take_gaussians(int64_t count) {
  if (count > 0) find_spare();
  const GaussianSequence taken = rest_;
  if (count == 0) return taken;
  const int64_t fresh = count - taken.has_spare;
  rest_.word += 4 * static_cast<uint64_t>((fresh + 1) / 2);
  rest_.has_spare = static_cast<int>(fresh % 2);
  spare_is_known_ = !rest_.has_spare;
  spare_pair_ = rest_.word - 4;
  return taken;
}

void RandomStream::fill_gaussian(double *values, int64_t count, double sigma) {
  const auto taken = take_gaussians(count);
  if (count > 0 && taken.has_spare) values[0] = sigma * taken.spare;
  for (int64_t i = taken.has_spare, p = 0; i < count; i += 2, p++) {
    const auto both = taken.pair(p);
    values[i] = sigma * both.first;
    if (i + 1 < count) values[i + 1] = sigma * both.second;
    rest_.spare = both.second; // the last one stays over if their number is odd
    spare_is_known_ = true;
  }
}

} // namespace nflow
