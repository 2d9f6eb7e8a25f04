#ifndef NFLOW_BOUND_FLOW_H
#define NFLOW_BOUND_FLOW_H

#include "lammps/atoms_platform.h"
#include "lammps/group_positions.h"
#include "root_model.h"

#include "pointers.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace LAMMPS_NS {

/// A flow and the group of atoms that it maps: that the two fit, that the flow is what it says, and
/// what the log says of it. Every function is collective in the partition.
class BoundFlow : protected Pointers {
 public:
  /// Loads the model file. `style` ("fix nflow/mc") is for the log; `uncounted` are IDs of fixes
  /// whose forces need have no energy. Throws nflow::Error.
  BoundFlow(LAMMPS *lmp, const std::string &style, int igroup, const std::string &file,
            const std::string &device, Platform &platform,
            const std::vector<std::string> &uncounted);
  ~BoundFlow() override;

  RootModel &model() { return *model_; }
  const nflow::Metadata &metadata() const { return model_->metadata(); }
  bool boltzmann() const { return metadata().prior == nflow::Prior::boltzmann; }
  /// The components that the flow maps, of the atoms of the group.
  GroupPositions &positions() { return *positions_; }
  const std::string &file() const { return file_; }

  /// To be called in init(): finds the atoms of the group. Throws nflow::Error unless they, the box
  /// and the units are those of the model, and can be moved by one in the middle of a run.
  void init();
  /// To be called before positions are read: follows exchanges of types within the group since
  /// init(), where the flow is equivariant within a species. Returns whether there was one. Throws
  /// nflow::Error where something else changed that the flow assumes.
  bool follow();
  /// Does check(x), which checks the flow, at the present configuration x [n, d] in the memory of
  /// the platform. Warns, once, where a flow is too large for the determinant of its Jacobian.
  void check(const std::function<void(const nflow::Buffer<double> &x)> &check);
  /// Says where positions and flow are, once.
  void log_placement();
  /// At the end of a run: says where the flow was not defined.
  void log_domain();

 private:
  bool is_equivariant();

  std::string style_, file_;
  std::vector<std::string> uncounted_;
  int igroup_;
  Platform &platform_;
  std::unique_ptr<RootModel> model_;
  std::unique_ptr<GroupPositions> positions_;
  nflow::Buffer<double> x_;
  std::optional<bool> equivariant_; // once it was tried
  bool warned_ = false, logged_ = false;
};

} // namespace LAMMPS_NS

#endif
