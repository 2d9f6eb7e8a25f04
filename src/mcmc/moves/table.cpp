#include "mcmc/moves/table.h"

#include "base/error.h"

#include <cmath>

namespace nflow::mcmc {

// Each in the file of its move.
MakeMove make_independence, make_multitry, make_latent, make_pcn, make_mapped, make_excursion;

const std::vector<MoveRow> &move_table() {
  static const std::vector<MoveRow> table{
      {"independence", "independence", Prior::gaussian, make_independence},
      {"multitry", "multitry K", Prior::gaussian, make_multitry},
      {"latent", "latent sigma s", Prior::gaussian, make_latent},
      {"pcn", "pcn s", Prior::gaussian, make_pcn},
      {"mapped", "mapped reservoir FILE", Prior::boltzmann, make_mapped},
      {"excursion", "excursion steps n timestep dt", Prior::boltzmann, make_excursion},
  };
  return table;
}

namespace {

/// "a, b and c" with `last` = "and".
std::string enumerate(const std::vector<std::string> &names, const std::string &last) {
  std::string text;
  for (size_t i = 0; i < names.size(); i++) {
    if (i > 0) text += i + 1 < names.size() ? ", " : " " + last + " ";
    text += names[i];
  }
  return text;
}

std::string all_forms() {
  std::vector<std::string> forms;
  for (const auto &row : move_table()) forms.emplace_back(row.form);
  return enumerate(forms, "or");
}

} // namespace

std::string moves_of(Prior prior, const std::string &last) {
  std::vector<std::string> names;
  for (const auto &row : move_table())
    if (row.prior == prior) names.emplace_back(row.name);
  return enumerate(names, last);
}

WeightedMove parse_move(Words &words) {
  if (words.empty()) throw Error("move needs a kind: " + all_forms());
  const std::string name = words.take("");
  WeightedMove result;
  for (const auto &row : move_table())
    if (name == row.name) result.row = &row;
  if (!result.row) throw Error("move '" + name + "' is not known: use " + all_forms());
  result.move = result.row->make(words);
  if (words.take_if("weight")) {
    result.weight = words.take_number("the weight of a move");
    if (!(result.weight > 0.0) || !std::isfinite(result.weight))
      throw Error("the weight of a move must be positive");
  }
  return result;
}

} // namespace nflow::mcmc
