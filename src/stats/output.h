#ifndef NFLOW_STATS_OUTPUT_H
#define NFLOW_STATS_OUTPUT_H

#include "stats/analysis.h"

#include <string>

namespace nflow::stats {

/// The tables, on stdout.
void print_report(const std::string &file, const ExchangeLog &log, const Report &report);

/// The same for programs; numbers that are not finite are null. Throws Error if the file cannot be
/// written.
void write_json(const std::string &file, const ExchangeLog &log, const Report &report);

/// Data files and a gnuplot script in the folder, which is made if need be, and the PNG files that
/// gnuplot draws of them: acceptance.png, flow.png and, with energies, energies.png. Throws Error
/// if that fails.
void draw_plots(const std::string &folder, const ExchangeLog &log, const Report &report,
                const FlowSeries &series, const std::vector<std::vector<double>> &energies);

} // namespace nflow::stats

#endif
