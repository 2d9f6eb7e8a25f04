#ifndef NFLOW_OPERATORS_INSTRUCTION_SETS_H
#define NFLOW_OPERATORS_INSTRUCTION_SETS_H

#include <vector>

namespace nflow::operators {

/// What kernels are compiled for besides the plain instructions (CMakeLists.txt).
enum class InstructionSet { avx512, avx2, plain };

/// Those that this processor has, the best one first.
inline std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> all;
#ifdef NFLOW_X86_KERNELS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    all.push_back(InstructionSet::avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    all.push_back(InstructionSet::avx2);
#endif
  all.push_back(InstructionSet::plain);
  return all;
}

} // namespace nflow::operators

#endif
