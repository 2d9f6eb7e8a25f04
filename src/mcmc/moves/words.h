#ifndef NFLOW_MCMC_MOVES_WORDS_H
#define NFLOW_MCMC_MOVES_WORDS_H

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace nflow::mcmc {

/// The words of an input script, taken one after the other. Numbers are what LAMMPS takes for them.
/// What is missing or no number throws nflow::Error.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {}

  bool empty() const { return taken_ >= words_.size(); }
  /// How many have been taken.
  size_t taken() const { return taken_; }
  /// The next one, which stays; empty if there is none.
  const std::string &next() const;
  /// Takes the next one if it is this.
  bool take_if(const char *word);
  /// Takes the next one: "`what` is missing" if there is none.
  const std::string &take(const std::string &what);
  double take_number(const std::string &what);
  int take_integer(const std::string &what);

 private:
  std::vector<std::string> words_;
  size_t taken_ = 0;
};

} // namespace nflow::mcmc

#endif
