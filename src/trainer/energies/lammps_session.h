#ifndef NFLOW_TRAINER_ENERGIES_LAMMPS_SESSION_H
#define NFLOW_TRAINER_ENERGIES_LAMMPS_SESSION_H

// Internal to this folder: needs LAMMPS headers.

#include "base/error.h"
#include "lammps.h"
#include "lammps/compat.h"

#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

/// The sentence about an error (its text as LAMMPS words it) in the input script `file`.
std::string says(const std::string &text, const std::string &file);

/// One LAMMPS on MPI_COMM_SELF whose errors become Error. It writes nothing to the screen and no
/// log unless the script opens one.
class LammpsSession {
 public:
  /// Runs the script `file` as `lmp -in file -var name value ..` would, from the same directory.
  LammpsSession(const std::string &file, const std::vector<std::string> &variables);
  ~LammpsSession();
  LammpsSession(const LammpsSession &) = delete;
  LammpsSession &operator=(const LammpsSession &) = delete;

  LAMMPS_NS::LAMMPS *lammps() { return lammps_; }
  const std::string &file() const { return file_; }
  /// Executes one LAMMPS command.
  void command(const std::string &text);
  /// Calls `work()`; LAMMPS errors become Error.
  template <class Work>
  void run(const Work &work) {
    LAMMPS_NS::compat::guarded(work, [&](const std::string &text, bool) { fail(text); });
  }
  /// The same, but false where LAMMPS objects to the positions of atoms (Error::one()).
  template <class Work>
  bool run_if_possible(const Work &work) {
    bool possible = true;
    LAMMPS_NS::compat::guarded(work, [&](const std::string &text, bool of_one) {
      if (!of_one) fail(text);
      possible = false;
    });
    return possible;
  }

 private:
  [[noreturn]] void fail(const std::string &text) const;

  std::string file_;
  LAMMPS_NS::LAMMPS *lammps_ = nullptr;
};

} // namespace nflow::trainer

#endif
