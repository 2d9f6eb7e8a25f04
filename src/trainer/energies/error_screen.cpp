#include "trainer/energies/error_screen.h"

#include "base/error.h"
#include "lammps/error_text.h"
#include "trainer/energies/lammps_session.h"

#include <mpi.h>
#include <unistd.h>

#include <cerrno>

namespace nflow::trainer {

namespace {

struct Screen {
  std::string file, line;
};

[[noreturn]] void end_with(const std::string &sentence) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence.c_str());
  std::fflush(stderr);
  // LAMMPS on this rank would wait in MPI_Finalize for the others, which wait for this one.
  int ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks > 1) MPI_Abort(MPI_COMM_WORLD, 2);
  _exit(2);
}

ssize_t write_screen(void *cookie, const char *text, size_t size) {
  auto &screen = *static_cast<Screen *>(cookie);
  for (size_t i = 0; i < size; i++) {
    if (text[i] != '\n') {
      screen.line += text[i];
      continue;
    }
    if (screen.line.rfind("ERROR", 0) == 0) end_with(says(screen.line, screen.file));
    screen.line.clear();
  }
  return static_cast<ssize_t>(size);
}

int close_screen(void *cookie) {
  delete static_cast<Screen *>(cookie);
  return 0;
}

} // namespace

FILE *error_screen(const std::string &file) {
  cookie_io_functions_t functions{};
  functions.write = write_screen;
  functions.close = close_screen;
  FILE *const screen = fopencookie(new Screen{file, ""}, "w", functions);
  if (!screen) throw Error("there is no memory for the screen of LAMMPS");
  std::setvbuf(screen, nullptr, _IOLBF, BUFSIZ);
  return screen;
}

} // namespace nflow::trainer
