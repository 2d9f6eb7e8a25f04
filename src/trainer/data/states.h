#ifndef NFLOW_TRAINER_DATA_STATES_H
#define NFLOW_TRAINER_DATA_STATES_H

#include "trainer/data/thermal_data.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nflow::trainer {

/// A named set of configurations, "NAME: CONDITION" such as "left: 0.89*x1 - 0.45*x2 < 0.1":
///     condition   = conjunction { "||" conjunction }
///     conjunction = comparison { "&&" comparison }
///     comparison  = sum ( "<" | ">" | "<=" | ">=" ) sum
///     sum         = product { ( "+" | "-" ) product }
///     product     = factor { ( "*" | "/" ) factor }
///     factor      = number | coordinate | "-" factor | "(" sum ")"
///     coordinate  = ( "x" | "y" | "z" ) k | "distance(" i "," j ")" | "angle(" i "," j "," k ")"
///                 | "dihedral(" i "," j "," k "," l ")"
/// where atom k is the one with the k-th ID, k from 1; in LAMMPS distance units and degrees,
/// dihedrals as chain_coordinate() has them. Comparisons with one that is not defined do not hold.
class State {
 public:
  /// Throws Error with the text and what is wrong with it.
  State(const std::string &text, int64_t n_atoms, int64_t dim);

  const std::string &name() const { return name_; }
  const std::string &text() const { return text_; }
  /// Whether the configuration x [n, d] is of this state.
  bool contains(const double *x) const { return condition_(x); }

 private:
  std::string text_, name_;
  std::function<bool(const double *)> condition_;
};

/// Throws Error also where two have one name.
std::vector<State> parse_states(const std::vector<std::string> &texts, int64_t n_atoms,
                                int64_t dim);

/// For each configuration of x [count, n, d] the number of the first state that contains it, or
/// states.size() for none.
std::vector<double> states_of(const std::vector<State> &states, const std::vector<double> &x,
                              int64_t numbers);

/// States where the user names none: if the samples have two peaks along one of these coordinates
/// (atom * dim + component), the two sides of the valley that parts them best, else no states. A
/// valley is below half of both peaks, by more than four standard errors.
std::vector<std::string> states_by_valley(const ThermalSamples &samples,
                                          const std::vector<int64_t> &coordinates);

} // namespace nflow::trainer

#endif
