#ifndef NFLOW_ARCHITECTURES_SOURCE_TEXT_H
#define NFLOW_ARCHITECTURES_SOURCE_TEXT_H

#include <map>
#include <string>

namespace nflow {

/// The TorchScript source files of this folder by name (without .ts.py), as CMake laid them in.
const std::map<std::string, std::string> &source_table();

/// The text of source file `name` with {key} replaced by `values` and repeated lines written out:
///     #each layer ... #end                              once for {layer} = 0 .. counts["layer"] -
///     1 #each even coupling .. #each odd coupling .. #end one of the two for each {coupling}
/// and #reverse instead of #each for descending numbers. Throws std::logic_error for an unknown
/// name.
std::string expanded_source(const std::string &name,
                            const std::map<std::string, std::string> &values,
                            const std::map<std::string, int> &counts);

} // namespace nflow

#endif
