#include "stats/analysis.h"

#include "base/error.h"
#include "estimators/mbar.h"
#include "files/thermo_log.h"
#include "tempering/ladder.h"
#include "tempering/replica_flow.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace nflow::stats {

namespace {

constexpr int blocks = 20;

/// The works of both directions of one pair, what is not finite as +infinity.
struct PairWorks {
  std::vector<double> forward, backward, acceptance;
  int64_t accepts = 0, rejected = 0;

  void add(const ExchangeAttempt &a) {
    const bool finite = std::isfinite(a.work_ij) && std::isfinite(a.work_ji);
    forward.push_back(std::isfinite(a.work_ij) ? a.work_ij : HUGE_VAL);
    backward.push_back(std::isfinite(a.work_ji) ? a.work_ji : HUGE_VAL);
    acceptance.push_back(acceptance_of(a));
    accepts += a.accepted;
    rejected += !finite;
  }
};

/// How far the decisions are from what the works say, in standard deviations.
double z_of_accepts(const PairWorks &works) {
  double expected = 0.0, variance = 0.0;
  for (const double a : works.acceptance) {
    expected += a;
    variance += a * (1.0 - a);
  }
  const double difference = static_cast<double>(works.accepts) - expected;
  if (std::abs(difference) < 1e-9 * std::max(1.0, expected)) return 0.0;
  return difference / std::sqrt(variance);
}

PairReport report_of(int i, int j, const PairWorks &works) {
  PairReport report;
  report.i = i;
  report.j = j;
  report.attempts = static_cast<int64_t>(works.forward.size());
  report.accepts = works.accepts;
  report.rejected_works = works.rejected;
  report.acceptance = estimators::mean_with_error(works.acceptance);
  report.z_accepts = z_of_accepts(works);
  report.bar = estimators::bar(works.forward, works.backward);
  report.exp_forward = estimators::exp_estimate(works.forward);
  report.exp_backward = estimators::exp_estimate(works.backward);
  report.exp_backward.value = -report.exp_backward.value;
  report.works = estimators::exchange_report(works.forward, works.backward);
  return report;
}

/// The mean rejections of the adjacent pairs and the error of their sum; false if one is missing.
bool adjacent_rejections(size_t temperatures, const std::vector<PairReport> &pairs,
                         std::vector<double> &rejections, double &error) {
  double variance = 0.0;
  for (const PairReport &pair : pairs) {
    if (pair.j != pair.i + 1) continue;
    rejections.push_back(1.0 - pair.acceptance.mean);
    variance += pair.acceptance.error * pair.acceptance.error;
  }
  error = std::sqrt(variance);
  return rejections.size() + 1 == temperatures;
}

void follow_replicas(const ExchangeLog &log, LadderReport &report, FlowSeries *series) {
  const int count = static_cast<int>(log.temperatures.size());
  const bool hot_first = log.temperatures.front() > log.temperatures.back();
  tempering::ReplicaFlow flow(count, hot_first ? tempering::HotEnd::first : tempering::HotEnd::last,
                              first_replicas(log));
  for (size_t n = 0; n < log.attempts.size(); n++) {
    const ExchangeAttempt &a = log.attempts[n];
    if (a.accepted) flow.swap(a.i, a.j);
    if (n + 1 < log.attempts.size() && log.attempts[n + 1].scan == a.scan) continue;
    flow.record();
    if (!series) continue;
    series->steps.push_back(a.step);
    series->temperatures.emplace_back();
    for (int r = 0; r < count; r++) series->temperatures.back().push_back(flow.temperature_of(r));
  }
  report.round_trips = flow.round_trips();
  report.tempered_restarts = flow.tempered_restarts();
  for (int k = 0; k < count; k++) {
    report.round_trips_of.push_back(flow.round_trips(k));
    report.restarts_of.push_back(flow.tempered_restarts(k));
    report.fraction_from_hot.push_back(flow.fraction_from_hot(k));
  }
}

} // namespace

