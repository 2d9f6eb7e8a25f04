#include "archives/model_file.h"

#include "files/output_file.h"
#include "model/archive.h"

#include <sstream>

namespace nflow {

void write_model_file(const torch::jit::Module &module, Metadata metadata,
                      const std::string &path) {
  metadata.weights_digest = weights_digest(module);
  std::ostringstream bytes;
  module.save(bytes, {{"nflow.json", metadata_text(metadata)}});
  OutputFile file(path);
  file.write(bytes.str());
  file.close();
}

} // namespace nflow
