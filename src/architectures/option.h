#ifndef NFLOW_ARCHITECTURES_OPTION_H
#define NFLOW_ARCHITECTURES_OPTION_H

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nflow {

using OptionValue =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;

/// What a command line has to know of an option of an architecture.
struct OptionText {
  std::string name; // without --; also in config files, checkpoints and provenance
  OptionValue standard;
  std::string help;
  std::string opposite;   // of a switch: the name that turns it off
  bool exclusive = false; // refused where another architecture is chosen
};

/// The architecture by its name and what the user says of it: by option, where it is not the
/// default.
struct FlowOptions {
  std::string architecture = first_architecture(); // a name of the table (architecture.h)
  std::string dtype = "float64";                   // or "float32"
  uint32_t seed = 1;
  std::map<std::string, OptionValue> values;

  const OptionValue &value_of(const OptionText &option) const {
    const auto found = values.find(option.name);
    return found == values.end() ? option.standard : found->second;
  }
  /// Throws std::logic_error where no architecture has an option of this name and type.
  void set(const std::string &name, OptionValue value);

 private:
  static std::string first_architecture();
};

/// An option of an architecture, or of several: its name, default and help stand here alone.
template <class T>
class Option : public OptionText {
 public:
  Option(const char *name, T standard, const char *help, const char *opposite = "",
         bool exclusive = false)
      : OptionText{name, std::move(standard), help, opposite, exclusive} {}

  /// The value that these options give it.
  const T &operator()(const FlowOptions &options) const {
    return std::get<T>(options.value_of(*this));
  }
  void set(FlowOptions &options, T value) const { options.values[name] = std::move(value); }
};

} // namespace nflow

#endif
