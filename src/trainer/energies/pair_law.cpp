#include "trainer/energies/pair_law.h"

#include "atom.h"
#include "force.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

namespace {

constexpr double agreement = 1e-8; // of the sum of pairs with LAMMPS's pair energy, relative
constexpr double largest_correction = 1e8; // in caps; beyond it the rest would lose its digits
constexpr int scan_points = 1000;          // on the way from the cutoff to the wall

/// The list from which the pair style computes, or null. Styles with lists of their own (hybrid)
/// leave the pointer as it was made, so it counts only if it is one of LAMMPS's lists.
const LAMMPS_NS::NeighList *pair_list(LAMMPS_NS::LAMMPS *lmp) {
  const auto neighbor = lmp->neighbor;
  if (!lmp->force->pair) return nullptr;
  for (int i = 0; i < neighbor->nlist; i++)
    if (neighbor->lists[i] == lmp->force->pair->list) return neighbor->lists[i];
  return nullptr;
}

bool pairs_make_up_the_energy(LAMMPS_NS::LAMMPS *lmp) {
  const auto pair = lmp->force->pair;
  return pair && pair->single_enable && !pair->manybody_flag && pair_list(lmp) &&
         lmp->atom->molecular == LAMMPS_NS::Atom::ATOMIC && !lmp->force->kspace &&
         !lmp->atom->q_flag;
}

} // namespace

PairLaw::PairLaw(LammpsSession &session, LAMMPS_NS::GroupPositions &positions)
    : session_(session), positions_(positions), stride_(session.lammps()->atom->ntypes + 1) {}

std::unique_ptr<PairLaw> PairLaw::make(LammpsSession &session,
                                       LAMMPS_NS::GroupPositions &positions) {
  const auto lmp = session.lammps();
  if (!pairs_make_up_the_energy(lmp)) return nullptr;
  std::unique_ptr<PairLaw> law(new PairLaw(session, positions));
  double magnitude = 0.0;
  const double sum = law->sum_of_pairs(magnitude);
  const double whole = lmp->force->pair->eng_vdwl + lmp->force->pair->eng_coul;
  return std::fabs(sum - whole) <= agreement * magnitude ? std::move(law) : nullptr;
}

void PairLaw::operator()(int type_a, int type_b, double r, double &energy, double &force) const {
  const auto pair = session_.lammps()->force->pair;
  energy = force = 0.0;
  if (!(r * r < pair->cutsq[type_a][type_b])) return;
  double over_r = 0.0;
  const bool possible = session_.run_if_possible(
      [&] { energy = pair->single(0, 0, type_a, type_b, r * r, 1.0, 1.0, over_r); });
  force = over_r * r;
  if (possible && std::isfinite(energy) && std::isfinite(force)) return;
  energy = INFINITY;
  force = 0.0;
}

/// Calls on_pair(i, j, r^2, weight) for the pairs of the neighbour list within their cutoff; j may
/// be a ghost atom. Pairs that stand in it twice, once from each side, have weight 1/2.
template <class OnPair>
void PairLaw::for_pairs(const OnPair &on_pair) const {
  const auto lmp = session_.lammps();
  const auto list = pair_list(lmp);
  double **const x = lmp->atom->x;
  const int *const type = lmp->atom->type;
  const int nlocal = lmp->atom->nlocal;
  for (int ii = 0; ii < list->inum; ii++) {
    const int i = list->ilist[ii];
    const double *const cutsq = lmp->force->pair->cutsq[type[i]];
    for (int jj = 0; jj < list->numneigh[i]; jj++) {
      const int j = list->firstneigh[i][jj] & NEIGHMASK;
      const double dx = x[i][0] - x[j][0], dy = x[i][1] - x[j][1], dz = x[i][2] - x[j][2];
      const double rsq = dx * dx + dy * dy + dz * dz;
      if (rsq < cutsq[type[j]])
        on_pair(i, j, rsq, j >= nlocal && !lmp->force->newton_pair ? 0.5 : 1.0);
    }
  }
}

