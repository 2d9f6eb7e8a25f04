#ifndef NFLOW_MODEL_THREADS_H
#define NFLOW_MODEL_THREADS_H

namespace nflow {

/// Threads of LibTorch and OpenBLAS. One a rank: more of them spin beside another busy process
/// (measured: 2 to 50 times slower); parallelism comes from MPI ranks. Call before the first tensor
/// operation.
void use_threads(int count);

} // namespace nflow

#endif
