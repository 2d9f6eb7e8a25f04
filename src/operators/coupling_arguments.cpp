#include "operators/coupling_arguments.h"

namespace nflow::operators {

CouplingForm CouplingArguments::form_of(const std::string &kind, const std::string &activation,
                                        int64_t mixed, int64_t units, int64_t bins,
                                        std::vector<int64_t> hidden, std::vector<int64_t> sizes) {
  CouplingForm form;
  if (kind == "affine")
    form.kind = CouplingKind::affine;
  else if (kind == "spline")
    form.kind = CouplingKind::spline;
  else
    TORCH_CHECK(kind == "steerable", "nflow::coupling_flow: there is no kind '", kind, "'");
  if (activation == "silu")
    form.activation = Activation::silu;
  else if (activation == "relu")
    form.activation = Activation::relu;
  else
    TORCH_CHECK(activation == "tanh", "nflow::coupling_flow: there is no activation '", activation,
                "'");
  form.mixed = mixed;
  form.units = units;
  form.bins = bins;
  form.hidden = std::move(hidden);
  form.sizes = std::move(sizes);
  return form;
}

void CouplingArguments::take_width(const torch::Tensor &points) {
  TORCH_CHECK(points.dim() >= 2, "nflow::coupling_flow: points must be [B, ..]");
  form.width = 1;
  for (int64_t i = 1; i < points.dim(); i++) form.width *= points.size(i);
  const std::string wrong = wrong_with(form);
  TORCH_CHECK(wrong.empty(), "nflow::coupling_flow: ", wrong);
}

void CouplingArguments::prepare(const torch::Tensor &points, const CouplingLayout &layout) {
  TORCH_CHECK(points.scalar_type() == torch::kFloat64 || points.scalar_type() == torch::kFloat32,
              "nflow::coupling_flow: points must be float32 or float64");
  TORCH_CHECK(weights.scalar_type() == points.scalar_type() && weights.numel() == layout.size(),
              "nflow::coupling_flow: weights must be ", layout.size(),
              " numbers of the type of the points");
  TORCH_CHECK(log_volume.scalar_type() == torch::kFloat64 && log_volume.numel() == 1,
              "nflow::coupling_flow: log_volume must be one number, float64");
  TORCH_CHECK(places.scalar_type() == torch::kInt64 && places.numel() == layout.places(),
              "nflow::coupling_flow: places must be ", layout.places(), " numbers, int64");
  for (const auto &tensor : {weights, log_volume, places})
    TORCH_CHECK(tensor.device() == points.device(),
                "nflow::coupling_flow: all tensors must be on the device of the points");
  weights = weights.contiguous();
  places = places.contiguous();
  if (!places.device().is_cpu()) return; // index_select checks them
  const int64_t *const place = places.data_ptr<int64_t>();
  bool inside = true;
  for (int64_t i = 0; i < layout.places(); i++)
    inside = inside && place[i] >= 0 && place[i] < form.width;
  TORCH_CHECK(inside, "nflow::coupling_flow: places must be from 0 to the numbers of a point");
}

} // namespace nflow::operators
