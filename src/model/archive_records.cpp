#include "model/archive_records.h"

#include "base/digest.h"
#include "base/error.h"

#include <caffe2/serialize/inline_container.h>

#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace nflow {

namespace {

bool ends_with(const std::string &text, const std::string &end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool starts_with(const std::string &text, const std::string &start) {
  return text.rfind(start, 0) == 0;
}

/// Whether a record makes the module. The rest is for people, debuggers and other programs.
bool makes_module(const std::string &name) {
  return name == "data.pkl" || name == "constants.pkl" || starts_with(name, "data/") ||
         starts_with(name, "constants/") || (starts_with(name, "code/") && ends_with(name, ".py"));
}

std::string file_bytes(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0)
    throw Error("cannot open model file '" + path +
                "': give the path of a file made by nflow-train");
  if (!S_ISREG(status.st_mode))
    throw Error("model file '" + path +
                "' is no regular file: give the path of a file made by nflow-train");
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  if (!file.good() || !file.read(&bytes[0], static_cast<std::streamsize>(bytes.size())))
    throw Error("cannot read model file '" + path +
                "': check its permissions, and that nobody is writing it");
  return bytes;
}

} // namespace

void refuse_archive(const std::string &path, const std::string &reason) {
  throw Error("file '" + path + "' is not a TorchScript archive that this LibTorch can read" +
              (reason.empty() ? "" : " (" + reason + ")") +
              ": write it with nflow-train, torch::jit::Module::save or torch.jit.save");
}

ArchiveRecords read_records_of(const std::string &bytes, const std::string &path) {
  ArchiveRecords archive;
  archive.file_size = bytes.size();
  constexpr size_t always_unpacked = 1 << 26; // LibTorch packs code only
  size_t unpacked = 0;
  if (!starts_with(bytes, "PK")) refuse_archive(path);
  try {
    std::istringstream stream(bytes);
    caffe2::serialize::PyTorchStreamReader reader(&stream);
    archive.version = reader.version();
    for (const auto &name : reader.getAllRecords()) {
      if (!makes_module(name) && name != "extra/nflow.json" && name != "byteorder") continue;
      const auto record = reader.getRecord(name);
      const auto *data = static_cast<const char *>(std::get<0>(record).get());
      archive.records[name] = data ? std::string(data, std::get<1>(record)) : "";
      unpacked += std::get<1>(record);
      if (unpacked > always_unpacked + 20 * bytes.size()) refuse_archive(path);
    }
  } catch (const std::exception &) {
    refuse_archive(path);
  }
  if (!archive.has("data.pkl") || !archive.has("constants.pkl")) refuse_archive(path);
  if (archive.has("byteorder") && archive.records.at("byteorder") != "little")
    refuse_archive(path, "its numbers are not little-endian");
  return archive;
}

ArchiveRecords read_records(const std::string &path) {
  return read_records_of(file_bytes(path), path);
}

std::string plain_archive(const ArchiveRecords &archive) {
  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void *data, size_t count) {
    bytes.append(static_cast<const char *>(data), count);
    return count;
  });
  writer.setMinVersion(archive.version);
  for (const auto &record : archive.records)
    if (makes_module(record.first))
      writer.writeRecord(record.first, record.second.data(), record.second.size());
  writer.writeEndOfFile();
  return bytes;
}

std::string records_digest(const ArchiveRecords &archive, const std::string &metadata) {
  Digest digest;
  const auto add = [&](const std::string &text) {
    const uint64_t size = text.size();
    digest.add(&size, sizeof(size));
    digest.add(text.data(), text.size());
  };
  for (const auto &record : archive.records) {
    if (!makes_module(record.first)) continue;
    add(record.first);
    add(record.second);
  }
  add(metadata);
  return digest.text();
}

} // namespace nflow
