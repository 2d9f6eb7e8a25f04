#include "operators/gb_obc_kernels.h"

#include "operators/instruction_sets.h"

namespace nflow::operators {

// Each is gb_obc_kernels_isa.cpp, compiled for an instruction set.
namespace gb {
const GbObcKernels &kernels_plain();
const GbObcKernels &kernels_avx2();
const GbObcKernels &kernels_avx512();
} // namespace gb

std::vector<const GbObcKernels *> all_gb_obc_kernels() {
  std::vector<const GbObcKernels *> all;
  for (const InstructionSet set : instruction_sets()) {
#ifdef NFLOW_X86_KERNELS
    if (set == InstructionSet::avx512) all.push_back(&gb::kernels_avx512());
    if (set == InstructionSet::avx2) all.push_back(&gb::kernels_avx2());
#endif
    if (set == InstructionSet::plain) all.push_back(&gb::kernels_plain());
  }
  return all;
}

const GbObcKernels &gb_obc_kernels() {
  static const GbObcKernels &best = *all_gb_obc_kernels().front();
  return best;
}

} // namespace nflow::operators
