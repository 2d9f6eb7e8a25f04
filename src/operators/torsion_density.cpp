#include "operators/torsion_density.h"

#include "operators/normal_tail.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace nflow::operators {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int64_t most_bins = 4096;

/// Within a bin, whatever rounding says.
double part(double probability, double of) {
  return of > 0.0 ? std::clamp(probability / of, 0.0, 1.0) : 0.0;
}

} // namespace

int64_t TorsionForest::size() const {
  int64_t sum = 0;
  for (int64_t i = 0; i < torsions(); i++) sum += table_size(i);
  return sum;
}

std::vector<int64_t> parents_first(const std::vector<int64_t> &parents) {
  const auto m = static_cast<int64_t>(parents.size());
  std::vector<std::vector<int64_t>> children(m);
  std::vector<int64_t> order;
  for (int64_t i = 0; i < m; i++)
    if (parents[i] < 0)
      order.push_back(i);
    else
      children[parents[i]].push_back(i);
  for (size_t at = 0; at < order.size(); at++) {
    const int64_t parent = order[at];
    order.insert(order.end(), children[parent].begin(), children[parent].end());
  }
  return order;
}

std::string wrong_with(const TorsionForest &forest) {
  const int64_t m = forest.torsions();
  const auto outside = [](const std::vector<int64_t> &values, int64_t least, int64_t end) {
    return std::any_of(values.begin(), values.end(),
                       [&](int64_t value) { return value < least || value >= end; });
  };
  if (forest.bins < 2 || forest.bins > most_bins)
    return "there must be 2 to " + std::to_string(most_bins) + " bins";
  if (static_cast<int64_t>(forest.cuts.size()) != m)
    return "parents and cuts must be as many as there are torsions";
  if (outside(forest.cuts, 0, forest.bins)) return "a cut must be a bin";
  if (outside(forest.parents, -1, m)) return "a parent must be a torsion, or -1";
  if (static_cast<int64_t>(parents_first(forest.parents).size()) != m)
    return "parents must not go in a circle";
  return "";
}

TorsionDensity::TorsionDensity(TorsionForest forest, const double *energies, double kT)
    : forest_(std::move(forest)), energies_(energies, energies + forest_.size()), kT_(kT),
      order_(parents_first(forest_.parents)) {
  raise();
}

bool TorsionDensity::is_of(const TorsionForest &forest, const double *energies, double kT) const {
  if (kT != kT_ || !(forest == forest_)) return false;
  const std::size_t bytes = energies_.size() * sizeof(double);
  return bytes == 0 || std::memcmp(energies, energies_.data(), bytes) == 0;
}

TorsionDensity::Row TorsionDensity::row(int64_t torsion, int64_t parent_bin) const {
  const double *const begin = rows_.data() + begins_[torsion] + parent_bin * row_size();
  const int64_t bins = forest_.bins;
  return {begin, begin + bins, begin + 2 * bins, begin + 3 * bins + 1};
}

/// From the leaves to the roots: what a torsion and all below it weigh, given the bin of its
/// parent, is what the parent's bin is multiplied with.
void TorsionDensity::raise() {
  const int64_t bins = forest_.bins, m = forest_.torsions();
  std::vector<std::size_t> tables(m);
  std::size_t table = 0, begin = 0;
  for (int64_t i = 0; i < m; i++) {
    tables[i] = table;
    begins_.push_back(begin);
    table += forest_.table_size(i);
    begin += forest_.table_size(i) / bins * row_size();
  }
  rows_.resize(begin);
  std::vector<std::vector<double>> below(m, std::vector<double>(bins, 0.0));
  std::vector<double> logs(bins);
  const double beta = 1.0 / kT_;
  for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
    const int64_t parent = forest_.parents[*i];
    for (int64_t a = 0; a < (parent < 0 ? 1 : bins); a++) {
      const double *const energy = energies_.data() + tables[*i] + a * bins;
      for (int64_t b = 0; b < bins; b++) logs[b] = below[*i][b] - beta * energy[b];
      const double weight =
          fill_row(logs, forest_.cuts[*i], rows_.data() + begins_[*i] + a * row_size());
      if (parent >= 0) below[parent][a] += weight;
    }
  }
}

double TorsionDensity::fill_row(const std::vector<double> &logs, int64_t cut, double *row) const {
  const int64_t bins = forest_.bins;
  const double largest = *std::max_element(logs.begin(), logs.end());
  double *const probability = row, *const log = row + bins, *const first = row + 2 * bins,
                *const last = row + 3 * bins + 1;
  double sum = 0.0;
  for (int64_t j = 0; j < bins; j++) {
    log[j] = logs[j + cut < bins ? j + cut : j + cut - bins] - largest;
    probability[j] = std::exp(log[j]);
    sum += probability[j];
  }
  const double log_sum = std::log(sum), share = 1.0 / sum;
  first[0] = last[0] = 0.0;
  for (int64_t j = 0; j < bins; j++) {
    probability[j] *= share;
    log[j] -= log_sum;
    first[j + 1] = first[j] + probability[j];
  }
  for (int64_t j = 0; j < bins; j++) last[j + 1] = last[j] + probability[bins - 1 - j];
  return largest + log_sum;
}

