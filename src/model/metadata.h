#ifndef NFLOW_MODEL_METADATA_H
#define NFLOW_MODEL_METADATA_H

#include "flow/prior.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nflow {

enum class Format { model, energy };

/// The extra file `nflow.json` of a TorchScript archive (docs/model-contract.md), for flows
/// (format "nflow-model") and for potentials (format "nflow-energy"). An energy file has no prior,
/// auxiliary or temperature.
struct Metadata {
  Format format = Format::model;
  std::string architecture;
  Prior prior = Prior::gaussian;
  int64_t n_atoms = 0;
  int64_t dim = 0;
  bool auxiliary = false;
  std::optional<std::vector<int>> types; // LAMMPS types in atom-ID order, or any
  bool periodic = false;
  std::optional<std::vector<double>> box; // lengths, `dim` of them
  std::string units = "lj";
  std::string dtype = "float64";
  std::vector<std::pair<double, double>> temperature_pairs; // boltzmann prior
  std::vector<double> temperatures_trained;                 // gaussian prior
  bool steerable = false;                                   // gaussian prior
  double auxiliary_variance = 1.0;                          // boltzmann prior
  // Whether atoms within a species may be exchanged, and nothing else changes; or not said.
  std::optional<bool> equivariant;
  // Gaussian prior, optional: the first numbers on the prior's side that no gaussian describes and
  // every move keeps; here typical values of them, at which a flow is checked.
  std::vector<double> carried;
  std::vector<std::string> operators; // torch.ops.nflow.* that are needed
  // Boltzmann prior, optional: positions [n, d] typical of the prior, around which a flow is
  // checked. Without them a lattice is taken, on which a flow for a liquid may be ill-conditioned.
  std::vector<double> example;
  std::string weights_digest; // empty: not recorded
  std::string archive_digest; // of code, attributes, tensors and metadata; empty: not recorded
  nlohmann::json provenance = nlohmann::json::object();

  /// S of the contract: 2 with auxiliary momenta, else 1.
  int64_t slots() const { return auxiliary ? 2 : 1; }
  /// Numbers in one configuration without auxiliary momenta.
  int64_t coordinates() const { return n_atoms * dim; }
  int64_t carried_count() const { return static_cast<int64_t>(carried.size()); }
  /// Numbers in one point of the augmented space.
  int64_t size() const { return slots() * coordinates(); }
  /// Variance `a` of the auxiliary momenta at k_B T = tau.
  double momentum_variance(double tau) const {
    return nflow::auxiliary_variance(prior == Prior::gaussian, tau, auxiliary_variance);
  }
};

/// The JSON of a text from a file; discarded if it is none, or nested so deep that working on it
/// might fail.
nlohmann::json parse_json(const std::string &text);

/// Parses and validates `text`. Throws Error that names `file`, the field and the remedy.
Metadata parse_metadata(const std::string &text, const std::string &file, Format expected);

/// The text of nflow.json.
std::string metadata_text(const Metadata &metadata);

/// What the simulation (or the data) has, to be compared with what a model was made for.
struct System {
  int64_t n_atoms = 0;
  int64_t dim = 0;        // 2 or 3, the dimension of the simulation
  std::vector<int> types; // in atom-ID order; empty: unknown, not compared
  std::vector<bool> periodic;
  std::vector<double> box; // lengths; empty: unknown, not compared
  std::string units;       // empty: unknown, not compared
};

/// Throws Error on any mismatch of atoms, types, dimension, box (to 1e-6 relative) or units.
void require_match(const Metadata &metadata, const System &system, const std::string &file);

} // namespace nflow

#endif
