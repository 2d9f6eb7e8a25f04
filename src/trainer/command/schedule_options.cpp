#include "architectures/architecture.h"
#include "trainer/command/train_options.h"

namespace nflow::trainer {

nlohmann::json schedule_options(const TrainOptions &o, const FlowSetting &setting) {
  nlohmann::json all = {
      {"architecture", setting.architecture},
      {"dtype", setting.dtype},
      {"dim", setting.dim},
      {"seed", setting.seed},
      {"temperature", o.temperature},
      {"units", setting.units},
      {"steps", o.steps},
      {"batch", o.batch},
      {"learning-rate", o.learning_rate},
      {"beta1", o.beta1},
      {"beta2", o.beta2},
      {"warm-up", o.warm_up},
      {"final-rate", o.final_rate},
      {"clip", o.clip},
      {"kl-weight", o.kl_weight},
      {"kl-start", o.kl_start},
      {"kl-full", o.kl_full},
      {"cap", o.cap},
      {"precision", o.precision},
      {"validation", o.validation},
      {"validate-every", o.validate_every},
      {"validation-samples", o.validation_samples},
      {"ess-samples", o.ess_samples},
      {"patience", o.patience},
      {"lammps", o.lammps},
      {"variable", o.variables},
      {"temperatures", o.thermal() ? o.temperatures() : std::vector<double>{o.temperature}},
      {"sample", o.sample},
      {"sample-start", o.sample_start},
      {"loss", o.loss},
      {"exchange-start", o.exchange_start},
      {"state", o.states}};
  for (const auto &option : architecture_of(o.flow).options())
    std::visit([&](const auto &value) { all[option.name] = value; }, setting.value_of(option));
  return all;
}

} // namespace nflow::trainer
