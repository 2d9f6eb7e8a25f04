// Every program says the version that CMakeLists.txt has.
#include "base/version.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace nflow;

TEST(Version, OfTheLibrary) {
  EXPECT_STREQ(version(), NFLOW_PROJECT_VERSION);
}

TEST(Version, OfEveryProgram) {
  std::istringstream programs(NFLOW_PROGRAMS);
  int count = 0;
  for (std::string file; programs >> file; count++) {
    const auto run = tests::run_command(file + " --version");
    EXPECT_EQ(run.code, 0) << file;
    const std::string name = file.substr(file.rfind('/') + 1);
    EXPECT_EQ(run.output, name + " " NFLOW_PROJECT_VERSION "\n");
  }
  EXPECT_GE(count, 2); // nflow-check and nflow-stats are always built
}

/// What stands behind `start` in the first line of the file that begins so.
std::string first_line(const std::string &file, const std::string &start) {
  std::ifstream lines(std::string(NFLOW_SOURCE_DIR "/") + file);
  for (std::string line; std::getline(lines, line);)
    if (line.rfind(start, 0) == 0) return line.substr(start.size());
  return "";
}

TEST(Version, OfTheDocuments) {
  EXPECT_EQ(first_line("CHANGELOG.md", "## "), NFLOW_PROJECT_VERSION);
  EXPECT_EQ(first_line("CITATION.cff", "version: "), NFLOW_PROJECT_VERSION);
  EXPECT_EQ(first_line("packaging/spack/package.py", "    version("),
            "\"" NFLOW_PROJECT_VERSION "\")");
}

} // namespace
