#include "bound_flow.h"

#include "base/error.h"
#include "require_usable.h"

#include "comm.h"
#include "error.h"
#include "force.h"
#include "universe.h"

namespace LAMMPS_NS {

BoundFlow::BoundFlow(LAMMPS *lmp, const std::string &style, int igroup, const std::string &file,
                     const std::string &device, Platform &platform,
                     const std::vector<std::string> &uncounted)
    : Pointers(lmp), style_(style), file_(file), uncounted_(uncounted), igroup_(igroup),
      platform_(platform),
      model_(std::make_unique<RootModel>(world, file, device, universe->iworld, platform)),
      x_(platform.arrays()) {
  // A gaussian prior lives on the line, so unwrapped positions count even where the box is
  // periodic.
  const bool modulo_box = boltzmann() && metadata().periodic;
  positions_ = platform.positions(lmp, igroup, static_cast<int>(metadata().dim), modulo_box);
}

BoundFlow::~BoundFlow() = default;

void BoundFlow::init() {
  require_usable(lmp, igroup_, platform_, uncounted_);
  positions_->init();
  // Species may have been exchanged in an earlier run, or the atoms be numbered otherwise.
  const auto &types = metadata().types;
  if (types && *types != positions_->system().types && is_equivariant())
    positions_->order_by(*types);
  nflow::require_match(metadata(), positions_->system(), file_);
}

bool BoundFlow::follow() {
  if (!positions_->follow()) return false;
  if (is_equivariant()) return true;
  throw nflow::Error("types of atoms of the group have been exchanged, but model file '" + file_ +
                     "' is not equivariant within a species, so that it cannot follow: remove what "
                     "changes the types (fix atom/swap, set), or use a flow that is");
}

/// By trial, unless the model says that it is not.
bool BoundFlow::is_equivariant() {
  if (equivariant_) return *equivariant_;
  if (!metadata().equivariant.value_or(true) || !metadata().types) {
    equivariant_ = false;
  } else {
    const auto pairs = metadata().temperature_pairs;
    const double boltz = force->boltz;
    nflow::Temperatures tau(1.0);
    if (!pairs.empty())
      tau = {boltz * pairs[0].first, boltz * pairs[0].second};
    else if (!metadata().temperatures_trained.empty())
      tau = boltz * metadata().temperatures_trained[0];
    equivariant_ = model_->is_equivariant(tau);
  }
  return *equivariant_;
}

void BoundFlow::check(const std::function<void(const nflow::Buffer<double> &x)> &check) {
  x_.resize(metadata().coordinates());
  positions_->read(x_.data());
  check(x_);
  if (warned_ || model_->jacobian_checked() || comm->me > 0) return;
  warned_ = true;
  error->warning(FLERR, "the flow of " + style_ +
                            " is too large for the determinant of its Jacobian: only the "
                            "changes of its log_det along random directions were compared with it");
}

void BoundFlow::log_placement() {
  if (logged_ || comm->me > 0) return;
  logged_ = true;
  utils::logmesg(lmp, style_ + ": " + model_->placement() + "\n");
}

void BoundFlow::log_domain() {
  const auto sentence = model_->domain_left();
  if (comm->me == 0 && !sentence.empty())
    error->warning(FLERR, style_ + ": model file '" + file_ + "': " + sentence);
}

} // namespace LAMMPS_NS