double PairLaw::sum_of_pairs(double &magnitude) const {
  const int *const type = session_.lammps()->atom->type;
  double sum = 0.0;
  magnitude = 0.0;
  for_pairs([&](int i, int j, double rsq, double weight) {
    double energy = 0.0, force = 0.0;
    (*this)(type[i], type[j], std::sqrt(rsq), energy, force);
    sum += weight * energy;
    magnitude += weight * std::fabs(energy);
  });
  return sum;
}

PairLaw::Wall PairLaw::find_wall(int type_a, int type_b, double cap) const {
  const double cutoff = std::sqrt(session_.lammps()->force->pair->cutsq[type_a][type_b]);
  double energy = 0.0, force = 0.0;
  int point = scan_points - 1;
  for (; point > 0; point--) {
    (*this)(type_a, type_b, cutoff * point / scan_points, energy, force);
    if (energy >= cap) break;
  }
  if (point == 0) { // perhaps between the last point and zero
    (*this)(type_a, type_b, 1e-9 * cutoff, energy, force);
    if (!(energy >= cap)) return Wall();
  }
  double inside = cutoff * point / scan_points, outside = cutoff * (point + 1) / scan_points;
  for (int i = 0; i < 100; i++) {
    const double middle = 0.5 * (inside + outside);
    if (middle <= inside || middle >= outside) break;
    (*this)(type_a, type_b, middle, energy, force);
    (energy >= cap ? inside : outside) = middle;
  }
  Wall wall;
  wall.distance = outside;
  (*this)(type_a, type_b, outside, wall.energy, wall.force);
  return wall;
}

void PairLaw::set_cap(double cap) {
  if (cap == cap_) return;
  if (!(cap > 0.0) || !std::isfinite(cap))
    throw Error("the cap of pair energies must be positive: it is where they become linear");
  walls_.assign(stride_ * stride_, Wall());
  widest_square_ = 0.0;
  for (int a = 1; a < stride_; a++)
    for (int b = a; b < stride_; b++) {
      const Wall found = find_wall(a, b, cap);
      walls_[a * stride_ + b] = walls_[b * stride_ + a] = found;
      widest_square_ = std::max(widest_square_, found.distance * found.distance);
    }
  cap_ = cap;
}

/// The force on i along the line from j to i; atoms at the same place have no such line.
void PairLaw::add_force(int dim, int i, int j, double force_over_r, double *forces) const {
  if (!forces) return;
  double **const x = session_.lammps()->atom->x;
  double *const on_i = forces + positions_.ordinal(i) * dim;
  double *const on_j = forces + positions_.ordinal(j) * dim;
  for (int k = 0; k < dim; k++) {
    const double component = force_over_r * (x[i][k] - x[j][k]);
    on_i[k] += component;
    on_j[k] -= component;
  }
}

bool PairLaw::correct(int dim, double &energy, double *forces) {
  const int *const type = session_.lammps()->atom->type;
  close_.clear();
  double magnitude = 0.0;
  for_pairs([&](int i, int j, double rsq, double weight) {
    if (rsq >= widest_square_) return;
    const Wall &here = wall(type[i], type[j]);
    const double r = std::sqrt(rsq);
    if (r >= here.distance) return;
    double pair_energy = 0.0, pair_force = 0.0;
    (*this)(type[i], type[j], r, pair_energy, pair_force);
    magnitude += std::fabs(pair_energy);
    const double linear = here.energy + here.force * (here.distance - r);
    close_.push_back({i, j, weight * (linear - pair_energy),
                      r > 0.0 ? weight * (here.force - pair_force) / r : 0.0});
  });
  if (!(magnitude <= largest_correction * cap_)) return false;
  for (const Change &change : close_) {
    energy += change.energy;
    add_force(dim, change.i, change.j, change.force_over_r, forces);
  }
  return true;
}

void PairLaw::add_sum(int dim, double &energy, double *forces) const {
  const int *const type = session_.lammps()->atom->type;
  for_pairs([&](int i, int j, double rsq, double weight) {
    const Wall &here = wall(type[i], type[j]);
    const double r = std::sqrt(rsq);
    double pair_energy = here.energy + here.force * (here.distance - r), pair_force = here.force;
    if (r >= here.distance) (*this)(type[i], type[j], r, pair_energy, pair_force);
    energy += weight * pair_energy;
    if (r > 0.0) add_force(dim, i, j, weight * pair_force / r, forces);
  });
}

} // namespace nflow::trainer
