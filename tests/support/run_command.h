#ifndef NFLOW_TESTS_RUN_COMMAND_H
#define NFLOW_TESTS_RUN_COMMAND_H

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace nflow::tests {

struct CommandResult {
  int code = -1;
  std::string output; // stdout and stderr
};

/// What stands before a program on several ranks; nothing for one.
inline std::string mpi_launcher(const std::string &mpiexec, int ranks) {
  if (ranks == 1) return "";
  return mpiexec + " --oversubscribe " + (geteuid() == 0 ? "--allow-run-as-root " : "") + "-np " +
         std::to_string(ranks) + " ";
}

/// All of a file; nothing, if it cannot be read.
inline std::string contents(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::string &file, const std::string &text) {
  std::ofstream(file, std::ios::binary) << text;
}

/// Runs a shell command and waits for it.
inline CommandResult run_command(const std::string &command) {
  CommandResult result;
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return result;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof(buffer), pipe)) result.output.append(buffer, count);
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

} // namespace nflow::tests

#endif
