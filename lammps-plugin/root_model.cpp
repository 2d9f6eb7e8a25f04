#include "root_model.h"

#include "base/error.h"
#include "base/random.h"
#include "model/equivariance.h"
#include "model/masked_checks.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

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

namespace {

/// The device of LibTorch for points in the memory of the platform.
std::string device_for(const Platform &platform, const std::string &asked) {
  const int gpu = platform.gpu();
  if (gpu < 0) return asked;
  const std::string theirs = "cuda:" + std::to_string(gpu);
  if (asked.rfind("cuda:", 0) == 0 && asked != theirs)
    throw nflow::Error("device '" + asked + "' was asked for, but Kokkos keeps the atoms on '" +
                       theirs + "': use device auto");
  if (asked == "auto") return gpu < nflow::cuda_device_count() ? theirs : "cpu";
  return asked == "cuda" ? theirs : asked;
}

} // namespace

RootModel::RootModel(MPI_Comm comm, const std::string &file, const std::string &device,
                     int partition, Platform &platform)
    : comm_(comm), partition_(partition), platform_(platform) {
  run_on_root(comm, [&] {
    const auto chosen = device_for(platform, device);
    try {
      model_ = std::make_unique<nflow::Model>(file, chosen, root_on_node(comm, partition));
    } catch (const nflow::Error &) {
      // Operators of our own have no CUDA version: where nobody has asked for it, the CPU will do.
      if (device != "auto" || chosen == device || chosen == "cpu") throw;
      model_ = std::make_unique<nflow::Model>(file, "cpu");
    }
    metadata_ = model_->metadata();
    device_ = model_->device();
    has_masked_ = model_->has_masked();
  });
  if (size_of(comm) > 1) share_description(file);
  staged_ = !platform.arrays().on_host() && device_.rfind("cuda", 0) != 0;
}

/// What the root knows of the file, to all ranks.
void RootModel::share_description(const std::string &file) {
  const auto text = share_text(comm_, model_ ? nflow::metadata_text(metadata_) : "");
  metadata_ = nflow::parse_metadata(text, file, nflow::Format::model);
  device_ = share_text(comm_, device_);
  int masked = has_masked_;
  MPI_Bcast(&masked, 1, MPI_INT, 0, comm_);
  has_masked_ = masked != 0;
}

std::string RootModel::placement() const {
  return "rank 0 of partition " + std::to_string(partition_) + ": positions on " +
         platform_.name() + ", flow on " + device_ + (staged_ ? " by way of the host" : "");
}

void RootModel::map_on_root(nflow::Model::Direction direction, int64_t batch, const double *in,
                            const Temperatures &tau, const uint8_t *mask, double *out,
                            double *log_det) {
  auto &arrays = platform_.arrays();
  if (!staged_) {
    const auto memory = arrays.on_host() ? nflow::Memory::host : nflow::Memory::device;
    arrays.fence();
    model_->map(direction, batch, in, tau, mask, out, log_det, memory);
    count_undefined(batch, arrays.on_host() ? out : nullptr, log_det);
    return;
  }
  const int64_t numbers = batch * metadata_.size();
  host_in_.resize(numbers);
  host_out_.resize(numbers);
  arrays.copy_out(in, sizeof(double) * numbers, host_in_.data());
  if (mask) {
    host_mask_.resize(batch * metadata_.n_atoms);
    arrays.copy_out(mask, host_mask_.size(), host_mask_.data());
  }
  model_->map(direction, batch, host_in_.data(), tau, mask ? host_mask_.data() : nullptr,
              host_out_.data(), log_det, nflow::Memory::host);
  count_undefined(batch, host_out_.data(), log_det);
  arrays.copy_in(host_out_.data(), sizeof(double) * numbers, out);
}

