#ifndef NFLOW_BASE_ERROR_H
#define NFLOW_BASE_ERROR_H

#include <stdexcept>

namespace nflow {

/// What the user did or gave that cannot be used: one sentence that names the file or the option
/// and the remedy. The plugin turns it into a LAMMPS error, the programs into stderr and exit
/// code 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

} // namespace nflow

#endif
