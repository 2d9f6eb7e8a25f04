#ifndef NFLOW_CALL_TIMES_H
#define NFLOW_CALL_TIMES_H

#include <ctime>
#include <mpi.h>

namespace LAMMPS_NS {

/// The time that the calls of a fix take, in seconds.
struct CallTimes {
  double wall = 0.0;
  double cpu = 0.0;    // of all ranks, as far as sum_over_ranks() has come
  double energy = 0.0; // wall time of energies that are not of a proposal

  /// Counts the time of its own life.
  class Running {
   public:
    explicit Running(CallTimes &times) : times_(times) {}
    ~Running() {
      times_.wall += MPI_Wtime() - wall_;
      times_.cpu_here_ += cpu_seconds() - cpu_;
    }
    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;

   private:
    CallTimes &times_;
    double wall_ = MPI_Wtime(), cpu_ = cpu_seconds();
  };

  /// Adds what all ranks have used since the last time to `cpu`. Collective.
  void sum_over_ranks(MPI_Comm world) {
    double used = 0.0;
    MPI_Allreduce(&cpu_here_, &used, 1, MPI_DOUBLE, MPI_SUM, world);
    cpu += used;
    cpu_here_ = 0.0;
  }

 private:
  /// CPU time of this process.
  static double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }

  double cpu_here_ = 0.0; // of this rank, not yet in `cpu`
};

} // namespace LAMMPS_NS

#endif
