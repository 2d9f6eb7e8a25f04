// The trainer on several ranks: the same gradients, the same model to rounding, one clean end.
#include "model/archive.h"
#include "support/toy_models.h"
#include "trainer/command/train_options.h"
#include "trainer/data/batches.h"
#include "trainer/objectives/gaussian_objective.h"
#include "training_case.h"

#include <gtest/gtest.h>
#include <torch/script.h>

namespace {

using nflow::tests::train;

const std::string common =
    " --data train.dump --energy harmonic.pt --temperature 1 --couplings 2 --hidden 8 --steps 20 "
    "--batch 33 --validate-every 10 --kl-weight 0.5 --kl-start 0 --kl-full 0.5 --precision "
    "float64 ";

class TrainerRanks : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    nflow::use_threads(1);
    nflow::tests::write_normal_dump("train.dump", 300, 3);
    nflow::tests::write_harmonic_energy("harmonic.pt", 3, 1, 1.0);
  }
};

TEST_F(TrainerRanks, ShardsOfABatchHaveTheGradientOfTheWhole) {
  using namespace nflow::trainer;
  TrainOptions options;
  options.energy = "harmonic.pt";
  options.temperature = 1.0;
  options.precision = "float64";
  options.dim = 1;
  options.flow.set("couplings", 2);
  const auto samples = nflow::read_dumps({"train.dump"}, 1);
  GaussianObjective objective(options, samples);
  const auto split = split_by_blocks(samples, 0.1);
  objective.initialise(samples, split.training);
  objective.set_parameters(objective.parameters());
  const Batches batches(samples, split, 2, 3, 1.0, 1);
  const auto gradient = [&](std::vector<std::pair<int64_t, int64_t>> shards) {
    std::vector<double> sum(objective.parameters().size(), 0.0);
    for (const auto &shard : shards)
      objective.add_gradient(batches.target(7, shard), 0.6, batches.prior(7, shard), 0.4, sum);
    return sum;
  };
  const auto whole = gradient({{0, 33}}), parts = gradient({{0, 16}, {16, 33}});
  double largest = 0.0;
  for (double g : whole) largest = std::max(largest, std::fabs(g));
  EXPECT_GT(largest, 1.0);
  for (size_t i = 0; i < whole.size(); i++) EXPECT_NEAR(whole[i], parts[i], 1e-12 * largest) << i;
}

TEST_F(TrainerRanks, TwoRanksTrainTheSameModel) {
  const auto one = train(common + "--output one.pt", 1);
  ASSERT_EQ(one.code, 0) << one.output;
  const auto two = train(common + "--output two.pt", 2);
  ASSERT_EQ(two.code, 0) << two.output;
  const auto a = nflow::load_archive("one.pt", nflow::Format::model);
  const auto b = nflow::load_archive("two.pt", nflow::Format::model);
  EXPECT_EQ(b.metadata.provenance["ranks"], 2);
  const auto all_b = b.module.parameters();
  auto parameter_b = all_b.begin();
  for (const auto &parameter : a.module.parameters()) {
    EXPECT_LT((parameter - *parameter_b).abs().max().item<double>(), 1e-9);
    ++parameter_b;
  }
}

TEST_F(TrainerRanks, ResumesOnAnotherNumberOfRanks) {
  ASSERT_EQ(train(common + "--output ranks.pt --stop-at 10", 2).code, 3);
  const auto resumed = train(common + "--output ranks.pt --resume", 1);
  EXPECT_EQ(resumed.code, 0) << resumed.output;
}

TEST_F(TrainerRanks, BadInputEndsAllRanksWithCode2AndOneSentence) {
  for (const std::string options :
       {"--data not-there.dump --dim 1 --temperature 1",
        "--data train.dump --dim 1 --temperature -1",
        "--data train.dump --dim 1 --temperature 1 --output no/folder/x.pt"}) {
    const auto result = train(options, 2);
    EXPECT_EQ(result.code, 2) << result.output;
    const auto first = result.output.find("nflow-train: ");
    ASSERT_NE(first, std::string::npos) << result.output;
    EXPECT_EQ(result.output.find("nflow-train: ", first + 1), std::string::npos) << result.output;
  }
}

} // namespace
