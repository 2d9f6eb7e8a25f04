#include "trainer/energies/lammps_session.h"

#include "files/input_file.h"
#include "lammps/error_text.h"
#include "lammps/host_fit.h"
#include "lammps/plugin_command.h"
#include "trainer/energies/error_screen.h"

#include "input.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

// As host_fit.h's, of the C library.
extern "C" void *lammps_open(int, char **, MPI_Comm, void **);
extern "C" void lammps_close(void *);

namespace nflow::trainer {

namespace {

bool script_running = false;

/// The command quit ends the process from within LAMMPS, which would look like success.
void report_quit() {
  if (!script_running) return;
  std::fprintf(stderr, "Error: the LAMMPS input ended the program by its command 'quit': remove "
                       "that command\n");
  std::fflush(stderr);
  _exit(2);
}

class ScriptRunning {
 public:
  ScriptRunning() {
    static const int registered = std::atexit(report_quit);
    (void) registered;
    script_running = true;
  }
  ~ScriptRunning() { script_running = false; }
};

/// Of the library of LAMMPS that this process has: asked of an instance that the library makes by
/// itself, for the size of a LAMMPS is that of the headers only if they fit.
void require_fitting_library() {
  char name[] = "lammps", log[] = "-log", screen[] = "-screen", none[] = "none";
  char *arguments[] = {name, log, none, screen, none, nullptr};
  void *const lmp = lammps_open(5, arguments, MPI_COMM_SELF, nullptr);
  const auto reason = lmp ? LAMMPS_NS::host_misfit(lmp, "this program")
                          : std::string("LAMMPS did not start: see what it says above");
  if (lmp) lammps_close(lmp);
  if (!reason.empty()) throw Error(reason);
}

} // namespace

std::string says(const std::string &text, const std::string &file) {
  return "LAMMPS says: " + LAMMPS_NS::sentence_of_error(text) + " (input file '" + file + "')";
}

LammpsSession::LammpsSession(const std::string &file, const std::vector<std::string> &variables)
    : file_(file) {
  int mpi_runs = 0;
  MPI_Initialized(&mpi_runs);
  if (!mpi_runs) throw Error("LAMMPS in this program needs MPI: call MPI_Init first");
  require_regular_file(file, "LAMMPS input file '" + file + "' cannot be read");

  require_fitting_library();

  std::vector<std::string> words{"lammps", "-log", "none", "-nocite", "-screen", "none"};
  for (const auto &variable : variables) {
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == variable.size())
      throw Error("the LAMMPS variable '" + variable + "' has not the form name=value");
    words.insert(words.end(), {"-var", variable.substr(0, equals), variable.substr(equals + 1)});
  }
  std::vector<char *> arguments;
  for (auto &word : words) arguments.push_back(&word[0]);
  arguments.push_back(nullptr);

  const ScriptRunning running;
  run([&] {
    lammps_ =
        new LAMMPS_NS::LAMMPS(static_cast<int>(words.size()), arguments.data(), MPI_COMM_SELF);
  });
  if (!LAMMPS_NS::compat::throws()) lammps_->screen = error_screen(file);
  LAMMPS_NS::add_plugin_command(lammps_); // where LAMMPS has none, as in lmp-nflow
  try {
    run([&] { lammps_->input->file(file.c_str()); });
  } catch (...) {
    delete lammps_;
    throw;
  }
}

LammpsSession::~LammpsSession() {
  delete lammps_;
}

void LammpsSession::command(const std::string &text) {
  run([&] { lammps_->input->one(text); });
}

void LammpsSession::fail(const std::string &text) const {
  throw Error(says(text, file_));
}

} // namespace nflow::trainer
