#include "files/output_file.h"
#include "stats/gnuplot.h"
#include "stats/output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace nflow::stats {

namespace {

namespace fs = std::filesystem;

constexpr size_t most_scans = 300;  // drawn, evenly chosen: more cannot be told apart
constexpr double drawn_trips = 5.0; // round trips a replica, about: more would be a black square
constexpr int bins = 60;

const char *const acceptance_script = R"gnuplot(
set terminal pngcairo size 900,520 font "DejaVu Sans,12" noenhanced
set output "acceptance.png"
set title "acceptance by pair of temperatures"
set ylabel "mean acceptance"
set xrange [-0.6:pairs-0.4]
set yrange [0:1]
set xtics rotate by -35 left
set boxwidth 0.6
set style fill solid 0.35 noborder
set key top right
plot "acceptance.csv" using 0:4:xtic(1) with boxes lc rgb "#4c72b0" title "accepted fraction", \
     "acceptance.csv" using 0:2:3 with yerrorbars pt 7 ps 0.8 lw 1.4 lc rgb "#c44e52" \
       title "mean of min(1, exp(-works))"
unset boxwidth
)gnuplot";

const char *const flow_script = R"gnuplot(
set terminal pngcairo size 1300,560 font "DejaVu Sans,12" noenhanced
set output "flow.png"
set multiplot layout 1,2 title "flow of replicas through temperature"
unset title
unset key
set xtics norotate autojustify
set xrange [*:*]
set format x "%g"
set yrange [-0.3:temperatures-0.7]
set ytics 1
set xlabel "step (the first part of the run)"
set ylabel "index of the temperature"
plot for [r=0:temperatures-1] "flow.csv" using 1:(column(r+2)) with steps lw 1.1 \
  lc palette frac (r/(temperatures-1.0)), \
  "flow.csv" using 1:2 with steps lw 2.2 lc rgb "#222222"
set xlabel "temperature"
set ylabel "fraction that came last from the hottest"
set yrange [-0.03:1.03]
set ytics 0.2
set xrange [lowest*0.97:highest*1.03]
if (highest > 3*lowest) { set logscale x; set xtics (lowest, sqrt(lowest*highest), highest) }
set format x "%.3g"
plot "fraction.csv" using 1:2 with linespoints pt 7 ps 0.9 lw 1.4 lc rgb "#c44e52"
unset logscale x
set xtics autofreq
set format x "%g"
unset multiplot
)gnuplot";

const char *const energy_script = R"gnuplot(
set terminal pngcairo size 1000,560 font "DejaVu Sans,12" noenhanced
set output "energies.png"
set title "potential energy at each temperature"
set xlabel "potential energy"
set ylabel "probability density"
set xrange [*:*]
set yrange [0:*]
set ytics autofreq
set key outside right top
plot for [k=0:temperatures-1] "energies.csv" index k using 2:3 with steps lw 1.6 \
  lc palette frac (k/(temperatures-1.0)) title sprintf("T = %g", real(word(names, k+1)))
)gnuplot";

void write_acceptance(const fs::path &folder, const ExchangeLog &log, const Report &report) {
  OutputFile out(folder / "acceptance.csv");
  out.print("# pair,acceptance,error,accepted fraction\n");
  for (const PairReport &p : report.pairs)
    out.print("%.4g - %.4g,%.6g,%.3g,%.6g\n", log.temperatures[p.i], log.temperatures[p.j],
              p.acceptance.mean, p.acceptance.error,
              static_cast<double>(p.accepts) / static_cast<double>(p.attempts));
  out.close();
}

/// As many scans as give each replica some round trips; all where there are few.
size_t drawn_scans(const ExchangeLog &log, const Report &report, const FlowSeries &series) {
  const auto all = static_cast<double>(series.steps.size());
  if (report.ladder.round_trips == 0) return series.steps.size();
  const auto replicas = static_cast<double>(log.temperatures.size());
  return static_cast<size_t>(std::min(all, drawn_trips * replicas / report.ladder.rate + 1.0));
}

void write_flow(const fs::path &folder, const ExchangeLog &log, const Report &report,
                const FlowSeries &series) {
  OutputFile fraction(folder / "fraction.csv");
  fraction.print("# temperature,fraction that came last from the hottest\n");
  for (size_t t = 0; t < log.temperatures.size(); t++)
    fraction.print("%.8g,%.6g\n", log.temperatures[t], report.ladder.fraction_from_hot[t]);
  fraction.close();
  OutputFile flow(folder / "flow.csv");
  flow.print("# step,temperature of replica 0,1,..\n");
  const size_t last = drawn_scans(log, report, series), stride = 1 + last / most_scans;
  for (size_t s = 0; s < last; s += stride) {
    flow.print("%lld", static_cast<long long>(series.steps[s]));
    for (const int t : series.temperatures[s]) flow.print(",%d", t);
    flow.print("\n");
  }
  flow.close();
}

/// One histogram a temperature, over the range of that temperature.
void write_energies(const fs::path &folder, const ExchangeLog &log,
                    const std::vector<std::vector<double>> &energies) {
  OutputFile out(folder / "energies.csv");
  out.print("# temperature,energy,density; a block a temperature\n");
  for (size_t k = 0; k < energies.size(); k++) {
    const auto [low, high] = std::minmax_element(energies[k].begin(), energies[k].end());
    const double range = *high - *low, width = range / bins > 0.0 ? range / bins : 1.0;
    std::vector<double> counts(bins, 0.0);
    for (const double u : energies[k])
      counts[std::min(bins - 1, static_cast<int>((u - *low) / width))] += 1.0;
    for (int b = 0; b < bins; b++)
      out.print("%g,%.8g,%.6g\n", log.temperatures[k], *low + (b + 0.5) * width,
                counts[b] / (width * static_cast<double>(energies[k].size())));
    out.print("\n\n");
  }
  out.close();
}

void write_script(const fs::path &folder, const ExchangeLog &log, const Report &report,
                  bool with_energies) {
  const auto [low, high] = std::minmax_element(log.temperatures.begin(), log.temperatures.end());
  std::string names;
  for (const double t : log.temperatures) {
    char name[32];
    std::snprintf(name, sizeof(name), "%g ", t);
    names += name;
  }
  OutputFile out(folder / "nflow-stats.gp");
  out.print(
      "%spairs = %zu\ntemperatures = %zu\nlowest = %.8g\nhighest = %.8g\nnames = \"%s\"\n%s%s%s",
      gnuplot_preamble, report.pairs.size(), log.temperatures.size(), *low, *high, names.c_str(),
      acceptance_script, flow_script, with_energies ? energy_script : "");
  out.close();
}

} // namespace

void draw_plots(const std::string &folder_name, const ExchangeLog &log, const Report &report,
                const FlowSeries &series, const std::vector<std::vector<double>> &energies) {
  const fs::path folder(folder_name);
  make_folder(folder_name);
  write_acceptance(folder, log, report);
  write_flow(folder, log, report, series);
  if (!energies.empty()) write_energies(folder, log, energies);
  write_script(folder, log, report, !energies.empty());
  std::vector<std::string> pictures{"acceptance.png", "flow.png"};
  if (!energies.empty()) pictures.push_back("energies.png");
  draw_pictures(folder_name, pictures);
}

} // namespace nflow::stats
