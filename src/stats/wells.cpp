// Dihedrals between wells, and histograms.
#include "base/error.h"
#include "base/text.h"
#include "stats/chains.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nflow::stats {

namespace {

using estimators::Estimate;

constexpr int circle_bins = 72, line_bins = 60;
constexpr double bin_degrees = 360.0 / circle_bins;
constexpr double arrival = 15.0; // degrees inside a well
constexpr double no_error = std::numeric_limits<double>::quiet_NaN();

/// The mean of 0 and 1; where there is one of them alone, its error is unknown.
Estimate share_of(const std::vector<double> &indicators) {
  Estimate share = estimators::mean_of_many(indicators);
  if (share.mean == 0.0 || share.mean == 1.0) share.error = no_error;
  return share;
}

int circle_bin(double dihedral) {
  return static_cast<int>((dihedral + 180.0) / bin_degrees) % circle_bins; // 180 is -180
}

/// Width of the well that begins at border i.
double width_of(const std::vector<double> &borders, size_t i) {
  const double next = i + 1 < borders.size() ? borders[i + 1] : borders.front() + 360.0;
  return next - borders[i];
}

/// A circle of bins that is filled from the highest bin down: islands grow and meet in valleys.
class Islands {
 public:
  explicit Islands(const std::vector<double> &heights)
      : heights_(heights), count_(static_cast<int>(heights.size())), parents_(heights.size(), -1) {}

  std::vector<int> valleys() {
    std::vector<int> order(count_);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return heights_[a] > heights_[b]; });
    std::vector<int> valleys;
    for (const int bin : order) {
      const int left = island((bin + count_ - 1) % count_), right = island((bin + 1) % count_);
      if (left < 0 || right < 0 || left == right) {
        parents_[bin] = left >= 0 ? left : right >= 0 ? right : bin;
        continue;
      }
      const int lower = heights_[left] < heights_[right] ? left : right;
      const int higher = lower == left ? right : left;
      parents_[bin] = higher;
      if (parts(heights_[lower], heights_[bin]))
        valleys.push_back(bin);
      else
        parents_[lower] = higher;
    }
    return valleys;
  }

 private:
  /// The peak of the island of a bin, -1 where it is not filled yet.
  int island(int bin) const {
    while (bin >= 0 && parents_[bin] != bin) bin = parents_[bin];
    return bin;
  }
  static bool parts(double peak, double valley) {
    return valley < 0.5 * peak && peak - valley > 4.0 * std::sqrt(std::max(1.0, peak + valley));
  }

  const std::vector<double> &heights_;
  const int count_;
  std::vector<int> parents_;
};

/// The middle of the flat ground around a bin, in degrees.
double middle_of_ground(const std::vector<double> &heights, int bin) {
  const int count = static_cast<int>(heights.size());
  int low = bin, high = bin;
  while (bin - low < count && heights[(low - 1 + 2 * count) % count] <= heights[bin]) low--;
  while (high - bin < count && heights[(high + 1) % count] <= heights[bin]) high++;
  const double place = -180.0 + (0.5 * (low + high) + 0.5) * bin_degrees;
  return place - 360.0 * std::ceil((place - 180.0) / 360.0); // in (-180, 180]
}

/// Whether a dihedral is so far inside its well that it has arrived there.
bool has_arrived(double dihedral, const std::vector<double> &borders, size_t well) {
  const double width = width_of(borders, well), margin = std::min(arrival, 0.25 * width);
  const double inside = std::fmod(dihedral - borders[well] + 720.0, 360.0);
  return inside >= margin && inside <= width - margin;
}

void add_histogram(const Chain &chain, const std::vector<double> &values, ChainReport &report) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const bool circle = chain.is_dihedral();
  const int bins = circle ? circle_bins : line_bins;
  const double low = circle ? -180.0 : *least;
  const double width = circle ? bin_degrees : (*most - *least) / bins;
  if (!(width > 0.0)) return; // all are one number
  report.bin_width = width;
  std::vector<int> bin_of;
  for (const double value : values)
    bin_of.push_back(circle ? circle_bin(value)
                            : std::min(bins - 1, static_cast<int>((value - low) / width)));
  std::vector<double> indicators(values.size());
  for (int b = 0; b < bins; b++) {
    std::transform(bin_of.begin(), bin_of.end(), indicators.begin(),
                   [b](int bin) { return bin == b ? 1.0 : 0.0; });
    Estimate density = share_of(indicators);
    density.mean /= width;
    density.error /= width;
    report.centres.push_back(low + (b + 0.5) * width);
    report.densities.push_back(density);
  }
}

