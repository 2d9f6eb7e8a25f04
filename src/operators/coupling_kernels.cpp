#include "operators/coupling_kernels.h"

#include "operators/instruction_sets.h"

namespace nflow::operators {

// Each is coupling_kernels_isa.cpp, compiled for an instruction set.
const CouplingKernels<double> &kernels_plain(double);
const CouplingKernels<float> &kernels_plain(float);
const CouplingKernels<double> &kernels_avx2(double);
const CouplingKernels<float> &kernels_avx2(float);
const CouplingKernels<double> &kernels_avx512(double);
const CouplingKernels<float> &kernels_avx512(float);

template <class T>
std::vector<const CouplingKernels<T> *> all_coupling_kernels() {
  std::vector<const CouplingKernels<T> *> all;
  for (const InstructionSet set : instruction_sets()) {
#ifdef NFLOW_X86_KERNELS
    if (set == InstructionSet::avx512) all.push_back(&kernels_avx512(T()));
    if (set == InstructionSet::avx2) all.push_back(&kernels_avx2(T()));
#endif
    if (set == InstructionSet::plain) all.push_back(&kernels_plain(T()));
  }
  return all;
}

template <class T>
const CouplingKernels<T> &coupling_kernels() {
  static const CouplingKernels<T> &best = *all_coupling_kernels<T>().front();
  return best;
}

template std::vector<const CouplingKernels<double> *> all_coupling_kernels();
template std::vector<const CouplingKernels<float> *> all_coupling_kernels();
template const CouplingKernels<double> &coupling_kernels();
template const CouplingKernels<float> &coupling_kernels();

} // namespace nflow::operators
