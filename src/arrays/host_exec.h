#ifndef NFLOW_ARRAYS_HOST_EXEC_H
#define NFLOW_ARRAYS_HOST_EXEC_H

#include "base/function_space.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace nflow {

/// Plain loops over host memory, for ArraysOn and whoever else has such loops.
struct HostExec {
  static constexpr bool on_host = true;
  static bool mpi_reads() { return true; }

  /// Cache lines begin where the memory does, so that rows of a few numbers lie in one of them.
  static void *allocate(size_t bytes) {
    constexpr size_t line = 64;
    void *memory = std::aligned_alloc(line, (bytes + line - 1) / line * line);
    if (!memory) throw std::bad_alloc();
    return memory;
  }
  static void release(void *memory) { std::free(memory); }
  static void copy_bytes(const void *from, size_t bytes, void *to) { std::memcpy(to, from, bytes); }
  static void copy_in(const void *host, size_t bytes, void *to) { copy_bytes(host, bytes, to); }
  static void copy_out(const void *from, size_t bytes, void *host) {
    copy_bytes(from, bytes, host);
  }

  static void fence() {}

  template <class Function>
  static void for_each(int64_t n, const Function &function) {
    for (int64_t i = 0; i < n; i++) function(i);
  }
  template <class Function>
  static double sum(int64_t n, const Function &function) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += function(i);
    return sum;
  }
  template <class Function>
  static double max(int64_t n, const Function &function) {
    double largest = 0.0;
    for (int64_t i = 0; i < n; i++) {
      const double value = function(i);
      if (value > largest) largest = value;
    }
    return largest;
  }
  template <class Function>
  static void row_sums(int64_t rows, int64_t columns, const Function &function, double *sums) {
    for (int64_t row = 0; row < rows; row++) {
      sums[row] = 0.0;
      for (int64_t j = 0; j < columns; j++) sums[row] += function(row, j);
    }
  }
  template <class Function>
  static int64_t count_before(int64_t n, const Function &function, int64_t *ranks) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
      ranks[i] = count;
      count += function(i);
    }
    return count;
  }
};

} // namespace nflow

#endif
