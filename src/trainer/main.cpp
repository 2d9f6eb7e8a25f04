// nflow-train: trains a flow of src/architectures against samples and energies
// (docs/nflow-train.md).
#include "base/error.h"
#include "model/threads.h"
#include "trainer/command/run.h"
#include "trainer/training/training.h"

#include <cstdio>
#include <string>

namespace {

int guarded_main(int argc, char **argv, const nflow::trainer::Parallel &parallel) {
  nflow::trainer::TrainOptions options;
  std::string text;
  // Every rank reads the same command line and comes to the same decision.
  if (!nflow::trainer::parse_options(argc, argv, options, text)) {
    if (parallel.root()) std::printf("%s", text.c_str());
    return 0;
  }
  nflow::use_threads(options.threads);
  nflow::trainer::catch_signals();
  return nflow::trainer::run(options, parallel);
}

} // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const nflow::trainer::Parallel parallel(MPI_COMM_WORLD);
  int code = 2;
  std::string failure;
  bool alike = true; // whether all ranks fail together
  try {
    code = guarded_main(argc, argv, parallel);
  } catch (const nflow::Error &e) {
    failure = e.what();
  } catch (const std::exception &e) {
    failure = e.what();
    alike = false;
  }
  if (!failure.empty() && (parallel.root() || !alike))
    std::fprintf(stderr, "nflow-train: %s\n", failure.substr(0, failure.find('\n')).c_str());
  if (!alike && parallel.size() > 1) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Finalize();
  return code;
}
