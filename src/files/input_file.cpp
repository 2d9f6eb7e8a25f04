#include "files/input_file.h"

#include "base/error.h"

#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace nflow {

int64_t require_regular_file(const std::string &file, const std::string &missing) {
  struct stat status {};
  require(stat(file.c_str(), &status) == 0 && access(file.c_str(), R_OK) == 0, missing);
  require(S_ISREG(status.st_mode),
          "'" + file + "' is a folder, a pipe or a device: give the path of a regular file");
  return status.st_size;
}

void require_model_file(const std::string &file) {
  require_regular_file(file, "cannot open model file '" + file +
                                 "': give the path of a file made by nflow-train or "
                                 "nflow-reference");
}

std::string bytes_of(const std::string &file, const std::string &missing) {
  require_regular_file(file, missing);
  std::ifstream in(file, std::ios::binary);
  require(in.good(), missing);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  require(!in.bad(), "'" + file + "' cannot be read to its end: copy it again");
  return bytes;
}

} // namespace nflow
