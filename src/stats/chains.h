#ifndef NFLOW_STATS_CHAINS_H
#define NFLOW_STATS_CHAINS_H

#include "base/geometry.h"
#include "estimators/autocorrelation.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::stats {

/// A distance, an angle or a dihedral to be measured.
struct Chain {
  const ChainKind *kind;
  std::vector<int64_t> ids;

  /// Such as "dihedral 5 7 9 15".
  std::string name() const;
  bool is_dihedral() const { return kind->atoms == 4; }
};

/// Chains of the kind of that name, from the IDs of all of them in a row. Throws Error where a
/// chain has an atom twice.
std::vector<Chain> chains_of(const std::string &kind, const std::vector<int64_t> &ids);

/// What the chains measure in the frames of dumps.
struct ChainSeries {
  std::vector<std::vector<double>> values; // [chain][frame]
  std::vector<int64_t> per_file;           // frames of each dump

  int64_t frames() const { return static_cast<int64_t>(values.front().size()); }
};

/// Without the first `skip` frames of each dump. Between one atom of a chain and the next the
/// nearest image counts along periodic axes, so that wrapped coordinates do. Throws Error with file
/// and line for what cannot be read, an atom that is not there, or an angle that is not defined.
ChainSeries read_chains(const std::vector<std::string> &dumps, const std::vector<Chain> &chains,
                        int64_t skip);

/// A stretch of the circle, from one border to the next upwards (over 180 where `to` <= `from`).
struct Well {
  double from = 0.0, to = 0.0;
  estimators::Estimate population; // error NaN where no frame, or every one, is in it
  int64_t entered = 0;             // transitions that end in it
};

/// Whence the borders of wells are.
enum class Borders { given, valleys, thirds };

struct ChainReport {
  estimators::Estimate mean; // of distances and angles
  double deviation = 0.0;    // the standard deviation of their distribution
  Borders borders = Borders::given;
  std::vector<Well> wells;                       // of dihedrals, in ascending order
  std::vector<std::vector<int64_t>> transitions; // [from][to], see transitions_between()
  double bin_width = 0.0;
  std::vector<double> centres;                 // of the bins of the histogram
  std::vector<estimators::Estimate> densities; // error NaN where no frame is in the bin
};

/// The valleys of a histogram of dihedrals [degrees] around the circle, in ascending order: below
/// half of the peaks on both sides, by more than four standard errors of independent samples. Empty
/// if there are fewer than two.
std::vector<double> valleys_of(const std::vector<double> &dihedrals);

/// The number of the well of a dihedral; `borders` ascend.
size_t well_of(double dihedral, const std::vector<double> &borders);

/// How often a dihedral goes from one well to another within a file. It has arrived when it is 15
/// degrees inside (or a quarter of a narrow well), so that what only touches a border does not
/// count.
std::vector<std::vector<int64_t>> transitions_between(const std::vector<double> &borders,
                                                      const std::vector<double> &dihedrals,
                                                      const std::vector<int64_t> &per_file);

/// For dihedrals in the wells between `borders`; without any between valleys, or where there are
/// none in thirds of the circle.
ChainReport analyse_chain(const Chain &chain, const std::vector<double> &values,
                          const std::vector<int64_t> &per_file, const std::vector<double> &borders);

/// In ascending order. Throws Error unless there are two places of the circle at least.
std::vector<double> sorted_borders(std::vector<double> borders);

} // namespace nflow::stats

#endif
