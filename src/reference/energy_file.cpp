#include "reference/energy_file.h"

#include "base/error.h"
#include "files/input_file.h"
#include "model/archive.h"

#include <torch/script.h>

namespace nflow::reference {

namespace {

const char *double_well64_name = "double-well-64";

const char *multi_well_source = R"(
def energy(self, x: Tensor) -> Tensor:
    y = torch.matmul(x.squeeze(2), self.A_transposed)
    return (y * torch.addcmul(self.a, y, torch.add(self.b, y * y, alpha=self.c))).sum(1)

def energy_and_gradient(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    y = torch.matmul(x.squeeze(2), self.A_transposed)
    square = y * y
    slope = torch.addcmul(self.a, y, torch.add(2.0 * self.b, square, alpha=4.0 * self.c))
    energy = (y * torch.addcmul(self.a, y, torch.add(self.b, square, alpha=self.c))).sum(1)
    return energy, torch.matmul(slope, self.A).unsqueeze(2)
)";

// W = (X, Y) are the first two coordinates, rotated by `turn` [64, 2]. The stiffness 15 is given to
// all coordinates and taken from W, whose length is theirs, in `square`:
//     U = 2 sum W (W (W^2 + square) + W swapped + linear) + 7.5 sum x^2 + 18.56
// Few operations: at batch 1 these are what it costs.
const char *double_well64_source = R"(
def energy(self, x: Tensor) -> Tensor:
    all = x.squeeze(2)
    W = torch.matmul(all, self.turn)
    wells = W * torch.addcmul(torch.addmm(self.linear, W, self.swap), W, torch.add(self.square, W * W))
    return torch.add(18.56 + 2.0 * wells.sum(1), (all * all).sum(1), alpha=7.5)

def energy_and_gradient(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    all = x.squeeze(2)
    W = torch.matmul(all, self.turn)
    W2 = W * W
    swapped = torch.matmul(W, self.swap)
    outer = self.linear + swapped
    wells = W * torch.addcmul(outer, W, torch.add(self.square, W2))
    energy = torch.add(18.56 + 2.0 * wells.sum(1), (all * all).sum(1), alpha=7.5)
    slope = torch.addcmul(outer + swapped, W, torch.add(self.twice_square, W2, alpha=4.0))
    return energy, torch.addmm(all, slope, self.turn_back, beta=15.0, alpha=2.0).unsqueeze(2)
)";

at::Tensor tensor(const std::vector<double> &values, std::vector<int64_t> shape) {
  return torch::tensor(values, torch::kFloat64).reshape(shape);
}

Metadata energy_metadata(const std::string &architecture, int64_t dim, nlohmann::json provenance) {
  Metadata metadata;
  metadata.format = Format::energy;
  metadata.architecture = architecture;
  metadata.n_atoms = dim;
  metadata.dim = 1;
  metadata.units = "lj";
  metadata.dtype = "float64";
  metadata.provenance = std::move(provenance);
  metadata.provenance["program"] = "nflow-reference";
  return metadata;
}

} // namespace

void write_multi_well_file(const MultiWell &system, const nlohmann::json &provenance,
                           const std::string &path) {
  const int64_t dim = system.dim();
  torch::jit::Module module("MultiWell");
  const auto A = tensor(system.A.values, {dim, dim});
  module.register_buffer("A", A);
  module.register_buffer("A_transposed", A.t().contiguous());
  module.register_buffer("a", tensor(system.a, {dim}));
  module.register_buffer("b", tensor({system.b}, {1}));
  module.register_attribute("c", c10::FloatType::get(), system.c);
  module.define(multi_well_source);
  auto record = provenance;
  record["multi_well"] = to_json(system);
  save_archive(module, energy_metadata("multi-well", dim, std::move(record)), path);
}

void write_double_well64_file(const std::string &path) {
  const double angle = -0.15 * M_PI;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  torch::jit::Module module("DoubleWell64");
  auto turn = torch::zeros({64, 2}, torch::kFloat64);
  turn.slice(0, 0, 2).copy_(tensor({cosine, sine, -sine, cosine}, {2, 2}));
  const auto square = tensor({-2.0 - 3.75, -4.0 - 3.75}, {2});
  module.register_buffer("turn", turn);
  module.register_buffer("turn_back", turn.t().contiguous());
  module.register_buffer("swap", tensor({0.0, 1.0, 1.0, 0.0}, {2, 2}));
  module.register_buffer("linear", tensor({0.8, 0.1}, {2}));
  module.register_buffer("square", square);
  module.register_buffer("twice_square", 2.0 * square);
  module.define(double_well64_source);
  save_archive(module, energy_metadata(double_well64_name, 64, nlohmann::json::object()), path);
}

bool is_double_well64_file(const std::string &path) {
  require_model_file(path);
  return load_archive(path, Format::energy).metadata.architecture == double_well64_name;
}

MultiWell read_multi_well_file(const std::string &path) {
  require_model_file(path);
  const auto metadata = load_archive(path, Format::energy).metadata;
  if (!metadata.provenance.is_object() || !metadata.provenance.contains("multi_well"))
    throw Error(
        "energy file '" + path +
        "' is not a multi-well: give a file made by 'nflow-reference multiwell' (sample, exact and "
        "compare take 'nflow-reference doublewell64', too)");
  try {
    auto system = multi_well_from_json(metadata.provenance.at("multi_well"));
    if (system.dim() == metadata.n_atoms) return system;
  } catch (const std::exception &) {
  }
  throw Error(
      "energy file '" + path +
      "' records a multi-well that cannot be read: make it again with 'nflow-reference multiwell'");
}

void use_one_thread() {
  use_threads(1);
}

} // namespace nflow::reference
