#include "root_model.h"

#include "mcmc/prior.h"
#include "mcmc/random.h"
#include "model/masked_checks.h"
#include "nflow_error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace LAMMPS_NS {

namespace {

int rank_of(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

int size_of(MPI_Comm comm) {
  int size;
  MPI_Comm_size(comm, &size);
  return size;
}

std::string share_text(MPI_Comm comm, std::string text) {
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, 0, comm);
  text.resize(length);
  MPI_Bcast(&text[0], length, MPI_CHAR, 0, comm);
  return text;
}

} // namespace

void run_on_root(MPI_Comm comm, const std::function<void()> &work) {
  std::string failure;
  int failed = 0;
  if (rank_of(comm) == 0) {
    try {
      work();
    } catch (const std::exception &e) {
      failure = e.what();
      failed = 1;
    }
  }
  if (size_of(comm) > 1) MPI_Bcast(&failed, 1, MPI_INT, 0, comm);
  if (!failed) return;
  throw nflow::Error(size_of(comm) > 1 ? share_text(comm, failure) : failure);
}

int root_on_node(MPI_Comm world, int partition) {
  for (const char *name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                           "MV2_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "PALS_LOCAL_RANKID"})
    if (const char *text = std::getenv(name)) return std::atoi(text) / size_of(world);
  return partition;
}

RootModel::RootModel(MPI_Comm comm, const std::string &file, const std::string &device,
                     int partition)
    : comm_(comm) {
  run_on_root(comm, [&] {
    model_ = std::make_unique<nflow::Model>(file, device, root_on_node(comm, partition));
    metadata_ = model_->metadata();
    device_ = model_->device();
    has_masked_ = model_->has_masked();
  });
  if (size_of(comm) == 1) return;
  const auto text = share_text(comm, model_ ? nflow::metadata_text(metadata_) : "");
  metadata_ = nflow::parse_metadata(text, file, nflow::Format::model);
  device_ = share_text(comm, device_);
  int masked = has_masked_;
  MPI_Bcast(&masked, 1, MPI_INT, 0, comm);
  has_masked_ = masked != 0;
}

void RootModel::share(int64_t batch, double *points, double *log_det) {
  if (size_of(comm_) == 1) return;
  MPI_Bcast(points, static_cast<int>(batch * metadata_.size()), MPI_DOUBLE, 0, comm_);
  MPI_Bcast(log_det, static_cast<int>(batch), MPI_DOUBLE, 0, comm_);
}

void RootModel::forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
                        double *log_det) {
  run_on_root(comm_, [&] { model_->forward(batch, u, tau, v, log_det); });
  share(batch, v, log_det);
}

void RootModel::inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
                        double *log_det) {
  run_on_root(comm_, [&] { model_->inverse(batch, v, tau, u, log_det); });
  share(batch, u, log_det);
}

void RootModel::forward_masked(int64_t batch, const double *u, const Temperatures &tau,
                               const uint8_t *mask, double *v, double *log_det) {
  run_on_root(comm_, [&] { model_->forward_masked(batch, u, tau, mask, v, log_det); });
  share(batch, v, log_det);
}

void RootModel::inverse_masked(int64_t batch, const double *v, const Temperatures &tau,
                               const uint8_t *mask, double *u, double *log_det) {
  run_on_root(comm_, [&] { model_->inverse_masked(batch, v, tau, mask, u, log_det); });
  share(batch, u, log_det);
}

void RootModel::check(const Temperatures &tau, const std::vector<double> &x, int64_t batch,
                      bool masked) {
  run_on_root(comm_, [&] {
    std::vector<double> point(x);
    point.resize(metadata_.size());
    nflow::mcmc::RandomStream random(1, 0, 0, nflow::mcmc::Purpose::check);
    const double variance = nflow::mcmc::auxiliary_variance(
        metadata_.prior == nflow::Prior::gaussian, tau.target, metadata_.auxiliary_variance);
    random.fill_gaussian(point.data() + x.size(), point.size() - x.size(), std::sqrt(variance));
    nflow::check_flow(*model_, tau.prior, tau.target, point);
    if (masked) nflow::check_masked(*model_, tau, point);
    model_->warm_up(1, tau);
    if (batch > 1) model_->warm_up(batch, tau);
  });
}

bool RootModel::jacobian_checked() const {
  return metadata_.size() <= nflow::jacobian_limit;
}

RootEnergy::RootEnergy(MPI_Comm comm, const std::string &file) : comm_(comm) {
  run_on_root(comm, [&] {
    energy_ = std::make_unique<nflow::EnergyModel>(file);
    metadata_ = energy_->metadata();
  });
  if (size_of(comm) > 1) {
    const auto text = share_text(comm, energy_ ? nflow::metadata_text(metadata_) : "");
    metadata_ = nflow::parse_metadata(text, file, nflow::Format::energy);
  }
  result_.resize(1 + metadata_.coordinates());
}

void RootEnergy::check(const double *x) {
  run_on_root(comm_, [&] { energy_->check_gradient(x); });
}

double RootEnergy::evaluate(const double *x, double *gradient) {
  run_on_root(comm_, [&] { energy_->energy_and_gradient(1, x, &result_[0], &result_[1]); });
  if (size_of(comm_) > 1)
    MPI_Bcast(result_.data(), static_cast<int>(result_.size()), MPI_DOUBLE, 0, comm_);
  std::copy(result_.begin() + 1, result_.end(), gradient);
  return result_[0];
}

} // namespace LAMMPS_NS