/// From the end of the circle that is nearer in probability, so that no digit is lost in a tail.
TorsionDensity::Place TorsionDensity::place_of_tail(const Row &row, double z) const {
  const int64_t bins = forest_.bins;
  const double tail = normal_tail(std::fabs(z));
  const double *const sums = z < 0.0 ? row.first : row.last;
  const int64_t found = std::upper_bound(sums, sums + bins + 1, tail) - sums - 1;
  const int64_t count = std::clamp<int64_t>(found, 0, bins - 1);
  const int64_t bin = z < 0.0 ? count : bins - 1 - count;
  const double inside = part(tail - sums[count], row.probability[bin]);
  return z < 0.0 ? Place{bin, inside, 1.0 - inside} : Place{bin, 1.0 - inside, inside};
}

TorsionDensity::Place TorsionDensity::place_of_angle(int64_t torsion, double phi) const {
  const int64_t bins = forest_.bins;
  const double per_angle = static_cast<double>(bins) / (2.0 * pi);
  double from_cut = std::remainder(phi, 2.0 * pi) -
                    ((static_cast<double>(forest_.cuts[torsion]) - 0.5) / per_angle - pi);
  if (from_cut < -pi) from_cut += 2.0 * pi;
  if (from_cut >= pi) from_cut -= 2.0 * pi;
  const double distance = std::fabs(from_cut) * per_angle; // in bins, from the nearer end
  const int64_t count = std::min(static_cast<int64_t>(distance), bins - 1);
  const double inside = std::min(distance - static_cast<double>(count), 1.0);
  return from_cut >= 0.0 ? Place{count, inside, 1.0 - inside}
                         : Place{bins - 1 - count, 1.0 - inside, inside};
}

double TorsionDensity::angle_of(int64_t torsion, const Place &place) const {
  const double width = 2.0 * pi / static_cast<double>(forest_.bins);
  const double cut = (static_cast<double>(forest_.cuts[torsion]) - 0.5) * width - pi;
  const int64_t behind = forest_.bins - 1 - place.bin;
  double phi = place.bin < behind ? cut + (static_cast<double>(place.bin) + place.before) * width
                                  : cut - (static_cast<double>(behind) + place.behind) * width;
  if (phi > pi) phi -= 2.0 * pi;
  if (phi <= -pi) phi += 2.0 * pi;
  return phi;
}

TorsionDensity::Mapped TorsionDensity::finished(int64_t torsion, const Row &row, const Place &place,
                                                double z) const {
  const int64_t bins = forest_.bins, bin = place.bin + forest_.cuts[torsion];
  const double log_width = std::log(2.0 * pi / static_cast<double>(bins));
  Mapped mapped{};
  mapped.bin = bin < bins ? bin : bin - bins;
  mapped.log_slope = log_width - row.log[place.bin] + log_normal_density(z) - 0.5 * std::log(kT_);
  return mapped;
}

TorsionDensity::Mapped TorsionDensity::from_latent(int64_t torsion, const Row &row,
                                                   double u) const {
  const double z = u / std::sqrt(kT_);
  const Place place = place_of_tail(row, z);
  Mapped mapped = finished(torsion, row, place, z);
  mapped.u = u;
  mapped.phi = angle_of(torsion, place);
  return mapped;
}

TorsionDensity::Mapped TorsionDensity::from_angle(int64_t torsion, const Row &row,
                                                  double phi) const {
  const Place place = place_of_angle(torsion, phi);
  const double probability = row.probability[place.bin];
  const double before = row.first[place.bin] + place.before * probability;
  const double behind = row.last[forest_.bins - 1 - place.bin] + place.behind * probability;
  const double z = before < behind ? -z_of_normal_tail(before) : z_of_normal_tail(behind);
  Mapped mapped = finished(torsion, row, place, z);
  mapped.u = z * std::sqrt(kT_);
  mapped.phi = phi;
  return mapped;
}

void TorsionDensity::map(int64_t points, const double *in, bool inverse, double *out,
                         double *log_det, double *derivatives) const {
  const int64_t m = forest_.torsions();
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::vector<int64_t> bin(m, 0);
  for (int64_t point = 0; point < points; point++, in += m, out += m) {
    double sum = 0.0;
    for (const int64_t i : order_) {
      const int64_t parent = forest_.parents[i];
      const Row given = row(i, parent < 0 ? 0 : bin[parent]);
      Mapped mapped{undefined, undefined, undefined, 0};
      if (std::isfinite(in[i]))
        mapped = inverse ? from_angle(i, given, in[i]) : from_latent(i, given, in[i]);
      bin[i] = mapped.bin;
      out[i] = inverse ? mapped.u : mapped.phi;
      sum += mapped.log_slope;
      if (!derivatives) continue;
      const double slope = std::exp(inverse ? -mapped.log_slope : mapped.log_slope);
      derivatives[2 * m * point + i] = slope;
      derivatives[2 * m * point + m + i] = inverse ? mapped.u / kT_ * slope : -mapped.u / kT_;
    }
    log_det[point] = inverse ? -sum : sum;
  }
}

} // namespace nflow::operators
