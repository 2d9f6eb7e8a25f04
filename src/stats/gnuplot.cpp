#include "stats/gnuplot.h"

#include "base/error.h"
#include "files/output_file.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

namespace nflow::stats {

const char *const gnuplot_preamble =
    R"gnuplot(# Drawn by nflow-stats; draw again with: gnuplot nflow-stats.gp
set datafile separator ","
set datafile missing "nan"
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out scale 0.6
set grid ytics lc rgb "#dddddd" lw 1
set palette defined (0 "#4c72b0", 0.5 "#b0a8b9", 1 "#c44e52")
unset colorbox
)gnuplot";

namespace {

namespace fs = std::filesystem;

/// gnuplot says nothing of a picture that it could not write in full.
bool is_picture(const fs::path &file) {
  constexpr std::string_view end = "IEND\xae\x42\x60\x82"; // of every PNG
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  return bytes.size() > end.size() && bytes.substr(bytes.size() - end.size()) == end;
}

/// For the shell.
std::string quoted(const std::string &text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

} // namespace

void make_folder(const std::string &folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) throw Error("cannot make the folder '" + folder + "': " + code.message());
}

void draw_pictures(const std::string &folder, const std::vector<std::string> &pictures) {
  const auto in_folder = [&](const std::string &name) { return fs::path(folder) / name; };
  for (const auto &picture : pictures) require_writable(in_folder(picture));
  const auto command = "cd " + quoted(folder) + " && gnuplot " + gnuplot_script;
  if (std::system(command.c_str()) != 0 ||
      !std::all_of(pictures.begin(), pictures.end(),
                   [&](const std::string &picture) { return is_picture(in_folder(picture)); }))
    throw Error("gnuplot could not draw '" + in_folder(gnuplot_script).string() +
                "': install gnuplot (with its cairo terminals), or see whether the disk has room, "
                "or leave out --plot");
}

} // namespace nflow::stats
