#ifndef NFLOW_TEMPERING_LADDER_H
#define NFLOW_TEMPERING_LADDER_H

#include <vector>

namespace nflow::tempering {

// A ladder has temperatures T_0, T_1, .. in strictly ascending or descending order, and a mean
// rejection r_i in [0, 1] for each adjacent pair (i, i+1). Formulas: Syed, Bouchard-Cote,
// Deligiannidis, Doucet, J. R. Stat. Soc. B 84, 321 (2022), arXiv 1905.02939 ("SBDD" below).

/// Equal to 1e-6 relative, as temperatures of models, ladders and simulations must be.
bool same_temperature(double a, double b);

/// The global barrier Lambda = sum of the mean rejections r_i. Throws Error for a rejection outside
/// of [0, 1].
double global_barrier(const std::vector<double> &rejections);

/// 0, r_0, r_0 + r_1, .., Lambda: one more number than there are pairs.
std::vector<double> cumulative_barrier(const std::vector<double> &rejections);

/// `count` temperatures between the same ends, in the same order, that make all rejections equal:
/// the cumulative barrier as a function of ln T, interpolated monotonically (PCHIP: Fritsch and
/// Carlson, SIAM J. Numer. Anal. 17, 238, 1980), is inverted at equal steps (SBDD's schedule).
///
/// ln T, because for a constant heat capacity the rejection of a pair depends on the ratio of its
/// temperatures only, so that the barrier is a straight line in ln T, which the interpolant then
/// continues exactly; it also does not matter in which unit T is.
///
/// Every rejection counts as at least 1/1000 of their sum, and as something where all are zero, so
/// that the ladder stays strictly monotone. A pair with rejection 1 counts as 1 although its
/// barrier may be larger: tune such a ladder several times, or give it more temperatures. Throws
/// Error for fewer than two temperatures, or such that are not positive and in order, for
/// rejections that are not one a pair and in [0, 1], and for a count below two.
std::vector<double> equal_rejection_ladder(const std::vector<double> &temperatures,
                                           const std::vector<double> &rejections, int count);

/// 2 Lambda + 1, rounded up, at least 2. SBDD: with all rejections equal, 2 Lambda pairs, which
/// then reject half of all attempts, give most round trips for the work of all replicas.
int suggested_replicas(double barrier);

/// Predicted round trips per scan, of all replicas together, of the deterministic even-odd scheme:
/// 1/(2 + 2 sum r_i/(1 - r_i)) (SBDD), for replicas that forget their energy between
/// scans (an upper limit for those that do not). 0 if a pair always rejects.
double deo_round_trip_rate(const std::vector<double> &rejections);

} // namespace nflow::tempering

#endif
