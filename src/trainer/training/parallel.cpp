#include "trainer/training/parallel.h"

#include "base/text.h"

#include <algorithm>

namespace nflow::trainer {

Parallel::Parallel(MPI_Comm comm) : comm_(comm) {
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
}

std::pair<int64_t, int64_t> Parallel::share(int64_t count) const {
  return {count * rank_ / size_, count * (rank_ + 1) / size_};
}

void Parallel::sum(std::vector<double> &values) const {
  if (size_ == 1) return;
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                comm_);
}

std::vector<double> Parallel::gather(const std::vector<double> &mine) const {
  if (size_ == 1) return mine;
  const int count = static_cast<int>(mine.size());
  std::vector<int> counts(size_), starts(size_, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, comm_);
  for (int r = 1; r < size_; r++) starts[r] = starts[r - 1] + counts[r - 1];
  std::vector<double> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), starts.data(),
                 MPI_DOUBLE, comm_);
  return all;
}

void Parallel::broadcast_bytes(void *data, int64_t bytes, int from) const {
  // In pieces: MPI counts are int, data sets may be larger.
  const int64_t piece = int64_t{1} << 30;
  for (int64_t at = 0; at < bytes; at += piece)
    MPI_Bcast(static_cast<char *>(data) + at, static_cast<int>(std::min(piece, bytes - at)),
              MPI_BYTE, from, comm_);
}

void Parallel::broadcast(std::vector<double> &values) const {
  if (size_ == 1) return;
  int64_t count = static_cast<int64_t>(values.size());
  broadcast_bytes(&count, sizeof(count), 0);
  values.resize(count);
  broadcast_bytes(values.data(), count * static_cast<int64_t>(sizeof(double)), 0);
}

void Parallel::broadcast(std::string &text) const {
  if (size_ == 1) return;
  int64_t count = static_cast<int64_t>(text.size());
  broadcast_bytes(&count, sizeof(count), 0);
  text.resize(count);
  broadcast_bytes(text.data(), count, 0);
}

void Parallel::throw_if_any(const std::string &failure) const {
  int first = failure.empty() ? size_ : rank_;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm_);
  if (first == size_) return;
  std::string text = failure;
  int64_t count = static_cast<int64_t>(text.size());
  broadcast_bytes(&count, sizeof(count), first);
  text.resize(count);
  broadcast_bytes(text.data(), count, first);
  throw AlikeError(text);
}

void Parallel::together(const std::function<void()> &work) const {
  std::string failure;
  try {
    work();
  } catch (const std::exception &e) {
    failure = sentence_of(e);
  }
  throw_if_any(failure);
}

void Parallel::require_same(const std::string &text, const std::string &sentence) const {
  std::string of_root = text;
  broadcast(of_root);
  together([&] { require(text == of_root, sentence); });
}

} // namespace nflow::trainer
