// The ways into a LAMMPS that was built by others: lmp-nflow, nflow_load() from Python's module of
// LAMMPS, nflow-train; and the sentence where it is not the one that they were built for.

#include "mpi/partitions.h"
#include "support/run_command.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

using nflow::tests::CommandResult;
using nflow::tests::contents;
using nflow::tests::plugin_file;
using nflow::tests::run_command;

const std::string source = NFLOW_SOURCE_DIR;
const std::string program = NFLOW_LMP_NFLOW;
const std::string potentials = source + "/potentials/";

/// The options of examples/multiwell/in.mc for a short run.
std::string multiwell(const std::string &output, const std::string &plugin = plugin_file()) {
  return " -log none -var plugin " + plugin + " -var energy " + potentials +
         "multiwell20.pt -var model " + potentials +
         "multiwell20_tsf.pt -var steps 300 -var attempts 2 -var output " + output +
         ".dump -var summary " + output + ".csv ";
}
CommandResult run_example(const std::string &lmp, const std::string &options) {
  return run_command("timeout 300 " + lmp + " -in " + source + "/examples/multiwell/in.mc" +
                     options);
}
/// lmp-nflow with that script on its standard input.
CommandResult run_script(const std::string &script, const std::string &environment = "",
                         const std::string &options = "") {
  std::ofstream("in.script") << script;
  return run_command(environment + " timeout 100 " + program + " -log none " + options +
                     " < in.script");
}
std::string line_with(const std::string &text, const std::string &word) {
  const auto at = text.find(word);
  if (at == std::string::npos) return "";
  const auto start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}
/// A particle in the potential of an energy file.
const std::string system_of_one =
    "units lj\natom_modify map array\nboundary f f f\nregion b block -9 9 -9 9 -9 9\n"
    "create_box 1 b\ncreate_atoms 1 random 20 1 b\nmass 1 1.0\npair_style none\n"
    "comm_modify cutoff 1.0\nfix e all nflow/energy " +
    potentials + "multiwell20.pt\nfix_modify e energy yes\nrun 0\n";
const std::string load = "plugin load " + plugin_file() + "\n";

TEST(LmpNflow, TakesTheOptionsOfLmp) {
  const auto help = run_command(program + " -h");
  EXPECT_EQ(help.code, 0);
  for (const char *option : {"-partition", "-var", "-restart2data", "-nocite"})
    EXPECT_NE(help.output.find(option), std::string::npos) << option;
  const auto wrong = run_command(program + " -nonsense");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.output.find("Invalid command-line argument"), std::string::npos);
  const auto right = run_command("echo 'print \"x is ${x}\"' | " + program +
                                 " -log none -nocite -echo none -var x seven");
  EXPECT_EQ(right.code, 0) << right.output;
  EXPECT_NE(right.output.find("x is seven"), std::string::npos) << right.output;
}

/// In a build with a LAMMPS of packages the other is that of the build NFLOW_COMPARE_BUILD.
TEST(LmpNflow, SamplesAsALammpsWithPluginDoesToTheBit) {
  const std::string lmp = NFLOW_OTHER_LMP, plugin = NFLOW_OTHER_PLUGIN;
  if (lmp.empty() || !std::filesystem::exists(lmp) || !std::filesystem::exists(plugin))
    GTEST_SKIP() << "no build with another LAMMPS: give -DNFLOW_COMPARE_BUILD=FOLDER";
  const auto ours = run_example(program, multiwell("ours"));
  const auto other = run_example(lmp, multiwell("other", plugin));
  ASSERT_EQ(ours.code, 0) << ours.output;
  ASSERT_EQ(other.code, 0) << other.output;
  ASSERT_GT(contents("ours.dump").size(), 100000u);
  EXPECT_EQ(contents("ours.dump"), contents("other.dump"));
}

TEST(LmpNflow, ExchangesBetweenPartitions) {
  const auto run = run_command(
      "timeout 300 " + nflow::tests::mpi_launcher(NFLOW_MPIEXEC, 2) + program +
      " -partition 2x1 -log none -screen none -in " + source +
      "/examples/doublewell64/in.temper -var folder " + source +
      "/examples/doublewell64 -var plugin " + plugin_file() + " -var energy " + potentials +
      "doublewell64.pt -var ladder \"1 5\" -var exchange \"model " + potentials +
      "doublewell64_spline.pt\" -var steps 2000 -var settle 500 -var output temper");
  ASSERT_EQ(run.code, 0) << run.output;
  const auto attempts = nflow::tests::exchange_log("temper.exchange");
  ASSERT_GT(attempts.size(), 10u);
  int accepted = 0;
  for (const auto &attempt : attempts) accepted += attempt.accepted;
  EXPECT_GT(2 * accepted, int(attempts.size())); // nearly all are: that is what the flow is for
}

