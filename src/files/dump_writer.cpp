#include "files/dump_writer.h"

#include "files/output_file.h"

#include <cstdio>
#include <numeric>
#include <unistd.h>
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
  OutputFile file;
  gzFile compressor = nullptr; // none for a plain file
  bool failed = false;

  explicit Sink(const std::string &path) : file(path) {
    if (path.size() > 3 && path.substr(path.size() - 3) == ".gz")
      compressor = gzdopen(dup(file.descriptor()), "wb1");
  }
  ~Sink() {
    if (compressor) gzclose(compressor);
  }
  void write(const std::string &text) {
    if (!compressor)
      file.write(text);
    else if (gzwrite(compressor, text.data(), static_cast<unsigned>(text.size())) <= 0)
      failed = true;
  }
  void close() {
    if (compressor) failed = gzclose(compressor) != Z_OK || failed;
    compressor = nullptr;
    if (failed) file.fail();
    file.close();
  }
};

DumpWriter::DumpWriter(const std::string &path, Samples shape, double low)
    : sink_(std::make_unique<Sink>(path)), shape_(std::move(shape)), low_(low) {}

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
  sink_->write(frame);
}

void DumpWriter::close() {
  sink_->close();
}

} // namespace nflow
