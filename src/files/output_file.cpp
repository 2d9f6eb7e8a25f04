#include "files/output_file.h"

#include "base/error.h"

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace nflow {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string &file, int reason) {
  throw Error("cannot write '" + file + "'" +
              (reason ? " (" + std::string(std::strerror(reason)) + ")" : "") +
              ": check that its folder exists, may be written and has room");
}

std::string folder_of(const std::string &file) {
  const auto folder = fs::path(file).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Where links lead: a file is replaced, not the link to it.
std::string resolved(const std::string &file) {
  std::error_code code;
  const auto path = fs::canonical(file, code);
  return code ? file : path.string();
}

/// A name beside that of the file, of a file that is not there.
std::string part_of(const std::string &file) {
  const auto part = resolved(file) + ".part" + std::to_string(getpid());
  struct stat status {};
  if (lstat(part.c_str(), &status) == 0 && S_ISREG(status.st_mode)) unlink(part.c_str());
  return part;
}

void take_name(const std::string &part, const std::string &file) {
  const auto name = resolved(file);
  struct stat status {};
  if (stat(name.c_str(), &status) == 0 && chmod(part.c_str(), status.st_mode & 07777) != 0)
    refuse(file, errno);
  if (std::rename(part.c_str(), name.c_str()) != 0) refuse(file, errno);
}

} // namespace

void require_writable(const std::string &file) {
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) {
    require(S_ISREG(status.st_mode), "cannot write '" + file +
                                         "', which is a folder, a pipe or a device: give the name "
                                         "of a file that is new or may be replaced");
    if (access(file.c_str(), W_OK) != 0) refuse(file, errno);
  }
  if (file.empty() || file.back() == '/') refuse(file, EISDIR);
  if (access(folder_of(resolved(file)).c_str(), W_OK | X_OK) != 0) refuse(file, errno);
}

void require_other_file(const std::string &file, const std::vector<std::string> &others) {
  std::error_code code;
  const auto place = fs::weakly_canonical(fs::absolute(file, code), code);
  for (const auto &other : others)
    require(fs::weakly_canonical(fs::absolute(other, code), code) != place,
            "'" + file + "' would be written over '" + other +
                "', which is needed: give another name for the output");
}

OutputFile::OutputFile(const std::string &file) : file_(file) {
  require_writable(file);
  part_ = part_of(file);
  const int descriptor = open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) refuse(file, errno);
  stream_ = fdopen(descriptor, "wb");
}

OutputFile::~OutputFile() {
  if (!stream_) return;
  std::fclose(stream_);
  unlink(part_.c_str());
}

void OutputFile::write(const void *data, size_t bytes) {
  if (std::fwrite(data, 1, bytes, stream_) != bytes && !reason_) reason_ = errno;
}

void OutputFile::print(const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (std::vfprintf(stream_, format, values) < 0 && !reason_) reason_ = errno;
  va_end(values);
}

void OutputFile::close() {
  const bool failed = failed_ || std::ferror(stream_);
  const bool closed = std::fclose(stream_) == 0;
  if (!closed && !reason_) reason_ = errno;
  stream_ = nullptr;
  try {
    if (failed || !closed) refuse(file_, reason_);
    take_name(part_, file_);
  } catch (...) {
    unlink(part_.c_str());
    throw;
  }
}

GrowingFile::GrowingFile(const std::string &file, const std::string &beginning) : file_(file) {
  OutputFile first(file);
  first.write(beginning);
  first.close();
  descriptor_ = open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) refuse(file, errno);
  size_ = static_cast<int64_t>(beginning.size());
}

GrowingFile::~GrowingFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void GrowingFile::add(const std::string &text) {
  for (size_t at = 0; at < text.size();) {
    const auto written = ::write(descriptor_, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      // Half a line would be read as a row.
      if (ftruncate(descriptor_, size_) != 0) refuse(file_, errno);
      refuse(file_, reason);
    }
    at += static_cast<size_t>(written);
  }
  size_ += static_cast<int64_t>(text.size());
}

} // namespace nflow
