#ifndef NFLOW_FILES_DUMP_WRITER_H
#define NFLOW_FILES_DUMP_WRITER_H

#include "files/dump_reader.h"

#include <cstdint>
#include <memory>
#include <string>

namespace nflow {

/// The shape of configurations of one-coordinate atoms of type 1 in an open box of 2 half_box.
Samples line_of_atoms(int64_t atoms, double half_box);

/// Writes configurations as LAMMPS does with `dump custom id type x y z`, plain or (for names that
/// end in .gz) compressed.
class DumpWriter {
 public:
  /// Atoms, types, box and boundaries of `shape`, whose configurations are not looked at; the lower
  /// corner of the box is `low` along every axis. Throws Error.
  DumpWriter(const std::string &path, Samples shape, double low);
  ~DumpWriter();
  DumpWriter(const DumpWriter &) = delete;
  DumpWriter &operator=(const DumpWriter &) = delete;

  /// x [atoms, dim]; the components beyond dim are written as 0.
  void write(int64_t step, const double *x);
  /// The file is there only now. Throws Error if not everything could be written.
  void close();

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
  Samples shape_;
  double low_;
};

} // namespace nflow

#endif
