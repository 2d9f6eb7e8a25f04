#ifndef NFLOW_TESTS_BOUNDED_RUN_H
#define NFLOW_TESTS_BOUNDED_RUN_H

#include "support/run_command.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace nflow::tests {

constexpr double longest_seconds = 60.0; // beside other tests
constexpr rlim_t most_memory = rlim_t{8} << 30;

struct Outcome {
  int code = 0, signal = 0;
  bool timeout = false;
  double seconds = 0.0;
  std::string errors; // stderr
};

/// In a group of its own, which goes when the time is over.
inline Outcome execute(const std::vector<std::string> &words, double limit = longest_seconds) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  std::vector<char *> arguments;
  for (const auto &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
#ifndef __SANITIZE_ADDRESS__ // which reserves all addresses
    const rlimit memory{most_memory, most_memory};
    setrlimit(RLIMIT_AS, &memory);
#endif
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 1); // no daemon beside each rank
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open("/dev/null", O_WRONLY), 1);
    dup2(open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  Outcome outcome;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (!outcome.timeout && seconds() > limit) {
      outcome.timeout = true;
      kill(-child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  outcome.seconds = seconds();
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.errors = contents("stderr");
  return outcome;
}

/// The number in an environment variable.
inline uint64_t of_environment(const char *name, uint64_t standard) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : standard;
}

} // namespace nflow::tests

#endif