void add_wells(const std::vector<double> &borders, const std::vector<double> &values,
               const std::vector<int64_t> &per_file, ChainReport &report) {
  report.transitions = transitions_between(borders, values, per_file);
  std::vector<double> indicators(values.size());
  for (size_t w = 0; w < borders.size(); w++) {
    std::transform(values.begin(), values.end(), indicators.begin(),
                   [&](double value) { return well_of(value, borders) == w ? 1.0 : 0.0; });
    Well well;
    well.from = borders[w];
    well.to = borders[(w + 1) % borders.size()];
    well.population = share_of(indicators);
    for (const auto &from : report.transitions) well.entered += from[w];
    report.wells.push_back(well);
  }
}

} // namespace

std::vector<double> sorted_borders(std::vector<double> borders) {
  for (double &border : borders) {
    require(std::fabs(border) <= 180.0, "--border " + number(border) +
                                            " is no place of a dihedral: give degrees from -180 to "
                                            "180");
    if (border == -180.0) border = 180.0;
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  require(borders.size() > 1,
          "--border has one place only, which parts nothing of a circle: give two at least, as in "
          "--border 0 180");
  return borders;
}

size_t well_of(double dihedral, const std::vector<double> &borders) {
  const auto above = std::upper_bound(borders.begin(), borders.end(), dihedral) - borders.begin();
  return above == 0 ? borders.size() - 1 : static_cast<size_t>(above) - 1;
}

std::vector<double> valleys_of(const std::vector<double> &dihedrals) {
  std::vector<double> counts(circle_bins, 0.0), smooth(circle_bins, 0.0);
  for (const double dihedral : dihedrals) counts[circle_bin(dihedral)] += 1.0;
  for (int b = 0; b < circle_bins; b++)
    smooth[b] = 0.25 * counts[(b + circle_bins - 1) % circle_bins] + 0.5 * counts[b] +
                0.25 * counts[(b + 1) % circle_bins];
  std::vector<double> places;
  for (const int bin : Islands(smooth).valleys()) places.push_back(middle_of_ground(smooth, bin));
  std::sort(places.begin(), places.end());
  return places;
}

std::vector<std::vector<int64_t>> transitions_between(const std::vector<double> &borders,
                                                      const std::vector<double> &dihedrals,
                                                      const std::vector<int64_t> &per_file) {
  const size_t count = borders.size();
  std::vector<std::vector<int64_t>> transitions(count, std::vector<int64_t>(count, 0));
  size_t frame = 0;
  for (const int64_t frames : per_file) {
    size_t last = count; // nowhere yet
    for (const size_t end = frame + static_cast<size_t>(frames); frame < end; frame++) {
      const size_t well = well_of(dihedrals[frame], borders);
      if (!has_arrived(dihedrals[frame], borders, well)) continue;
      if (last < count && well != last) transitions[last][well]++;
      last = well;
    }
  }
  return transitions;
}

ChainReport analyse_chain(const Chain &chain, const std::vector<double> &values,
                          const std::vector<int64_t> &per_file,
                          const std::vector<double> &borders) {
  ChainReport report;
  if (chain.is_dihedral()) {
    auto places = borders;
    if (places.empty()) {
      places = valleys_of(values);
      report.borders = places.empty() ? Borders::thirds : Borders::valleys;
    }
    if (places.empty()) places = {-120.0, 0.0, 120.0};
    add_wells(places, values, per_file, report);
  } else {
    report.mean = estimators::mean_of_many(values);
    for (const double value : values)
      report.deviation += (value - report.mean.mean) * (value - report.mean.mean);
    report.deviation = std::sqrt(report.deviation / static_cast<double>(values.size()));
  }
  add_histogram(chain, values, report);
  return report;
}

} // namespace nflow::stats
