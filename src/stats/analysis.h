#ifndef NFLOW_STATS_ANALYSIS_H
#define NFLOW_STATS_ANALYSIS_H

#include "estimators/autocorrelation.h"
#include "estimators/exchange.h"
#include "estimators/free_energy.h"
#include "files/exchange_log.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::stats {

/// The attempts between two temperatures i < j; Delta f = f_j - f_i.
struct PairReport {
  int i = 0, j = 0;
  int64_t attempts = 0, accepts = 0, rejected_works = 0; // rejected_works: not finite
  estimators::Estimate acceptance; // of min(1, exp(-work_ij - work_ji)), the probability itself
  double z_accepts = 0.0; // (accepts - sum of acceptances)/sqrt(sum a (1 - a)); 0 where certain
  estimators::FreeEnergy bar = {}, exp_forward = {}, exp_backward = {};
  estimators::ExchangeReport works; // J and the ESS of both directions
};

/// Barrier, ladder and the travels of the replicas. What needs an attempt of every adjacent pair is
/// NaN (empty, 0) without one.
struct LadderReport {
  double barrier = 0.0, barrier_error = 0.0;
  int suggested_replicas = 0;
  std::vector<double> equal_rejection_ladder; // as many temperatures as now
  std::vector<double> suggested_ladder;       // as many as suggested
  int64_t scans = 0, round_trips = 0, tempered_restarts = 0;
  double rate = 0.0, rate_error = 0.0, deo_rate = 0.0; // round trips per scan
  std::vector<int64_t> round_trips_of, restarts_of;    // by replica
  std::vector<double> fraction_from_hot;               // by temperature
};

/// Potential energies at one temperature.
struct EnergyReport {
  double temperature = 0.0;
  int64_t samples = 0;
  estimators::Estimate mean, variance;
  double block_error = 0.0; // of 20 blocks; NaN for fewer than 40 samples
  estimators::Estimate mbar_mean;
  estimators::FreeEnergy f = {}; // f_k - f_0 by MBAR
};

struct Report {
  std::vector<PairReport> pairs; // in ascending order of (i, j)
  LadderReport ladder;
  std::vector<EnergyReport> energies; // empty without thermo logs
};

/// Where each replica is after each scan that attempted something.
struct FlowSeries {
  std::vector<int64_t> steps;
  std::vector<std::vector<int>> temperatures; // [scan][replica]
};

std::vector<PairReport> analyse_pairs(const ExchangeLog &log);
LadderReport analyse_ladder(const ExchangeLog &log, const std::vector<PairReport> &pairs,
                            FlowSeries *series = nullptr);

/// The potential energies (column PotEng times `factor`) of one LAMMPS log a temperature, from the
/// first attempt of the log on. Throws Error if there is not one file a temperature, or what cannot
/// be read.
std::vector<std::vector<double>> read_energies(const std::vector<std::string> &files,
                                               const ExchangeLog &log, double factor);
std::vector<EnergyReport> analyse_energies(const ExchangeLog &log,
                                           const std::vector<std::vector<double>> &energies);

} // namespace nflow::stats

#endif