std::vector<PairReport> analyse_pairs(const ExchangeLog &log) {
  std::map<std::pair<int, int>, PairWorks> works;
  for (const ExchangeAttempt &a : log.attempts) works[{a.i, a.j}].add(a);
  std::vector<PairReport> pairs;
  for (const auto &[ends, series] : works)
    pairs.push_back(report_of(ends.first, ends.second, series));
  return pairs;
}

LadderReport analyse_ladder(const ExchangeLog &log, const std::vector<PairReport> &pairs,
                            FlowSeries *series) {
  LadderReport report;
  follow_replicas(log, report, series);
  // Scans without an attempt (odd ones of two temperatures) have no line: count by number.
  report.scans = log.attempts.back().scan - log.attempts.front().scan + 1;
  const auto scans = static_cast<double>(report.scans);
  const auto trips = static_cast<double>(report.round_trips);
  report.rate = trips / scans;
  report.rate_error = std::sqrt(std::max(trips, 1.0)) / scans;
  std::vector<double> rejections;
  if (!adjacent_rejections(log.temperatures.size(), pairs, rejections, report.barrier_error)) {
    report.barrier = report.barrier_error = report.deo_rate = NAN;
    return report;
  }
  report.barrier = tempering::global_barrier(rejections);
  report.deo_rate = tempering::deo_round_trip_rate(rejections);
  report.suggested_replicas = tempering::suggested_replicas(report.barrier);
  report.equal_rejection_ladder = tempering::equal_rejection_ladder(
      log.temperatures, rejections, static_cast<int>(log.temperatures.size()));
  report.suggested_ladder =
      tempering::equal_rejection_ladder(log.temperatures, rejections, report.suggested_replicas);
  return report;
}

std::vector<std::vector<double>> read_energies(const std::vector<std::string> &files,
                                               const ExchangeLog &log, double factor) {
  if (files.size() != log.temperatures.size())
    throw Error("there are " + std::to_string(files.size()) + " logs after --thermo and " +
                std::to_string(log.temperatures.size()) +
                " temperatures: give one log a partition, in the order of the partitions");
  std::vector<std::vector<double>> energies;
  for (const std::string &file : files) {
    const auto steps = read_thermo_column(file, "Step");
    const auto values = read_thermo_column(file, "PotEng");
    if (steps.size() != values.size())
      throw Error("'" + file + "' has " + std::to_string(steps.size()) +
                  " lines of thermo output in "
                  "its last run and " +
                  std::to_string(values.size()) +
                  " potential energies: use thermo_style custom step pe .. in all runs");
    energies.emplace_back();
    const auto first = static_cast<double>(log.attempts.front().step);
    for (size_t k = 0; k < values.size(); k++)
      if (steps[k] >= first) energies.back().push_back(factor * values[k]);
    if (energies.back().size() < 2)
      throw Error("the last run of '" + file +
                  "' has fewer than two lines of thermo output from step " +
                  std::to_string(log.attempts.front().step) +
                  " on, where the exchanges begin: give the log of the same run, or skip less");
  }
  return energies;
}

std::vector<EnergyReport> analyse_energies(const ExchangeLog &log,
                                           const std::vector<std::vector<double>> &energies) {
  std::vector<double> betas;
  for (const double t : log.temperatures) betas.push_back(1.0 / (log.boltz * t));
  const auto samples = estimators::samples_of_energies(energies, betas);
  const estimators::Mbar mbar(samples);
  std::vector<double> pooled;
  for (const auto &series : energies) pooled.insert(pooled.end(), series.begin(), series.end());
  std::vector<EnergyReport> reports;
  for (size_t k = 0; k < energies.size(); k++) {
    EnergyReport report;
    report.temperature = log.temperatures[k];
    report.samples = static_cast<int64_t>(energies[k].size());
    report.mean = estimators::mean_with_error(energies[k]);
    report.variance = estimators::variance_with_error(energies[k]);
    const bool enough = report.samples >= 2 * blocks;
    report.block_error = enough ? estimators::block_error(energies[k], blocks) : NAN;
    report.f = mbar.free_energy(static_cast<int>(k));
    report.mbar_mean = mbar.expectation(pooled, samples.u[k]);
    reports.push_back(report);
  }
  return reports;
}

} // namespace nflow::stats
