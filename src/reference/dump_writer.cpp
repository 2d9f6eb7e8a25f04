#include "reference/dump_writer.h"

#include "nflow_error.h"

#include <cstdio>
#include <zlib.h>

namespace nflow::reference {

struct DumpWriter::Sink {
  gzFile file = nullptr;
  bool failed = false;
  ~Sink() {
    if (file) gzclose(file);
  }
};

DumpWriter::DumpWriter(const std::string &path, int64_t atoms, double half_box)
    : sink_(std::make_unique<Sink>()), path_(path), atoms_(atoms), half_box_(half_box) {
  const bool compressed = path.size() > 3 && path.substr(path.size() - 3) == ".gz";
  sink_->file = gzopen(path.c_str(), compressed ? "wb1" : "wbT"); // T: as it is
  if (!sink_->file)
    throw Error("cannot write '" + path + "': check that the folder of --output exists");
}

DumpWriter::~DumpWriter() = default;

void DumpWriter::write(int64_t step, const double *x) {
  char line[128];
  std::snprintf(line, sizeof(line), "ITEM: TIMESTEP\n%lld\nITEM: NUMBER OF ATOMS\n%lld\n",
                static_cast<long long>(step), static_cast<long long>(atoms_));
  std::string frame = line;
  frame += "ITEM: BOX BOUNDS ff ff ff\n";
  std::snprintf(line, sizeof(line), "%.16e %.16e\n", -half_box_, half_box_);
  for (int axis = 0; axis < 3; axis++) frame += line;
  frame += "ITEM: ATOMS id type x y z\n";
  for (int64_t i = 0; i < atoms_; i++) {
    std::snprintf(line, sizeof(line), "%lld 1 %.12g 0 0\n", static_cast<long long>(i + 1), x[i]);
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

} // namespace nflow::reference
