#ifndef NFLOW_OPERATORS_GB_OBC_H
#define NFLOW_OPERATORS_GB_OBC_H

#include "operators/gb_obc_kernels.h"

#include <cstdint>
#include <vector>

namespace nflow::operators {

/// The numbers of the generalised Born model of Onufriev, Bashford and Case beside those of each
/// atom, with the surface term of ACE (docs/molecules.md), in LAMMPS's units.
struct GbObcConstants {
  double alpha = 1.0, beta = 0.8, gamma = 4.85; // OBC2
  double offset = 0.09;                         // from a radius to that of the descreened sphere
  double coulomb = 332.06371;                   // energy of two charges of 1 at distance 1
  double inner = 1.0, outer = 78.3;             // dielectric constants
  double surface_tension = 0.0054;              // energy an area; 0: no surface term
  double probe = 1.4;                           // radius of a molecule of the solvent

  /// Energies are -screening() q q / f.
  double screening() const { return coulomb * (1.0 / inner - 1.0 / outer); }
};

/// How many atoms the model takes: it keeps some numbers of all pairs, 64 MB of these.
constexpr int64_t most_gb_atoms = 2000;

/// The energy of solvation of one configuration after another, of all pairs of atoms, in open
/// space. An object serves any molecules in turn, and allocates only where one is larger than those
/// before.
class GbObc {
 public:
  explicit GbObc(const GbObcKernels &kernels = gb_obc_kernels()) : kernels_(kernels) {}

  /// Takes n atoms with these radii, scales and charges.
  void set(int64_t n, const double *radius, const double *scale, const double *charge,
           const GbObcConstants &constants);
  /// The energy at x [n, 3], and its gradient [n, 3] unless that is null. Need not be finite where
  /// two atoms are at one place.
  double energy(const double *x, double *gradient);

 private:
  void take_atoms(const double *scale, const double *charge);
  void place(const double *x);
  /// From integral to born and its slope; returns the energies of atoms alone, whose derivatives by
  /// Born radii are in by_atom.
  double find_born_radii();

  const GbObcKernels &kernels_;
  GbObcConstants constants_;
  std::vector<double> radius_, born_slope_; // dB/dI
  std::vector<double> atoms_, pairs_;       // what pointers_ points to
  double *x_ = nullptr, *own_ = nullptr, *scaled_ = nullptr, *charge_ = nullptr;
  GbPairs pointers_{};
};

} // namespace nflow::operators

#endif
