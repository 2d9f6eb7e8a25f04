#ifndef NFLOW_REFERENCE_QUARTIC_DENSITY_H
#define NFLOW_REFERENCE_QUARTIC_DENSITY_H

#include <complex>
#include <functional>
#include <vector>

namespace nflow::reference {

/// The density exp(-E(y)/T)/Z of one coordinate with E(y) = a y + b y^2 + c y^4, by quadrature.
///
/// All integrals are composite Gauss-Legendre sums over panels that meet at y = 0 and end where the
/// Boltzmann factor is below 1e-300 of its maximum; the panels are halved until Z, <y^2> and <E^2>
/// stand still to 1e-12 relative, so that everything below is exact to 1e-10.
class QuarticDensity {
 public:
  /// T in energy units. Throws Error unless T > 0 and the density can be normalised (c > 0, or c =
  /// 0 and b > 0).
  QuarticDensity(double a, double b, double c, double temperature);

  double energy(double y) const { return y * (a_ + y * (b_ + c_ * y * y)); }
  double density(double y) const;
  double log_partition() const { return log_partition_; } // ln Z
  double entropy() const;                                 // -< ln density >
  /// Probability of y > 0.
  double positive_population() const;
  /// < f(y) > for a smooth f that grows less than exponentially.
  double mean(const std::function<double(double)> &f) const;
  /// < exp(i k y) >
  std::complex<double> characteristic(double k) const;
  /// The y below which the probability is `probability`, in (0, 1), to 1e-12.
  double quantile(double probability) const;
  /// The interval outside of which the density is below 1e-18 of its maximum.
  double lower() const { return visible_lower_; }
  double upper() const { return visible_upper_; }

 private:
  struct Node {
    double y, weight; // weight: quadrature weight times the density
  };
  double find_edge(double direction, double decay) const;
  /// Fills the nodes with `panels` panels on either side of zero; returns {Z, <y^2>, <E^2>}.
  std::vector<double> tabulate(int panels);
  double integral(double from, double to) const;

  double a_, b_, c_, temperature_;
  double minimum_ = 0.0; // the lowest E
  double visible_lower_ = 0.0, visible_upper_ = 0.0;
  double lower_ = 0.0, upper_ = 0.0;
  double log_partition_ = 0.0;
  std::vector<Node> nodes_;
  std::vector<double> edges_, cumulative_; // of the panels
};

} // namespace nflow::reference

#endif
