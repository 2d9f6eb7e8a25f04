#ifndef NFLOW_MODEL_ALLOWED_OPERATORS_H
#define NFLOW_MODEL_ALLOWED_OPERATORS_H

#include <string>

namespace nflow {

/// Whether a model file may call an operator, as LibTorch names it: "aten::exp", "prim::If",
/// "nflow::kick_drift". Allowed is what maps, measures, shapes and picks numbers, also in place;
/// nothing random, nothing that touches files, the screen or the state of the process. The list is
/// in docs/model-contract.md.
bool is_allowed_operator(const std::string &name);

/// How many names are in the lists, for the test of the documentation.
int allowed_name_count();

/// Whether model code may call this function of the language ("len", "range"). Exceptions may be
/// raised.
bool is_allowed_function(const std::string &name);

/// Throws Error that says what is not allowed, and in which method or class (`place`) of the file.
[[noreturn]] void refuse_code(const std::string &path, const std::string &place,
                              const std::string &what);

} // namespace nflow

#endif
