#ifndef NFLOW_TESTS_FAR_EXEC_H
#define NFLOW_TESTS_FAR_EXEC_H

#include "arrays/arrays_on.h"
#include "flow/flow.h"
#include "flow/target.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace nflow::tests {

/// Memory that only kernels can reach, as that of a GPU: an address in it crashes whoever follows
/// it while no FarMemory::Open lives.
class FarMemory {
 public:
  static constexpr size_t size = size_t(1) << 28; // reserved, not used

  static FarMemory &get() {
    static FarMemory memory;
    return memory;
  }
  void *allocate(size_t bytes) {
    const size_t start = used_;
    used_ += (bytes + 63) / 64 * 64;
    if (used_ > size) fail("the far memory is full");
    return start_ + start;
  }
  bool has(const void *address) const { return address >= start_ && address < start_ + size; }
  void require(const void *address) const {
    if (!has(address)) fail("an address of the host was given to the far memory");
  }
  /// No pointer in the `bytes` of a kernel leads to the heap or the stack of the host.
  void require_far(const void *kernel, size_t bytes) const {
    const char *words = static_cast<const char *>(kernel);
    const auto stack = reinterpret_cast<uintptr_t>(&words);
    const auto heap_end = reinterpret_cast<uintptr_t>(sbrk(0));
    for (size_t i = 0; i + sizeof(uintptr_t) <= bytes; i += sizeof(uintptr_t)) {
      uintptr_t word;
      std::memcpy(&word, words + i, sizeof word);
      const bool on_heap = word >= heap_ && word < heap_end;
      const bool on_stack = word > stack - reach && word < stack + reach;
      if (on_heap || on_stack) fail("a kernel was given an address of the host");
    }
  }

  class Open {
   public:
    Open() {
      if (get().open_++ == 0) get().protect(PROT_READ | PROT_WRITE);
    }
    ~Open() {
      if (--get().open_ == 0) get().protect(PROT_NONE);
    }
    Open(const Open &) = delete;
    Open &operator=(const Open &) = delete;
  };

 private:
  static constexpr uintptr_t reach = 4 << 20; // of the stack

  FarMemory() {
    void *memory =
        mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("no far memory");
    start_ = static_cast<char *>(memory);
    if (std::FILE *maps = std::fopen("/proc/self/maps", "r")) {
      char line[512];
      void *from = nullptr;
      while (std::fgets(line, sizeof line, maps))
        if (std::strstr(line, "[heap]") && std::sscanf(line, "%p", &from) == 1)
          heap_ = reinterpret_cast<uintptr_t>(from);
      std::fclose(maps);
    }
  }
  void protect(int access) {
    if (mprotect(start_, size, access) != 0) fail("the far memory cannot be protected");
  }
  [[noreturn]] static void fail(const char *what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
  }

  char *start_ = nullptr;
  uintptr_t heap_ = reinterpret_cast<uintptr_t>(sbrk(0));
  size_t used_ = 0;
  int open_ = 0;
};

/// Loops over far memory, for ArraysOn. All run backwards, for kernels have no order either.
struct FarExec {
  static constexpr bool on_host = false;
  static bool mpi_reads() { return false; }

  static void *allocate(size_t bytes) { return FarMemory::get().allocate(bytes); }
  static void release(void *) {}
  static void copy_in(const void *host, size_t bytes, void *to) {
    FarMemory::get().require(to);
    move(host, bytes, to);
  }
  static void copy_out(const void *from, size_t bytes, void *host) {
    FarMemory::get().require(from);
    move(from, bytes, host);
  }
  static void copy_bytes(const void *from, size_t bytes, void *to) {
    FarMemory::get().require(from);
    FarMemory::get().require(to);
    move(from, bytes, to);
  }

  static void fence() {}

  template <class Function>
  static void for_each(int64_t n, const Function &function) {
    FarMemory::get().require_far(&function, sizeof function);
    const FarMemory::Open open;
    for (int64_t i = n; i-- > 0;) function(i);
  }
  template <class Function>
  static double sum(int64_t n, const Function &function) {
    FarMemory::get().require_far(&function, sizeof function);
    const FarMemory::Open open;
    double sum = 0.0;
    for (int64_t i = n; i-- > 0;) sum += function(i);
    return sum;
  }
  template <class Function>
  static double max(int64_t n, const Function &function) {
    FarMemory::get().require_far(&function, sizeof function);
    const FarMemory::Open open;
    double largest = 0.0;
    for (int64_t i = n; i-- > 0;) largest = std::fmax(largest, function(i));
    return largest;
  }
  template <class Function>
  static void row_sums(int64_t rows, int64_t columns, const Function &function, double *sums) {
    FarMemory::get().require_far(&function, sizeof function);
    const FarMemory::Open open;
    for (int64_t row = rows; row-- > 0;) {
      sums[row] = 0.0;
      for (int64_t j = columns; j-- > 0;) sums[row] += function(row, j);
    }
  }
  template <class Function>
  static int64_t count_before(int64_t n, const Function &function, int64_t *ranks) {
    FarMemory::get().require(ranks);
    FarMemory::get().require_far(&function, sizeof function);
    const FarMemory::Open open;
    int64_t count = 0;
    for (int64_t i = 0; i < n; count += function(i++)) ranks[i] = count;
    return count;
  }

 private:
  static void move(const void *from, size_t bytes, void *to) {
    const FarMemory::Open open;
    std::memcpy(to, from, bytes);
  }
};

/// The arithmetic of far memory.
inline Arrays &far_arrays() {
  static ArraysOn<FarExec> arrays;
  return arrays;
}

/// A flow of the host, given the far memory to work on.
class FarFlow : public Flow {
 public:
  explicit FarFlow(Flow &flow) : flow_(flow) {}
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    const Opened open(u, v);
    flow_.forward(batch, u, tau, v, log_det);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override {
    const Opened open(v, u);
    flow_.inverse(batch, v, tau, u, log_det);
  }
  bool has_masked() const override { return flow_.has_masked(); }
  void forward_masked(int64_t batch, const double *u, const Temperatures &tau, const uint8_t *mask,
                      double *v, double *log_det) override {
    const Opened open(u, v, mask);
    flow_.forward_masked(batch, u, tau, mask, v, log_det);
  }
  void inverse_masked(int64_t batch, const double *v, const Temperatures &tau, const uint8_t *mask,
                      double *u, double *log_det) override {
    const Opened open(v, u, mask);
    flow_.inverse_masked(batch, v, tau, mask, u, log_det);
  }

 private:
  struct Opened : FarMemory::Open {
    template <class... Address>
    explicit Opened(Address... addresses) {
      (FarMemory::get().require(addresses), ...);
    }
  };

  Flow &flow_;
};

/// A target of the host, likewise; with masses if `coordinates` of them are given.
class FarTarget : public Target {
 public:
  explicit FarTarget(Target &target, int64_t coordinates = 0)
      : target_(target), inverse_masses_(far_arrays()) {
    if (coordinates > 0) inverse_masses_.assign(target.inverse_masses(), coordinates);
  }
  double energy(const double *x) override {
    FarMemory::get().require(x);
    const FarMemory::Open open;
    return target_.energy(x);
  }
  double energy_and_forces(const double *x, double *forces) override {
    FarMemory::get().require(x);
    FarMemory::get().require(forces);
    const FarMemory::Open open;
    return target_.energy_and_forces(x, forces);
  }
  const double *inverse_masses() override { return inverse_masses_.data(); }

 private:
  Target &target_;
  Buffer<double> inverse_masses_;
};

} // namespace nflow::tests

#endif
