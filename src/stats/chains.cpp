#include "stats/chains.h"

#include "base/error.h"
#include "files/dump_frame.h"

#include <algorithm>
#include <cmath>

namespace nflow::stats {

std::string Chain::name() const {
  std::string result = kind->name;
  for (const int64_t id : ids) result += " " + std::to_string(id);
  return result;
}

std::vector<Chain> chains_of(const std::string &kind, const std::vector<int64_t> &ids) {
  const auto *const found =
      std::find_if(std::begin(chain_kinds), std::end(chain_kinds),
                   [&](const ChainKind &known) { return kind == known.name; });
  std::vector<Chain> chains;
  for (size_t first = 0; first < ids.size(); first += found->atoms) {
    Chain chain{found, {ids.begin() + first, ids.begin() + first + found->atoms}};
    auto sorted = chain.ids;
    std::sort(sorted.begin(), sorted.end());
    require(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(),
            "--" + chain.name() + " has an atom twice: give the IDs of different atoms");
    chains.push_back(chain);
  }
  return chains;
}

namespace {

/// From one atom to the next, to its nearest image along periodic axes.
Vector3 step_between(const Frame &frame, int64_t from, int64_t to) {
  const Vector3 step = position_of(frame.x.data(), to, 3) - position_of(frame.x.data(), from, 3);
  double components[] = {step.x, step.y, step.z};
  for (int k = 0; k < 3; k++)
    if (frame.periodic[k])
      components[k] -= frame.length[k] * std::round(components[k] / frame.length[k]);
  return vector_at(components, 0);
}

double measured(const Chain &chain, const Frame &frame, const FrameReader &reader) {
  std::vector<int64_t> places;
  for (const int64_t id : chain.ids) {
    const auto at = std::lower_bound(frame.ids.begin(), frame.ids.end(), id);
    if (at == frame.ids.end() || *at != id)
      reader.complain("the frame has no atom " + std::to_string(id) +
                      ": give IDs of atoms that were dumped");
    places.push_back(at - frame.ids.begin());
  }
  Vector3 steps[3];
  for (size_t i = 0; i + 1 < places.size(); i++)
    steps[i] = step_between(frame, places[i], places[i + 1]);
  const double value = chain_coordinate(steps, chain.kind->atoms);
  if (!std::isfinite(value))
    reader.complain("the " + chain.name() +
                    " is not defined in this frame: choose atoms that are apart, and of a dihedral "
                    "no three on a line");
  return value;
}

/// Throws Error where the frames cannot be of one system.
void require_like(const Frame &frame, size_t atoms, const std::string &units,
                  const FrameReader &reader) {
  if (frame.ids.size() != atoms)
    reader.complain("the frame has " + std::to_string(frame.ids.size()) +
                    " atoms, the first one of all dumps has " + std::to_string(atoms) +
                    ": give dumps of one and the same group");
  if (frame.units != units)
    reader.complain("the frame is in units '" + frame.units + "', the first one in '" + units +
                    "': give dumps of one unit style");
}

} // namespace

ChainSeries read_chains(const std::vector<std::string> &dumps, const std::vector<Chain> &chains,
                        int64_t skip) {
  ChainSeries series;
  series.values.resize(chains.size());
  size_t atoms = 0;
  std::string units;
  for (const auto &dump : dumps) {
    FrameReader reader(dump, 3);
    Frame frame;
    int64_t read = 0;
    for (; reader.read(frame); read++) {
      if (atoms == 0) {
        atoms = frame.ids.size();
        units = frame.units;
      }
      require_like(frame, atoms, units, reader);
      if (read < skip) continue;
      for (size_t i = 0; i < chains.size(); i++)
        series.values[i].push_back(measured(chains[i], frame, reader));
    }
    require(read > skip,
            "dump file '" + dump + "' has " + std::to_string(read) +
                " frames, and --skip leaves none of them: skip fewer, or give a longer "
                "dump");
    series.per_file.push_back(read - skip);
  }
  require(series.frames() > 1, "there is one frame only, and no statistics of it: give more");
  return series;
}

} // namespace nflow::stats
