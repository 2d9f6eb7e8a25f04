#include "model/archive.h"
#include "model/archive_format.h"

#include "base/digest.h"
#include "base/error.h"
#include "files/output_file.h"
#include "model/archive_records.h"
#include "model/code_check.h"
#include "model/graph_check.h"
#include "model/guarded_division.h"
#include "model/pickle_check.h"
#include "operators/operators.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>

#include <algorithm>
#include <cstdio>
#include <dlfcn.h>
#include <sstream>
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
const char *json_record = "extra/nflow.json";

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

/// What is stored, as far as it is safe to look at without running anything.
ArchiveRecords checked_records(const std::string &path) {
  const auto archive = read_records(path);
  check_code(archive, path);
  for (const char *name : {"constants", "data"}) check_pickle(archive, name, path);
  return archive;
}

torch::jit::Module build_module(const ArchiveRecords &archive, const std::string &path) {
  guard_integer_division();
  try {
    std::istringstream stream(plain_archive(archive));
    auto module = torch::jit::load(stream, torch::Device(torch::kCPU));
    check_graphs(module, path);
    return module;
  } catch (const Error &) {
    throw;
  } catch (const std::exception &e) {
    const auto op = missing_operator(e.what());
    if (!op.empty()) refuse_operator(path, op);
    refuse_archive(path);
  }
}

std::string json_of(const ArchiveRecords &archive, const std::string &path) {
  const auto record = archive.records.find(json_record);
  if (record == archive.records.end() || record->second.empty())
    throw Error(
        "model file '" + path +
        "' has no nflow.json inside: save it with the extra file of docs/model-contract.md");
  return record->second;
}

/// The digest of all of the archive but the digest itself.
std::string archive_digest(const ArchiveRecords &archive, const std::string &json) {
  auto object = parse_json(json);
  object.erase("archive_digest");
  return records_digest(archive, object.dump());
}

/// The same of the metadata as they stand in the file, with nothing for the digest: programs in
/// other languages print numbers otherwise than we do.
std::string archive_digest_as_written(const ArchiveRecords &archive, std::string json,
                                      const std::string &digest) {
  const auto at = json.find(digest);
  if (at != std::string::npos) json.erase(at, digest.size());
  return records_digest(archive, json);
}

[[noreturn]] void refuse_changed(const std::string &path, const std::string &what) {
  throw Error("model file '" + path + "' has " + what +
              " that are not those it was saved with (the digest differs): take the original "
              "file, or save the changed model again");
}

/// Work and memory grow with what a file claims, so what it claims may not outgrow the file.
void require_plausible_size(const Metadata &metadata, size_t file_size, const std::string &path) {
  constexpr int64_t always = 100000;
  if (metadata.n_atoms > always + static_cast<int64_t>(file_size))
    throw Error("model file '" + path + "' says that it moves " + std::to_string(metadata.n_atoms) +
                " atoms, but it has " + std::to_string(file_size) +
                " bytes: correct n_atoms in nflow.json (above 100000 a byte an atom is expected)");
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

/// The line of the model's code that failed: above the last mark of the interpreter's stack.
std::string failed_line(const std::string &text) {
  const auto mark = text.rfind("~ <--- HERE");
  if (mark == std::string::npos) return "";
  const auto marks = text.rfind('\n', mark); // of the line of ~~~
  if (marks == std::string::npos || marks == 0) return "";
  const auto before = text.rfind('\n', marks - 1);
  const auto start = text.find_first_not_of(" ", before == std::string::npos ? 0 : before + 1);
  constexpr size_t longest = 120;
  return start < marks ? text.substr(start, std::min(marks - start, longest)) : "";
}

} // namespace

std::string first_line(const std::exception &exception) {
  std::string text = exception.what();
  // A TorchScript error ends with its reason; what comes before is the interpreter's stack.
  const auto line = failed_line(text);
  const auto reason = text.rfind("RuntimeError: ");
  if (reason != std::string::npos) text = text.substr(reason + 14);
  return text.substr(0, text.find('\n')) + (line.empty() ? "" : ", at \"" + line + "\"");
}

std::string weights_digest(const torch::jit::Module &module) {
  Digest digest;
  for (const auto &item : module.named_parameters()) add_tensor(digest, item.name, item.value);
  for (const auto &item : module.named_buffers()) add_tensor(digest, item.name, item.value);
  return digest.text();
}

Archive load_archive(const std::string &path, Format expected) {
  const auto records = checked_records(path);
  const auto json = json_of(records, path);
  Archive archive;
  archive.metadata = parse_metadata(json, path, expected);
  require_plausible_size(archive.metadata, records.file_size, path);
  require_operators(archive.metadata, path);
  const auto &whole = archive.metadata.archive_digest;
  if (!whole.empty() && whole != archive_digest(records, json) &&
      whole != archive_digest_as_written(records, json, whole))
    refuse_changed(path, "weights, code or metadata");
  archive.module = build_module(records, path);
  require_dtype(archive, path);
  const auto &digest = archive.metadata.weights_digest;
  if (!digest.empty() && digest != weights_digest(archive.module)) refuse_changed(path, "weights");
  archive.module.eval();
  return archive;
}

std::string archive_format(const std::string &path) {
  const auto archive = read_records(path);
  const auto json =
      archive.has(json_record) ? parse_json(archive.records.at(json_record)) : nlohmann::json();
  return json.is_object() && json.contains("format") && json["format"].is_string()
             ? json["format"].get<std::string>()
             : "";
}

void save_archive(torch::jit::Module module, Metadata metadata, const std::string &path) {
  metadata.weights_digest = weights_digest(module);
  metadata.archive_digest.clear();
  std::ostringstream stream;
  module.save(stream);
  metadata.archive_digest =
      archive_digest(read_records_of(stream.str(), path), metadata_text(metadata));
  // In memory, for LibTorch ends the process where the disk is full.
  std::ostringstream bytes;
  module.save(bytes, {{json_name, metadata_text(metadata)}});
  OutputFile file(path);
  file.write(bytes.str());
  file.close();
}

void use_threads(int count) {
  at::set_num_threads(count);
  using SetThreads = void (*)(int);
  if (auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set(count);
}

} // namespace nflow
