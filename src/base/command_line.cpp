#include "base/command_line.h"

#include "base/error.h"
#include "base/text.h"
#include "base/version.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace nflow {

namespace {

// In no unit style is there a use for others, and their inverses and products are finite.
constexpr double smallest = 1e-100, largest = 1e100;

/// Throws Error for numbers on the command line, or in a config file, that are out of all
/// proportion.
void check_numbers(const CLI::App &app) {
  for (const CLI::Option *option : app.get_options()) {
    if (option->get_type_name().rfind("FLOAT", 0) != 0) continue;
    for (const auto &word : option->results()) {
      const double value = std::strtod(word.c_str(), nullptr), size = std::fabs(value);
      require(value == 0.0 || (size >= smallest && size <= largest),
              option->get_name() + " " + word + " is of no use: give a number of a size from " +
                  number(smallest) + " to " + number(largest));
    }
  }
  for (const CLI::App *command : app.get_subcommands()) check_numbers(*command);
}

} // namespace

bool parse_command_line(CLI::App &app, int argc, char **argv, std::string &text) {
  std::signal(SIGXFSZ, SIG_IGN); // a limit on files is told as a full disk is
  app.set_version_flag("--version", app.get_name() + " " + version());
  // Before the callbacks of subcommands, which may do all of the work.
  app.parse_complete_callback([&app] { check_numbers(app); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() != 0) {
      const std::string what = e.what();
      throw Error(what.substr(0, what.find('\n')) + " (" + app.get_name() +
                  " --help lists the options)");
    }
    std::ostringstream out;
    app.exit(e, out, out);
    text = out.str();
    return false;
  }
  return true;
}

void require_printed() {
  require(std::fflush(stdout) == 0 && !std::ferror(stdout),
          "not everything could be printed: check that the disk, or what reads this, takes it");
}

int run_program(CLI::App &app, int argc, char **argv, const std::function<int()> &run) {
  try {
    std::string text;
    int code = 0;
    if (parse_command_line(app, argc, argv, text))
      code = run();
    else
      std::fputs(text.c_str(), stdout);
    require_printed();
    return code;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), sentence_of(e).c_str());
    return 2;
  }
}

} // namespace nflow
