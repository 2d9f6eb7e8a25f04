// nflow-train as a program: resume, checkpoints, bad input, steps that are not finite, config
// files.
#include "base/error.h"
#include "model/archive.h"
#include "support/toy_models.h"
#include "training_case.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace {

using nflow::tests::expect_refusal;
using nflow::tests::run_command;
using nflow::tests::train;
using nflow::tests::write_normal_dump;
using nflow::tests::write_text;

const std::string program = NFLOW_TRAIN;
const std::string small = " --data train.dump --dim 1 --temperature 1 --couplings 2 --hidden 8 "
                          "--steps 40 --batch 32 --validate-every 10 ";

class Trainer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    write_normal_dump("train.dump", 500, 3);
    nflow::tests::write_harmonic_energy("harmonic.pt", 3, 1, 1.0);
  }
  static std::string digest(const std::string &model) {
    return nflow::load_archive(model, nflow::Format::model).metadata.weights_digest;
  }
};

/// An energy file of atoms on a line with one number, `value`, for `source` to use.
void write_energy(const std::string &file, const std::string &value_name, double value,
                  const std::string &source, int64_t atoms = 3) {
  torch::jit::Module module("__torch__.energy");
  module.register_parameter(value_name, torch::full({}, value, torch::kFloat64), false);
  module.define(source);
  auto metadata = nflow::tests::toy_metadata(atoms, 1);
  metadata.format = nflow::Format::energy;
  nflow::save_archive(module, metadata, file);
}

