#include "trainer/data/states.h"

#include "architectures/flow_setting.h"
#include "base/error.h"
#include "base/geometry.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace nflow::trainer {

namespace {

constexpr size_t longest = 2000; // of a condition: evaluating goes as deep as it has operators
const char *const a_number = "a number or a coordinate such as x1 or distance(1,2)";

using Number = std::function<double(const double *)>;
using Condition = std::function<bool(const double *)>;

/// Recursive descent over the grammar of State.
class Parser {
 public:
  Parser(std::string text, size_t start, int64_t n_atoms, int64_t dim)
      : text_(std::move(text)), at_(start), n_atoms_(n_atoms), dim_(dim) {}

  Condition whole() {
    auto result = condition();
    skip_blanks();
    if (at_ < text_.size()) expect("'&&', '||' or the end");
    return result;
  }

 private:
  [[noreturn]] void expect(const std::string &what) const {
    throw Error("state '" + text_ + "' is not understood: " + what + " should be at '" +
                (at_ < text_.size() ? text_.substr(at_, 40) : "(its end)") +
                "'; write it as in --state \"left: x1 < 0\" (docs/nflow-train.md)");
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) at_++;
  }
  bool take(const std::string &token) {
    skip_blanks();
    if (text_.compare(at_, token.size(), token) != 0) return false;
    at_ += token.size();
    return true;
  }

  Condition condition() {
    auto result = conjunction();
    while (take("||"))
      result = [a = std::move(result), b = conjunction()](const double *x) { return a(x) || b(x); };
    return result;
  }
  Condition conjunction() {
    auto result = comparison();
    while (take("&&"))
      result = [a = std::move(result), b = comparison()](const double *x) { return a(x) && b(x); };
    return result;
  }
  Condition comparison() {
    const auto a = sum();
    // The longer tokens first.
    if (take("<=")) return [a, b = sum()](const double *x) { return a(x) <= b(x); };
    if (take(">=")) return [a, b = sum()](const double *x) { return a(x) >= b(x); };
    if (take("<")) return [a, b = sum()](const double *x) { return a(x) < b(x); };
    if (take(">")) return [a, b = sum()](const double *x) { return a(x) > b(x); };
    expect("'<', '>', '<=' or '>='");
  }
  Number sum() {
    auto result = product();
    while (true) {
      if (take("+"))
        result = [a = std::move(result), b = product()](const double *x) { return a(x) + b(x); };
      else if (take("-"))
        result = [a = std::move(result), b = product()](const double *x) { return a(x) - b(x); };
      else
        return result;
    }
  }
  Number product() {
    auto result = factor();
    while (true) {
      if (take("*"))
        result = [a = std::move(result), b = factor()](const double *x) { return a(x) * b(x); };
      else if (take("/"))
        result = [a = std::move(result), b = factor()](const double *x) { return a(x) / b(x); };
      else
        return result;
    }
  }
  Number factor() {
    const Depth one_deeper(depth_);
    require(depth_ <= most_depth, "state '" + text_.substr(0, 40) + " ..' has more than " +
                                      std::to_string(most_depth) +
                                      " parentheses or signs within each other: write it with "
                                      "fewer");
    if (take("-")) return [a = factor()](const double *x) { return -a(x); };
    if (take("(")) {
      auto result = sum();
      if (!take(")")) expect("')'");
      return result;
    }
    skip_blanks();
    const char letter = at_ < text_.size() ? text_[at_] : '\0';
    if (letter >= 'x' && letter <= 'z') return coordinate(letter - 'x');
    for (const auto &kind : chain_kinds)
      if (take(kind.name)) return chain(kind);
    if (!std::isdigit(static_cast<unsigned char>(letter)) && letter != '.') expect(a_number);
    char *end = nullptr;
    const double value = std::strtod(text_.c_str() + at_, &end);
    if (end == text_.c_str() + at_) expect(a_number);
    at_ = static_cast<size_t>(end - text_.c_str());
    return [value](const double *) { return value; };
  }
  /// 0 where there are none.
  int64_t digits() {
    int64_t value = 0;
    for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); at_++)
      value = std::min<int64_t>(10 * value + (text_[at_] - '0'), INT64_MAX / 100);
    return value;
  }
  Number coordinate(int64_t component) {
    const size_t start = at_++;
    const int64_t atom = digits();
    const bool there = atom >= 1 && atom <= n_atoms_ && component < dim_;
    if (!there) {
      at_ = start;
      expect("a coordinate of atoms 1 to " + std::to_string(n_atoms_) + " with components " +
             std::string("xyz").substr(0, dim_));
    }
    const int64_t index = (atom - 1) * dim_ + component;
    return [index](const double *x) { return x[index]; };
  }
  Number chain(const ChainKind &kind) {
    require(dim_ >= kind.least_dim,
            "state '" + text_ + "' asks for " + kind.name + "(..), which needs " +
                std::to_string(kind.least_dim) + " dimensions, and these atoms have " +
                std::to_string(dim_) + ": write it with coordinates such as x1");
    std::array<int64_t, 4> atoms{};
    for (int i = 0; i < kind.atoms; i++) {
      if (!take(i == 0 ? "(" : ",")) expect(i == 0 ? "'('" : "','");
      atoms[i] = atom_beside(atoms.data(), i);
    }
    if (!take(")")) expect("')'");
    return [atoms, count = kind.atoms, dim = dim_](const double *x) {
      Vector3 steps[3];
      for (int i = 0; i + 1 < count; i++)
        steps[i] = position_of(x, atoms[i + 1], dim) - position_of(x, atoms[i], dim);
      return chain_coordinate(steps, count);
    };
  }
  /// The index of an atom that is none of the `count` others.
  int64_t atom_beside(const int64_t *others, int count) {
    skip_blanks();
    const size_t start = at_;
    const int64_t atom = digits() - 1;
    if (atom >= 0 && atom < n_atoms_ && !std::count(others, others + count, atom)) return atom;
    at_ = start;
    expect("another one of atoms 1 to " + std::to_string(n_atoms_));
  }

  /// Of this function within itself: text can be deeper than the stack.
  struct Depth {
    explicit Depth(int &depth) : depth_(depth) { depth_++; }
    ~Depth() { depth_--; }
    int &depth_;
  };
  static constexpr int most_depth = 50;

  const std::string text_;
  int depth_ = 0;
  size_t at_;
  const int64_t n_atoms_, dim_;
};

} // namespace

