#ifndef NFLOW_TRAINER_COMMAND_RUN_COMMON_H
#define NFLOW_TRAINER_COMMAND_RUN_COMMON_H

#include "estimators/exchange.h"
#include "files/dump_reader.h"
#include "trainer/training/training.h"

#include <functional>
#include <string>
#include <vector>

namespace nflow::trainer {

/// Reads dumps on the root and gives them to all ranks: one reader on the file system, one place
/// where errors arise. No samples for no files.
Samples shared_samples(const std::vector<std::string> &files, int64_t dim, const std::string &units,
                       const Parallel &parallel);

/// The state to start from: of the checkpoint where a run is resumed, else that of the objective
/// after `initialise`, which the root alone calls. The same on all ranks.
TrainingState first_state(const TrainOptions &options, const Parallel &parallel,
                          Objective &objective, const Fingerprint &fingerprint,
                          const std::function<void()> &initialise);

/// Command, options, data digests, losses, versions and date.
void add_provenance(Metadata &metadata, const TrainOptions &options, const Training &training,
                    const Parallel &parallel, const Fingerprint &fingerprint);
/// A number for the provenance; null where it is not known (NaN, infinite).
nlohmann::json known(double value);

/// J, acceptance and both ESS for the provenance.
nlohmann::json quality_of(const estimators::ExchangeReport &report);

/// Writes the model, says so, and ends with what `worthless` and `lost` have against it; the exit
/// code: 5 and 4 where they have, else 0.
int finish(const TrainOptions &options, const Parallel &parallel, const Training &training,
           Training::End end, Objective &objective, Metadata metadata,
           const std::vector<std::string> &worthless, const std::vector<std::string> &lost = {});
constexpr int interrupted_code = 3;
/// Says how to go on; the exit code.
int interrupted(const TrainOptions &options, const Parallel &parallel, const Training &training);

} // namespace nflow::trainer

#endif
