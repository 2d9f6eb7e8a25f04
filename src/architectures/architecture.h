#ifndef NFLOW_ARCHITECTURES_ARCHITECTURE_H
#define NFLOW_ARCHITECTURES_ARCHITECTURE_H

#include "architectures/flow_setting.h"
#include "architectures/molecule_tree.h"
#include "model/metadata.h"

#include <functional>
#include <memory>

namespace at {
class Tensor;
}
namespace torch::jit {
struct Module;
}

namespace nflow {

/// What an architecture is, for those who must treat one differently from another.
struct Properties {
  std::string name;
  std::string summary; // in a few words, for --help
  // gaussian: trained at one temperature; boltzmann: between temperatures.
  Prior prior = Prior::gaussian;
  bool auxiliary = false;    // acts on auxiliary momenta, too
  bool steerable = false;    // gaussian prior: serves every temperature
  bool equivariant = false;  // under exchange of atoms of a species
  bool periodic = false;     // for a periodic box; else an open system
  bool also_open = false;    // of one for a periodic box: for open systems, too
  bool ladder = false;       // boltzmann prior: one flow can serve several pairs of temperatures
  bool bonds = false;        // of one molecule, whose bonds it must know: learn() is called
  bool energy_files = false; // can be trained against one; else against LAMMPS only
};

/// What a flow between temperatures, or of a molecule, can learn from before it is built. The
/// trainer has it.
struct StartingData {
  struct Samples {
    const double *x = nullptr; // [count, n, d]
    int64_t count = 0;
    std::vector<int64_t> training; // numbers of the frames that are not held out
    const double *frame(int64_t number, int64_t coordinates) const {
      return x + number * coordinates;
    }
  };
  std::vector<Samples> samples; // of each temperature
  Molecule molecule;            // of an architecture that needs bonds
  /// Energies and forces [count, n, d] of configurations x [count, n, d].
  std::function<void(int64_t count, const double *x, double *energies, double *forces)> evaluate;
  /// Energy and radial force of two atoms of these LAMMPS types at distance r; empty where single
  /// pairs are not known.
  std::function<void(int type_a, int type_b, double r, double &energy, double &force)> pair_law;
};

/// A kind of flow. To add one: a file with a class of these, and a row in table.cpp
/// (docs/add-an-architecture.md).
class Architecture {
 public:
  explicit Architecture(Properties properties = {}) : properties_(std::move(properties)) {}
  virtual ~Architecture() = default;

  const Properties &properties() const { return properties_; }
  /// torch.ops.nflow.* that a flow of this setting calls.
  virtual std::vector<std::string> operators(const FlowSetting & /*setting*/) const { return {}; }
  /// Those of the command line that it uses.
  virtual std::vector<OptionText> options() const = 0;
  /// Defaults, where they differ from the usual ones, of any option of nflow-train: by name, as
  /// on the command line.
  virtual std::map<std::string, std::string> defaults() const { return {}; }
  /// Completes `setting` by what there is to learn before the flow is built: sets options that the
  /// user left open, or `start`. Throws Error where the data do not do.
  virtual void learn(FlowSetting & /*setting*/, const StartingData & /*data*/) const {}
  /// Completes `setting` by what learn() had found for this flow, which has it as constants.
  virtual void recall(FlowSetting & /*setting*/, const torch::jit::Module & /*flow*/) const {}
  /// Settings to choose from by trying the untrained flows of each on samples, the usual one first;
  /// `setting` is completed by learn(). Flows between temperatures.
  virtual std::vector<FlowSetting> starts(const FlowSetting &setting) const { return {setting}; }
  /// Throws Error where no flow can be built for this system whatever the samples are: `setting`
  /// is not completed by learn(), and `data` has no samples.
  virtual void check_system(const FlowSetting & /*setting*/, const StartingData & /*data*/) const {}
  /// Throws Error where no flow can be built with this setting.
  virtual void check(const FlowSetting & /*setting*/) const {}
  /// A flow of the model contract (build_flow() in flow_builder.h says more). `setting` is checked.
  virtual torch::jit::Module build(const FlowSetting &setting) const = 0;
  /// Sets constants of a flow with a gaussian prior from data (initialise_from_data()).
  virtual void initialise(torch::jit::Module & /*flow*/, const FlowSetting & /*setting*/,
                          const at::Tensor & /*data*/) const {}
  /// Of a gaussian prior: typical values of the numbers that the flow carries (Metadata::carried).
  virtual std::vector<double> carried(const FlowSetting & /*setting*/) const { return {}; }
  /// "kick-drift, 8 layers, splines": what is built, as the trainer says it.
  virtual std::string describe(const FlowSetting &setting) const;
  /// Coordinates (atom * dim + component) along which samples may part into states, which the
  /// trainer looks for where the user names none.
  virtual std::vector<int64_t> dividing_coordinates(const FlowSetting & /*setting*/) const {
    return {};
  }

 protected:
  Properties properties_;
};

/// All there are. The first is taken where none is named; with LAMMPS, the first that needs it.
const std::vector<std::unique_ptr<const Architecture>> &architectures();

/// The one that is named. Throws Error where there is none of this name.
const Architecture &architecture_of(const FlowOptions &options);
/// Whether the flow goes between temperatures (boltzmann prior).
bool is_thermal(const FlowOptions &options);

/// "a, b and c".
std::string listed(const std::vector<std::string> &names, const std::string &conjunction);
/// The names, so listed, of those that have a property.
std::string architectures_with(const std::function<bool(const Properties &)> &property,
                               const std::string &conjunction);

/// The options of all of them, each once, in the order of the table; and the first that has it.
struct DeclaredOption {
  OptionText option;
  const Architecture *owner;
};
std::vector<DeclaredOption> declared_options();

/// Throws Error where the user gave an exclusive option of another architecture.
void check_exclusive_options(const FlowOptions &options);
/// Throws Error for what can be said against a flow of this system before there are samples; see
/// Architecture::check_system().
void check_flow_system(const FlowSetting &setting, const StartingData &data);
/// Throws Error where no flow can be built with this setting.
void check_flow_setting(const FlowSetting &setting);

} // namespace nflow

#endif
