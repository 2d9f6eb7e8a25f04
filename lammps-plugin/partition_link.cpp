#include "partition_link.h"

#include "lammps/compat.h"

#include "comm.h"
#include "universe.h"

#include <cstdio>
#include <sched.h>

namespace LAMMPS_NS {

namespace {

constexpr int hello_tag = 20414, join_tag = 20415, head_tag = 20416, body_tag = 20417;
constexpr int tests_between_looks_at_the_clock = 64;

} // namespace

PartitionLink::PartitionLink(LAMMPS *lmp, const std::string &owner)
    : Pointers(lmp), owner_(owner), count_(universe->nworlds), index_(universe->iworld),
      rank_(comm->me) {}

PartitionLink::~PartitionLink() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (roots_ != MPI_COMM_NULL && !finalized) MPI_Comm_free(&roots_);
}

void PartitionLink::wait(MPI_Request *requests, int number, const std::string &what) const {
  const double start = MPI_Wtime();
  for (int turn = 1;; turn++) {
    int done = 0;
    MPI_Testall(number, requests, &done, MPI_STATUSES_IGNORE);
    if (done) return;
    if (turn % tests_between_looks_at_the_clock) continue;
    sched_yield(); // there may be more partitions than cores
    turn = 0;
    if (limit_ > 0.0 && MPI_Wtime() - start > limit_)
      stop_alone("another partition did not come to " + what + " within " +
                 std::to_string(static_cast<long>(limit_)) +
                 " s: it has stopped, or its script differs (other steps of run, no such fix); if "
                 "it is only slow, raise timeout");
  }
}

void PartitionLink::connect(uint32_t key) {
  if (roots_ != MPI_COMM_NULL || rank_ != 0) return;
  // A collective call would wait forever for a partition that never comes, so all say hello first.
  std::vector<uint32_t> keys(count_, key);
  std::vector<MPI_Request> requests;
  uint32_t mine = key;
  for (int other = 0; other < count_; other++) {
    if (other == index_) continue;
    const int root = universe->root_proc[other];
    requests.resize(requests.size() + 2);
    MPI_Irecv(&keys[other], 1, MPI_UINT32_T, root, hello_tag, universe->uworld,
              &requests[requests.size() - 2]);
    MPI_Isend(&mine, 1, MPI_UINT32_T, root, hello_tag, universe->uworld, &requests.back());
  }
  wait(requests.data(), static_cast<int>(requests.size()), "the first exchange");
  for (int other = 0; other < count_; other++)
    if (keys[other] != key)
      stop_alone("the fix has another ID, N or seed in partition " + std::to_string(other) +
                 ": give the same command in all partitions, but for the temperature");
  MPI_Group all, of_roots;
  MPI_Comm_group(universe->uworld, &all);
  MPI_Group_incl(all, count_, universe->root_proc, &of_roots);
  MPI_Comm_create_group(universe->uworld, of_roots, join_tag, &roots_);
  MPI_Group_free(&of_roots);
  MPI_Group_free(&all);
}

void PartitionLink::gather(const void *mine, int number, MPI_Datatype type, void *all,
                           const std::string &what) {
  if (rank_ == 0) {
    MPI_Request request;
    MPI_Iallgather(mine, number, type, all, number, type, roots_, &request);
    wait(&request, 1, what);
  }
  if (comm->nprocs > 1) MPI_Bcast(all, count_ * number, type, 0, world);
}

void PartitionLink::gather_all(const double *mine, int columns, std::vector<double> &all,
                               const std::string &what) {
  all.resize(static_cast<size_t>(count_) * columns);
  gather(mine, columns, MPI_DOUBLE, all.data(), what);
}

void PartitionLink::swap(int partner, Packet &out, Packet &in, const std::string &what) {
  using nflow::HostView;
  in.head.resize(out.head.size());
  in.body.resize(out.body.size());
  const auto heads = static_cast<int>(out.head.size()), size = static_cast<int>(out.body.size());
  // Between processes, and only there, positions go by way of the host, unless MPI reads the memory
  // that they are in. The host's copies are kept from one exchange to the next.
  auto &memory = in.body.memory();
  // With one rank in a partition LAMMPS has not tried out whether MPI does so.
  const bool direct = memory.on_host() || (memory.mpi_reads() && comm->nprocs > 1);
  HostView received(memory, in.body.data(), size, HostView::out, direct, host_in_);
  if (rank_ == 0) {
    HostView sent(memory, out.body.data(), size, HostView::in, direct, host_out_);
    MPI_Request requests[4];
    MPI_Irecv(in.head.data(), heads, MPI_DOUBLE, partner, head_tag, roots_, &requests[0]);
    MPI_Irecv(received.data(), size, MPI_DOUBLE, partner, body_tag, roots_, &requests[1]);
    MPI_Isend(out.head.data(), heads, MPI_DOUBLE, partner, head_tag, roots_, &requests[2]);
    MPI_Isend(sent.data(), size, MPI_DOUBLE, partner, body_tag, roots_, &requests[3]);
    wait(requests, 4, what);
  }
  if (comm->nprocs == 1) return;
  MPI_Bcast(in.head.data(), heads, MPI_DOUBLE, 0, world);
  MPI_Bcast(received.data(), size, MPI_DOUBLE, 0, world);
}

void PartitionLink::stop_if_any(const std::string &failure) {
  constexpr size_t longest = 1000; // characters of a sentence
  std::string mine = failure.substr(0, longest), all(count_ * longest, '\0');
  mine.resize(longest, '\0');
  gather(mine.data(), longest, MPI_CHAR, all.data(), "the start of the run");
  for (int partition = 0; partition < count_; partition++) {
    const std::string text = all.substr(partition * longest, longest);
    if (text[0] != '\0')
      stop_together("partition " + std::to_string(partition) + ": " +
                    text.substr(0, text.find('\0')));
  }
}

void PartitionLink::stop_together(const std::string &sentence) const {
  // Also into the screen and log of each partition, which universe_all() does not write to.
  if (comm->me == 0 && universe->me != 0)
    utils::logmesg(lmp, "ERROR: " + owner_ + ": " + sentence + "\n");
  error->universe_all(FLERR, owner_ + ": " + sentence);
}

void PartitionLink::stop_alone(const std::string &sentence) const {
  // The screen of this partition may be a file, or nowhere; the user looks at the terminal.
  const std::string text = "partition " + std::to_string(index_) + ": " + owner_ + ": " + sentence;
  if (rank_ == 0) utils::logmesg(lmp, "ERROR: " + text + "\n");
  if (rank_ == 0 && screen) fflush(screen);
  if (rank_ == 0 && logfile) fflush(logfile);
  if (rank_ == 0 && !universe->uscreen) fprintf(stderr, "ERROR: %s\n", text.c_str());
  error->universe_one(FLERR, text);
}

} // namespace LAMMPS_NS
