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
  const auto split = split_by_blocks(samples, 0.1);
  GaussianObjective objective(options, samples, split);
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

/// nflow-train on two ranks in folders of their own, rank0 and rank1, as on two nodes.
nflow::tests::CommandResult train_apart(const std::string &options) {
  return nflow::tests::run_command("timeout 60 " + nflow::tests::mpi_launcher(NFLOW_MPIEXEC, 2) +
                                   "sh -c 'cd rank$OMPI_COMM_WORLD_RANK && exec " + NFLOW_TRAIN +
                                   " " + options + "'");
}

void expect_one_sentence(const nflow::tests::CommandResult &result, const std::string &part) {
  EXPECT_EQ(result.code, 2) << result.output; // a hang is 124
  const auto first = result.output.find("nflow-train: ");
  ASSERT_NE(first, std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("nflow-train: ", first + 1), std::string::npos) << result.output;
  EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
}

TEST_F(TrainerRanks, AnErrorOfOneRankEndsAllWithOneSentence) {
  const std::string config = "data = [\"../train.dump\"]\ndim = 1\ntemperature = 1\nsteps = 4\n"
                             "batch = 8\ncouplings = 2\nhidden = 8\n";
  ASSERT_EQ(nflow::tests::run_command("rm -rf rank0 rank1 && mkdir rank0 rank1").code, 0);
  const std::string energy = "--temperature 1 --steps 4 --couplings 2 --energy e.pt";
  for (const std::string there : {"rank0/", "rank1/"}) {
    nflow::tests::write_text(there + "one.ini", config);
    expect_one_sentence(train_apart("--config one.ini"), "config file");
    std::remove((there + "one.ini").c_str());
    nflow::tests::write_harmonic_energy(there + "e.pt", 3, 1, 1.0);
    expect_one_sentence(train_apart(energy), "e.pt");
    std::remove((there + "e.pt").c_str());
  }
  nflow::tests::write_text("rank0/two.ini", config);
  nflow::tests::write_text("rank1/two.ini", config + "seed = 3\n");
  expect_one_sentence(train_apart("--config two.ini"), "different options");
  nflow::tests::write_text("rank1/two.ini", config);
  const auto sound = train_apart("--config two.ini --stop-at 2");
  EXPECT_EQ(sound.code, 3) << sound.output;
  // The checkpoint is there for the root alone.
  expect_one_sentence(train_apart("--config two.ini --resume"), "no checkpoint");
  nflow::tests::write_harmonic_energy("rank0/e.pt", 3, 1, 1.0);
  nflow::tests::write_harmonic_energy("rank1/e.pt", 3, 1, 2.0);
  expect_one_sentence(train_apart(energy), "different energy files");
  expect_one_sentence(train_apart("--config two.ini --output none/m.pt"), "none/m.pt");
}

} // namespace
