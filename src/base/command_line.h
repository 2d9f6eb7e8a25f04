#ifndef NFLOW_BASE_COMMAND_LINE_H
#define NFLOW_BASE_COMMAND_LINE_H

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace nflow {

/// Parses the command line of `app`, which gets a --version. Returns false where the user asked for
/// a text (--help, --version), which is then in `text`. Throws Error, in one line, where the
/// command line is wrong, or has numbers that are not finite or out of all proportion.
bool parse_command_line(CLI::App &app, int argc, char **argv, std::string &text);

/// Throws Error where something that was printed to stdout got lost.
void require_printed();

/// What main() of a program does: parses and calls `run`, whose value is the exit code. Whatever
/// anything throws is one sentence on stderr, and exit code 2.
int run_program(CLI::App &app, int argc, char **argv, const std::function<int()> &run);

} // namespace nflow

#endif
