#ifndef NFLOW_FILES_OUTPUT_FILE_H
#define NFLOW_FILES_OUTPUT_FILE_H

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace nflow {

/// Throws Error where `file` cannot be written: something stands there that is no regular file (a
/// folder, a device), or that may not be replaced, or the folder is missing or closed to us.
void require_writable(const std::string &file);

/// Throws Error where `file`, which is about to be written, is one of `others` by another name.
void require_other_file(const std::string &file, const std::vector<std::string> &others);

/// A file that is there completely or not at all: it takes its name when it is closed, and what
/// stood under the name stays until then.
class OutputFile {
 public:
  /// Throws Error where it cannot be written.
  explicit OutputFile(const std::string &file);
  /// Without close(), what was written goes.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// What of this fails, close() tells.
  void write(const void *data, size_t bytes);
  void write(const std::string &text) { write(text.data(), text.size()); }
  void print(const char *format, ...) __attribute__((format(printf, 2, 3)));
  /// For those who write by themselves, and nothing by write(); they tell by fail() what failed.
  int descriptor() const { return fileno(stream_); }
  void fail() { failed_ = true; }
  /// Throws Error if not everything could be written.
  void close();

 private:
  std::string file_, part_;
  std::FILE *stream_ = nullptr;
  bool failed_ = false;
  int reason_ = 0; // of the first write that failed
};

/// A log that others may read while it grows, and that a killed run leaves as it is.
class GrowingFile {
 public:
  /// Begins it anew with this text; what stood there stays if that cannot be written. Throws Error.
  GrowingFile(const std::string &file, const std::string &beginning);
  ~GrowingFile();
  GrowingFile(const GrowingFile &) = delete;
  GrowingFile &operator=(const GrowingFile &) = delete;

  /// Adds the text now. Throws Error if it cannot all be written; the file then ends where it ended
  /// before.
  void add(const std::string &text);

 private:
  std::string file_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

} // namespace nflow

#endif
