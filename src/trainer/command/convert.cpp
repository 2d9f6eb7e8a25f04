#include "trainer/command/convert.h"

#include "architectures/flow_builder.h"
#include "architectures/shared_options.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "model/archive.h"

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

/// What the flow was built from, as the file remembers it.
FlowSetting setting_of(const Archive &archive, const std::string &file) {
  const Metadata &m = archive.metadata;
  const auto of_trainer = [&](bool fits) {
    require(fits, "model file '" + file +
                      "' does not say how nflow-train built its flow: give a file that nflow-train "
                      "has written");
  };
  const auto known = m.provenance.find("options");
  of_trainer(known != m.provenance.end() && known->is_object());
  FlowSetting setting;
  setting.architecture = m.architecture;
  setting.dtype = m.dtype;
  setting.n_atoms = m.n_atoms;
  setting.dim = m.dim;
  setting.types = m.types.value_or(std::vector<int>());
  setting.box = m.box.value_or(std::vector<double>());
  setting.units = m.units;
  setting.temperatures = m.temperatures_trained;
  if (m.prior == Prior::boltzmann) {
    setting.temperatures = {m.temperature_pairs.at(0).first};
    for (const auto &pair : m.temperature_pairs) setting.temperatures.push_back(pair.second);
  }
  const Architecture &architecture = architecture_of(setting);
  for (const auto &option : architecture.options()) {
    const auto value = known->find(option.name);
    if (value == known->end()) continue; // newer than the file
    try {
      std::visit(
          [&](const auto &standard) {
            setting.set(option.name, value->get<std::decay_t<decltype(standard)>>());
          },
          option.standard);
    } catch (const nlohmann::json::exception &) {
      of_trainer(false);
    }
  }
  architecture.recall(setting, archive.module);
  return setting;
}

/// Values of the parameters and buffers that both have, by name.
void copy_weights(const torch::jit::Module &from, torch::jit::Module &to, const std::string &file) {
  const torch::NoGradGuard no_gradient;
  std::map<std::string, torch::Tensor> old;
  for (const auto &one : from.named_parameters()) old[one.name] = one.value;
  for (const auto &one : from.named_buffers()) old[one.name] = one.value;
  const auto copy = [&](const std::string &name, torch::Tensor value, bool needed) {
    const auto found = old.find(name);
    const bool same = found != old.end() && found->second.sizes() == value.sizes();
    require(same || !needed, "model file '" + file + "' has other weights than its provenance " +
                                 "says (" + name + "): train the flow anew");
    if (same) value.copy_(found->second);
  };
  for (const auto &one : to.named_parameters()) copy(one.name, one.value, true);
  for (const auto &one : to.named_buffers()) copy(one.name, one.value, false);
}

/// The largest difference of what two flows make of some points, relative to it.
double difference(torch::jit::Module a, torch::jit::Module b, const Metadata &m) {
  const torch::NoGradGuard no_gradient;
  constexpr int64_t count = 64;
  auto points = torch::empty({count, m.slots(), m.n_atoms, m.dim}, torch::kFloat64);
  RandomStream(1, 0, 0, Purpose::check).fill_gaussian(points.data_ptr<double>(), points.numel());
  points = points.to(m.dtype == "float32" ? torch::kFloat32 : torch::kFloat64);
  const auto tau = torch::ones({2}, torch::kFloat64);
  double largest = 0.0;
  for (const char *method : {"forward", "inverse"}) {
    const auto one = a.get_method(method)({points, tau}), two = b.get_method(method)({points, tau});
    for (const int part : {0, 1}) {
      const auto x = one.toTupleRef().elements()[part].toTensor().to(torch::kFloat64);
      const auto y = two.toTupleRef().elements()[part].toTensor().to(torch::kFloat64);
      const double error = ((x - y).abs() / (1.0 + x.abs())).max().item<double>();
      largest = std::isnan(error) ? INFINITY : std::max(largest, error);
    }
  }
  return largest;
}

} // namespace

void convert(const TrainOptions &options) {
  const std::string &file = options.convert;
  Archive archive = load_archive(file, Format::model);
  FlowSetting setting = setting_of(archive, file);
  const auto &name = options::by_operator.name;
  bool has_forms = false;
  for (const auto &option : architecture_of(setting).options())
    has_forms = has_forms || option.name == name;
  require(has_forms,
          "a flow " + setting.architecture + " has one form only: there is nothing to convert");
  options::by_operator.set(setting, options::by_operator(options.flow));
  torch::jit::Module flow = build_flow(setting);
  copy_weights(archive.module, flow, file);
  flow.eval();
  Metadata metadata = archive.metadata;
  const double error = difference(archive.module, flow, metadata);
  require(error <= (metadata.dtype == "float32" ? 1e-3 : 1e-9),
          "the flow of '" + file + "' and the one built from its weights differ by " +
              number(error, 2) + ": train it anew");
  metadata.operators = architecture_of(setting).operators(setting);
  metadata.provenance["options"][name] = options::by_operator(setting);
  metadata.provenance["converted_from"] = metadata.weights_digest;
  save_archive(flow, metadata, options.output);
  std::printf("the flow of '%s' in its %s form, which differs by %.1e: '%s'\n", file.c_str(),
              options::by_operator(setting) ? "fast" : "portable", error, options.output.c_str());
}

} // namespace nflow::trainer
