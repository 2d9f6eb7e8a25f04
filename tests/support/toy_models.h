#ifndef NFLOW_TESTS_TOY_MODELS_H
#define NFLOW_TESTS_TOY_MODELS_H

#include "model/metadata.h"

#include <functional>
#include <map>
#include <string>

namespace nflow::tests {

/// What a toy model does wrong, if anything.
enum class Lie {
  none,
  log_det,         // forward and inverse agree on a log-det that is not that of the map
  log_det_far,     // the same, in one direction beyond 2.2 sigma only
  log_det_inverse, // the log-dets do not sum to zero
  inverse,         // the inverse does not undo the forward
  nan,             // NaN for some points
  first_atom,      // no lie: the first atom is moved by 0.3 more than the others
  batch,           // the map depends on the batch
  rounding,        // no lie: the same, by no more than sums of tensors may
  raises,          // forward throws
  shape,           // points of another shape
  float32_log_det, // log_det not in float64
  no_inverse,      // the method is missing
  blocked,         // the derivative that autograd sees is not that of the map
  state,           // the map changes an attribute
  log_det_masked,  // the masked methods have the log-det of all atoms
  masked_frozen,   // the masked methods shake the frozen atoms
  integers,        // log_det in integers
  large_batch,     // the map is another one for batches above 32
  domain,          // no lie: not defined where a number of the target's side is beyond 3.5
  wrapped,         // the map wraps into a box of length 2, which its inverse cannot undo
};

/// Metadata of a gaussian-prior float64 model of n atoms that moves d components.
Metadata toy_metadata(int64_t n, int64_t d, bool auxiliary = false);

/// Writes a diagonal affine flow x = u * scale + shift (momenta, if there are any: p' = p + 0.1 x,
/// so that the slots mix) as a TorchScript archive.
void write_toy_model(const std::string &path, const Metadata &metadata, double scale = 1.0,
                     double shift = 0.0, Lie lie = Lie::none);

/// Metadata of a boltzmann-prior float64 model with auxiliary momenta of variance 0.7 in a periodic
/// box of d equal lengths.
Metadata toy_liquid_metadata(int64_t n, int64_t d, double length,
                             const std::vector<std::pair<double, double>> &pairs);

/// What a toy model of a liquid is, besides a shear of positions by momenta and a scale.
struct ToyLiquid {
  double shear = 0.05; // x' = x + shear p
  double kick = 0.0;   // p' = p + kick times the sum of sin(2 pi (x_i - x_j) / L) over atoms j
  double scale = 1.0;  // of the momenta at the end
  bool masked = true;  // with forward_masked and inverse_masked
  Lie lie = Lie::none; // log_det_masked, masked_frozen, or those of forward and inverse
};

/// Writes a flow of drifts, kicks by smooth periodic pair forces and a scale of the momenta.
void write_toy_liquid(const std::string &path, const Metadata &metadata, const ToyLiquid &toy);

/// Writes the potential sum k/2 x^2 over all numbers. `wrong_gradient`: energy_and_gradient lies.
void write_harmonic_energy(const std::string &path, int64_t n, int64_t d, double k,
                           bool wrong_gradient = false);

/// An energy file of three atoms in one dimension, with parameters k = 2 and c = 0.5 (a plain
/// number, which no weights_digest sees) and these methods.
void write_energy(const std::string &path, const std::string &methods);

/// Rewrites the records of an archive, by their names ("data/0", "code/__torch__.py"), without the
/// digest of the whole.
void edit_archive(const std::string &path, const std::string &edited_path,
                  const std::function<void(std::map<std::string, std::string> &)> &edit);

/// Changes one weight in an archive, but not its metadata.
void change_weights(const std::string &path, const std::string &changed_path);

/// Writes an archive with one float64 parameter and exactly this text as nflow.json.
void write_with_json(const std::string &path, const std::string &json);

} // namespace nflow::tests

#endif
