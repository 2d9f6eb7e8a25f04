// The arguments of fix nflow/mc.

#include "mc/fix_nflow_mc.h"

#include <cmath>

using namespace LAMMPS_NS;
using nflow::mcmc::Move;
using nflow::mcmc::MoveKind;

namespace {

constexpr const char *keywords = "use move, batch, prior, rearranged, velocity or device";
constexpr const char *kinds = "independence, multitry K, latent sigma s, pcn s, mapped reservoir "
                              "FILE or excursion steps n timestep dt";

} // namespace

void FixNflowMC::parse_keywords(int narg, char **arg) {
  int iarg = 8;
  while (iarg < narg) {
    const std::string keyword = arg[iarg];
    if (keyword == "move") {
      iarg = parse_move(iarg + 1, narg, arg);
      continue;
    }
    if (iarg + 1 >= narg)
      stop("keyword '" + keyword + "' needs a value, or is not known: " + keywords);
    const std::string value = arg[iarg + 1];
    if (keyword == "batch") {
      batch_ = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
      if (batch_ < 1 || batch_ > 1000000) stop("batch must be from 1 to 1000000");
    } else if (keyword == "prior") {
      prior_temperature_ = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
      if (!(prior_temperature_ > 0.0)) stop("the temperature T0 of prior must be positive");
    } else if (keyword == "rearranged") {
      if (iarg + 2 >= narg) stop("rearranged needs two lengths: that of a move and that of a bond");
      rearrangement_.distance = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
      rearrangement_.neighbours = utils::numeric(FLERR, arg[iarg + 2], false, lmp);
      if (!(rearrangement_.distance > 0.0) || !(rearrangement_.neighbours > 0.0))
        stop("the lengths of rearranged must be positive");
      iarg++;
    } else if (keyword == "velocity") {
      if (value != "keep" && value != "redraw") stop("velocity must be keep or redraw");
      redraw_ = value == "redraw";
    } else if (keyword == "device") {
      device_ = value;
    } else {
      stop("keyword '" + keyword + "' is not known: " + keywords);
    }
    iarg += 2;
  }
}

double FixNflowMC::number_at(int iarg, int narg, char **arg, const std::string &what) const {
  if (iarg >= narg) stop(what + " is missing");
  return utils::numeric(FLERR, arg[iarg], false, lmp);
}

/// Reads one move from arg[iarg] on and returns the place of the next keyword.
int FixNflowMC::parse_move(int iarg, int narg, char **arg) {
  if (iarg >= narg) stop(std::string("move needs a kind: ") + kinds);
  const std::string kind = arg[iarg++];
  Move move;
  reservoir_files_.emplace_back();
  if (kind == "independence") {
    move.kind = MoveKind::independence;
  } else if (kind == "multitry") {
    move.kind = MoveKind::multitry;
    if (iarg >= narg) stop("the number of tries K of move multitry is missing");
    move.tries = utils::inumeric(FLERR, arg[iarg++], false, lmp);
    if (move.tries < 2)
      stop("move multitry needs K of at least 2: the current configuration and one proposal");
  } else if (kind == "latent") {
    move.kind = MoveKind::latent;
    if (iarg < narg && std::string(arg[iarg]) == "sigma") iarg++;
    move.step = number_at(iarg++, narg, arg, "sigma of move latent");
    if (!(move.step > 0.0)) stop("sigma of move latent must be positive");
  } else if (kind == "pcn") {
    move.kind = MoveKind::pcn;
    move.step = number_at(iarg++, narg, arg, "s of move pcn");
    if (!(move.step > 0.0 && move.step <= 1.0)) stop("s of move pcn must be in (0, 1]");
  } else if (kind == "mapped") {
    move.kind = MoveKind::mapped;
    if (iarg + 1 >= narg || std::string(arg[iarg]) != "reservoir")
      stop("move mapped needs 'reservoir FILE', a dump of configurations at T0");
    reservoir_files_.back() = arg[iarg + 1];
    iarg += 2;
  } else if (kind == "excursion") {
    iarg = parse_excursion(iarg, narg, arg, move);
  } else {
    stop("move '" + kind + "' is not known: use " + kinds);
  }
  if (iarg < narg && std::string(arg[iarg]) == "weight") {
    move.weight = number_at(iarg + 1, narg, arg, "the weight of a move");
    if (!(move.weight > 0.0) || !std::isfinite(move.weight))
      stop("the weight of a move must be positive");
    iarg += 2;
  }
  moves_.push_back(move);
  return iarg;
}

int FixNflowMC::parse_excursion(int iarg, int narg, char **arg, Move &move) const {
  move.kind = MoveKind::excursion;
  move.steps = 0;
  move.timestep = 0.0;
  for (; iarg < narg; iarg += 2) {
    const std::string keyword = arg[iarg];
    const std::string what = keyword + " of move excursion";
    if (keyword == "timestep") {
      move.timestep = number_at(iarg + 1, narg, arg, what);
      if (!(move.timestep > 0.0) || !std::isfinite(move.timestep)) stop(what + " must be positive");
      continue;
    }
    if (keyword != "steps" && keyword != "repeat" && keyword != "local") break;
    if (iarg + 1 >= narg) stop(what + " is missing");
    const int value = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
    if (value < 1) stop(what + " must be at least 1");
    if (keyword == "steps") move.steps = value;
    if (keyword == "repeat") move.repeat = value;
    if (keyword == "local") move.local = value;
  }
  if (move.steps == 0 || move.timestep == 0.0)
    stop("move excursion needs 'steps n timestep dt', the dynamics at T0");
  return iarg;
}
