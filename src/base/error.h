#ifndef NFLOW_BASE_ERROR_H
#define NFLOW_BASE_ERROR_H

#include <stdexcept>
#include <string>

namespace nflow {

/// What the user did or gave that cannot be used: one sentence that names the file or the option
/// and the remedy. The plugin turns it into a LAMMPS error, the programs into stderr and exit
/// code 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool good, const std::string &sentence) {
  if (!good) throw Error(sentence);
}

} // namespace nflow

#endif
