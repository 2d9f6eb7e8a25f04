#ifndef NFLOW_FILES_DUMP_FRAME_H
#define NFLOW_FILES_DUMP_FRAME_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nflow {

/// What a dump that cannot be used is to be replaced by; the end of sentences.
extern const char *const dump_hint;

/// One configuration of a dump, atoms sorted by ID.
struct Frame {
  int64_t step = 0;
  std::vector<int64_t> ids;
  std::vector<int> types; // empty: no column type
  std::vector<double> x;  // [atoms, dim], unwrapped where the file can tell
  double low[3] = {0.0, 0.0, 0.0}, length[3] = {0.0, 0.0, 0.0}; // of the box
  bool periodic[3] = {false, false, false};
  std::string units; // or empty
};

/// Reads the frames of a plain or gzipped dump one by one.
class FrameReader {
 public:
  /// Throws Error where the file cannot be opened.
  FrameReader(const std::string &file, int64_t dim);
  ~FrameReader();

  /// False at the end of the file. Throws Error with file and line for whatever is not of the
  /// format, and for a time step that comes twice.
  bool read(Frame &frame);
  /// Throws Error that names the file and the line read last.
  [[noreturn]] void complain(const std::string &what) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow

#endif
