#include "architectures/internal_start.h"

#include "architectures/torsion_fit.h"
#include "base/error.h"
#include "operators/internal_coordinates.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr double full_turn = 2.0 * M_PI;
constexpr double no_period = 1e30;
/// A torsion whose directions scatter more than this (radians) turns; less, it swings.
constexpr double largest_swing = 0.45;

/// The internal coordinates [count, 3n] of the training samples.
torch::Tensor measured(const std::vector<TreeRow> &tree, const StartingData::Samples &samples) {
  const auto n = static_cast<int64_t>(tree.size());
  const auto rows = tree_numbers(tree);
  const operators::InternalCoordinates coordinates(rows.data(), n);
  const auto count = static_cast<int64_t>(samples.training.size());
  auto z = torch::empty({count, 3 * n}, torch::kFloat64);
  for (int64_t i = 0; i < count; i++)
    coordinates.measure(samples.frame(samples.training[i], 3 * n),
                        z.data_ptr<double>() + 3 * n * i);
  return z;
}

/// The direction about which angles scatter, and by how much.
std::pair<double, double> direction_of(const torch::Tensor &angles) {
  const double c = torch::cos(angles).mean().item<double>();
  const double s = torch::sin(angles).mean().item<double>();
  return {std::atan2(s, c), std::sqrt(-2.0 * std::log(std::max(std::hypot(c, s), 1e-300)))};
}

std::string name_of(const TreeRow &row, const Molecule &molecule) {
  std::string name;
  for (const int64_t atom : {row.atom, row.bond, row.angle, row.torsion})
    name += (name.empty() ? "" : "-") + std::to_string(molecule.ids[atom]);
  return name;
}

bool is_soft(const TreeRow &row, const torch::Tensor &angles) {
  if (row.kind == TorsionKind::frame) return false;
  return row.symmetry > 1 || direction_of(angles).second > largest_swing;
}

void sort_coordinates(InternalStart &start, const torch::Tensor &z, const Molecule &molecule,
                      TorsionFit &fit) {
  const auto carries = [](int64_t place) {
    return place < 3 || place == 4 || place == 5 || place == 8;
  };
  for (int64_t place = 0; place < z.size(1); place++) {
    if (carries(place)) {
      start.carried.push_back(z[0][place].item<double>());
      continue;
    }
    const TreeRow &row = start.tree[place / 3];
    const bool torsion = place % 3 == 2;
    if (torsion && is_soft(row, z.select(1, place))) {
      start.soft.push_back(place);
      start.soft_names.push_back(name_of(row, molecule));
      fit.symmetry.push_back(row.symmetry);
      continue;
    }
    start.hard.push_back(place);
    start.period.push_back(torsion ? full_turn : no_period);
    start.centre.push_back(torsion ? direction_of(z.select(1, place)).first
                                   : z.select(1, place).mean().item<double>());
  }
}

/// The angles on which the hard coordinates may depend: each torsion and its double, sum and
/// difference of each pair; of a rotor its threefold.
void choose_multiples(InternalStart &start, const TorsionFit &fit) {
  const auto m = static_cast<int64_t>(start.soft.size());
  std::vector<std::vector<int64_t>> columns;
  const auto add = [&](int64_t i, int64_t times, int64_t j = -1, int64_t times_j = 0) {
    std::vector<int64_t> column(m, 0);
    column[i] = times;
    if (j >= 0) column[j] = times_j;
    columns.push_back(column);
  };
  for (int64_t i = 0; i < m; i++) {
    const int64_t symmetry = fit.symmetry[i], parent = start.torsions.forest.parents[i];
    add(i, symmetry);
    if (symmetry == 1) add(i, 2);
    if (parent < 0) continue;
    add(i, 1, parent, 1);
    add(i, 1, parent, -1);
  }
  start.multiples.assign(m * columns.size(), 0);
  for (size_t a = 0; a < columns.size(); a++)
    for (int64_t i = 0; i < m; i++) start.multiples[i * columns.size() + a] = columns[a][i];
}

std::vector<double> numbers_of(const torch::Tensor &tensor) {
  const auto values = tensor.contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

/// Mean given the soft torsions by least squares, and the principal components of what is left.
void fit_hard(InternalStart &start, const torch::Tensor &z, const torch::Tensor &soft) {
  const int64_t count = z.size(0), angles = start.angles();
  const auto multiples =
      torch::tensor(start.multiples, torch::kInt64).view({soft.size(1), angles}).to(z.dtype());
  const auto turned = torch::matmul(soft, multiples);
  const auto features = torch::cat({torch::cos(turned), torch::sin(turned)}, 1);
  const auto period = torch::tensor(start.period, torch::kFloat64);
  auto hard = z.index_select(1, torch::tensor(start.hard, torch::kInt64)) -
              torch::tensor(start.centre, torch::kFloat64);
  hard = hard - period * torch::round(hard / period);
  const auto average = features.mean(0);
  const auto x = features - average, y = hard - hard.mean(0);
  // What a torsion that hardly turns says of itself twice must not matter.
  const auto ridge = 1e-6 * static_cast<double>(count) * torch::eye(2 * angles, torch::kFloat64);
  const auto coefficients =
      angles > 0 ? torch::linalg_solve(torch::matmul(x.t(), x) + ridge, torch::matmul(x.t(), y))
                 : torch::zeros({0, hard.size(1)}, torch::kFloat64);
  const auto rest = y - torch::matmul(x, coefficients);
  const auto [values, vectors] =
      torch::linalg_eigh(torch::matmul(rest.t(), rest) / static_cast<double>(count));
  require(values.min().item<double>() > 1e-12 * values.max().item<double>(),
          "a bond, an angle or a torsion does not vary in the samples: give more of them, and of a "
          "molecule without constraints");
  const auto width = values.sqrt();
  start.offset = numbers_of(hard.mean(0) - torch::matmul(average, coefficients));
  start.coefficients = numbers_of(coefficients);
  start.spread = numbers_of(width.unsqueeze(1) * vectors.t());
  start.spread_inverse = numbers_of(vectors / width);
  start.log_spread = width.log().sum().item<double>();
}

} // namespace

InternalStart internal_start(const FlowSetting &setting, const StartingData &data) {
  require(setting.dim == 3,
          "internal coordinates are of atoms in three dimensions: leave --dim out");
  const auto &samples = data.samples.front();
  const auto count = static_cast<int64_t>(samples.training.size());
  require(count > 3 * setting.coordinates(),
          "internal coordinates of " + std::to_string(setting.n_atoms) +
              " atoms are learned from more than " + std::to_string(3 * setting.coordinates()) +
              " samples, and there are " + std::to_string(count) + ": give more frames in --data");
  InternalStart start;
  start.tree = molecule_tree(data.molecule);
  for (const int64_t frame : samples.training)
    require_bent_angles(start.tree, data.molecule, 1, samples.frame(frame, setting.coordinates()));
  const auto z = measured(start.tree, samples);
  TorsionFit fit;
  sort_coordinates(start, z, data.molecule, fit);
  const auto soft = z.index_select(1, torch::tensor(start.soft, torch::kInt64));
  start.torsions = fit_torsions(numbers_of(soft), soft.size(1), setting.tau(), fit);
  choose_multiples(start, fit);
  fit_hard(start, z, soft);
  return start;
}

} // namespace nflow
