#ifndef NFLOW_OPERATORS_KICK_DRIFT_H
#define NFLOW_OPERATORS_KICK_DRIFT_H

#include "arrays/pair_finder.h"
#include "operators/pair_force.h"

#include <cstdint>
#include <vector>

namespace nflow::operators {

/// The number of a pair of species among (0,0), (0,1) .. (1,1) .., in either order.
inline int64_t pair_number(int64_t a, int64_t b, int64_t species_count) {
  const int64_t low = a < b ? a : b, high = a < b ? b : a;
  return low * species_count - low * (low - 1) / 2 + high - low;
}

/// The numbers of one kick-drift map (docs/flows.md), L layers, S species, P = S (S + 1) / 2 pairs
/// of species (0,0), (0,1) .. (1,1) .., K spline coefficients. Pointers to contiguous arrays.
template <class T>
struct KickDriftParameters {
  int64_t n = 0, layers = 0, species_count = 0, spline_size = 0;
  double cutoff = 2.5;              // in sigma of the pair
  const int64_t *species = nullptr; // [n]
  const T *box = nullptr;           // [D]
  const T *sigma = nullptr;         // [S, S]
  const T *epsilon = nullptr;       // [S, S]
  const T *damping = nullptr;       // [L, S]: k of p <- k p + F
  const T *drift = nullptr;         // [L, S]: s of x <- x + s p
  const T *first_drift = nullptr;   // [S]
  const T *last_scale = nullptr;    // [S], of the momenta at the end
  const T *strength = nullptr;      // [L, P], of the smoothed Lennard-Jones force
  const T *splines = nullptr;       // [L, P, K]

  int64_t pairs() const { return species_count * (species_count + 1) / 2; }
};

/// Gradients by the same names, to be added to.
template <class T>
struct KickDriftGradients {
  T *damping, *drift, *first_drift, *last_scale, *strength, *splines;
};

/// The map on one configuration after another: learned damped dynamics,
///     x <- x + s_0 p;  L times: p <- k p + F(x), x <- x + s p;  p <- scale p,
/// its inverse, and the gradients of both. A point is [2, n, D]: positions and momenta. With a mask
/// [n] only the atoms in it have momenta and move, in the presence of the others, which come back
/// as they are. Allocates in its constructor only.
template <class T, int D>
class KickDrift {
 public:
  explicit KickDrift(const KickDriftParameters<T> &parameters);

  /// Numbers of the states that pull_back() needs: [L + 1, 2, n, D].
  int64_t state_size() const { return (p_.layers + 1) * 2 * p_.n * D; }
  /// v = f(u), or u = f^-1(v) with `inverse`. `states` may be null.
  void map(const T *in, T *out, const bool *mask, bool inverse, T *states);
  /// From the gradient of the output to that of the input, adding the parameters'.
  void pull_back(const T *states, const T *gradient_out, T *gradient_in, const bool *mask,
                 bool inverse, const KickDriftGradients<T> &gradients);

  /// The force of kick `layer` at x, [n, D] each; `mask` as above.
  void force(int64_t layer, const T *x, const bool *mask, T *f);
  /// The plain smoothed Lennard-Jones force, for comparison.
  void lennard_jones(const T *x, T *f);

 private:
  struct Law { // of a pair of species
    T sigma, per_sigma, cutoff2, scale;
    int64_t pair;
  };
  void forward(T *x, T *p, const bool *mask, T *states);
  void backward(T *x, T *p, const bool *mask, T *states);
  void drift(T *x, const T *p, const T *step, T sign, const bool *mask) const;
  void pull_back_drift(const T *p, const T *gx, T *gp, const T *step, T sign, const bool *mask,
                       T *gradient) const;
  /// Adds d(w . F)/dx to gx, and the gradients of w . F by strength [P] and padded splines.
  void pull_back_force(int64_t layer, const T *x, const T *w, T *gx, T *strength);
  void pull_back_forward(const T *states, T *gx, T *gp, const bool *mask,
                         const KickDriftGradients<T> &g);
  void pull_back_inverse(const T *states, T *gx, T *gp, const bool *mask,
                         const KickDriftGradients<T> &g);
  void masked_weights(const T *gp, const bool *mask, T sign);
  void add_splines(T *splines);
  void collect(const T *sorted, T *f) const;
  const T *padded(int64_t layer, int64_t pair) const {
    return padded_.data() + (layer * p_.pairs() + pair) * force_law_.padded_size();
  }

  KickDriftParameters<T> p_;
  PairForce<T> force_law_;
  std::vector<Law> laws_; // [S, S]
  PairFinder<T, D> finder_;
  std::vector<T> padded_;  // splines of all layers behind three zeros each
  std::vector<T> sorted_;  // [n, D] in the finder's order
  std::vector<T> weights_; // w of pull_back_force, [n, D], and in the finder's order
  std::vector<T> sorted_weights_;
  std::vector<T> kick_;            // F, [n, D]
  std::vector<T> spline_gradient_; // [P, K + 3] of one layer
};

} // namespace nflow::operators

#endif
