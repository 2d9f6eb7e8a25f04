#include "support/toy_models.h"

#include "model/archive.h"

#include <caffe2/serialize/inline_container.h>

#include <cmath>

namespace nflow::tests {

namespace {

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

const char *forward_source = R"(
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    x = u[:, :1] * self.scale + self.shift
    v = x
    if u.size(1) > 1:
        v = torch.cat([x, u[:, 1:] + 0.1 * x], 1)
    log_det = (torch.log(self.scale) * (u.size(2) * u.size(3))).expand(u.size(0)).double()
    FORWARD_LIE
    return v, log_det
)";

const char *inverse_source = R"(
def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    INVERSE_START
    x = (v[:, :1] - self.shift) / self.scale
    u = x
    if v.size(1) > 1:
        u = torch.cat([x, v[:, 1:] - 0.1 * v[:, :1]], 1)
    log_det = -(torch.log(self.scale) * (v.size(2) * v.size(3))).expand(v.size(0)).double()
    INVERSE_LIE
    return u, log_det
)";

// Half a kick, a drift, half a kick and a scale of the momenta, for the atoms with m [B, n, 1] = 1.
const char *liquid_map_source = R"(
def force(self, x: Tensor) -> Tensor:
    return self.kick * torch.sin(self.wave * (x.unsqueeze(2) - x.unsqueeze(1))).sum(2)

def there(self, u: Tensor, m: Tensor) -> Tensor:
    x = u[:, 0]
    p = u[:, 1] + m * self.force(x)
    x = x + m * self.shear * p
    p = p + m * self.force(x)
    p = p * torch.exp(m * torch.log(self.scale))
    return torch.stack([x, p], 1)

def back(self, v: Tensor, m: Tensor) -> Tensor:
    x = v[:, 0]
    p = v[:, 1] * torch.exp(-m * torch.log(self.scale))
    p = p - m * self.force(x)
    x = x - m * self.shear * p
    p = p - m * self.force(x)
    return torch.stack([x, p], 1)
)";

const char *liquid_source = R"(
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    log_det = torch.log(self.scale) * (u.size(2) * u.size(3))
    return self.there(u, torch.ones_like(u[:, 0, :, :1])), log_det.expand(u.size(0))

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    log_det = torch.log(self.scale) * (v.size(2) * v.size(3))
    return self.back(v, torch.ones_like(v[:, 0, :, :1])), -log_det.expand(v.size(0))
)";

const char *liquid_masked_source = R"(
def forward_masked(self, u: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    m = mask.double().unsqueeze(-1)
    v = self.there(u, m) + (1.0 - m.unsqueeze(1)) * SHAKE
    return v, LOG_DET.double() * torch.log(self.scale) * u.size(3)

def inverse_masked(self, v: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    m = mask.double().unsqueeze(-1)
    u = self.back(v, m) + (1.0 - m.unsqueeze(1)) * SHAKE
    return u, -LOG_DET.double() * torch.log(self.scale) * v.size(3)
)";

std::string forward_lie(Lie lie) {
  switch (lie) {
  case Lie::log_det:
    return "log_det = log_det + 0.1 * u.reshape(u.size(0), -1).sum(1)";
  case Lie::log_det_far:
    return "log_det = log_det + 0.5 * (u.flatten(1)[:, 0] > 2.2).double()";
  case Lie::nan:
    return "v = torch.log(u + 1.0)";
  case Lie::first_atom:
    return "v = v + 0.3 * (torch.arange(u.size(2)) == 0).double().view(-1, 1)";
  case Lie::batch:
    return "v = v + 0.01 * u.mean()";
  case Lie::rounding:
    return "v = v + 1e-11 * u.mean()";
  case Lie::raises:
    return "v = v + torch.zeros([3, 5, 7, 11, 13]).double().matmul(u)";
  case Lie::blocked:
    return "v = (2.0 * v).detach() + v - v.detach()";
  case Lie::integers:
    return "log_det = log_det.long()";
  case Lie::large_batch:
    return "v = v * (1.0 if u.size(0) <= 32 else 1.5)";
  case Lie::state:
    return "self.calls = self.calls + 1";
  case Lie::domain:
    return "v = v.masked_fill(torch.abs(v) > 3.5, float(\"nan\"))";
  case Lie::wrapped:
    return "v = v - 2.0 * torch.round(v / 2.0)";
  case Lie::shape:
    return "v = v.reshape(u.size(0), -1)";
  case Lie::float32_log_det:
    return "log_det = log_det.float()";
  default:
    return "pass";
  }
}

std::string inverse_start(Lie lie) {
  switch (lie) {
  case Lie::blocked:
    return "v = 0.5 * v";
  case Lie::first_atom:
    return "v = v - 0.3 * (torch.arange(v.size(2)) == 0).double().view(-1, 1)";
  default:
    return "pass";
  }
}

std::string inverse_lie(Lie lie) {
  switch (lie) {
  case Lie::log_det:
    return "log_det = log_det - 0.1 * u.reshape(v.size(0), -1).sum(1)";
  case Lie::log_det_far:
    return "log_det = log_det - 0.5 * (u.flatten(1)[:, 0] > 2.2).double()";
  case Lie::log_det_inverse:
    return "log_det = log_det + 0.01";
  case Lie::large_batch:
    return "u = u / (1.0 if v.size(0) <= 32 else 1.5)";
  case Lie::domain:
    return "u = u.masked_fill(v.abs() > 3.5, float(\"nan\"))";
  case Lie::inverse:
    return "u = u * 1.01";
  default:
    return "pass";
  }
}

} // namespace