/// `points` are null where they are not on the host.
void RootModel::count_undefined(int64_t batch, const double *points, const double *log_det) {
  const int64_t size = metadata_.size();
  for (int64_t b = 0; b < batch; b++) {
    const double *point = points ? points + b * size : nullptr;
    const bool finite =
        std::isfinite(log_det[b]) &&
        (!point || std::all_of(point, point + size, [](double v) { return std::isfinite(v); }));
    undefined_ += finite ? 0 : 1;
  }
  mapped_ += batch;
}

std::string RootModel::domain_left() {
  const auto undefined = std::exchange(undefined_, 0), mapped = std::exchange(mapped_, 0);
  if (undefined == 0) return "";
  return "the flow gave NaN or infinity at " + std::to_string(undefined) + " of " +
         std::to_string(mapped) +
         " points, which are outside its domain: what led there was rejected";
}

void RootModel::map(nflow::Model::Direction direction, int64_t batch, const double *in,
                    const Temperatures &tau, const uint8_t *mask, double *out, double *log_det) {
  run_on_root(comm_, [&] { map_on_root(direction, batch, in, tau, mask, out, log_det); });
  if (size_of(comm_) == 1) return;
  const int64_t numbers = batch * metadata_.size();
  nflow::HostView points(platform_.arrays(), out, numbers, nflow::HostView::both,
                         platform_.arrays().mpi_reads(), host_out_);
  MPI_Bcast(points.data(), static_cast<int>(numbers), MPI_DOUBLE, 0, comm_);
  MPI_Bcast(log_det, static_cast<int>(batch), MPI_DOUBLE, 0, comm_);
}

void RootModel::forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
                        double *log_det) {
  map(nflow::Model::Direction::forward, batch, u, tau, nullptr, v, log_det);
}

void RootModel::inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
                        double *log_det) {
  map(nflow::Model::Direction::inverse, batch, v, tau, nullptr, u, log_det);
}

void RootModel::forward_masked(int64_t batch, const double *u, const Temperatures &tau,
                               const uint8_t *mask, double *v, double *log_det) {
  map(nflow::Model::Direction::forward, batch, u, tau, mask, v, log_det);
}

void RootModel::inverse_masked(int64_t batch, const double *v, const Temperatures &tau,
                               const uint8_t *mask, double *u, double *log_det) {
  map(nflow::Model::Direction::inverse, batch, v, tau, mask, u, log_det);
}

double RootModel::momentum_variance(double tau) const {
  return metadata_.momentum_variance(tau);
}

std::vector<double> RootModel::with_momenta(const Temperatures &tau,
                                            const std::vector<double> &x) const {
  std::vector<double> point(x);
  point.resize(metadata_.size());
  nflow::RandomStream random(1, 0, 0, nflow::Purpose::check);
  const double variance = momentum_variance(tau.target);
  random.fill_gaussian(point.data() + x.size(), point.size() - x.size(), std::sqrt(variance));
  return point;
}

/// The present configuration as a point of the target's side, or none: a simulation may come to
/// where a flow is not defined.
std::vector<double> RootModel::where_defined(const Temperatures &tau,
                                             const std::vector<double> &x) const {
  return nflow::where_defined(*model_, nflow::Model::Direction::inverse, with_momenta(tau, x), tau)
      .points;
}

void RootModel::audit(const Temperatures &tau, const std::vector<double> &x,
                      const std::vector<double> &prior_points, int64_t batch, bool masked) {
  run_on_root(comm_, [&] {
    auto points = where_defined(tau, x);
    if (masked) nflow::check_masked(*model_, tau, points);
    if (!prior_points.empty()) {
      const auto proposals =
          nflow::where_defined(*model_, nflow::Model::Direction::forward, prior_points, tau).images;
      points.insert(points.end(), proposals.begin(), proposals.end());
    }
    nflow::check_flow(*model_, tau.prior, tau.target, points, ++audits_);
    nflow::check_batch_size(*model_, batch, tau);
  });
}

void RootModel::check(const Temperatures &tau, const std::vector<double> &x, int64_t batch,
                      bool masked) {
  run_on_root(comm_, [&] {
    const auto point = where_defined(tau, x);
    nflow::check_flow(*model_, tau.prior, tau.target, point);
    if (masked) nflow::check_masked(*model_, tau, point);
    model_->warm_up(1, tau);
    if (batch > 1) model_->warm_up(batch, tau);
  });
}

