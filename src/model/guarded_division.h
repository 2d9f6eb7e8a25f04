#ifndef NFLOW_MODEL_GUARDED_DIVISION_H
#define NFLOW_MODEL_GUARDED_DIVISION_H

namespace nflow {

/// Gives TorchScript's // and % of integers an exception where the processor would end the process
/// (by zero, and the smallest integer by -1); once for the process, before a model is loaded:
/// LibTorch computes constants while it compiles.
void guard_integer_division();

} // namespace nflow

#endif
