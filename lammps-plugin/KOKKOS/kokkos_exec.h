#ifndef NFLOW_KOKKOS_EXEC_H
#define NFLOW_KOKKOS_EXEC_H

// The loops of arrays/arrays_on.h and group_positions_on.h as kernels of Kokkos.

#include "kokkos_type.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace LAMMPS_NS {

namespace kernels {

template <class Function>
struct Sum {
  Function function;
  KOKKOS_INLINE_FUNCTION void operator()(int64_t i, double &sum) const { sum += function(i); }
};

template <class Function>
struct Largest {
  Function function;
  KOKKOS_INLINE_FUNCTION void operator()(int64_t i, double &largest) const {
    const double value = function(i);
    if (value > largest) largest = value;
  }
};

template <class Function, class Team>
struct RowSum {
  Function function;
  int64_t columns;
  double *sums;
  KOKKOS_INLINE_FUNCTION void operator()(const Team &team) const {
    const int64_t row = team.league_rank();
    double sum = 0.0;
    Kokkos::parallel_reduce(Kokkos::TeamThreadRange(team, columns), Column{function, row}, sum);
    if (team.team_rank() == 0) sums[row] = sum;
  }
  struct Column {
    const Function &function;
    int64_t row;
    KOKKOS_INLINE_FUNCTION void operator()(int64_t j, double &sum) const {
      sum += function(row, j);
    }
  };
};

template <class Function>
struct CountBefore {
  Function function;
  int64_t *ranks;
  KOKKOS_INLINE_FUNCTION void operator()(int64_t i, int64_t &count, bool final) const {
    if (final) ranks[i] = count;
    count += function(i);
  }
};

} // namespace kernels

template <class DeviceType>
struct KokkosExec {
  using MemorySpace = typename DeviceType::memory_space;
  using Policy = Kokkos::RangePolicy<DeviceType, Kokkos::IndexType<int64_t>>;
  template <class Space>
  using Bytes = Kokkos::View<char *, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  template <class Space>
  using ConstBytes = Kokkos::View<const char *, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

  static constexpr bool on_host = std::is_same<MemorySpace, Kokkos::HostSpace>::value;
  /// What the package command of LAMMPS says of MPI: `gpu/aware`.
  inline static bool gpu_aware = false;
  static bool mpi_reads() { return on_host || gpu_aware; }

  static void *allocate(size_t bytes) { return Kokkos::kokkos_malloc<MemorySpace>("nflow", bytes); }
  static void release(void *memory) { Kokkos::kokkos_free<MemorySpace>(memory); }
  static void copy_bytes(const void *from, size_t bytes, void *to) {
    copy<MemorySpace, MemorySpace>(from, bytes, to);
  }
  static void copy_in(const void *host, size_t bytes, void *to) {
    copy<Kokkos::HostSpace, MemorySpace>(host, bytes, to);
  }
  static void copy_out(const void *from, size_t bytes, void *host) {
    copy<MemorySpace, Kokkos::HostSpace>(from, bytes, host);
  }
  static void fence() { Kokkos::fence(); }

  template <class Function>
  static void for_each(int64_t n, const Function &function) {
    Kokkos::parallel_for("nflow", Policy(0, n), function);
  }
  template <class Function>
  static double sum(int64_t n, const Function &function) {
    double sum = 0.0;
    Kokkos::parallel_reduce("nflow", Policy(0, n), kernels::Sum<Function>{function}, sum);
    return sum;
  }
  template <class Function>
  static double max(int64_t n, const Function &function) {
    double largest = 0.0;
    Kokkos::parallel_reduce("nflow", Policy(0, n), kernels::Largest<Function>{function},
                            Kokkos::Max<double>(largest));
    return largest > 0.0 ? largest : 0.0;
  }
  template <class Function>
  static void row_sums(int64_t rows, int64_t columns, const Function &function, double *sums) {
    using Teams = Kokkos::TeamPolicy<DeviceType>;
    using Kernel = kernels::RowSum<Function, typename Teams::member_type>;
    if (rows > 0)
      Kokkos::parallel_for("nflow", Teams(static_cast<int>(rows), Kokkos::AUTO()),
                           Kernel{function, columns, sums});
  }
  template <class Function>
  static int64_t count_before(int64_t n, const Function &function, int64_t *ranks) {
    int64_t count = 0;
    Kokkos::parallel_scan("nflow", Policy(0, n), kernels::CountBefore<Function>{function, ranks},
                          count);
    return count;
  }

 private:
  template <class From, class To>
  static void copy(const void *from, size_t bytes, void *to) {
    if constexpr (on_host)
      std::memcpy(to, from, bytes);
    else
      Kokkos::deep_copy(Bytes<To>(static_cast<char *>(to), bytes),
                        ConstBytes<From>(static_cast<const char *>(from), bytes));
  }
};

} // namespace LAMMPS_NS

#endif
