// Histograms of what was measured in dumps: as a table, and as pictures.
#include "files/output_file.h"
#include "stats/gnuplot.h"
#include "stats/output.h"

#include <algorithm>
#include <filesystem>

namespace nflow::stats {

namespace {

const char *const terminal = R"gnuplot(
set terminal pngcairo size 900,520 font "DejaVu Sans,12" noenhanced
set style fill solid 0.35 noborder
set boxwidth 0.95 relative
set yrange [0:*]
set ylabel "probability density"
unset key
)gnuplot";

/// The name of a chain with another character between its words.
std::string joined(const Chain &chain, char between) {
  std::string name = chain.name();
  std::replace(name.begin(), name.end(), ' ', between);
  return name;
}

/// The lines that draw one chain: its histogram, and the borders of its wells.
void write_picture(OutputFile &out, const Chain &chain, const ChainReport &report, size_t index) {
  out.print("\nset output \"%s.png\"\nset title \"%s\"\n", joined(chain, '_').c_str(),
            chain.name().c_str());
  out.print("unset arrow\n");
  for (const Well &well : report.wells)
    out.print("set arrow from %.6g, graph 0 to %.6g, graph 1 nohead lc rgb \"#888888\" dt 2\n",
              well.from, well.from);
  out.print(chain.is_dihedral() ? "set xrange [-180:180]\nset xtics 60\nset xlabel \"degrees\"\n"
                                : "set xrange [*:*]\nset xtics autofreq\nset xlabel \"%s\"\n",
            chain.kind->atoms == 3 ? "degrees" : "distance");
  out.print(
      "plot \"histograms.csv\" index %zu using 2:3 with boxes lc rgb \"#4c72b0\", \\\n"
      "     \"\" index %zu using 2:3:4 with yerrorbars pt 7 ps 0.4 lw 1.2 lc rgb \"#c44e52\"\n",
      index, index);
}

} // namespace

void write_histograms(const std::string &file, const DumpReport &report) {
  OutputFile out(file);
  out.print("# coordinate,centre,density,error; a block a coordinate\n");
  for (size_t i = 0; i < report.chains.size(); i++) {
    const ChainReport &r = report.reports[i];
    for (size_t b = 0; b < r.centres.size(); b++)
      out.print("%s,%.8g,%.6g,%.3g\n", report.chains[i].name().c_str(), r.centres[b],
                r.densities[b].mean, r.densities[b].error);
    out.print("\n\n");
  }
  out.close();
}

void draw_histograms(const std::string &folder, const DumpReport &report) {
  make_folder(folder);
  write_histograms(std::filesystem::path(folder) / "histograms.csv", report);
  OutputFile script(std::filesystem::path(folder) / gnuplot_script);
  script.print("%s%s", gnuplot_preamble, terminal);
  std::vector<std::string> pictures;
  size_t index = 0;
  for (size_t i = 0; i < report.chains.size(); i++) {
    if (report.reports[i].centres.empty()) continue; // a constant has no block either
    write_picture(script, report.chains[i], report.reports[i], index++);
    pictures.push_back(joined(report.chains[i], '_') + ".png");
  }
  script.close();
  draw_pictures(folder, pictures);
}

} // namespace nflow::stats