bool RootModel::is_equivariant(const Temperatures &tau) {
  int result = 0;
  run_on_root(comm_, [&] { result = nflow::is_equivariant(*model_, tau); });
  MPI_Bcast(&result, 1, MPI_INT, 0, comm_);
  return result != 0;
}

bool RootModel::jacobian_checked() const {
  return metadata_.size() <= nflow::jacobian_limit;
}

RootEnergy::RootEnergy(MPI_Comm comm, const std::string &file, Platform &platform)
    : comm_(comm), platform_(platform) {
  run_on_root(comm, [&] {
    const std::string device = platform.gpu() < 0 ? "cpu" : device_for(platform, "auto");
    energy_ = std::make_unique<nflow::EnergyModel>(file, device);
    metadata_ = energy_->metadata();
    staged_ = !platform.arrays().on_host() && energy_->device() == "cpu";
  });
  if (size_of(comm) > 1) {
    const auto text = share_text(comm, energy_ ? nflow::metadata_text(metadata_) : "");
    metadata_ = nflow::parse_metadata(text, file, nflow::Format::energy);
  }
}

void RootEnergy::check(const nflow::Buffer<double> &x) {
  run_on_root(comm_, [&] { energy_->check_gradient(x.on_host().data()); });
}

/// Without a gradient where there is no place for it.
double RootEnergy::evaluate_on_root(const double *x, double *gradient) {
  auto &arrays = platform_.arrays();
  double energy = 0.0;
  const auto find = [&](const double *from, double *to, nflow::Memory memory) {
    if (to)
      energy_->energy_and_gradient(1, from, &energy, to, memory);
    else
      energy_->energy(1, from, &energy, memory);
  };
  if (!staged_) {
    arrays.fence();
    find(x, gradient, arrays.on_host() ? nflow::Memory::host : nflow::Memory::device);
    return energy;
  }
  host_x_.resize(metadata_.coordinates());
  host_gradient_.resize(host_x_.size());
  arrays.copy_out(x, sizeof(double) * host_x_.size(), host_x_.data());
  find(host_x_.data(), gradient ? host_gradient_.data() : nullptr, nflow::Memory::host);
  if (gradient) arrays.copy_in(host_gradient_.data(), sizeof(double) * host_x_.size(), gradient);
  return energy;
}

double RootEnergy::energy(const double *x) {
  double energy = 0.0;
  run_on_root(comm_, [&] { energy = evaluate_on_root(x, nullptr); });
  if (size_of(comm_) > 1) MPI_Bcast(&energy, 1, MPI_DOUBLE, 0, comm_);
  return energy;
}

void RootEnergy::energies(int64_t count, const double *x, double *energies) {
  constexpr int64_t at_once = 256;
  const int64_t size = metadata_.coordinates();
  run_on_root(comm_, [&] {
    for (int64_t i = 0; i < count; i += at_once)
      energy_->energy(std::min(at_once, count - i), x + i * size, energies + i);
  });
  if (size_of(comm_) > 1) MPI_Bcast(energies, static_cast<int>(count), MPI_DOUBLE, 0, comm_);
}

double RootEnergy::evaluate(const double *x, double *gradient) {
  double energy = 0.0;
  run_on_root(comm_, [&] { energy = evaluate_on_root(x, gradient); });
  if (size_of(comm_) == 1) return energy;
  nflow::HostView host(platform_.arrays(), gradient, metadata_.coordinates(), nflow::HostView::both,
                       platform_.arrays().mpi_reads(), host_gradient_);
  MPI_Bcast(host.data(), static_cast<int>(metadata_.coordinates()), MPI_DOUBLE, 0, comm_);
  MPI_Bcast(&energy, 1, MPI_DOUBLE, 0, comm_);
  return energy;
}

} // namespace LAMMPS_NS
