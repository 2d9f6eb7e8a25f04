#include "trainer/objectives/flow_objective.h"

#include "trainer/training/trained_flow.h"

#include <torch/script.h>
#include <torch/version.h>

namespace nflow::trainer {

FlowObjective::FlowObjective() = default;

FlowObjective::~FlowObjective() = default;

std::vector<double> FlowObjective::parameters() const {
  return flow_->parameters();
}

void FlowObjective::set_parameters(const std::vector<double> &parameters) {
  flow_->set_parameters(parameters);
}

std::vector<double> FlowObjective::constants() const {
  return flow_->constants();
}

void FlowObjective::set_constants(const std::vector<double> &constants) {
  flow_->set_constants(constants);
}

Objective::Terms FlowObjective::add_gradient(const Points &target, double ml_weight,
                                             const Points &prior, double kl_weight,
                                             std::vector<double> &gradient) {
  Terms terms;
  torch::Tensor loss = torch::zeros({}, torch::kFloat64);
  if (ml_weight > 0.0 && target.count > 0) {
    const auto sum = ml(target).sum();
    terms.ml = sum.item<double>();
    loss = loss + ml_weight * sum;
  }
  if (kl_weight > 0.0 && prior.count > 0) {
    const auto sum = kl(prior).sum();
    terms.kl = sum.item<double>();
    loss = loss + kl_weight * sum;
  }
  flow_->add_gradient(loss, gradient);
  return terms;
}

const FlowSetting &FlowObjective::setting() const {
  return flow_->setting();
}

Metadata FlowObjective::metadata() const {
  auto metadata = flow_metadata(flow_->setting());
  metadata.provenance["parameters"] = parameter_count(flow_->saved());
  metadata.provenance["libtorch"] = TORCH_VERSION;
  return metadata;
}

void FlowObjective::save(const std::vector<double> &parameters, const Metadata &metadata,
                         const std::string &file) {
  flow_->save(parameters, metadata, file);
}

} // namespace nflow::trainer
