#include "operators/coupling_form.h"

#include <algorithm>

namespace nflow::operators {

CouplingLayout::CouplingLayout(const CouplingForm &form) : width_(form.width) {
  take(4 * width_ + form.mixed * form.mixed);
  for (size_t i = 0; i + 1 < form.sizes.size(); i += 2) add(form, form.sizes[i], form.sizes[i + 1]);
}

void CouplingLayout::add(const CouplingForm &form, int64_t moved, int64_t kept) {
  Coupling c{};
  c.moved = moved;
  c.kept = kept;
  c.outputs = form.kind == CouplingKind::spline ? moved * (3 * form.bins - 1) : 2 * moved;
  c.places = places_;
  places_ += moved + kept;
  int64_t in = kept;
  std::vector<int64_t> widths = kept > 0 ? form.hidden : std::vector<int64_t>();
  widths.push_back(c.outputs);
  for (const int64_t out : widths) {
    Layer layer{in, out, take(in * out), 0};
    layer.bias = take(out);
    c.layers.push_back(layer);
    in = out;
  }
  for (int64_t *numbers : {&c.unit_weight, &c.unit_bias, &c.unit_out})
    *numbers = take(form.units * moved);
  largest_moved_ = std::max(largest_moved_, moved);
  largest_kept_ = std::max(largest_kept_, kept);
  largest_outputs_ = std::max(largest_outputs_, c.outputs);
  couplings_.push_back(std::move(c));
}

std::string wrong_with(const CouplingForm &form) {
  // Products of these must not overflow.
  constexpr int64_t most = 1 << 17;
  const auto none_below = [](const std::vector<int64_t> &values, int64_t least) {
    return std::all_of(values.begin(), values.end(),
                       [least](int64_t value) { return value >= least && value <= most; });
  };
  if (form.width < 1 || form.width > most) return "points have no numbers, or too many";
  if (form.mixed < 0 || form.mixed > form.width) return "mixed must be from 0 to the numbers";
  if (form.sizes.size() % 2 != 0 || form.sizes.size() > 2000 || form.hidden.size() > 1000)
    return "sizes must be those of up to 1000 couplings, hidden up to 1000 layers";
  if (!none_below(form.sizes, 0) || !none_below(form.hidden, 1) || !none_below({form.units}, 0))
    return "sizes, hidden and units must be counts";
  for (size_t i = 0; i < form.sizes.size(); i += 2)
    if (form.sizes[i] < 1 || form.sizes[i] + form.sizes[i + 1] > form.width)
      return "a coupling must move a number, and not more than there are";
  const bool spline = form.kind == CouplingKind::spline;
  if (spline ? form.bins < 2 || form.bins > most : form.bins != 0)
    return "bins must be 2 or more of a spline, else 0";
  if (form.units == 0) return "";
  if (spline || form.hidden.size() != 1)
    return "networks of single coordinates go with affine couplings of one hidden layer";
  for (size_t i = 1; i < form.sizes.size(); i += 2)
    if (form.sizes[i] < 1) return "networks of single coordinates need one that is kept";
  return "";
}

} // namespace nflow::operators
