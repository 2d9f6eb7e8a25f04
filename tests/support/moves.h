#ifndef NFLOW_TESTS_MOVES_H
#define NFLOW_TESTS_MOVES_H

#include "mcmc/moves/table.h"

#include <sstream>
#include <string>
#include <vector>

namespace nflow::tests {

/// Moves from what an input script says of each. Those that draw from a reservoir get a copy of
/// `frames`.
inline mcmc::Moves make_moves(const std::vector<std::string> &lines,
                              const mcmc::Reservoir &frames = {}) {
  mcmc::Moves moves;
  for (const auto &line : lines) {
    std::istringstream in(line);
    std::vector<std::string> list;
    for (std::string word; in >> word;) list.push_back(word);
    mcmc::Words words(list);
    moves.push_back(mcmc::parse_move(words));
    const auto &reservoir = moves.back().move->needs().reservoir;
    if (reservoir) *reservoir = frames;
  }
  return moves;
}

} // namespace nflow::tests

#endif