TEST_F(Trainer, StoppedAndResumedEqualsUnbroken) {
  const std::string options = small + "--energy harmonic.pt --kl-weight 0.5 --kl-start 0.2 ";
  ASSERT_EQ(train(options + "--output whole.pt").code, 0);
  // Once between validations, once at one.
  const auto stopped = train(options + "--output parts.pt --stop-at 17");
  EXPECT_EQ(stopped.code, 3) << stopped.output;
  EXPECT_EQ(train(options + "--output parts.pt --resume --stop-at 30").code, 3);
  const auto resumed = train(options + "--output parts.pt --resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(digest("parts.pt"), digest("whole.pt"));
  // The log goes on where it was, without a row twice or missing.
  const auto steps = [](const std::string &csv) {
    return run_command("cut -d, -f1-9 " + csv).output;
  };
  EXPECT_EQ(steps("parts.pt.csv"), steps("whole.pt.csv"));
}

TEST_F(Trainer, KilledAndResumedEqualsUnbroken) {
  std::string options = small;
  options.replace(options.find("--steps 40"), 10, "--steps 2000");
  options += "--patience 0 ";
  ASSERT_EQ(train(options + "--output unbroken.pt").code, 0);
  std::remove("killed.pt.checkpoint");
  const pid_t child = fork();
  if (child == 0) {
    const auto command = "exec " + program + " " + options + "--output killed.pt > killed.log 2>&1";
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char *>(nullptr));
    _exit(127);
  }
  // As soon as there is a checkpoint, without a warning.
  for (int i = 0; i < 2000 && access("killed.pt.checkpoint", R_OK) != 0; i++)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended before it could be killed";
  const auto resumed = train(options + "--output killed.pt --resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(digest("killed.pt"), digest("unbroken.pt"));
}

TEST_F(Trainer, ResumeRefusesOtherOptionsDataAndDamage) {
  ASSERT_EQ(train(small + "--output other.pt --stop-at 20").code, 3);
  const auto resume = small + "--output other.pt --resume ";
  expect_refusal(resume + "--seed 9", "another --seed");
  expect_refusal(resume + "--clip 3", "another --clip");
  write_normal_dump("other.dump", 500, 3, 0.0, 99);
  auto other_data = resume;
  other_data.replace(other_data.find("train.dump"), 10, "other.dump");
  expect_refusal(other_data, "other data");
  expect_refusal(small + "--output none.pt --resume", "no checkpoint");
  ASSERT_EQ(run_command("head -c 900 other.pt.checkpoint > cut.checkpoint").code, 0);
  expect_refusal(resume + "--checkpoint cut.checkpoint", "damaged");
}

TEST_F(Trainer, BadDumpsEndWithCode2) {
  const auto with = [](const std::string &file) {
    auto options = small;
    return options.replace(options.find("train.dump"), 10, file) + "--output bad.pt";
  };
  expect_refusal(with("not-there.dump"), "cannot open");
  run_command("head -c 5000 train.dump > cut.dump");
  expect_refusal(with("cut.dump"), "cut off");
  run_command("sed 's/id type x/id type vx/' train.dump > columns.dump");
  expect_refusal(with("columns.dump"), "no column x");
  run_command("sed '23s/.*/1 1 nan/' train.dump > nan.dump");
  expect_refusal(with("nan.dump"), "not finite");
  write_normal_dump("four.dump", 100, 4);
  expect_refusal(with("train.dump four.dump"), "has 4 atoms");
  expect_refusal(with("four.dump") + " --energy harmonic.pt", "for 3 atoms");
  run_command("head -12 train.dump > one.dump");
  expect_refusal(with("one.dump"), "too few");
  run_command("sed 's/^\\([123]\\) 1 .*/\\1 1 0.5/' train.dump > constant.dump");
  expect_refusal(with("constant.dump"), "do not vary");
  EXPECT_NE(access("bad.pt", F_OK), 0) << "no model was written";
}

TEST_F(Trainer, BadOptionsEndWithCode2) {
  expect_refusal("--temperature 1", "--data");
  expect_refusal("--data train.dump --dim 1", "--temperature");
  expect_refusal("--data train.dump --temperature 1", "--dim");
  expect_refusal(small + "--nonsense 3", "--nonsense");
  expect_refusal("--data train.dump --dim 1 --temperature 1 --batch many", "many");
  expect_refusal("--data train.dump --dim 1 --temperature 1 --batch 0", "--batch");
  expect_refusal(small + "--architecture glow", "glow");
  expect_refusal(small + "--activation sine", "sine");
  expect_refusal(small + "--kl-weight 0.3", "--energy");
  expect_refusal(small + "--energy train.dump", "train.dump");
  expect_refusal(small + "--energy harmonic.pt --units real", "--units");
  expect_refusal(small + "--output no/such/folder/m.pt", "no/such/folder");
}

TEST_F(Trainer, NumbersOutOfAllProportionAreRefused) {
  const std::string rest = "--data train.dump --dim 1 ";
  for (const std::string value : {"nan", "1e-320"})
    expect_refusal(rest + "--temperature " + value, "--temperature " + value);
  for (const std::string value : {"-inf", "1e400"}) {
    write_text("absurd.ini", "sigma = " + value + "\n");
    expect_refusal(small + "--config absurd.ini", "--sigma " + value);
  }
  expect_refusal(rest + "--temperature 1 --couplings 100000000", "at most 1000");
}

TEST_F(Trainer, OutputsReplaceNothingThatIsNoRegularFileAndNoInput) {
  std::remove("link.to.null");
  ASSERT_EQ(symlink("/dev/null", "link.to.null"), 0);
  expect_refusal(small + "--output m.pt --log /dev/full", "'/dev/full'");
  expect_refusal(small + "--output m.pt --checkpoint link.to.null", "'link.to.null'");
  expect_refusal(small + "--output .", "'.'");
  expect_refusal(small + "--output ./train.dump", "written over 'train.dump'");
  expect_refusal(small + "--output same.pt --log same.pt", "written over 'same.pt'");
  EXPECT_EQ(access("same.pt", F_OK), -1);
  const auto result = run_command("(" + program + " --help > /dev/full)");
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.output.find("printed"), std::string::npos) << result.output;
}

