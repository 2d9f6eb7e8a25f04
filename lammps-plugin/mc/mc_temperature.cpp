#include "mc/mc_temperature.h"

#include "base/error.h"
#include "base/units.h"
#include "temper/exchange_kind.h"

#include "force.h"
#include "input.h"
#include "modify.h"
#include "update.h"
#include "variable.h"

#include <cmath>
#include <sstream>

namespace LAMMPS_NS {

namespace {

std::string text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

} // namespace

MonteCarloTemperature::MonteCarloTemperature(LAMMPS *lmp, const MonteCarloArguments &arguments,
                                             const nflow::Metadata &metadata)
    : Pointers(lmp), temperature_(arguments.temperature), variable_(arguments.temperature_variable),
      wanted_prior_(arguments.prior_temperature), model_file_(arguments.model_file),
      metadata_(metadata) {
  if (metadata_.prior == nflow::Prior::boltzmann && variable_.empty()) choose_pair(temperature_);
}

/// Finds the pair of temperatures of the model that ends at T.
void MonteCarloTemperature::choose_pair(double temperature) {
  std::string all, fitting;
  int found = 0;
  for (const auto &pair : metadata_.temperature_pairs) {
    const std::string name = text(pair.first) + " -> " + text(pair.second);
    all += (all.empty() ? "" : ", ") + name;
    if (!same_temperature(temperature, pair.second)) continue;
    if (wanted_prior_ > 0.0 && !same_temperature(wanted_prior_, pair.first)) continue;
    fitting += (fitting.empty() ? "" : ", ") + name;
    pair_ = pair;
    found++;
  }
  if (found == 0)
    throw nflow::Error("the model file '" + model_file_ + "' has no pair of temperatures " +
                       (wanted_prior_ > 0.0 ? text(wanted_prior_) : "T0") + " -> " +
                       text(temperature) + ", but only " + all + ": use one of these");
  if (found > 1)
    throw nflow::Error("the model file '" + model_file_ +
                       "' has several pairs of temperatures that end at T: " + fitting +
                       "; choose one by 'prior T0'");
  if (same_temperature(pair_.first, pair_.second))
    throw nflow::Error(
        "the pair of temperatures " + fitting + " of model file '" + model_file_ +
        "' begins and ends at the same temperature, where a flow has nothing to do: use a "
        "model between two temperatures");
}

void MonteCarloTemperature::init() const {
  if (variable_.empty()) return;
  const int ivar = input->variable->find(variable_.c_str());
  if (ivar < 0)
    throw nflow::Error("variable '" + variable_ + "' for the temperature does not exist");
  if (!input->variable->equalstyle(ivar))
    throw nflow::Error("variable '" + variable_ +
                       "' for the temperature must be an equal-style variable");
}

double MonteCarloTemperature::evaluate(Platform &platform, int every) const {
  double temperature = temperature_;
  if (!variable_.empty()) {
    platform.to_host(lmp); // which whatever the variable asks for reads
    modify->clearstep_compute();
    temperature = input->variable->compute_equal(input->variable->find(variable_.c_str()));
    modify->addstep_compute(update->ntimestep + every);
  }
  if (!nflow::is_usable_size(temperature))
    throw nflow::Error("the temperature variable '" + variable_ + "' is not positive at step " +
                       std::to_string(update->ntimestep));
  return temperature;
}

nflow::Temperatures MonteCarloTemperature::now(Platform &platform, int every) {
  const double temperature = evaluate(platform, every);
  if (metadata_.prior == nflow::Prior::gaussian) return force->boltz * temperature;
  if (pair_.second == 0.0) choose_pair(temperature);
  if (!same_temperature(temperature, pair_.second))
    throw nflow::Error("the temperature variable '" + variable_ + "' is " + text(temperature) +
                       " at step " + std::to_string(update->ntimestep) + ", but the flow ends at " +
                       text(pair_.second) + ": keep T constant with a boltzmann-prior model");
  return {force->boltz * pair_.first, force->boltz * temperature};
}

} // namespace LAMMPS_NS
