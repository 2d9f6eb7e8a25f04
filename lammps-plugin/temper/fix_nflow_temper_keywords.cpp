// The arguments of fix nflow/temper.

#include "temper/fix_nflow_temper.h"

#include "universe.h"

#include <cmath>

using namespace LAMMPS_NS;

namespace {

constexpr const char *keywords = "use model, models, scheme, partners, auxiliary, velocity, "
                                 "hamiltonian, log, tune, universe, timeout or device";

bool is_number(const char *text) {
  char *end = nullptr;
  std::strtod(text, &end);
  return end != text && *end == '\0';
}

} // namespace

/// Reads the temperatures, which are the arguments up to the first that is no number; returns the
/// place of that one.
int FixNflowTemper::parse_temperatures(int narg, char **arg) {
  int iarg = 5;
  while (iarg < narg && is_number(arg[iarg]))
    given_temperatures_.push_back(utils::numeric(FLERR, arg[iarg++], false, lmp));
  const auto given = static_cast<int>(given_temperatures_.size());
  if (given == 0) stop("there is no temperature: give that of this partition, or those of all");
  if (given != 1 && given != count_)
    stop("there are " + std::to_string(given) + " temperatures for " + std::to_string(count_) +
         " partitions: give one (of a world-style variable), or as many as there are partitions");
  for (const double temperature : given_temperatures_)
    if (!(temperature > 0.0) || !std::isfinite(temperature))
      stop("all temperatures must be positive");
  return iarg;
}

void FixNflowTemper::parse_keywords(int iarg, int narg, char **arg) {
  while (iarg < narg) {
    const std::string keyword = arg[iarg];
    // A device may be another one in each partition.
    const int begin = iarg;
    if (iarg + 1 >= narg)
      stop("keyword '" + keyword + "' needs a value, or is not known: " + keywords);
    const std::string value = arg[iarg + 1];
    const auto choice = [&](const char *no, const char *yes) {
      if (value != no && value != yes) stop(keyword + " must be " + no + " or " + yes);
      return value == yes;
    };
    if (keyword == "model" || keyword == "models") {
      iarg = parse_models(iarg, narg, arg) - 2;
    } else if (keyword == "scheme")
      parse_scheme(value);
    else if (keyword == "partners")
      adjacent_ = !choice("adjacent", "any");
    else if (keyword == "auxiliary")
      velocity_momenta_ = choice("fresh", "velocity");
    else if (keyword == "velocity")
      redraw_ = choice("rescale", "redraw");
    else if (keyword == "hamiltonian")
      own_hamiltonian_ = choice("same", "own");
    else if (keyword == "universe")
      universe_log_ = choice("no", "yes");
    else if (keyword == "log")
      log_file_ = value;
    else if (keyword == "device")
      device_ = value;
    else if (keyword == "tune") {
      const auto scans = utils::bnumeric(FLERR, arg[iarg + 1], false, lmp);
      if (scans < 8) stop("tune needs at least 8 attempts, better thousands");
      tune_scans_ = static_cast<uint64_t>(scans);
    } else if (keyword == "timeout") {
      limit_ = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
      if (!(limit_ >= 0.0)) stop("timeout must not be negative");
    } else {
      stop("keyword '" + keyword + "' is not known: " + keywords);
    }
    iarg += 2;
    for (int i = begin; i < iarg && keyword != "device"; i++)
      settings_ += std::string(arg[i]) + ' ';
  }
  if (!adjacent_) scheme_ = Scheme::any;
  if (!adjacent_ && !model_files_.empty() && !one_model_)
    stop("partners any needs one flow for all temperatures: give it with model, not models");
}

/// Returns the place of the next keyword.
int FixNflowTemper::parse_models(int iarg, int narg, char **arg) {
  if (!model_files_.empty()) stop("give either model or models, and only once");
  one_model_ = std::string(arg[iarg]) == "model";
  const int number = one_model_ ? 1 : count_ - 1;
  if (iarg + number >= narg)
    stop("models needs " + std::to_string(number) +
         " files, one for each pair of neighbors, or NULL where there is none");
  for (int i = 1; i <= number; i++) {
    const std::string name = arg[iarg + i];
    model_files_.push_back(name == "NULL" ? "" : name);
  }
  return iarg + 1 + number;
}

void FixNflowTemper::parse_scheme(const std::string &value) {
  if (value == "deo")
    scheme_ = Scheme::deo;
  else if (value == "seo")
    scheme_ = Scheme::seo;
  else if (value == "random")
    scheme_ = Scheme::random;
  else
    stop("scheme must be deo, seo or random");
}
