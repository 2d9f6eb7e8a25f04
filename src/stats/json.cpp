#include "files/output_file.h"
#include "stats/output.h"

#include <nlohmann/json.hpp>

namespace nflow::stats {

namespace {

using nlohmann::json; // writes numbers that are not finite as null

json of(const estimators::FreeEnergy &f) {
  return {{"value", f.value}, {"error", f.error}};
}

json of(const estimators::Estimate &e) {
  return {{"value", e.mean}, {"error", e.error}, {"tau", e.tau}};
}

json of(const PairReport &p, const ExchangeLog &log) {
  return {{"i", p.i},
          {"j", p.j},
          {"T_i", log.temperatures[p.i]},
          {"T_j", log.temperatures[p.j]},
          {"attempts", p.attempts},
          {"accepts", p.accepts},
          {"rejected_works", p.rejected_works},
          {"acceptance", of(p.acceptance)},
          {"rejection", 1.0 - p.acceptance.mean},
          {"z_accepts", p.z_accepts},
          {"delta_f_bar", of(p.bar)},
          {"delta_f_exp_forward", of(p.exp_forward)},
          {"delta_f_exp_backward", of(p.exp_backward)},
          {"J", {{"value", p.works.j}, {"error", p.works.j_error}}},
          {"ess_forward", p.works.ess_forward},
          {"ess_backward", p.works.ess_backward}};
}

json of(const LadderReport &l) {
  return {{"barrier", {{"value", l.barrier}, {"error", l.barrier_error}}},
          {"suggested_replicas", l.suggested_replicas},
          {"equal_rejection_ladder", l.equal_rejection_ladder},
          {"suggested_ladder", l.suggested_ladder},
          {"scans", l.scans},
          {"round_trips", l.round_trips},
          {"tempered_restarts", l.tempered_restarts},
          {"round_trips_per_scan", {{"value", l.rate}, {"error", l.rate_error}}},
          {"deo_round_trips_per_scan", l.deo_rate},
          {"round_trips_of_replica", l.round_trips_of},
          {"tempered_restarts_of_replica", l.restarts_of},
          {"fraction_from_hot", l.fraction_from_hot}};
}

json of(const EnergyReport &e) {
  json mbar_mean = of(e.mbar_mean);
  mbar_mean.erase("tau");
  return {{"T", e.temperature},         {"samples", e.samples},
          {"mean", of(e.mean)},         {"block_error", e.block_error},
          {"variance", of(e.variance)}, {"mbar_mean", mbar_mean},
          {"mbar_f", of(e.f)}};
}

const char *name_of(Borders borders) {
  return borders == Borders::given ? "given" : borders == Borders::valleys ? "valleys" : "thirds";
}

json of(const Chain &chain, const ChainReport &report) {
  json result = {{"kind", chain.kind->name}, {"atoms", chain.ids}};
  if (chain.is_dihedral()) {
    result["borders"] = name_of(report.borders);
    result["transitions"] = report.transitions;
    result["wells"] = json::array();
    for (const Well &well : report.wells)
      result["wells"].push_back({{"from", well.from},
                                 {"to", well.to},
                                 {"population", of(well.population)},
                                 {"entered", well.entered}});
  } else {
    result["mean"] = of(report.mean);
    result["standard_deviation"] = report.deviation;
  }
  result["bin_width"] = report.bin_width;
  result["histogram"] = json::array();
  for (size_t b = 0; b < report.centres.size(); b++)
    result["histogram"].push_back({{"centre", report.centres[b]},
                                   {"density", report.densities[b].mean},
                                   {"error", report.densities[b].error}});
  return result;
}

void write(const std::string &file, const json &root) {
  OutputFile out(file);
  out.write(root.dump(2) + "\n");
  out.close();
}

} // namespace

void write_json(const std::string &file, const ExchangeLog &log, const Report &report) {
  json root = {{"format", "nflow-stats"},          {"version", 1},
               {"temperatures", log.temperatures}, {"kB", log.boltz},
               {"attempts", log.attempts.size()},  {"earlier_attempts", log.earlier_attempts},
               {"truncated", log.truncated},       {"ladder", of(report.ladder)}};
  root["pairs"] = root["energies"] = json::array();
  for (const PairReport &pair : report.pairs) root["pairs"].push_back(of(pair, log));
  for (const EnergyReport &energy : report.energies) root["energies"].push_back(of(energy));
  write(file, root);
}

void write_json(const std::string &file, const DumpReport &report) {
  json root = {{"format", "nflow-stats"}, {"version", 1}, {"frames_of_dump", report.per_file}};
  root["coordinates"] = json::array();
  for (size_t i = 0; i < report.chains.size(); i++)
    root["coordinates"].push_back(of(report.chains[i], report.reports[i]));
  write(file, root);
}

} // namespace nflow::stats
