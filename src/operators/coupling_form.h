#ifndef NFLOW_OPERATORS_COUPLING_FORM_H
#define NFLOW_OPERATORS_COUPLING_FORM_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nflow::operators {

enum class CouplingKind {
  steerable, // affine, the mean of the log-scales subtracted (tsf)
  affine,    // rnvp
  spline,    // rational-quadratic splines of [-1, 1] with linear tails
};
enum class Activation { tanh, silu, relu };

/// Which coupling flow nflow::coupling_flow evaluates (docs/flows.md, "The operator").
struct CouplingForm {
  CouplingKind kind = CouplingKind::steerable;
  Activation activation = Activation::tanh;
  int64_t width = 0;           // W, numbers of a point
  int64_t mixed = 0;           // D, the first numbers, that a matrix mixes; 0: none
  int64_t units = 0;           // of the network of each coordinate; 0: none (plain)
  int64_t bins = 0;            // of a spline
  std::vector<int64_t> hidden; // units of the hidden layers
  std::vector<int64_t> sizes;  // how many numbers a coupling moves and how many it keeps, in turn

  bool operator==(const CouplingForm &o) const {
    return kind == o.kind && activation == o.activation && width == o.width && mixed == o.mixed &&
           units == o.units && bins == o.bins && hidden == o.hidden && sizes == o.sizes;
  }
};

/// What the conditioner of a coupling sees times this: splines reach from -1 to 1.
inline double input_scale(CouplingKind kind) {
  return kind == CouplingKind::spline ? 3.0 : 1.0;
}

/// Numbers behind the weights that are read in the same stretch as the last ones and do not matter.
constexpr int64_t coupling_padding = 16;

/// Where the weights of a form are: the scale and shift [W] of each number before the couplings,
/// those behind them, the matrix [D, D] between (a row times it); then of each coupling its layers,
/// weight [in, out] and bias [out], and the small networks, weight, bias and factor [units, moved].
class CouplingLayout {
 public:
  struct Layer {
    int64_t in, out, weight, bias;
  };
  struct Coupling {
    int64_t moved, kept, outputs;
    int64_t places; // where its numbers are listed, the moved ones first
    std::vector<Layer> layers;
    int64_t unit_weight, unit_bias, unit_out;
  };

  explicit CouplingLayout(const CouplingForm &form);

  const std::vector<Coupling> &couplings() const { return couplings_; }
  int64_t in_scale() const { return 0; }
  int64_t in_shift() const { return width_; }
  int64_t out_scale() const { return 2 * width_; }
  int64_t out_shift() const { return 3 * width_; }
  int64_t mixing() const { return 4 * width_; }
  /// Numbers of all, with the padding; and of the list of places.
  int64_t size() const { return size_ + coupling_padding; }
  int64_t places() const { return places_; }
  /// The most that any coupling has.
  int64_t largest_moved() const { return largest_moved_; }
  int64_t largest_kept() const { return largest_kept_; }
  int64_t largest_outputs() const { return largest_outputs_; }

 private:
  int64_t take(int64_t numbers) {
    size_ += numbers;
    return size_ - numbers;
  }
  void add(const CouplingForm &form, int64_t moved, int64_t kept);

  int64_t width_, size_ = 0, places_ = 0;
  int64_t largest_moved_ = 0, largest_kept_ = 0, largest_outputs_ = 0;
  std::vector<Coupling> couplings_;
};

/// What is wrong with a form, as a sentence; empty if nothing is.
std::string wrong_with(const CouplingForm &form);

} // namespace nflow::operators

#endif
