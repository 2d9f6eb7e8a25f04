#ifndef NFLOW_MODEL_ARCHIVE_RECORDS_H
#define NFLOW_MODEL_ARCHIVE_RECORDS_H

#include <map>
#include <string>

namespace nflow {

/// What is stored in a TorchScript archive: the bytes of every record by its name, as they are.
/// Nothing of it has been run or interpreted.
struct ArchiveRecords {
  std::map<std::string, std::string> records;
  unsigned long long version = 0; // of the archive's format, as LibTorch counts it
  size_t file_size = 0;

  bool has(const std::string &name) const { return records.count(name) > 0; }
};

/// Reads a regular file to its end and takes it apart. Throws Error: no such file, no regular file,
/// no archive.
ArchiveRecords read_records(const std::string &path);

/// The same for an archive in memory; `path` is for its Errors.
ArchiveRecords read_records_of(const std::string &bytes, const std::string &path);

/// An archive of those records alone that loading a module reads: no notes for debuggers, no extra
/// files.
std::string plain_archive(const ArchiveRecords &archive);

/// The FNV-1a of all that makes the module (code, attributes, tensors) and of `metadata`, the text
/// that is stored with it.
std::string records_digest(const ArchiveRecords &archive, const std::string &metadata);

/// Throws the Error for a file that is no archive.
[[noreturn]] void refuse_archive(const std::string &path, const std::string &reason = "");

} // namespace nflow

#endif
