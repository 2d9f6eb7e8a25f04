#include "base/command_line.h"

#include "base/error.h"
#include "base/version.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <sstream>

namespace nflow {

bool parse_command_line(CLI::App &app, int argc, char **argv, std::string &text) {
  app.set_version_flag("--version", app.get_name() + " " + version());
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

int run_program(CLI::App &app, int argc, char **argv, const std::function<int()> &run) {
  try {
    std::string text;
    if (parse_command_line(app, argc, argv, text)) return run();
    std::fputs(text.c_str(), stdout);
    return 0;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), e.what());
    return 2;
  }
}

} // namespace nflow
