#include "model/archive.h"
#include "model/archive_format.h"

#include "base/digest.h"
#include "base/error.h"
#include "operators/operators.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>

#include <algorithm>
#include <cstdio>
#include <dlfcn.h>
#include <fstream>
#include <unistd.h>

namespace nflow {

namespace {

// For the process, when it is loaded: a LibTorch with LLVM (that of Debian 13) compiles kernels at
// the first calls with each shape, which took minutes for an energy that is evaluated in 20 us.
const bool without_fuser = [] {
  torch::jit::setTensorExprFuserEnabled(false);
  return true;
}();

const char *json_name = "nflow.json";

void add_tensor(Digest &digest, const std::string &name, const at::Tensor &tensor) {
  digest.add(name.data(), name.size());
  const auto shape = tensor.sizes();
  digest.add(shape.data(), shape.size() * sizeof(int64_t));
  const auto values = tensor.detach().to(at::kCPU).contiguous();
  digest.add(values.data_ptr(), values.nbytes());
}

/// Names the operator of our library that a loader does not know, if that is what is wrong.
std::string missing_operator(const std::string &message) {
  const auto unknown = message.find("Unknown builtin op: ");
  if (unknown == std::string::npos) return "";
  const auto start = unknown + 20;
  return message.substr(start, message.find_first_of(".\n ", message.find("::", start)) - start);
}

[[noreturn]] void refuse_operator(const std::string &path, const std::string &name) {
  throw Error("model file '" + path + "' calls the operator " + name +
              ", which this program does not have: use the lammps-nflow version that made it");
}

torch::jit::Module open_module(const std::string &path, torch::jit::ExtraFilesMap &extra) {
  if (!std::ifstream(path).good())
    throw Error("cannot open model file '" + path +
                "': give the path of a file made by nflow-train");
  try {
    return torch::jit::load(path, torch::Device(torch::kCPU), extra);
  } catch (const std::exception &e) {
    const auto op = missing_operator(e.what());
    if (!op.empty()) refuse_operator(path, op);
    throw Error("file '" + path +
                "' is not a TorchScript archive that this LibTorch can read: write it with "
                "nflow-train, torch::jit::Module::save or torch.jit.save");
  }
}

void require_operators(const Metadata &metadata, const std::string &path) {
  const auto known = operator_names();
  for (const auto &name : metadata.operators)
    if (std::find(known.begin(), known.end(), name) == known.end()) refuse_operator(path, name);
}

void require_dtype(const Archive &archive, const std::string &path) {
  const auto wanted = archive.metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  for (const auto &item : archive.module.named_parameters())
    if (item.value.is_floating_point() && item.value.scalar_type() != wanted)
      throw Error("model file '" + path + "' says dtype " + archive.metadata.dtype +
                  ", but its parameter " + item.name + " is " +
                  c10::toString(item.value.scalar_type()) +
                  ": convert the module before saving, or correct nflow.json");
}

} // namespace

std::string first_line(const std::exception &exception) {
  std::string text = exception.what();
  // A TorchScript error ends with its reason; what comes before is the interpreter's stack.
  const auto reason = text.rfind("RuntimeError: ");
  if (reason != std::string::npos) text = text.substr(reason + 14);
  return text.substr(0, text.find('\n'));
}

std::string weights_digest(const torch::jit::Module &module) {
  Digest digest;
  for (const auto &item : module.named_parameters()) add_tensor(digest, item.name, item.value);
  for (const auto &item : module.named_buffers()) add_tensor(digest, item.name, item.value);
  return digest.text();
}

Archive load_archive(const std::string &path, Format expected) {
  torch::jit::ExtraFilesMap extra{{json_name, ""}};
  Archive archive;
  archive.module = open_module(path, extra);
  if (extra[json_name].empty())
    throw Error(
        "model file '" + path +
        "' has no nflow.json inside: save it with the extra file of docs/model-contract.md");
  archive.metadata = parse_metadata(extra[json_name], path, expected);
  require_operators(archive.metadata, path);
  require_dtype(archive, path);
  const auto &digest = archive.metadata.weights_digest;
  if (!digest.empty() && digest != weights_digest(archive.module))
    throw Error("model file '" + path +
                "' has weights that are not those it was saved with (the digest differs): take the "
                "original file, or save the changed model again");
  archive.module.eval();
  return archive;
}

std::string archive_format(const std::string &path) {
  torch::jit::ExtraFilesMap extra{{json_name, ""}};
  open_module(path, extra);
  const auto json = nlohmann::json::parse(extra[json_name], nullptr, false);
  return json.is_object() && json.contains("format") && json["format"].is_string()
             ? json["format"].get<std::string>()
             : "";
}

void save_archive(torch::jit::Module module, Metadata metadata, const std::string &path) {
  metadata.weights_digest = weights_digest(module);
  const torch::jit::ExtraFilesMap extra{{json_name, metadata_text(metadata)}};
  const auto temporary = path + ".part" + std::to_string(getpid());
  try {
    module.save(temporary, extra);
  } catch (const std::exception &) {
    std::remove(temporary.c_str());
    throw Error("cannot write model file '" + path +
                "': check that the folder exists and has room");
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("cannot write model file '" + path + "': check the permissions of the folder");
  }
}

void use_threads(int count) {
  at::set_num_threads(count);
  using SetThreads = void (*)(int);
  if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set(count);
}

} // namespace nflow
