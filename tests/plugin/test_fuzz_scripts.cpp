// The styles with damaged arguments, reservoirs, models and energies: none ends the process by a
// signal, none hangs, and no number that means nothing is taken. NFLOW_FUZZ_MUTANTS and
// NFLOW_FUZZ_SEED say how many, and which; a fiftieth of them are of fix nflow/temper.
#include "mpi/harmonic.h"
#include "plugin/soft_discs.h"
#include "support/bounded_run.h"
#include "support/mutations.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace {

using namespace nflow::tests;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

const std::string tethered =
    "units lj\ndimension 2\nregion r block 0 10 0 10 -0.5 0.5\ncreate_box 1 r\n"
    "create_atoms 1 single 1 1 0\ncreate_atoms 1 single 5 5 0\ncreate_atoms 1 single 8 2 0\n"
    "mass 1 1.0\npair_style zero 2.0\npair_coeff * *\n";
const std::string of_energy = "fix_modify e energy yes\n";

Words words_of(const std::string &line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// The line with one or two of its arguments damaged, not the names before them: other numbers that
/// may be right, or anything.
std::string damaged(Mutator &mutate, const std::string &line, size_t names) {
  static const Words numbers{"0.1", "0.3", "0.8", "1", "1.0", "1.5", "2", "3", "7", "64", "1000"};
  auto words = words_of(line);
  if (mutate.below(2)) {
    const size_t at = names + mutate.below(words.size() - names);
    if (std::isdigit(words[at][0])) words[at] = numbers[mutate.below(numbers.size())];
  } else {
    const Words arguments(words.begin() + static_cast<long>(names), words.end());
    words.resize(names);
    for (const auto &word : mutate.arguments(arguments)) words.push_back(word);
  }
  for (auto &word : words)
    if (word == "9999999999") word = "99999"; // attempts, which would be made
  std::string text;
  for (const auto &word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string damaged_file(Mutator &mutate, const std::string &file, const std::string &name) {
  write_text(name, mutate.file(contents(file)));
  return name;
}

/// A script, and the damaged line in it, if it is a line.
struct Script {
  std::string text, line;
};

const std::string gaussian =
    "fix m all nflow/mc 1 4 11 1.0 gaussian.pt move latent sigma 0.1 weight 2 move pcn 0.5 move "
    "multitry 3 move independence batch 8 prefetch 3 velocity redraw uncounted e device cpu";
const std::string mapped =
    "fix m all nflow/mc 1 4 11 0.8 good.pt prior 1.5 rearranged 0.4 1.5 move mapped reservoir "
    "hot.dump move excursion steps 2 timestep 0.1 local 2 weight 2 move excursion timestep 0.1 "
    "steps 2 repeat 2 batch 4 device cpu";
const std::string work = "compute w all nflow/work good.pt 0.8 1.5 seed 7 device cpu";

Script damaged_script(Mutator &mutate, uint64_t i) {
  const std::string file = std::to_string(i) + ".damaged", energy = "fix e all nflow/energy ";
  const auto with_gaussian = [&](const std::string &line) {
    return tethered + energy + "energy.pt\n" + of_energy + line;
  };
  const std::string all = "thermo_style custom step pe c_w c_w[7]\n";
  switch (i % 16) {
  case 0:
  case 1:
  case 2:
  case 3: {
    const auto line = damaged(mutate, gaussian, 4);
    return {with_gaussian(line), line};
  }
  case 4:
  case 5:
  case 6:
  case 7: {
    const auto line = damaged(mutate, mapped, 4);
    return {SoftDiscs::script("") + line, line};
  }
  case 8:
  case 9: {
    const auto line = damaged(mutate, work, 4);
    return {SoftDiscs::script("") + line + "\n" + all, line};
  }
  case 10:
  case 11:
  case 12:
  case 13: {
    damaged_file(mutate, "hot.dump", file);
    auto line = mapped;
    return {SoftDiscs::script("") + line.replace(line.find("hot.dump"), 8, file), ""};
  }
  case 14: {
    damaged_file(mutate, "gaussian.pt", file);
    auto line = gaussian;
    return {with_gaussian(line.replace(line.find("gaussian.pt"), 11, file)), ""};
  }
  default:
    return {tethered + energy + damaged_file(mutate, "energy.pt", file) + "\n" + of_energy, ""};
  }
}

/// A number that no argument may have, in a line that was accepted.
std::string lie_in(const std::string &line) {
  static const std::set<std::string> lies{"nan",   "inf",  "-inf", "1e400", "-1e308", "1e-320",
                                          "1e308", "%n%s", "1.5x", "1e",    "0x10",   "x"};
  for (const auto &word : words_of(line))
    if (lies.count(word)) return word;
  return "";
}

class Styles : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    write_toy_model("gaussian.pt", toy_metadata(3, 2));
    write_toy_liquid("good.pt", SoftDiscs::metadata(), [] {
      auto toy = SoftDiscs::flow(true);
      toy.masked = true;
      return toy;
    }());
    write_harmonic_energy("energy.pt", 3, 2, 1.0);
    SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 400);
  }
  const uint64_t count_ = of_environment("NFLOW_FUZZ_MUTANTS", 200);
  const uint64_t seed_ = of_environment("NFLOW_FUZZ_SEED", 1);

  /// What a process makes of the scripts from `first` on: all, or those up to the one that ends it,
  /// whose outcome is how.
  static std::vector<std::string> outcomes(uint64_t first, uint64_t end) {
    fs::remove("outcomes");
    const auto run = execute({NFLOW_RUN_SCRIPTS, std::to_string(first), std::to_string(end)},
                             longest_seconds + static_cast<double>(end - first));
    std::vector<std::string> result;
    std::ifstream in("outcomes");
    for (std::string line; std::getline(in, line);)
      result.push_back(line.substr(line.find(' ') + 1));
    if (run.timeout || run.signal || run.code) {
      const bool between = result.empty() || !result.back().empty();
      if (between && first + result.size() < end) result.resize(result.size() + 1);
      result.back() = run.timeout  ? "a timeout"
                      : run.signal ? "signal " + std::to_string(run.signal)
                                   : "exit code " + std::to_string(run.code);
      result.back() = "WRONG: " + result.back() + " " + run.errors.substr(0, 2000);
    }
    return result;
  }
};

