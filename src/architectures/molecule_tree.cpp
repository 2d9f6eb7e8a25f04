#include "architectures/molecule_tree.h"

#include "base/error.h"
#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace nflow {

namespace {

constexpr double least_bend = 2.0; // degrees

using Neighbours = std::vector<std::vector<int64_t>>;

std::string two(const Molecule &molecule, int64_t a, int64_t b) {
  return "atoms " + std::to_string(molecule.ids[a]) + " and " + std::to_string(molecule.ids[b]);
}

/// Throws unless the bonds make one molecule without rings.
Neighbours neighbours_of(const Molecule &molecule) {
  const int64_t n = molecule.size();
  std::vector<int64_t> parent(n); // of atoms that are connected so far
  std::iota(parent.begin(), parent.end(), 0);
  const auto part_of = [&](int64_t atom) {
    while (parent[atom] != atom) atom = parent[atom] = parent[parent[atom]];
    return atom;
  };
  Neighbours neighbours(n);
  for (const auto &[a, b] : molecule.bonds) {
    if (std::min(a, b) < 0 || std::max(a, b) >= n)
      throw Error("a bond leads to no atom of the molecule: give bonds of its atoms only");
    if (a == b)
      throw Error("atom " + std::to_string(molecule.ids[a]) +
                  " has a bond to itself: remove that bond");
    if (part_of(a) == part_of(b))
      throw Error("the bond of " + two(molecule, a, b) +
                  " closes a ring, of which no tree of internal coordinates can be made: use "
                  "Cartesian coordinates, or a group without rings");
    parent[part_of(a)] = part_of(b);
    neighbours[a].push_back(b);
    neighbours[b].push_back(a);
  }
  for (int64_t atom = 1; atom < n; atom++)
    if (part_of(atom) != part_of(0))
      throw Error("no bonds connect " + two(molecule, 0, atom) +
                  ", and internal coordinates are of one molecule: choose a group that is one");
  return neighbours;
}

/// The atom from which the farthest one is the fewest bonds away; of two the one with more
/// neighbours. Leaves are taken off until it is left.
int64_t middle_of(const Neighbours &neighbours) {
  const auto n = static_cast<int64_t>(neighbours.size());
  std::vector<size_t> left(n);
  std::vector<int64_t> outer, next;
  for (int64_t atom = 0; atom < n; atom++) {
    left[atom] = neighbours[atom].size();
    if (left[atom] == 1) outer.push_back(atom);
  }
  for (int64_t remaining = n; remaining > 2; outer.swap(next), next.clear()) {
    remaining -= static_cast<int64_t>(outer.size());
    for (const auto leaf : outer)
      for (const auto atom : neighbours[leaf])
        if (--left[atom] == 1) next.push_back(atom);
  }
  return *std::min_element(outer.begin(), outer.end(), [&](int64_t a, int64_t b) {
    const auto of_a = neighbours[a].size(), of_b = neighbours[b].size();
    return of_a != of_b ? of_a > of_b : a < b;
  });
}

/// A molecule hung up at an atom.
struct Hung {
  Hung(const Neighbours &neighbours, int64_t root)
      : parent(neighbours.size(), -1), carried(neighbours.size(), 1), children(neighbours) {
    order.push_back(root);
    for (size_t i = 0; i < order.size(); i++) {
      const auto atom = order[i];
      auto &below = children[atom];
      below.erase(std::remove(below.begin(), below.end(), parent[atom]), below.end());
      for (const auto child : below) parent[child] = atom;
      order.insert(order.end(), below.begin(), below.end());
    }
    for (size_t i = order.size(); i-- > 1;) carried[parent[order[i]]] += carried[order[i]];
    for (auto &below : children)
      std::sort(below.begin(), below.end(), [&](int64_t a, int64_t b) {
        return carried[a] != carried[b] ? carried[a] > carried[b] : a < b;
      });
  }
  std::vector<int64_t> parent, carried; // atoms on the far side of the bond to the parent
  Neighbours children;                  // those that carry the most first
  std::vector<int64_t> order;           // parents before children
};

/// Whether these are three leaves of one type and one more atom, the other end of the axis.
bool is_rotor(const Molecule &molecule, const Neighbours &neighbours, int64_t centre,
              int64_t other_end) {
  if (neighbours[centre].size() != 4) return false;
  int type = 0;
  for (const auto leaf : neighbours[centre]) {
    if (leaf == other_end) continue;
    if (neighbours[leaf].size() != 1 || (type != 0 && molecule.types[leaf] != type)) return false;
    type = molecule.types[leaf];
  }
  return true;
}

/// The children of an atom, given its parent and grandparent, or the parent's heaviest child.
void add_children(const Hung &hung, int64_t atom, int64_t root, std::vector<TreeRow> &rows) {
  const auto parent = hung.parent[atom];
  const auto &below = hung.children[atom], &beside = hung.children[parent];
  for (const auto child : below) {
    TreeRow row{child, atom, parent};
    row.kind = child == below[0] ? TorsionKind::free : TorsionKind::relative;
    if (child != below[0])
      row.torsion = below[0];
    else if (parent != root)
      row.torsion = hung.parent[parent];
    else
      row.torsion = beside[atom == beside[0] ? 1 : 0];
    if (row.kind == TorsionKind::free) row.axis = {parent, atom};
    rows.push_back(row);
  }
}

/// The root and its neighbours, the first two of which are the frame.
void add_middle(const Hung &hung, int64_t root, std::vector<TreeRow> &rows) {
  const auto &below = hung.children[root];
  rows = {{root}, {below[0], root}, {below[1], root, below[0]}};
  for (size_t i = 2; i < below.size(); i++) {
    TreeRow row{below[i], root, below[0], below[1]};
    row.kind = TorsionKind::relative;
    rows.push_back(row);
  }
}

double angle_of(const double *a, const double *b, const double *c) {
  double inner = 0.0, first = 0.0, second = 0.0, cross = 0.0;
  for (int k = 0; k < 3; k++) {
    const int l = (k + 1) % 3;
    const double u[] = {a[k] - b[k], a[l] - b[l]}, v[] = {c[k] - b[k], c[l] - b[l]};
    inner += u[0] * v[0];
    first += u[0] * u[0];
    second += v[0] * v[0];
    cross += (u[0] * v[1] - u[1] * v[0]) * (u[0] * v[1] - u[1] * v[0]);
  }
  return first * second > 0.0 ? std::atan2(std::sqrt(cross), inner) * 180.0 / M_PI : 0.0;
}

} // namespace

