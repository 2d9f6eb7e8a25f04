// nflow-check MODEL: prints the metadata of a model file, checks the flow at several temperatures
// and times it; with --draw it also writes samples of it.

#include "base/command_line.h"
#include "base/units.h"
#include "model/archive_format.h"
#include "model/drawn_samples.h"
#include "model/energy_model.h"
#include "model/equivariance.h"
#include "model/masked_checks.h"
#include "model/model.h"
#include "model/sample_points.h"
#include "model/threads.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace {

using nflow::Metadata;
using nflow::Model;

/// Pairs of (k_B T of the prior's side, k_B T of the target's) to check, in energy units.
std::vector<std::pair<double, double>> temperatures(const Metadata &metadata,
                                                    std::vector<double> asked) {
  const double boltz = nflow::boltzmann_constant(metadata.units);
  std::vector<std::pair<double, double>> taus;
  if (metadata.prior == nflow::Prior::boltzmann) {
    for (const auto &pair : metadata.temperature_pairs)
      taus.emplace_back(boltz * pair.first, boltz * pair.second);
    return taus;
  }
  if (asked.empty()) {
    asked = metadata.temperatures_trained;
    if (asked.empty()) asked.push_back(1.0);
    const double first = asked.front();
    if (metadata.steerable) asked.insert(asked.end(), {0.5 * first, 2.0 * first});
  }
  for (const double t : asked) taus.emplace_back(boltz * t, boltz * t);
  return taus;
}

std::string cell(double value) {
  char text[32];
  if (value < 0.0) return "-";
  std::snprintf(text, sizeof(text), "%.1e", value);
  return text;
}

void print_row(const char *name, const std::pair<double, double> &tau,
               const nflow::FlowReport &report) {
  std::printf("%-12g %-12g %-12s %-12s %-12s %-12s %-12s %-12s%s\n", tau.first, tau.second,
              cell(report.round_trip).c_str(), cell(report.log_det_sum).c_str(),
              cell(report.batch).c_str(), cell(report.derivative).c_str(),
              cell(report.jacobian).c_str(), cell(report.steerability).c_str(), name);
}

void check(Model &model, const std::vector<std::pair<double, double>> &taus) {
  std::printf("\n%-12s %-12s %-12s %-12s %-12s %-12s %-12s %-12s\n", "kT prior", "kT target",
              "round trip", "log-det sum", "batch", "derivative", "Jacobian", "steerability");
  for (const auto &tau : taus) {
    auto report = nflow::check_flow(model, tau.first, tau.second);
    if (model.metadata().steerable)
      report.steerability = nflow::check_steerability(model, taus.front().first, tau.first);
    print_row("", tau, report);
    if (model.has_masked())
      print_row("(masked)", tau, nflow::check_masked(model, {tau.first, tau.second}));
  }
  if (model.metadata().size() > nflow::jacobian_limit)
    std::printf("above 512 numbers a configuration (this model: %lld) the Jacobian is not formed: "
                "the changes of log_det along random directions are compared with it\n",
                static_cast<long long>(model.metadata().size()));
}

void check_equivariance(Model &model, const std::pair<double, double> &tau) {
  nflow::Equivariance measured;
  const bool is = nflow::is_equivariant(model, {tau.first, tau.second}, &measured);
  std::printf("equivariant within %s: %s (points %s, log-det %s)\n",
              model.metadata().types ? "a species" : "the group", is ? "yes" : "no",
              cell(measured.points).c_str(), cell(measured.log_det).c_str());
}

/// Median wall time of one call in microseconds.
template <typename Call>
double median_time(const Call &call) {
  std::vector<double> times;
  for (int i = 0; i < 25; i++) {
    const auto start = std::chrono::steady_clock::now();
    call();
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::nth_element(times.begin(), times.begin() + 12, times.end());
  return times[12];
}

void time_it(Model &model, const nflow::Temperatures &tau) {
  std::printf("\n%-8s %-22s %-22s on %s\n", "batch", "forward, us", "inverse, us",
              model.device().c_str());
  for (const int64_t batch : {1, 16, 256}) {
    const auto u = nflow::prior_points(model.metadata(), tau.prior, batch);
    std::vector<double> v(u.size()), back(u.size()), log_det(batch);
    model.warm_up(batch, tau);
    const double forward =
        median_time([&] { model.forward(batch, u.data(), tau, v.data(), log_det.data()); });
    const double inverse =
        median_time([&] { model.inverse(batch, v.data(), tau, back.data(), log_det.data()); });
    std::printf("%-8lld %-22.1f %-22.1f\n", static_cast<long long>(batch), forward, inverse);
  }
}

/// What its training found against it, which points alone do not show. Quoted, as all text of a
/// file is.
void print_warnings(const Metadata &metadata) {
  const auto warnings = metadata.provenance.find("warnings");
  if (warnings == metadata.provenance.end() || !warnings->is_array()) return;
  for (const auto &warning : *warnings)
    if (warning.is_string())
      std::printf("but its training says of it: %s\n", warning.dump().c_str());
}

struct Options {
  std::string file, device = "auto";
  std::vector<double> temperatures;
  int threads = 1;
  int64_t draw = 0;
  uint32_t seed = 1;
  std::string dump = "drawn.dump.gz";
};

void add_options(CLI::App &app, Options &o) {
  app.add_option("MODEL", o.file, "model file (or energy file)")->required();
  app.add_option("-t,--temperatures", o.temperatures,
                 "temperatures to check a gaussian-prior model at")
      ->check(CLI::PositiveNumber);
  app.add_option("--device", o.device, "auto, cpu, cuda or cuda:i");
  app.add_option(
         "--draw", o.draw,
         "write so many configurations of a gaussian-prior model to --dump, at the first of "
         "--temperatures (default: that of its training); of the flow's density, not the "
         "potential's")
      ->check(CLI::PositiveNumber);
  app.add_option("--dump", o.dump, "file for --draw (.gz: compressed)")->capture_default_str();
  app.add_option("--seed", o.seed, "seed of --draw")->capture_default_str();
  app.add_option("--threads", o.threads, "threads of LibTorch")->check(CLI::PositiveNumber);
}

int run(const Options &o) {
  nflow::use_threads(o.threads);
  if (nflow::archive_format(o.file) == "nflow-energy") {
    const nflow::EnergyModel energy(o.file); // checks the gradient while loading
    std::printf("%s\nthe energy file is sound\n", nflow::metadata_text(energy.metadata()).c_str());
    return 0;
  }
  Model model(o.file, o.device);
  std::printf("%s\n", nflow::metadata_text(model.metadata()).c_str());
  const auto taus = temperatures(model.metadata(), o.temperatures);
  check(model, taus);
  check_equivariance(model, taus.front());
  time_it(model, {taus.front().first, taus.front().second});
  std::printf("\nthe flow is sound\n");
  if (o.draw > 0) {
    const auto left_out =
        nflow::write_drawn_samples(model, taus.front().second, o.draw, o.seed, o.dump);
    std::printf("%lld configurations of the flow, as it draws them, are in %s\n",
                static_cast<long long>(o.draw - left_out), o.dump.c_str());
    if (left_out > 0)
      std::printf("at %lld points it is not defined\n", static_cast<long long>(left_out));
  }
  print_warnings(model.metadata());
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("What a model file says, whether it is true, and how fast it is", "nflow-check");
  Options options;
  add_options(app, options);
  return nflow::run_program(app, argc, argv, [&] { return run(options); });
}