TEST_F(Trainer, InputsThatNeedNotEndAreRefused) {
  std::remove("pipe");
  ASSERT_EQ(run_command("mkfifo pipe").code, 0);
  expect_refusal("--dim 1 --temperature 1 --data pipe", "'pipe' is a folder, a pipe");
  expect_refusal("--dim 1 --temperature 1 --energy pipe", "'pipe' is a folder, a pipe");
  expect_refusal(small + "--config pipe", "'pipe' is a folder, a pipe");
  expect_refusal(small + "--config /dev/zero", "'/dev/zero' is a folder, a pipe");
  expect_refusal(small + "--output p.pt --resume --checkpoint pipe", "'pipe'");
}

TEST_F(Trainer, ADamagedCheckpointIsRefusedWhereverTheDamageIs) {
  ASSERT_EQ(train(small + "--output whole.pt --stop-at 20").code, 3);
  std::ifstream in("whole.pt.checkpoint", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const auto resume = small + "--output whole.pt --resume --checkpoint damaged.checkpoint";
  for (int part = 0; part < 4; part++) {
    auto damaged = bytes;
    damaged[(2 * part + 1) * bytes.size() / 8] ^= 0x40;
    write_text("damaged.checkpoint", damaged);
    expect_refusal(resume, "damaged");
  }
}

TEST_F(Trainer, ReadsItsOptionsFromAConfigFile) {
  ASSERT_EQ(train(small + "--output options.pt --learning-rate 0.003").code, 0);
  write_text("train.ini", "data = [\"train.dump\"]\ndim = 1\ntemperature = 1\ncouplings = 2\n"
                          "hidden = 8\nsteps = 40\nbatch = 32\nvalidate-every = 10\n"
                          "learning-rate = 0.003\noutput = \"config.pt\"\n");
  const auto result = train("--config train.ini");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(digest("config.pt"), digest("options.pt"));
  write_text("wrong.ini", "temprature = 1\n");
  expect_refusal("--config wrong.ini", "temprature");
}

TEST_F(Trainer, RecordsItsProvenance) {
  ASSERT_EQ(train(small + "--energy harmonic.pt --output provenance.pt").code, 0);
  const auto metadata = nflow::load_archive("provenance.pt", nflow::Format::model).metadata;
  EXPECT_EQ(metadata.dtype, "float64");
  EXPECT_EQ(metadata.temperatures_trained, (std::vector<double>{1.0}));
  EXPECT_EQ(*metadata.types, (std::vector<int>{1, 1, 1}));
  for (const auto *field : {"command", "data", "energy", "seed", "samples", "losses", "version",
                            "libtorch", "date", "options", "best_step", "data_digest"})
    EXPECT_TRUE(metadata.provenance.contains(field)) << field;
  EXPECT_EQ(metadata.provenance["samples"]["training"].get<int>() +
                metadata.provenance["samples"]["validation"].get<int>(),
            500);
}

TEST_F(Trainer, SurvivesStepsThatAreNotFinite) {
  // Not a number where the first atom is beyond the limit.
  write_energy(
      "faulty.pt", "limit", 2.6,
      "def energy(self, x):\n"
      "    first = x.flatten(1).select(1, 0)\n"
      "    return 0.5 * (x * x).flatten(1).sum(1) + 0.0 * torch.sqrt(self.limit - first)\n");
  const auto result =
      train("--energy faulty.pt --temperature 1 --couplings 2 --hidden 8 --steps 300 "
            "--batch 32 --output survived.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  const auto provenance =
      nflow::load_archive("survived.pt", nflow::Format::model).metadata.provenance;
  EXPECT_GT(provenance["skipped_steps"].get<int>(), 0);
  EXPECT_LT(provenance["skipped_steps"].get<int>(), 300);
  const auto module = nflow::load_archive("survived.pt", nflow::Format::model).module;
  for (const auto &parameter : module.parameters())
    EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST_F(Trainer, GivesUpWhereNothingIsFinite) {
  write_energy("hopeless.pt", "minus", -1.0,
               "def energy(self, x):\n"
               "    return torch.sqrt(self.minus) + x.flatten(1).sum(1)\n");
  const auto result = train(
      "--energy hopeless.pt --temperature 1 --couplings 2 --steps 300 --batch 8 --output h.pt");
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.output.find("not finite after"), std::string::npos) << result.output;
}

/// Forty frames are learned by heart: the NLL of the others rises from the first line on.
TEST_F(Trainer, SaysThatAFlowHasLearnedNothingButItsSamples) {
  write_normal_dump("few.dump", 60, 6);
  const auto result =
      train("--data few.dump --dim 1 --temperature 1 --couplings 4 --hidden 32 --steps 400 "
            "--batch 32 --validate-every 20 --validation 0.3 --learning-rate 0.03 --output few.pt");
  EXPECT_EQ(result.code, 5) << result.output;
  EXPECT_NE(result.output.find("nflow-train: warning: this flow learned nothing but its samples"),
            std::string::npos)
      << result.output;
  const auto metadata = nflow::load_archive("few.pt", nflow::Format::model).metadata;
  EXPECT_EQ(metadata.provenance["warnings"].size(), 1u);
  // Sound it is, and nflow-check has this to add.
  const auto check = run_command(std::string(NFLOW_CHECK) + " few.pt");
  EXPECT_EQ(check.code, 0) << check.output;
  EXPECT_NE(check.output.find("the flow is sound\nbut its training says of it: \"warning: this "
                              "flow learned nothing"),
            std::string::npos)
      << check.output;
}

/// Bonds a thousand times stiffer than the whole is free, of which a plain flow has no idea.
TEST_F(Trainer, SaysThatNoProposalIsAccepted) {
  write_normal_dump("chain.dump", 300, 6, 1e-3);
  write_energy("chain.pt", "stiffness", 1e6,
               "def energy(self, x):\n"
               "    y = x.flatten(1)\n"
               "    bonds = y[:, 1:] - y[:, :-1]\n"
               "    return 0.5 * (y[:, 0] ** 2 + self.stiffness * (bonds ** 2).sum(1))\n",
               6);
  const auto result = train("--data chain.dump --energy chain.pt --temperature 1 --couplings 2 "
                            "--plain --steps 1 --output useless.pt");
  EXPECT_EQ(result.code, 5) << result.output;
  EXPECT_NE(result.output.find("nflow-train: warning: this flow is not better than none: of its "
                               "independent proposals a fraction of "),
            std::string::npos)
      << result.output;
  const auto sound = train(small + "--energy harmonic.pt --output useful.pt");
  EXPECT_EQ(sound.code, 0) << sound.output;
  const auto quality =
      nflow::load_archive("useful.pt", nflow::Format::model).metadata.provenance["quality"][0];
  EXPECT_GT(quality["acceptance"].get<double>(), 0.3) << sound.output;
  EXPECT_GT(quality["ess_backward"].get<double>(), 0.1) << sound.output;
}

TEST_F(Trainer, LammpsAsTheEnergyOfAGaussianPriorNeedsSamplesAndNoFile) {
  const std::string tsf = "--architecture tsf --lammps in.any --temperature 1 ";
  expect_refusal(tsf + "--data train.dump --energy harmonic.pt", "two sources of energies");
  expect_refusal(tsf, "give dumps with --data");
}

TEST_F(Trainer, EnergyAloneLearnsTheHarmonicWell) {
  nflow::tests::write_harmonic_energy("stiff.pt", 2, 1, 4.0);
  const auto result =
      train("--energy stiff.pt --temperature 2 --couplings 4 --hidden 8 --steps 600 "
            "--batch 64 --patience 0 --output stiff_flow.pt");
  ASSERT_EQ(result.code, 0) << result.output;
  const auto provenance =
      nflow::load_archive("stiff_flow.pt", nflow::Format::model).metadata.provenance;
  EXPECT_GT(provenance["losses"]["last_ess"].get<double>(), 0.9) << result.output;
}

} // namespace
