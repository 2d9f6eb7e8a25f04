// nflow-train: trains a flow of src/architectures against samples and energies
// (docs/nflow-train.md).
#include "base/command_line.h"
#include "base/text.h"
#include "model/threads.h"
#include "trainer/command/run.h"
#include "trainer/training/training.h"

#include <cstdio>
#include <string>

namespace {

int guarded_main(int argc, char **argv, const nflow::trainer::Parallel &parallel) {
  nflow::trainer::TrainOptions options;
  std::string text;
  bool wanted = false;
  parallel.together([&] { wanted = nflow::trainer::parse_options(argc, argv, options, text); });
  parallel.require_same(wanted ? options.given : "",
                        "the ranks are given different options: see that the file of --config is "
                        "the same on all nodes");
  int code = 0;
  if (wanted) {
    nflow::use_threads(options.threads);
    nflow::trainer::catch_signals();
    code = nflow::trainer::run(options, parallel);
  } else if (parallel.root()) {
    std::printf("%s", text.c_str());
  }
  parallel.together([] { nflow::require_printed(); });
  return code;
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
  } catch (const nflow::trainer::AlikeError &e) {
    failure = nflow::sentence_of(e);
  } catch (const std::exception &e) {
    failure = nflow::sentence_of(e);
    alike = false;
  }
  if (!failure.empty() && (parallel.root() || !alike))
    std::fprintf(stderr, "nflow-train: %s\n", failure.c_str());
  if (!alike && parallel.size() > 1) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Finalize();
  return code;
}
