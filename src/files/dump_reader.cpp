#include "files/dump_reader.h"

#include "base/error.h"
#include "files/dump_frame.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace nflow {

namespace {

/// Where in `from` the atoms are that stand for those of `to`: the k-th of a type for the k-th of
/// that type. Empty where the composition differs.
std::vector<int64_t> renumbering(const std::vector<int> &from, const std::vector<int> &to) {
  std::map<int, std::vector<int64_t>> places;
  for (size_t i = from.size(); i-- > 0;) places[from[i]].push_back(static_cast<int64_t>(i));
  std::vector<int64_t> order;
  for (const int type : to) {
    auto &left = places[type];
    if (left.empty()) return {};
    order.push_back(left.back());
    left.pop_back();
  }
  return from.size() == to.size() ? order : std::vector<int64_t>();
}

void require_same(const FrameReader &reader, const Samples &samples, const Frame &frame) {
  if (frame.ids.size() != samples.ids.size())
    reader.complain("the frame has " + std::to_string(frame.ids.size()) +
                    " atoms, the first one of all data has " + std::to_string(samples.ids.size()) +
                    ": give dumps of one and the same group");
  if (frame.ids != samples.ids)
    reader.complain(
        "the frame has other atom IDs than the first one of all data: give dumps of one "
        "and the same group");
  if (frame.types.empty() != samples.types.empty())
    reader.complain(std::string("the frame has ") + (frame.types.empty() ? "no" : "a") +
                    " column type, unlike the first one of all data: write all dumps with the "
                    "same columns");
  if (frame.types != samples.types)
    reader.complain("the frame has other numbers of atoms of the types than the first one of all "
                    "data: give dumps of one system");
  if (!frame.units.empty() && !samples.units.empty() && frame.units != samples.units)
    reader.complain("the frame is in units " + frame.units + ", the first one in " + samples.units +
                    ": give dumps of one unit style");
  // Shrink-wrapped boundaries move from frame to frame; periodic ones must not.
  for (int k = 0; k < 3; k++)
    if (frame.periodic[k] != samples.periodic[k] ||
        (frame.periodic[k] && std::fabs(frame.length[k] - samples.box[k]) > 1e-6 * samples.box[k]))
      reader.complain(std::string("the periodic box differs in ") + "xyz"[k] +
                      " from that of the first frame: give dumps of one constant box");
}

void append(Samples &samples, Frame &frame, const FrameReader &reader) {
  if (frame.ids == samples.ids && frame.types != samples.types)
    relabel(frame.types, samples.types, samples.dim, frame.x);
  if (samples.ids.empty()) {
    samples.n_atoms = static_cast<int64_t>(frame.ids.size());
    samples.ids = frame.ids;
    samples.types = frame.types;
    samples.box.assign(frame.length, frame.length + 3);
    samples.units = frame.units;
    std::copy(frame.periodic, frame.periodic + 3, samples.periodic);
  } else {
    require_same(reader, samples, frame);
  }
  samples.x.insert(samples.x.end(), frame.x.begin(), frame.x.end());
}

} // namespace

bool relabel(std::vector<int> &types, const std::vector<int> &wanted, int64_t dim,
             std::vector<double> &x) {
  const auto order = renumbering(types, wanted);
  if (order.empty()) return false;
  std::vector<double> before(order.size() * dim);
  for (size_t first = 0; first < x.size(); first += before.size()) {
    std::copy_n(&x[first], before.size(), before.begin());
    for (size_t i = 0; i < order.size(); i++)
      std::copy_n(&before[order[i] * dim], dim, &x[first + i * dim]);
  }
  types = wanted;
  return true;
}

Samples read_dumps(const std::vector<std::string> &files, int64_t dim) {
  Samples samples;
  samples.dim = dim;
  for (const auto &file : files) {
    FrameReader reader(file, dim);
    Frame frame;
    int64_t frames = 0;
    for (; reader.read(frame); frames++) append(samples, frame, reader);
    if (frames == 0) throw Error("dump file '" + file + "' holds no frame" + dump_hint);
    samples.per_file.push_back(frames);
  }
  return samples;
}

} // namespace nflow