TEST(LmpNflow, LoadsAgainAfterClear) {
  const auto run = run_script(load + system_of_one + "clear\n" + load + system_of_one);
  EXPECT_EQ(run.code, 0) << run.output;
  // Older versions of LAMMPS, and our own command, forget plugins at a `clear`; newer restore them.
  const auto without = run_script(load + system_of_one + "clear\n" + system_of_one);
  const bool restored = without.output.find("Restoring plugin: ") != std::string::npos;
  EXPECT_TRUE(NFLOW_HOST_HAS_PLUGIN || !restored) << without.output;
  EXPECT_EQ(without.code == 0, restored) << without.output;
  EXPECT_NE(restored,
            without.output.find("Unrecognized fix style 'nflow/energy'") != std::string::npos)
      << without.output;
}

TEST(LmpNflow, WhatCannotBeLoadedIsASentence) {
  if (NFLOW_HOST_HAS_PLUGIN) GTEST_SKIP() << "this LAMMPS has a command 'plugin' of its own";
  struct Case {
    std::string script, part;
  };
  for (const Case &wrong :
       {Case{"plugin load nowhere.so\n", "'nowhere.so' cannot be opened ("},
        Case{"plugin load " NFLOW_OTHER_HOST_FILE "\n", "is no plugin of LAMMPS"},
        Case{"plugin load\n", "The form is 'plugin load FILE ..'"},
        Case{"plugin\n", "The form is 'plugin load FILE ..'"},
        Case{"plugin unload fix nflow/mc\n", "The form is 'plugin load FILE ..'"}}) {
    for (const char *before : {"", "clear\n"}) {
      const auto run = run_script(std::string(before) + wrong.script);
      EXPECT_EQ(run.code, 1) << run.output;
      EXPECT_NE(line_with(run.output, "ERROR").find(wrong.part), std::string::npos) << run.output;
    }
  }
}

TEST(LmpNflow, FindsTheNameOfThePluginInItsOwnTree) {
  if (NFLOW_HOST_HAS_PLUGIN) GTEST_SKIP() << "this LAMMPS has a command 'plugin' of its own";
  const auto run = run_script("plugin load nflowplugin.so\n" + system_of_one);
  EXPECT_EQ(run.code, 0) << run.output;
}

TEST(LmpNflow, AHostWithPluginKeepsItsCommand) {
  if (!NFLOW_HOST_HAS_PLUGIN) GTEST_SKIP() << "this LAMMPS has no command 'plugin'";
  const auto run = run_script(load + "plugin list\n");
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.output.find("fix style plugin nflow/mc"), std::string::npos) << run.output;
}

const std::string preload = "LD_PRELOAD=" NFLOW_OTHER_HOST_FILE " NFLOW_OTHER_HOST=";
struct OtherHost {
  std::string kind, part;
};
std::vector<OtherHost> other_hosts() {
  std::vector<OtherHost> all{{"version", "but this is version 19990101: build it against this"},
                             {"sizes", "was built for other integer sizes (LAMMPS_SIZES)"}};
  if (NFLOW_LAMMPS_VERSION < 20230328)
    all.push_back({"exceptions", "LAMMPS_EXCEPTIONS, but this one was built with"});
  if (NFLOW_HOST_HAS_KOKKOS)
    all.push_back({"precision", "that of this LAMMPS is in single or mixed precision"});
  return all;
}