TEST_F(Styles, NoDamagedInputCrashesHangsOrLies) {
  std::vector<Script> scripts;
  for (uint64_t i = 0; i < count_; i++) {
    Mutator mutate(seed_ * 1000003 + i);
    scripts.push_back(damaged_script(mutate, i));
    write_text(std::to_string(i) + ".in",
               "plugin load " + plugin_file() + "\n" + scripts[i].text + "\nrun 2\nrun 2 pre no\n");
  }
  uint64_t accepted = 0, refused = 0;
  for (uint64_t i = 0; i < count_;) {
    // Not all in one process: what one leaves behind would grow.
    for (const auto &outcome : outcomes(i, std::min(count_, i + 100))) {
      const auto &line = scripts[i].line;
      const bool taken = outcome == "accepted";
      (taken ? accepted : refused)++;
      EXPECT_EQ(taken ? lie_in(line) : "", "") << i << ".in: " << line;
      EXPECT_GT(outcome.size(), 7u) << i << ".in";
      EXPECT_NE(outcome.rfind("WRONG", 0), 0u) << i << ".in: " << line << "\n" << outcome;
      i++;
    }
  }
  std::printf("%llu scripts: %llu accepted, %llu refused\n",
              static_cast<unsigned long long>(count_), static_cast<unsigned long long>(accepted),
              static_cast<unsigned long long>(refused));
  EXPECT_GT(refused, count_ / 4);
  EXPECT_GT(accepted, count_ / 50);
}

TEST_F(Styles, NoDamagedArgumentMakesPartitionsWait) {
  const std::string line = "fix pt all nflow/temper 2 11 ${t} model mc.pt scheme deo partners "
                           "adjacent auxiliary fresh velocity rescale hamiltonian same log x.log "
                           "tune 4 timeout 20 universe no uncounted s device cpu";
  for (uint64_t i = 0; i < count_ / 50; i++) {
    Mutator mutate(seed_ * 2000003 + i);
    const auto mutant = damaged(mutate, line, 4);
    const auto run = run_partitions(Harmonic::script({0.5, 1.0}, mutant + "\n") + "run 6\n", "2x1",
                                    static_cast<int>(longest_seconds));
    // LAMMPS's own sentences may be lost where a partition ends the others.
    EXPECT_TRUE(run.status == 0 || run.status == 1) << run.status << ": " << mutant << run.text();
    EXPECT_EQ(run.status ? "" : lie_in(mutant), "") << mutant;
  }
}

} // namespace
