#ifndef NFLOW_BASE_DIGEST_H
#define NFLOW_BASE_DIGEST_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace nflow {

/// FNV-1a of 64 bits of all bytes that were added, in their order: whether something is still what
/// it was.
class Digest {
 public:
  void add(const void *data, std::size_t bytes);
  /// "fnv1a64:" and 16 hexadecimal digits.
  std::string text() const;

 private:
  uint64_t hash_ = 1469598103934665603ull;
};

} // namespace nflow

#endif
