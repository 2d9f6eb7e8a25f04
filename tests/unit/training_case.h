#ifndef NFLOW_TESTS_TRAINING_CASE_H
#define NFLOW_TESTS_TRAINING_CASE_H

#include "base/random.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

namespace nflow::tests {

/// nflow-train on so many ranks; ended from outside if it hangs.
inline CommandResult train(const std::string &options, int ranks = 1) {
  return run_command("timeout 300 " + mpi_launcher(NFLOW_MPIEXEC, ranks) + NFLOW_TRAIN + " " +
                     options);
}

/// It refuses them with exit code 2 and one sentence, said once, that has `part`.
inline void expect_refusal(const std::string &options, const std::string &part, int ranks = 1) {
  const auto result = train(options, ranks);
  EXPECT_EQ(result.code, 2) << options << "\n" << result.output;
  const auto first = result.output.find("nflow-train: ");
  ASSERT_NE(first, std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("nflow-train: ", first + 1), std::string::npos) << result.output;
  EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
  if (ranks > 1) return; // mpirun has something to say, too
  EXPECT_EQ(first, 0u) << result.output;
  EXPECT_EQ(result.output.find('\n'), result.output.size() - 1) << result.output;
}

/// Whether a model was written; code 5 says that so short a training has made it worse than none.
inline bool wrote(const CommandResult &result) {
  return result.code == 0 || result.code == 5;
}

/// A dump of `frames` frames of `atoms` atoms with normal x, each correlated with the one before;
/// with a bond length, normal about the one before with this width.
inline void write_normal_dump(const std::string &file, int frames, int atoms, double bond = 0.0,
                              uint32_t seed = 5) {
  std::ofstream out(file);
  RandomStream stream(seed, 0, 0, Purpose::sample);
  for (int f = 0; f < frames; f++) {
    out << "ITEM: TIMESTEP\n" << f << "\nITEM: NUMBER OF ATOMS\n" << atoms;
    out << "\nITEM: BOX BOUNDS ss ss ss\n0 1\n0 1\n0 1\nITEM: ATOMS id type x\n";
    double previous = 0.0;
    for (int i = 0; i < atoms; i++) {
      previous = bond > 0.0 && i > 0 ? previous + bond * stream.gaussian()
                                     : 0.3 * previous + stream.gaussian();
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
