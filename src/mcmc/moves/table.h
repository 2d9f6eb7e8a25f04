#ifndef NFLOW_MCMC_MOVES_TABLE_H
#define NFLOW_MCMC_MOVES_TABLE_H

#include "flow/prior.h"
#include "mcmc/moves/move.h"
#include "mcmc/moves/words.h"

namespace nflow::mcmc {

/// Reads the words that follow the name of a move, and makes it. Throws nflow::Error.
using MakeMove = std::unique_ptr<Move>(Words &words);

/// What is known of a kind of move before there is one.
struct MoveRow {
  const char *name;
  const char *form; // how it is written in an input script
  Prior prior;      // of the models that it works with
  MakeMove *make;
};

/// All kinds of moves.
const std::vector<MoveRow> &move_table();

/// The names of the moves of a prior: "a, b and c", say, with "and" as the last word between.
std::string moves_of(Prior prior, const std::string &last);

/// Reads one move, "name arguments [weight w]", and makes it. Throws nflow::Error.
WeightedMove parse_move(Words &words);

} // namespace nflow::mcmc

#endif
