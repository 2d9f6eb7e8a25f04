#include "stats/output.h"

#include <cmath>
#include <cstdio>

namespace nflow::stats {

namespace {

/// "value +- error", or as much of it as is known ("-": nothing).
std::string with_error(double value, double error, const char *format = "%.4g +- %.2g") {
  if (std::isnan(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof(text), format, value, error);
  const std::string result = text;
  return std::isnan(error) ? result.substr(0, result.find(" +-")) + " +- ?" : result;
}

std::string with_error(const estimators::FreeEnergy &f) {
  return with_error(f.value, f.error, "%.4f +- %.2g");
}

void print_title(const std::string &file, const ExchangeLog &log, const Report &report) {
  std::printf("# %s: %zu attempts in %lld scans, steps %lld to %lld\n", file.c_str(),
              log.attempts.size(), static_cast<long long>(report.ladder.scans),
              static_cast<long long>(log.attempts.front().step),
              static_cast<long long>(log.attempts.back().step));
  if (log.earlier_attempts > 0)
    std::printf("# note: %lld attempts of earlier ladders are left out\n",
                static_cast<long long>(log.earlier_attempts));
  if (log.truncated)
    std::printf("# note: the last line has no end (the run was stopped while it wrote) and is left "
                "out\n");
  std::printf("# temperatures:");
  for (const double t : log.temperatures) std::printf(" %g", t);
  std::printf("; kB %g\n", log.boltz);
}

void print_acceptances(const ExchangeLog &log, const std::vector<PairReport> &pairs) {
  std::printf("\n%-3s %-3s %-8s %-8s %9s %9s %9s  %-20s %-10s %s\n", "i", "j", "T_i", "T_j",
              "attempts", "accepts", "infinite", "acceptance", "rejection", "z");
  for (const PairReport &p : pairs)
    std::printf("%-3d %-3d %-8g %-8g %9lld %9lld %9lld  %-20s %-10.4g %.1f\n", p.i, p.j,
                log.temperatures[p.i], log.temperatures[p.j], static_cast<long long>(p.attempts),
                static_cast<long long>(p.accepts), static_cast<long long>(p.rejected_works),
                with_error(p.acceptance.mean, p.acceptance.error).c_str(), 1.0 - p.acceptance.mean,
                p.z_accepts);
  for (const PairReport &p : pairs)
    if (std::abs(p.z_accepts) > 5.0)
      std::printf("# warning: between %d and %d the decisions do not follow from the works (z = "
                  "%.1f)\n",
                  p.i, p.j, p.z_accepts);
}

void print_works(const std::vector<PairReport> &pairs) {
  std::printf("\n%-3s %-3s %-20s %-20s %-20s %-18s %-8s %-8s\n", "i", "j", "Delta f, BAR",
              "EXP forward", "EXP backward", "J", "ESS", "ESS back");
  for (const PairReport &p : pairs)
    std::printf("%-3d %-3d %-20s %-20s %-20s %-18s %-8s %-8s\n", p.i, p.j,
                with_error(p.bar).c_str(), with_error(p.exp_forward).c_str(),
                with_error(p.exp_backward).c_str(), with_error(p.works.j, p.works.j_error).c_str(),
                with_error(100.0 * p.works.ess_forward, 0.0, "%.3g %%").c_str(),
                with_error(100.0 * p.works.ess_backward, 0.0, "%.3g %%").c_str());
}

void print_ladder(const char *name, const std::vector<double> &ladder) {
  std::printf("%-34s", name);
  for (const double t : ladder) std::printf(" %.5g", t);
  std::printf("\n");
}

void print_barrier(const LadderReport &ladder) {
  std::printf("\n");
  if (std::isnan(ladder.barrier)) {
    std::printf("# note: an adjacent pair of temperatures has no attempts: no barrier and no "
                "ladder\n");
    return;
  }
  std::printf("%-34s %s\n", "global barrier Lambda",
              with_error(ladder.barrier, ladder.barrier_error).c_str());
  std::printf("%-34s %d\n", "suggested number of replicas", ladder.suggested_replicas);
  print_ladder("equal-rejection ladder", ladder.equal_rejection_ladder);
  if (ladder.suggested_ladder.size() != ladder.equal_rejection_ladder.size())
    print_ladder("the same, of the suggested number", ladder.suggested_ladder);
}

void print_flow(const ExchangeLog &log, const LadderReport &ladder) {
  std::printf("\n%-34s %lld\n", "round trips", static_cast<long long>(ladder.round_trips));
  std::printf("%-34s %lld\n", "tempered restarts",
              static_cast<long long>(ladder.tempered_restarts));
  std::printf("%-34s %s\n", "round trips per scan",
              with_error(ladder.rate, ladder.rate_error).c_str());
  std::printf("%-34s %s\n", "predicted for deo, at most",
              with_error(ladder.deo_rate, 0.0, "%.4g").c_str());
  std::printf("\n%-4s %-10s %-22s %-26s %s\n", "k", "T_k", "came last from hot",
              "round trips of replica k", "tempered restarts of it");
  for (size_t k = 0; k < ladder.round_trips_of.size(); k++)
    std::printf("%-4zu %-10g %-22s %-26lld %lld\n", k, log.temperatures[k],
                with_error(ladder.fraction_from_hot[k], 0.0, "%.3f").c_str(),
                static_cast<long long>(ladder.round_trips_of[k]),
                static_cast<long long>(ladder.restarts_of[k]));
}

void print_energies(const std::vector<EnergyReport> &energies) {
  std::printf("\n%-8s %8s  %-22s %-8s %-12s %-20s %-22s %-20s\n", "T", "samples", "<U>", "tau",
              "block error", "var(U)", "<U>, MBAR", "f - f_0, MBAR");
  for (const EnergyReport &e : energies)
    std::printf("%-8g %8lld  %-22s %-8.3g %-12s %-20s %-22s %-20s\n", e.temperature,
                static_cast<long long>(e.samples),
                with_error(e.mean.mean, e.mean.error, "%.7g +- %.2g").c_str(), e.mean.tau,
                with_error(e.block_error, 0.0, "%.2g").c_str(),
                with_error(e.variance.mean, e.variance.error).c_str(),
                with_error(e.mbar_mean.mean, e.mbar_mean.error, "%.7g +- %.2g").c_str(),
                with_error(e.f).c_str());
}

void print_wells(const Chain &chain, const ChainReport &report) {
  const char *const whence = report.borders == Borders::given ? "as given"
                             : report.borders == Borders::valleys
                                 ? "at the valleys of the histogram"
                                 : "at thirds of the circle: the "
                                   "histogram has no two wells";
  std::printf("\n%s, borders %s\n%-18s %-22s %-10s %s\n", chain.name().c_str(), whence, "well",
              "population", "tau", "transitions into it");
  for (const Well &well : report.wells) {
    char range[64];
    std::snprintf(range, sizeof(range), "%.4g .. %.4g", well.from, well.to);
    std::printf("%-18s %-22s %-10.3g %lld\n", range,
                with_error(well.population.mean, well.population.error).c_str(),
                well.population.tau, static_cast<long long>(well.entered));
  }
}

void print_mean(const Chain &chain, const ChainReport &report) {
  std::printf("\n%s: mean %s, standard deviation %.4g, tau %.3g\n", chain.name().c_str(),
              with_error(report.mean.mean, report.mean.error, "%.6g +- %.2g").c_str(),
              report.deviation, report.mean.tau);
}

} // namespace

void print_report(const DumpReport &report) {
  for (size_t i = 0; i < report.dumps.size(); i++)
    std::printf("# %s: %lld frames\n", report.dumps[i].c_str(),
                static_cast<long long>(report.per_file[i]));
  for (size_t i = 0; i < report.chains.size(); i++)
    (report.chains[i].is_dihedral() ? print_wells : print_mean)(report.chains[i],
                                                                report.reports[i]);
}

void print_report(const std::string &file, const ExchangeLog &log, const Report &report) {
  print_title(file, log, report);
  print_acceptances(log, report.pairs);
  print_works(report.pairs);
  print_barrier(report.ladder);
  print_flow(log, report.ladder);
  if (!report.energies.empty()) print_energies(report.energies);
}

} // namespace nflow::stats
