#ifndef NFLOW_FILES_DUMP_READER_H
#define NFLOW_FILES_DUMP_READER_H

#include <cstdint>
#include <string>
#include <vector>

namespace nflow {

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

/// Reads LAMMPS text dumps (`dump custom` with id, coordinates as `dim` asks and, if it is there,
/// type), plain or gzipped. Coordinates are xu, or x unwrapped by the image flag ix, or xsu or xs,
/// which are in lengths of the frame's box from its lower side; x and xs without image flags are
/// taken as they are. Throws Error with file and line for a truncated frame, a missing column, a
/// number that is none, not finite or absurdly large, a tilted box, a time step that comes twice in
/// a file, or frames that differ in atoms, columns of types or periodic box lengths. Where types
/// differ from the first frame but not the number of atoms of each type (fix atom/swap exchanges
/// types), the atoms are renumbered to have those of the first.
Samples read_dumps(const std::vector<std::string> &files, int64_t dim);

/// Renumbers the atoms of all configurations x [count, n, dim] of atoms with these types such that
/// atom number i has type wanted[i]: atoms of one species are interchangeable. False, with nothing
/// changed, where the numbers of atoms of the types differ.
bool relabel(std::vector<int> &types, const std::vector<int> &wanted, int64_t dim,
             std::vector<double> &x);

} // namespace nflow

#endif
