#ifndef NFLOW_ARRAYS_MEMORY_H
#define NFLOW_ARRAYS_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nflow {

/// The memory in which configurations live, the host's or a GPU's. An address from here means
/// nothing to anyone else but a Flow and a Target of the same memory.
class MemorySpace {
 public:
  virtual ~MemorySpace() = default;

  /// Whether the addresses are the host's own.
  virtual bool on_host() const = 0;
  /// Whether MPI may be given the addresses.
  virtual bool mpi_reads() const = 0;
  /// Memory of undefined contents, for Buffer.
  virtual void *allocate(size_t bytes) = 0;
  virtual void release(void *memory) = 0;
  virtual void copy_in(const void *host, size_t bytes, void *to) = 0;
  virtual void copy_out(const void *from, size_t bytes, void *host) = 0;
  virtual void copy_bytes(const void *from, size_t bytes, void *to) = 0;
  /// Waits until all arithmetic is done, before somebody else uses the memory.
  virtual void fence() = 0;
};

/// `size` values in a memory. Keeps its memory when it becomes smaller.
template <class T>
class Buffer {
 public:
  explicit Buffer(MemorySpace &memory, int64_t size = 0) : memory_(&memory) { resize(size); }
  ~Buffer() { free(); }
  Buffer(Buffer &&other) noexcept { *this = std::move(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  MemorySpace &memory() const { return *memory_; }
  T *data() { return data_; }
  const T *data() const { return data_; }
  int64_t size() const { return size_; }
  /// The contents are undefined afterwards if it has become larger.
  void resize(int64_t size) {
    size_ = size;
    if (size <= capacity_) return;
    free();
    data_ = static_cast<T *>(memory_->allocate(sizeof(T) * size));
    capacity_ = size;
  }
  /// Takes `size` values of the host, or gives all of its own.
  void assign(const T *host, int64_t size) {
    resize(size);
    if (size > 0) memory_->copy_in(host, sizeof(T) * size, data_);
  }
  void copy_out(T *host) const {
    if (size_ > 0) memory_->copy_out(data_, sizeof(T) * size_, host);
  }
  std::vector<T> on_host() const {
    std::vector<T> values(size_);
    copy_out(values.data());
    return values;
  }

 private:
  void free() {
    if (data_) memory_->release(data_);
    data_ = nullptr;
    capacity_ = 0;
  }

  MemorySpace *memory_ = nullptr;
  T *data_ = nullptr;
  int64_t size_ = 0, capacity_ = 0;
};

/// Copies `count` values within a memory.
template <class T>
void copy(MemorySpace &memory, const T *from, int64_t count, T *to) {
  if (count > 0) memory.copy_bytes(from, sizeof(T) * count, to);
}

/// Numbers of a memory at an address that the host can use, as long as this object lives: their own
/// if `direct`, else that of a copy in `scratch`.
class HostView {
 public:
  enum Direction { in, out, both }; // to the host, from the host, or to and fro
  HostView(MemorySpace &memory, double *data, int64_t count, Direction direction, bool direct,
           std::vector<double> &scratch)
      : memory_(memory), theirs_(data), count_(direct ? 0 : count), direction_(direction) {
    if (direct)
      memory.fence();
    else
      scratch.resize(count);
    host_ = direct ? data : scratch.data();
    if (direction != out && count_ > 0) memory.copy_out(data, sizeof(double) * count_, host_);
  }
  ~HostView() {
    if (direction_ != in && count_ > 0) memory_.copy_in(host_, sizeof(double) * count_, theirs_);
  }
  HostView(const HostView &) = delete;
  HostView &operator=(const HostView &) = delete;
  double *data() { return host_; }

 private:
  MemorySpace &memory_;
  double *theirs_, *host_;
  int64_t count_;
  Direction direction_;
};

} // namespace nflow

#endif