TEST(AnotherLammps, IsRefusedByEachProgram) {
  const std::string train = NFLOW_TRAIN " --lammps " + source +
                            "/examples/ka2d/in.system --prior-temperature 0.6 --temperature 0.4 "
                            "--sample 60 --output none.pt";
  for (const auto &host : other_hosts()) {
    const auto run = run_script(load + system_of_one, preload + host.kind, "-screen none");
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.output.rfind("ERROR: lmp-nflow was built for ", 0), 0u) << run.output;
    EXPECT_NE(run.output.find(host.part), std::string::npos) << run.output;
    const auto training = run_command(preload + host.kind + " timeout 100 " + train);
    EXPECT_EQ(training.code, 2);
    EXPECT_EQ(training.output.rfind("nflow-train: this program was built for ", 0), 0u)
        << training.output;
    EXPECT_NE(training.output.find(host.part), std::string::npos) << training.output;
    EXPECT_EQ(std::count(training.output.begin(), training.output.end(), '\n'), 1);
  }
}

/// However LAMMPS reports errors, by exceptions or by the end of the process.
TEST(NflowTrain, WordsTheErrorsOfItsLammps) {
  for (const char *command : {"pair_style nonsense\n", "run 0\n"}) {
    std::ofstream("in.wrong") << "units lj\n" << command;
    const auto run = run_command("timeout 100 " NFLOW_TRAIN " --lammps in.wrong --sample 60 "
                                 "--prior-temperature 0.6 --temperature 0.4 --output none.pt");
    EXPECT_EQ(run.code, 2) << run.output;
    EXPECT_EQ(run.output.rfind("nflow-train: LAMMPS says: ", 0), 0u) << run.output;
    EXPECT_NE(run.output.find(" (input file 'in.wrong')\n"), std::string::npos) << run.output;
    EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 1) << run.output;
  }
}

class Python : public ::testing::Test {
 protected:
  void SetUp() override {
    // Debian's module looks for a name that its package of the library has not.
    std::filesystem::remove("liblammps.so");
    std::filesystem::create_symlink(NFLOW_LAMMPS_LIBRARY, "liblammps.so");
    if (run_command(python() + "-c 'import lammps; assert lammps.__version__ == " +
                    std::to_string(NFLOW_LAMMPS_VERSION) + "'")
            .code != 0)
      GTEST_SKIP() << "Python has no module of this LAMMPS: install python3-lammps";
  }
  static std::string python(const std::string &environment = "") {
    return "LD_LIBRARY_PATH=. " + environment + " timeout 300 " NFLOW_PYTHON " ";
  }
};

TEST_F(Python, RunsTheExample) {
  const auto run = run_command(python() + source + "/examples/multiwell/mc.py " + plugin_file() +
                               multiwell("python"));
  ASSERT_EQ(run.code, 0) << run.output;
  const auto expected = run_example(program, multiwell("program"));
  ASSERT_EQ(expected.code, 0) << expected.output;
  ASSERT_GT(contents("python.dump").size(), 100000u);
  EXPECT_EQ(contents("python.dump"), contents("program.dump"));
}

TEST_F(Python, LoadsAgainAfterClearAndRefusesWhatIsNone) {
  std::ofstream("again.py") << "import ctypes\nfrom lammps import lammps\n"
                               "lmp = lammps(cmdargs=['-log', 'none', '-screen', 'none'])\n"
                               "load = ctypes.CDLL('" +
                                   plugin_file() +
                                   "').nflow_load\n"
                                   "has = lambda: lmp.has_style('fix', 'nflow/mc')\n"
                                   "assert load(None) == 0 and not has()\n"
                                   "assert load(lmp.lmp) == 1 and has()\n"
                                   "lmp.command('clear')\nassert not has()\n"
                                   "assert load(lmp.lmp) == 1 and has()\n";
  const auto run = run_command(python() + "again.py");
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_EQ(run.output, "ERROR: nflow_load() was given no LAMMPS: give the handle of one that "
                        "runs; no styles were added\n");
}

TEST_F(Python, AnotherLammpsIsRefused) {
  std::ofstream("other.py") << "import ctypes\nfrom lammps import lammps\n"
                               "lmp = lammps(cmdargs=['-log', 'none', '-screen', 'none'])\n"
                               "assert ctypes.CDLL('" +
                                   plugin_file() +
                                   "').nflow_load(lmp.lmp) == 0\n"
                                   "assert not lmp.has_style('fix', 'nflow/mc')\n";
  for (const auto &host : other_hosts()) {
    if (host.kind == "sizes") continue; // Python's module itself has none for 16 bytes
    const auto run = run_command(python(preload + host.kind) + "other.py");
    EXPECT_EQ(run.code, 0) << run.output;
    EXPECT_NE(run.output.find(host.part), std::string::npos) << run.output;
  }
}

} // namespace
