#ifndef NFLOW_BASE_FUNCTION_SPACE_H
#define NFLOW_BASE_FUNCTION_SPACE_H

// Functions that run wherever the numbers are: on the host, or in kernels of a GPU, whose compilers
// want to be told.
#if defined(__CUDACC__) || defined(__HIPCC__)
#define NFLOW_FUNCTION __host__ __device__ inline
#else
#define NFLOW_FUNCTION inline
#endif

#endif
