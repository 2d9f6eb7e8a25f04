#include "base/digest.h"

#include <cstdio>

namespace nflow {

void Digest::add(const void *data, std::size_t bytes) {
  const auto *from = static_cast<const unsigned char *>(data);
  for (std::size_t i = 0; i < bytes; i++) hash_ = (hash_ ^ from[i]) * 1099511628211ull;
}

std::string Digest::text() const {
  char text[32];
  std::snprintf(text, sizeof(text), "fnv1a64:%016llx", static_cast<unsigned long long>(hash_));
  return text;
}

} // namespace nflow