std::vector<TreeRow> molecule_tree(const Molecule &molecule) {
  const int64_t n = molecule.size();
  if (n < 3)
    throw Error("internal coordinates are of molecules of three atoms and more, this one has " +
                std::to_string(n) + ": use Cartesian coordinates");
  const auto neighbours = neighbours_of(molecule);
  const auto root = middle_of(neighbours);
  const Hung hung(neighbours, root);
  std::vector<TreeRow> rows;
  add_middle(hung, root, rows);
  for (const auto atom : hung.order)
    if (atom != root) add_children(hung, atom, root, rows);
  for (auto &row : rows)
    if (row.kind == TorsionKind::free && (is_rotor(molecule, neighbours, row.bond, row.angle) ||
                                          is_rotor(molecule, neighbours, row.angle, row.bond)))
      row.symmetry = 3;
  return rows;
}

std::vector<int64_t> tree_numbers(const std::vector<TreeRow> &tree) {
  std::vector<int64_t> numbers;
  for (const auto &row : tree)
    numbers.insert(numbers.end(), {row.atom, row.bond, row.angle, row.torsion});
  return numbers;
}

void require_bent_angles(const std::vector<TreeRow> &tree, const Molecule &molecule, int64_t count,
                         const double *x) {
  for (int64_t i = 0; i < count; i++) {
    const double *const frame = x + 3 * i * molecule.size();
    for (const auto &row : tree) {
      if (row.angle < 0) continue;
      const double angle =
          angle_of(frame + 3 * row.atom, frame + 3 * row.bond, frame + 3 * row.angle);
      if (angle > least_bend && angle < 180.0 - least_bend) continue;
      throw Error("the angle of atoms " + std::to_string(molecule.ids[row.atom]) + ", " +
                  std::to_string(molecule.ids[row.bond]) + " and " +
                  std::to_string(molecule.ids[row.angle]) + " is " + number(angle, 4) +
                  " degrees in sample " + std::to_string(i + 1) +
                  ", and torsions about a straight line are not defined: use Cartesian "
                  "coordinates");
    }
  }
}

} // namespace nflow
