#ifndef NFLOW_REFERENCE_DUMP_WRITER_H
#define NFLOW_REFERENCE_DUMP_WRITER_H

#include <cstdint>
#include <memory>
#include <string>

namespace nflow::reference {

/// Writes configurations of one-coordinate atoms as LAMMPS does with `dump custom id type x y z`,
/// with y = z = 0 and type 1, plain or (for names that end in .gz) compressed.
class DumpWriter {
 public:
  /// `half_box`: the box that is written reaches from -half_box to half_box. Throws Error.
  DumpWriter(const std::string &path, int64_t atoms, double half_box);
  ~DumpWriter();
  DumpWriter(const DumpWriter &) = delete;
  DumpWriter &operator=(const DumpWriter &) = delete;

  /// x [atoms]
  void write(int64_t step, const double *x);
  /// Closes the file; throws Error if not everything could be written.
  void close();

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
  std::string path_;
  int64_t atoms_;
  double half_box_;
};

} // namespace nflow::reference

#endif