State::State(const std::string &text, int64_t n_atoms, int64_t dim) : text_(text) {
  require(text.size() <= longest, "state '" + text.substr(0, 40) + " ..' has more than " +
                                      std::to_string(longest) +
                                      " characters: write a shorter condition");
  const size_t colon = text.find(':');
  for (const char c : text.substr(0, colon))
    if (!std::isspace(static_cast<unsigned char>(c))) name_ += c;
  const bool plain = std::all_of(name_.begin(), name_.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.';
  });
  if (colon == std::string::npos || name_.empty() || !plain)
    throw Error("state '" + text +
                "' has no name: write a word, a colon and a condition, as in --state \"left: x1 < "
                "0\"");
  condition_ = Parser(text, colon + 1, n_atoms, dim).whole();
}

std::vector<State> parse_states(const std::vector<std::string> &texts, int64_t n_atoms,
                                int64_t dim) {
  std::vector<State> states;
  for (const auto &text : texts) {
    states.emplace_back(text, n_atoms, dim);
    for (size_t i = 0; i + 1 < states.size(); i++)
      if (states[i].name() == states.back().name())
        throw Error("two states have the name '" + states[i].name() +
                    "': give every --state a name of its own");
  }
  return states;
}

std::vector<double> states_of(const std::vector<State> &states, const std::vector<double> &x,
                              int64_t numbers) {
  std::vector<double> result;
  for (size_t at = 0; at + numbers <= x.size(); at += numbers) {
    size_t state = 0;
    while (state < states.size() && !states[state].contains(&x[at])) state++;
    result.push_back(static_cast<double>(state));
  }
  return result;
}

namespace {

struct Valley {
  double z = 0.0, place = 0.0;
};

/// The most significant valley of a histogram of the samples along coordinate i.
Valley deepest_valley(const ThermalSamples &samples, int64_t i) {
  constexpr int bins = 30;
  std::vector<double> values;
  for (const int64_t frame : samples.split.training)
    values.push_back(samples.samples.frame(frame)[i]);
  if (values.size() < 2) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double width = (*high - *low) / bins;
  if (!(width > 0.0)) return {};
  std::vector<double> counts(bins, 0.0), left(bins, 0.0), right(bins, 0.0);
  for (const double value : values)
    counts[std::min(static_cast<int>((value - *low) / width), bins - 1)] += 1.0;
  for (int b = 1; b < bins; b++) left[b] = std::max(left[b - 1], counts[b - 1]);
  for (int b = bins - 2; b >= 0; b--) right[b] = std::max(right[b + 1], counts[b + 1]);
  Valley deepest;
  for (int b = 0; b < bins; b++) {
    const double peak = std::min(left[b], right[b]);
    const double z = (peak - counts[b]) / std::sqrt(std::max(1.0, peak + counts[b]));
    if (counts[b] < 0.5 * peak && z > std::max(4.0, deepest.z))
      deepest = {z, *low + (b + 0.5) * width};
  }
  return deepest;
}

} // namespace

std::vector<std::string> states_by_valley(const ThermalSamples &samples,
                                          const std::vector<int64_t> &coordinates) {
  Valley best;
  std::string coordinate;
  for (const int64_t i : coordinates) {
    const auto valley = deepest_valley(samples, i);
    if (valley.z <= best.z) continue;
    best = valley;
    coordinate = coordinate_names({i}, samples.samples.dim);
  }
  if (coordinate.empty()) return {};
  char place[32];
  std::snprintf(place, sizeof(place), "%.4g", best.place);
  return {coordinate + "_low: " + coordinate + " < " + place,
          coordinate + "_high: " + coordinate + " >= " + place};
}

} // namespace nflow::trainer
