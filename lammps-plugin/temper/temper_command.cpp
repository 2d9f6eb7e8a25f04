#include "temper/temper_command.h"

#include "base/error.h"
#include "base/random.h"
#include "base/units.h"

#include "lammps.h"
#include "universe.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace LAMMPS_NS {

namespace {

using nflow::tempering::Scheme;

constexpr const char *keywords = "use model, models, scheme, partners, auxiliary, velocity, "
                                 "hamiltonian, log, tune, universe, timeout, uncounted or device";

bool is_number(const char *text) {
  char *end = nullptr;
  std::strtod(text, &end);
  return end != text && *end == '\0';
}

Scheme scheme_of(const std::string &value) {
  if (value == "deo") return Scheme::deo;
  if (value == "seo") return Scheme::seo;
  if (value == "random") return Scheme::random;
  throw nflow::Error("scheme must be deo, seo or random");
}

class Parser {
 public:
  Parser(LAMMPS *lmp, int narg, char **arg)
      : lmp_(lmp), count_(lmp->universe->nworlds), narg_(narg), arg_(arg) {}

  TemperCommand parse() {
    if (narg_ < 6)
      throw nflow::Error(
          "the form is 'fix ID group nflow/temper N seed T_1 ... keyword value ...'");
    command_.every = utils::inumeric(FLERR, arg_[3], false, lmp_);
    command_.seed = utils::inumeric(FLERR, arg_[4], false, lmp_);
    if (command_.every <= 0) throw nflow::Error("N, the steps between exchanges, must be positive");
    if (command_.seed <= 0) throw nflow::Error("the seed must be positive");
    command_.key = nflow::named_seed(static_cast<uint32_t>(command_.seed), arg_[0]);
    for (int at = read_temperatures(); at < narg_;) at = read_keyword(at);
    finish();
    return std::move(command_);
  }

 private:
  /// The arguments up to the first that is no number; returns the place of that one.
  int read_temperatures() {
    auto &temperatures = command_.temperatures;
    int at = 5;
    while (at < narg_ && is_number(arg_[at]))
      temperatures.push_back(utils::numeric(FLERR, arg_[at++], false, lmp_));
    const auto given = static_cast<int>(temperatures.size());
    if (given == 0)
      throw nflow::Error("there is no temperature: give that of this partition, or those of all");
    if (given != 1 && given != count_)
      throw nflow::Error(
          "there are " + std::to_string(given) + " temperatures for " + std::to_string(count_) +
          " partitions: give one (of a world-style variable), or as many as there are "
          "partitions");
    for (const double temperature : temperatures)
      if (!nflow::is_usable_size(temperature))
        throw nflow::Error("all temperatures must be positive");
    return at;
  }

  /// Returns the place of the next keyword, as do those below.
  int read_keyword(int at) {
    const std::string keyword = arg_[at];
    if (at + 1 >= narg_)
      throw nflow::Error("keyword '" + keyword + "' needs a value, or is not known: " + keywords);
    const bool models = keyword == "model" || keyword == "models";
    const int next = models ? read_models(at) : at + 2;
    if (!models) read_value(keyword, arg_[at + 1]);
    // A device may be another one in each partition.
    for (int i = at; i < next && keyword != "device"; i++)
      command_.settings += std::string(arg_[i]) + ' ';
    return next;
  }

  int read_models(int at) {
    auto &files = command_.model_files;
    if (!files.empty()) throw nflow::Error("give either model or models, and only once");
    command_.one_model = std::string(arg_[at]) == "model";
    const int number = command_.one_model ? 1 : count_ - 1;
    if (at + number >= narg_)
      throw nflow::Error("models needs " + std::to_string(number) +
                         " files, one for each pair of neighbors, or NULL where there is none");
    for (int i = 1; i <= number; i++) {
      const std::string name = arg_[at + i];
      files.push_back(name == "NULL" ? "" : name);
    }
    return at + 1 + number;
  }

  void read_value(const std::string &keyword, const char *text) {
    const std::string value = text;
    const auto choice = [&](const char *no, const char *yes) {
      if (value != no && value != yes)
        throw nflow::Error(keyword + " must be " + no + " or " + yes);
      return value == yes;
    };
    if (keyword == "scheme")
      command_.scheme = scheme_of(value);
    else if (keyword == "partners")
      command_.adjacent = !choice("adjacent", "any");
    else if (keyword == "auxiliary")
      command_.velocity_momenta = choice("fresh", "velocity");
    else if (keyword == "velocity")
      command_.redraw = choice("rescale", "redraw");
    else if (keyword == "hamiltonian")
      command_.own_hamiltonian = choice("same", "own");
    else if (keyword == "universe")
      command_.universe_log = choice("no", "yes");
    else if (keyword == "log")
      command_.log_file = value;
    else if (keyword == "device")
      command_.device = value;
    else if (keyword == "uncounted")
      command_.uncounted.push_back(value);
    else if (keyword == "tune") {
      const auto scans = utils::bnumeric(FLERR, text, false, lmp_);
      if (scans < 8) throw nflow::Error("tune needs at least 8 attempts, better thousands");
      command_.tune_scans = static_cast<uint64_t>(scans);
    } else if (keyword == "timeout") {
      command_.limit = utils::numeric(FLERR, text, false, lmp_);
      if (!(command_.limit >= 0.0) || !std::isfinite(command_.limit))
        throw nflow::Error("timeout must not be negative");
    } else {
      throw nflow::Error("keyword '" + keyword + "' is not known: " + keywords);
    }
  }

  void finish() {
    if (command_.adjacent) return;
    command_.scheme = Scheme::any;
    if (!command_.model_files.empty() && !command_.one_model)
      throw nflow::Error(
          "partners any needs one flow for all temperatures: give it with model, not "
          "models");
  }

  LAMMPS *lmp_;
  int count_; // of partitions
  int narg_;
  char **arg_;
  TemperCommand command_;
};

} // namespace

std::string TemperCommand::model_of(int i, int j) const {
  if (model_files.empty()) return "";
  return one_model ? model_files[0] : model_files[std::min(i, j)];
}

TemperCommand parse_temper_command(LAMMPS *lmp, int narg, char **arg) {
  return Parser(lmp, narg, arg).parse();
}

} // namespace LAMMPS_NS