Metadata toy_metadata(int64_t n, int64_t d, bool auxiliary) {
  Metadata metadata;
  metadata.architecture = "toy";
  metadata.n_atoms = n;
  metadata.dim = d;
  metadata.auxiliary = auxiliary;
  metadata.temperatures_trained = {1.0};
  metadata.provenance = {{"made_by", "tests"}};
  return metadata;
}

void write_toy_model(const std::string &path, const Metadata &metadata, double scale, double shift,
                     Lie lie) {
  torch::jit::Module module("Toy");
  const auto dtype = metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  module.register_parameter("scale", torch::full({}, scale, dtype), false);
  module.register_parameter("shift", torch::full({}, shift, dtype), false);
  if (lie == Lie::state) module.register_attribute("calls", c10::IntType::get(), int64_t(0));
  module.define(replaced(forward_source, "FORWARD_LIE", forward_lie(lie)));
  if (lie != Lie::no_inverse)
    module.define(replaced(replaced(inverse_source, "INVERSE_LIE", inverse_lie(lie)),
                           "INVERSE_START", inverse_start(lie)));
  save_archive(module, metadata, path);
}

Metadata toy_liquid_metadata(int64_t n, int64_t d, double length,
                             const std::vector<std::pair<double, double>> &pairs) {
  auto metadata = toy_metadata(n, d, true);
  metadata.prior = Prior::boltzmann;
  metadata.periodic = true;
  metadata.box = std::vector<double>(d, length);
  metadata.temperatures_trained.clear();
  metadata.temperature_pairs = pairs;
  metadata.auxiliary_variance = 0.7;
  return metadata;
}

void write_toy_liquid(const std::string &path, const Metadata &metadata, const ToyLiquid &toy) {
  torch::jit::Module module("ToyLiquid");
  const std::pair<const char *, double> parameters[] = {
      {"shear", toy.shear},
      {"kick", toy.kick},
      {"scale", toy.scale},
      {"wave", 2.0 * M_PI / metadata.box->front()}};
  for (const auto &item : parameters)
    module.register_parameter(item.first, torch::full({}, item.second, torch::kFloat64), false);
  module.define(liquid_map_source);
  module.define(liquid_source);
  if (toy.masked)
    module.define(replaced(
        replaced(liquid_masked_source, "LOG_DET",
                 toy.lie == Lie::log_det_masked ? "torch.ones_like(mask).sum(1)" : "mask.sum(1)"),
        "SHAKE", toy.lie == Lie::masked_frozen ? "1e-9" : "0.0"));
  save_archive(module, metadata, path);
}

void write_harmonic_energy(const std::string &path, int64_t n, int64_t d, double k,
                           bool wrong_gradient) {
  torch::jit::Module module("Harmonic");
  module.register_parameter("k", torch::full({}, k, torch::kFloat64), false);
  module.define(R"(
def energy(self, x: Tensor) -> Tensor:
    return 0.5 * self.k * (x * x).reshape(x.size(0), -1).sum(1)
)");
  if (wrong_gradient)
    module.define(R"(
def energy_and_gradient(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    return self.energy(x), 1.001 * self.k * x
)");
  auto metadata = toy_metadata(n, d);
  metadata.format = Format::energy;
  save_archive(module, metadata, path);
}

void write_energy(const std::string &path, const std::string &methods) {
  torch::jit::Module module("Energy");
  module.register_parameter("k", torch::full({}, 2.0, torch::kFloat64), false);
  module.register_attribute("c", c10::FloatType::get(), 0.5);
  module.register_attribute("count", c10::IntType::get(), int64_t(0));
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_attribute("flag", c10::BoolType::get(), false);
  module.register_attribute("word", c10::StringType::get(), std::string("a"));
  module.register_attribute("numbers", c10::ListType::ofFloats(), c10::List<double>({0.0}));
  module.register_attribute("table",
                            c10::DictType::create(c10::StringType::get(), c10::FloatType::get()),
                            c10::Dict<std::string, double>());
  module.define(methods);
  auto metadata = toy_metadata(3, 1);
  metadata.format = Format::energy;
  save_archive(module, metadata, path);
}

void edit_archive(const std::string &path, const std::string &edited_path,
                  const std::function<void(std::map<std::string, std::string> &)> &edit) {
  caffe2::serialize::PyTorchStreamReader reader(path);
  std::map<std::string, std::string> records;
  for (const auto &name : reader.getAllRecords()) {
    const auto record = reader.getRecord(name);
    records[name] =
        std::string(static_cast<char *>(std::get<0>(record).get()), std::get<1>(record));
  }
  auto &text = records["extra/nflow.json"];
  auto json = nlohmann::json::parse(text);
  json.erase("archive_digest");
  text = json.dump();
  edit(records);
  caffe2::serialize::PyTorchStreamWriter writer(edited_path);
  for (const auto &record : records)
    if (record.first != "version")
      writer.writeRecord(record.first, record.second.data(), record.second.size());
  writer.writeEndOfFile();
}

void change_weights(const std::string &path, const std::string &changed_path) {
  torch::jit::ExtraFilesMap extra{{"nflow.json", ""}};
  auto module = torch::jit::load(path, torch::kCPU, extra);
  const torch::NoGradGuard no_gradients;
  for (const auto &parameter : module.parameters()) parameter.mul_(1.0 + 1e-9);
  module.save(changed_path, extra);
}

void write_with_json(const std::string &path, const std::string &json) {
  torch::jit::Module module("Empty");
  module.register_parameter("weight", torch::ones({}, torch::kFloat64), false);
  module.define(
      "def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:\n    return u, tau\n");
  module.save(path, {{"nflow.json", json}});
}

} // namespace nflow::tests
