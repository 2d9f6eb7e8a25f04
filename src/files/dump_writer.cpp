#include "files/dump_writer.h"

#include "base/error.h"

#include <cstdio>
#include <numeric>
#include <zlib.h>

namespace nflow {

Samples line_of_atoms(int64_t atoms, double half_box) {
  Samples shape;
  shape.n_atoms = atoms;
  shape.dim = 1;
  shape.ids.resize(atoms);
  std::iota(shape.ids.begin(), shape.ids.end(), 1);
  shape.types.assign(atoms, 1);
  shape.box.assign(3, 2.0 * half_box);
  return shape;
}

struct DumpWriter::Sink {
  gzFile file = nullptr;
  bool failed = false;
  ~Sink() {
    if (file) gzclose(file);
  }
};

DumpWriter::DumpWriter(const std::string &path, Samples shape, double low)
    : sink_(std::make_unique<Sink>()), path_(path), shape_(std::move(shape)), low_(low) {
  const bool compressed = path.size() > 3 && path.substr(path.size() - 3) == ".gz";
  sink_->file = gzopen(path.c_str(), compressed ? "wb1" : "wbT"); // T: as it is
  if (!sink_->file)
    throw Error("cannot write '" + path + "': check that the folder of --output exists");
}

DumpWriter::~DumpWriter() = default;

void DumpWriter::write(int64_t step, const double *x) {
  char line[160];
  std::string frame;
  if (!shape_.units.empty()) frame += "ITEM: UNITS\n" + shape_.units + "\n";
  std::snprintf(line, sizeof(line), "ITEM: TIMESTEP\n%lld\nITEM: NUMBER OF ATOMS\n%lld\n",
                static_cast<long long>(step), static_cast<long long>(shape_.n_atoms));
  frame += line;
  frame += "ITEM: BOX BOUNDS";
  for (const bool periodic : shape_.periodic) frame += periodic ? " pp" : " ff";
  for (int axis = 0; axis < 3; axis++) {
    std::snprintf(line, sizeof(line), "\n%.16e %.16e", low_, low_ + shape_.box[axis]);
    frame += line;
  }
  frame += "\nITEM: ATOMS id type x y z\n";
  for (int64_t i = 0; i < shape_.n_atoms; i++) {
    double place[3] = {0.0, 0.0, 0.0};
    for (int64_t k = 0; k < shape_.dim; k++) place[k] = x[i * shape_.dim + k];
    std::snprintf(line, sizeof(line), "%lld %d %.12g %.12g %.12g\n",
                  static_cast<long long>(shape_.ids[i]), shape_.types[i], place[0], place[1],
                  place[2]);
    frame += line;
  }
  if (gzwrite(sink_->file, frame.data(), static_cast<unsigned>(frame.size())) <= 0)
    sink_->failed = true;
}

void DumpWriter::close() {
  const int status = gzclose(sink_->file);
  sink_->file = nullptr;
  if (status != Z_OK || sink_->failed)
    throw Error("could not write all of '" + path_ + "': check that the disk has room");
}

} // namespace nflow
