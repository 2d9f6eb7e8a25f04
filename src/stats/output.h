#ifndef NFLOW_STATS_OUTPUT_H
#define NFLOW_STATS_OUTPUT_H

#include "stats/analysis.h"
#include "stats/chains.h"

#include <string>
#include <vector>

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

/// What was measured in dumps.
struct DumpReport {
  std::vector<std::string> dumps;
  std::vector<int64_t> per_file; // frames of each dump
  std::vector<Chain> chains;
  std::vector<ChainReport> reports; // of each chain
};

void print_report(const DumpReport &report);
void write_json(const std::string &file, const DumpReport &report);

/// The histograms, a block a chain: name, centre of the bin, density, its error. Throws Error if
/// What was measured in every frame, a line a frame.
void write_series(const std::string &file, const std::vector<Chain> &chains,
                  const ChainSeries &series);
/// the file cannot be written.
void write_histograms(const std::string &file, const DumpReport &report);

/// The same as pictures in the folder, one a chain, named as dihedral_5_7_9_15.png, with data and
/// script.
void draw_histograms(const std::string &folder, const DumpReport &report);

} // namespace nflow::stats

#endif
