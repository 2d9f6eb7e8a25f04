#ifndef NFLOW_TESTS_TRAINING_CASE_H
#define NFLOW_TESTS_TRAINING_CASE_H

#include "base/random.h"
#include "support/run_command.h"

#include <fstream>
#include <string>
#include <utility>

namespace nflow::tests {

inline void write_text(const std::string &file, const std::string &text) {
  std::ofstream(file) << text;
}

/// A dump of `frames` frames of `atoms` atoms with normal x, the second correlated with the first.
inline void write_normal_dump(const std::string &file, int frames, int atoms, uint32_t seed = 5) {
  std::ofstream out(file);
  RandomStream stream(seed, 0, 0, Purpose::sample);
  for (int f = 0; f < frames; f++) {
    out << "ITEM: TIMESTEP\n" << f << "\nITEM: NUMBER OF ATOMS\n" << atoms;
    out << "\nITEM: BOX BOUNDS ss ss ss\n0 1\n0 1\n0 1\nITEM: ATOMS id type x\n";
    double previous = 0.0;
    for (int i = 0; i < atoms; i++) {
      previous = 0.3 * previous + stream.gaussian();
      out << i + 1 << " 1 " << previous << "\n";
    }
  }
}

/// The best-validation parameters as nflow-train wrote them, by their digest.
inline std::string digest_of(const std::string &model) {
  const auto text = run_command("grep -a -o 'fnv1a64:[0-9a-f]*' " + model + " | tail -1").output;
  return text.substr(0, text.find('\n'));
}

} // namespace nflow::tests

#endif
