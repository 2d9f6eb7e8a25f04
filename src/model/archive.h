#ifndef NFLOW_MODEL_ARCHIVE_H
#define NFLOW_MODEL_ARCHIVE_H

#include "model/metadata.h"
#include "model/threads.h"

#include <torch/script.h>

namespace nflow {

/// A TorchScript archive with its nflow.json. Includes LibTorch: only for files that need it
/// anyway.
struct Archive {
  torch::jit::Module module;
  Metadata metadata;
};

/// Loads `path` on the CPU and validates nflow.json, the dtype of the parameters and, where it is
/// recorded, the digest of the weights. Throws Error with one sentence; never a c10 exception.
Archive load_archive(const std::string &path, Format expected);

/// Writes `module` and `metadata` (with the digests filled in) to a temporary file and renames it
/// to `path`, so that a reader never sees half a model. Throws Error.
void save_archive(torch::jit::Module module, Metadata metadata, const std::string &path);

/// FNV-1a over names, shapes and values of all parameters and buffers, "fnv1a64:" and 16 hex
/// digits.
std::string weights_digest(const torch::jit::Module &module);

/// The first line of an exception's text, without LibTorch's stack trace.
std::string first_line(const std::exception &exception);

} // namespace nflow

#endif
