#include "support/tree_molecule.h"

#include "base/random.h"
#include "operators/internal_coordinates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace nflow::tests {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int cells = 4000;

double near(double angle) {
  return angle - 2.0 * pi * std::round(angle / (2.0 * pi));
}

} // namespace

Molecule molecule_of(std::vector<int> types,
                     const std::vector<std::pair<int64_t, int64_t>> &bonds) {
  Molecule molecule;
  for (size_t i = 0; i < types.size(); i++) molecule.ids.push_back(static_cast<int64_t>(i) + 1);
  molecule.types = std::move(types);
  for (const auto &[a, b] : bonds) molecule.bonds.emplace_back(a - 1, b - 1);
  return molecule;
}

Molecule united_butane() {
  return molecule_of({1, 1, 1, 1}, {{1, 2}, {2, 3}, {3, 4}});
}

Molecule chiral_molecule() {
  return molecule_of({1, 2, 3, 1, 2, 2, 2, 4, 4},
                     {{1, 2}, {1, 3}, {1, 4}, {4, 5}, {4, 6}, {4, 7}, {1, 8}, {8, 9}});
}

TreeMolecule::TreeMolecule(Molecule molecule, TreeForces forces)
    : molecule_(std::move(molecule)), forces_(forces), tree_(molecule_tree(molecule_)),
      rows_(tree_numbers(tree_)), rest_torsion_(tree_.size(), 0.0) {
  std::map<std::pair<int64_t, int64_t>, int> siblings;
  for (size_t k = 0; k < tree_.size(); k++)
    if (tree_[k].kind == TorsionKind::relative)
      rest_torsion_[k] =
          siblings[{tree_[k].bond, tree_[k].torsion}]++ == 0 ? 2.0 * pi / 3.0 : -2.0 * pi / 3.0;
}

double TreeMolecule::potential(int64_t place, double value) const {
  const auto &row = tree_[place / 3];
  if (place % 3 == 0) return forces_.bond * std::pow(value - forces_.length, 2);
  if (place % 3 == 1) return forces_.angle * std::pow(value - forces_.rest, 2);
  if (row.kind == TorsionKind::relative)
    return forces_.sibling * std::pow(near(value - rest_torsion_[place / 3]), 2);
  if (row.symmetry == 3) return 0.5 * forces_.opls[2] * (1.0 + std::cos(3.0 * value));
  double sum = 0.0;
  for (int k = 1; k <= 3; k++)
    sum += 0.5 * forces_.opls[k - 1] * (1.0 + (k == 2 ? -1.0 : 1.0) * std::cos(k * value));
  return sum;
}

TreeMolecule::Density TreeMolecule::density(int64_t place, double kT) const {
  const int64_t component = place % 3;
  const double low = component == 2 ? -pi : 0.0;
  const double high = component == 0 ? 2.0 * forces_.length : pi;
  Density density;
  density.width = (high - low) / cells;
  for (int i = 0; i < cells; i++) {
    const double at = low + (i + 0.5) * density.width;
    const double volume = component == 0 ? at * at : component == 1 ? std::sin(at) : 1.0;
    density.at.push_back(at);
    density.weight.push_back(volume * std::exp(-potential(place, at) / kT));
    density.sum += density.weight.back();
  }
  return density;
}

std::vector<double> TreeMolecule::samples(int64_t count, double kT, uint32_t seed) const {
  std::vector<double> z(count * size()), x(count * size());
  RandomStream random(seed, 0, 0, Purpose::sample);
  for (int64_t i = 0; i < count; i++) {
    double *const q = &z[i * size()];
    for (int64_t k = 0; k < 3; k++) q[k] = 2.0 * random.uniform() - 1.0;
    q[4] = std::acos(0.98 * (2.0 * random.uniform() - 1.0));
    for (const int64_t k : {5, 8}) q[k] = pi * (2.0 * random.uniform() - 1.0);
  }
  for (int64_t place = 0; place < size(); place++) {
    if (carried(place)) continue;
    const Density density = this->density(place, kT);
    std::vector<double> upto;
    double sum = 0.0;
    for (const double weight : density.weight) upto.push_back(sum += weight);
    for (int64_t i = 0; i < count; i++) {
      const auto cell = std::lower_bound(upto.begin(), upto.end(), random.uniform() * sum);
      z[i * size() + place] = density.at[std::min<int64_t>(cell - upto.begin(), cells - 1)] +
                              density.width * (random.uniform() - 0.5);
    }
  }
  const operators::InternalCoordinates map(rows_.data(), size() / 3);
  for (int64_t i = 0; i < count; i++) map.place(&z[i * size()], &x[i * size()]);
  return x;
}

std::vector<double> TreeMolecule::internal(const double *x) const {
  std::vector<double> z(size());
  operators::InternalCoordinates(rows_.data(), size() / 3).measure(x, z.data());
  return z;
}

double TreeMolecule::energy(const double *x) const {
  const auto z = internal(x);
  double sum = 0.0;
  for (int64_t place = 0; place < size(); place++)
    if (!carried(place)) sum += potential(place, z[place]);
  return sum;
}

double TreeMolecule::log_integral(double kT) const {
  double sum = 0.0;
  for (int64_t place = 0; place < size(); place++) {
    if (carried(place)) continue;
    const auto density = this->density(place, kT);
    sum += std::log(density.sum * density.width);
  }
  return sum;
}

std::vector<double> TreeMolecule::log_densities(const std::vector<double> &x, double kT) const {
  const double log_z = log_integral(kT);
  std::vector<double> all;
  for (auto at = x.begin(); at != x.end(); at += size()) {
    // Of the volume of Cartesian coordinates, what is not in the integral: that of the second
    // atom's direction.
    const double volume = std::sin(internal(&*at)[4]);
    all.push_back(-energy(&*at) / kT - log_z - std::log(volume));
  }
  return all;
}

double TreeMolecule::average(int64_t place, double kT,
                             const std::function<double(double)> &value) const {
  const auto density = this->density(place, kT);
  double sum = 0.0;
  for (size_t i = 0; i < density.at.size(); i++) sum += density.weight[i] * value(density.at[i]);
  return sum / density.sum;
}

double TreeMolecule::mean_energy(double kT) const {
  double sum = 0.0;
  for (int64_t place = 0; place < size(); place++)
    if (!carried(place)) sum += average(place, kT, [&](double at) { return potential(place, at); });
  return sum;
}

} // namespace nflow::tests
