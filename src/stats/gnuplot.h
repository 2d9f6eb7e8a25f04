#ifndef NFLOW_STATS_GNUPLOT_H
#define NFLOW_STATS_GNUPLOT_H

#include <string>
#include <vector>

namespace nflow::stats {

/// The name of the script in a folder of pictures.
constexpr const char *gnuplot_script = "nflow-stats.gp";

/// With which a script begins.
extern const char *const gnuplot_preamble;

/// Throws Error where there is no such folder and none can be made.
void make_folder(const std::string &folder);

/// Runs the script of the folder, which draws these files there. Throws Error if they are not
/// drawn.
void draw_pictures(const std::string &folder, const std::vector<std::string> &pictures);

} // namespace nflow::stats

#endif
