#include "mc/mc_arguments.h"

#include "base/error.h"
#include "base/units.h"
#include "mcmc/moves/table.h"

#include "utils.h"

namespace LAMMPS_NS {

namespace {

constexpr const char *keywords =
    "use move, batch, prefetch, prior, rearranged, velocity, uncounted or device";

/// Reads a keyword and what follows it from arg[iarg] on; returns the place of the next one.
int parse_keyword(LAMMPS *lmp, int iarg, int narg, char **arg, MonteCarloArguments &result) {
  const auto number = [&](int i) { return utils::numeric(FLERR, arg[i], false, lmp); };
  const std::string keyword = arg[iarg++];
  if (keyword == "move") {
    nflow::mcmc::Words words(std::vector<std::string>(arg + iarg, arg + narg));
    result.moves.push_back(nflow::mcmc::parse_move(words));
    return iarg + static_cast<int>(words.taken());
  }
  if (iarg >= narg)
    throw nflow::Error("keyword '" + keyword + "' needs a value, or is not known: " + keywords);
  const std::string value = arg[iarg];
  if (keyword == "batch") {
    result.batch = utils::inumeric(FLERR, arg[iarg], false, lmp);
    if (result.batch < 1 || result.batch > 1000000)
      throw nflow::Error("batch must be from 1 to 1000000");
  } else if (keyword == "prefetch") {
    result.prefetch = value == "auto" ? 0 : utils::inumeric(FLERR, arg[iarg], false, lmp);
    if (value != "auto" && (result.prefetch < 1 || result.prefetch > 1000000))
      throw nflow::Error("prefetch must be auto, or attempts from 1 to 1000000");
  } else if (keyword == "prior") {
    result.prior_temperature = number(iarg);
    if (!nflow::is_usable_size(result.prior_temperature))
      throw nflow::Error("the temperature T0 of prior must be positive");
  } else if (keyword == "rearranged") {
    if (iarg + 1 >= narg)
      throw nflow::Error("rearranged needs two lengths: that of a move and that of a bond");
    result.rearrangement.distance = number(iarg++);
    result.rearrangement.neighbours = number(iarg);
    if (!nflow::is_usable_size(result.rearrangement.distance) ||
        !nflow::is_usable_size(result.rearrangement.neighbours))
      throw nflow::Error("the lengths of rearranged must be positive");
  } else if (keyword == "velocity") {
    if (value != "keep" && value != "redraw") throw nflow::Error("velocity must be keep or redraw");
    result.redraw = value == "redraw";
  } else if (keyword == "uncounted") {
    result.uncounted.push_back(value);
  } else if (keyword == "device") {
    result.device = value;
  } else {
    throw nflow::Error("keyword '" + keyword + "' is not known: " + keywords);
  }
  return iarg + 1;
}

} // namespace

nflow::mcmc::PrefetchDepth MonteCarloArguments::prefetch_depth() const {
  using nflow::mcmc::PrefetchDepth;
  PrefetchDepth depth;
  depth.follows = prefetch == 0;
  // Whoever has asked for small batches wants no larger ones.
  depth.largest = depth.follows ? std::min(PrefetchDepth::most, batch) : prefetch;
  return depth;
}

MonteCarloArguments parse_mc_arguments(LAMMPS *lmp, int narg, char **arg) {
  if (narg < 8)
    throw nflow::Error("the form is 'fix ID group nflow/mc N M seed T model keyword value ...'");
  MonteCarloArguments result;
  result.every = utils::inumeric(FLERR, arg[3], false, lmp);
  result.attempts = utils::inumeric(FLERR, arg[4], false, lmp);
  result.seed = utils::inumeric(FLERR, arg[5], false, lmp);
  if (result.every <= 0) throw nflow::Error("N, the steps between calls, must be positive");
  if (result.attempts <= 0) throw nflow::Error("M, the attempts a call, must be positive");
  if (result.seed <= 0) throw nflow::Error("the seed must be positive");
  if (utils::strmatch(arg[6], "^v_"))
    result.temperature_variable = arg[6] + 2;
  else
    result.temperature = utils::numeric(FLERR, arg[6], false, lmp);
  if (result.temperature_variable.empty() && !nflow::is_usable_size(result.temperature))
    throw nflow::Error("the temperature T must be positive");
  result.model_file = arg[7];
  for (int iarg = 8; iarg < narg;) iarg = parse_keyword(lmp, iarg, narg, arg, result);
  return result;
}

} // namespace LAMMPS_NS
