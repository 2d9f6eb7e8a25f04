#ifndef NFLOW_PARTITION_LINK_H
#define NFLOW_PARTITION_LINK_H

#include "arrays/arrays.h"
#include "pointers.h"

#include <cstdint>
#include <mpi.h>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// What one partition sends to another: a few numbers of the host, and many in the memory of a
/// platform.
struct Packet {
  explicit Packet(nflow::Arrays &arrays) : body(arrays) {}

  std::vector<double> head;
  nflow::Buffer<double> body;
};

/// The first ranks (roots) of all partitions and what they tell each other, over a communicator of
/// their own. Every function is collective in the partition; results are on all of its ranks.
/// Waiting for other partitions has a limit, after which LAMMPS stops with a sentence: one
/// partition that is in error, or has ended, never leaves the others waiting.
class PartitionLink : protected Pointers {
 public:
  /// `owner` begins the sentences.
  PartitionLink(LAMMPS *lmp, const std::string &owner);
  ~PartitionLink() override;

  /// Of waiting, in seconds; 0: none.
  void set_limit(double seconds) { limit_ = seconds; }
  int count() const { return count_; }
  int index() const { return index_; }
  bool is_root() const { return rank_ == 0; }
  /// Meets the others; to be called before all else, and again without effect. `key` is something
  /// that must be the same everywhere.
  void connect(uint32_t key);
  /// Everyone's `columns` numbers, [count, columns]. `what` names the occasion in sentences.
  void gather_all(const double *mine, int columns, std::vector<double> &all,
                  const std::string &what);
  /// Sends `out` to the partition `partner` and receives as many numbers into `in`.
  void swap(int partner, Packet &out, Packet &in, const std::string &what);
  /// Every partition says what is wrong with it, or nothing; if anything is wrong with one, all
  /// stop with its sentence.
  void stop_if_any(const std::string &failure);
  /// Stops with a sentence that all partitions have come to.
  [[noreturn]] void stop_together(const std::string &sentence) const;
  /// Stops, in the middle of a run, with a sentence of this partition only.
  [[noreturn]] void stop_alone(const std::string &sentence) const;

 private:
  void gather(const void *mine, int number, MPI_Datatype type, void *all, const std::string &what);
  void wait(MPI_Request *requests, int number, const std::string &what) const;

  std::string owner_;
  double limit_ = 0.0;
  int count_, index_, rank_;
  MPI_Comm roots_ = MPI_COMM_NULL;
  std::vector<double> host_out_, host_in_; // where MPI cannot read the memory of a packet
};

} // namespace LAMMPS_NS

#endif
