#ifndef NFLOW_TESTS_RUN_COMMAND_H
#define NFLOW_TESTS_RUN_COMMAND_H

#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace nflow::tests {

struct CommandResult {
  int code = -1;
  std::string output; // stdout and stderr
};

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
