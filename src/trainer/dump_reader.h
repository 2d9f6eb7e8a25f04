#ifndef NFLOW_DUMP_READER_H
#define NFLOW_DUMP_READER_H

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::trainer {

/// Configurations in time order, atoms in ascending ID order.
struct Samples {
  int64_t n_atoms = 0;
  int64_t dim = 0;
  std::vector<int64_t> ids;
  std::vector<int> types;  // empty: the files have no type column
  std::vector<double> box; // lengths along all three axes, of the first frame
  bool periodic[3] = {false, false, false};
  std::string units;             // of ITEM: UNITS, or empty
  std::vector<double> x;         // [count, n_atoms, dim]
  std::vector<int64_t> per_file; // frames of each file

  int64_t count() const {
    return n_atoms == 0 ? 0 : static_cast<int64_t>(x.size()) / (n_atoms * dim);
  }
  const double *frame(int64_t i) const { return x.data() + i * n_atoms * dim; }
};

/// Reads LAMMPS text dumps (`dump custom` with id, x or xu (y, z as `dim` asks) and, if it is
/// there, type), plain or gzipped. Throws Error with file and line for a truncated frame, a missing
/// column, a number that is none or not finite, or frames that differ in atoms, types or periodic
/// box lengths.
Samples read_dumps(const std::vector<std::string> &files, int64_t dim);

} // namespace nflow::trainer

#endif
