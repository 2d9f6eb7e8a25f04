// The programs on damaged files and command lines: none ends by a signal, none hangs, and what is
// refused is refused in one line. NFLOW_FUZZ_MUTANTS and NFLOW_FUZZ_SEED say how many, and which.
#include "base/random.h"
#include "support/bounded_run.h"
#include "support/mutations.h"
#include "support/run_command.h"
#include "support/tempering_log.h"
#include "training_case.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

namespace {

using nflow::tests::contents;
using nflow::tests::execute;
using nflow::tests::Mutator;
using nflow::tests::of_environment;
using nflow::tests::Outcome;
using nflow::tests::run_command;
using nflow::tests::write_text;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

/// What is run, and the exit codes that it may have.
struct Case {
  Words words;
  std::set<int> codes{0, 2};
};

const std::string stats = NFLOW_STATS, reference = NFLOW_REFERENCE, trainer = NFLOW_TRAIN;

/// A dump of four atoms whose dihedral turns.
std::string turning_chain(int frames) {
  std::string text;
  for (int t = 0; t < frames; t++)
    text += "ITEM: TIMESTEP\n" + std::to_string(t) +
            "\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS pp pp ff\n0 9\n0 9\n0 9\n"
            "ITEM: ATOMS id x y z\n1 2 0.5 0\n2 0.5 0.5 0\n3 0.5 0.5 1\n4 " +
            std::to_string(std::cos(0.5 * t)) + " " + std::to_string(std::sin(0.5 * t)) + " 1.5\n";
  return text;
}

/// Sound files of every kind.
class Programs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    nflow::tests::TemperingRun run;
    run.scans = 60;
    run.simulate();
    write_text("exchange.log", run.log);
    run.write_thermo("thermo");
    write_text("matrix", "1 0.5\n-0.25 2\n");
    write_text("linear", "0.3\n-0.7\n");
    write_text("radii", "# ID radius scale charge\n1 1.5 0.8 -0.4\n2 1.25 0.85 0.4\n");
    nflow::tests::write_normal_dump("small.dump", 30, 3);
    nflow::tests::write_normal_dump("reference.dump", 120, 2);
    write_text("chain.dump", turning_chain(20));
    write_text("train.ini", "data = [\"small.dump\"]\ndim = 1\ntemperature = 1\ncouplings = 1\n"
                            "hidden = 4\nsteps = 2\nbatch = 4\nvalidate-every = 1\n"
                            "learning-rate = 0.003\nprecision = \"float64\"\n");
    ASSERT_EQ(run_command(reference + " multiwell --dim 2 --output well.pt").code, 0);
    ASSERT_EQ(run_command(trainer + " --config train.ini --output f.pt --stop-at 1").code, 3);
    fs::rename("f.pt.checkpoint", "sound.checkpoint");
  }

  static const std::vector<std::function<Case(Mutator &)>> &kinds();
};

/// A damaged copy; compressed now and then, and then damaged once more.
std::string damaged(Mutator &mutate, const std::string &file) {
  write_text("damaged", mutate.file(contents(file)));
  return "damaged";
}

std::string damaged_dump(Mutator &mutate, const std::string &file) {
  if (mutate.below(4)) return damaged(mutate, file);
  const auto text = contents(file);
  gzFile out = gzopen("damaged", "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
  write_text("damaged", mutate.file(contents("damaged")));
  return "damaged";
}

Case training(Words words, bool resumed = false) {
  Words all{trainer};
  all.insert(all.end(), words.begin(), words.end());
  for (const std::string word : {"--output", "f.pt", "--stop-at", "2"}) all.push_back(word);
  if (resumed) all.push_back("--resume");
  return {all, {0, 2, 3, 4, 5}};
}

const std::vector<std::function<Case(Mutator &)>> &Programs::kinds() {
  static const Words options{"--dim",    "1",         "--temperature", "1", "--couplings", "1",
                             "--hidden", "4",         "--steps",       "2", "--batch",     "4",
                             "--data",   "small.dump"};
  const auto exchange = [](Mutator &m) { return Case{{stats, damaged(m, "exchange.log")}}; };
  const auto thermo = [](Mutator &m) {
    return Case{{stats, "exchange.log", "--thermo", "thermo.0", damaged(m, "thermo.1"), "thermo.2",
                 "thermo.3"}};
  };
  const auto stats_words = [](Mutator &m) {
    Case run{{stats}};
    for (const auto &word :
         m.arguments({"exchange.log", "--skip", "3", "--atoms", "2", "--json", "stats.json",
                      "--thermo", "thermo.0", "thermo.1", "thermo.2", "thermo.3"}))
      run.words.push_back(word);
    return run;
  };
  const auto chains = [](Mutator &m) {
    return Case{{stats, damaged_dump(m, "chain.dump"), "--dihedral", "1", "2", "3", "4"}};
  };
  const auto chain_words = [](Mutator &m) {
    Case run{{stats}};
    for (const auto &word :
         m.arguments({"chain.dump", "--dihedral", "1", "2", "3", "4", "--angle", "1", "2", "3",
                      "--border", "-60", "60", "--skip", "3", "--csv", "chain.csv"}))
      run.words.push_back(word);
    return run;
  };
  const auto average = [](Mutator &m) {
    return Case{{reference, "average", damaged(m, "thermo.0")}};
  };
  const auto compare = [](Mutator &m) {
    return Case{{reference, "compare", "--energy", "well.pt", "--temperature", "1", "--dump",
                 damaged_dump(m, "reference.dump")},
                {0, 1, 2}};
  };
  const auto wells = [](Mutator &m) {
    const bool matrix = m.below(2);
    return Case{{reference, "multiwell", "--output", "other.pt", "--matrix",
                 matrix ? damaged(m, "matrix") : "matrix", "--linear",
                 matrix ? "linear" : damaged(m, "linear")}};
  };
  const auto radii = [](Mutator &m) {
    return Case{{reference, "gb-obc", "--output", "other.pt", "--table", damaged(m, "radii")}};
  };
  const auto reference_words = [](Mutator &m) {
    static const std::vector<Words> lines = {
        {"exact", "well.pt", "--temperature", "1", "2"},
        {"sample", "well.pt", "--temperature", "1", "--count", "5", "--output", "s.dump", "--seed",
         "3"},
        {"multiwell", "--dim", "2", "--seed", "3", "--quadratic", "-4", "--quartic", "1",
         "--output", "other.pt"},
        {"gb-obc", "--table", "radii", "--form", "obc1", "--units", "metal", "--offset", "0.1",
         "--surface-tension", "0", "--probe", "1.4", "--output", "other.pt"},
        {"average", "thermo.0", "--atoms", "2", "--skip", "3", "--column", "PotEng"}};
    Case run{{reference}};
    for (const auto &word : m.arguments(lines[m.below(lines.size())])) run.words.push_back(word);
    return run;
  };
  const auto data = [](Mutator &m) {
    auto words = options;
    words.back() = damaged_dump(m, "small.dump");
    return training(words);
  };
  const auto config = [](Mutator &m) { return training({"--config", damaged(m, "train.ini")}); };
  const auto checkpoint = [](Mutator &m) {
    return training({"--config", "train.ini", "--checkpoint", damaged(m, "sound.checkpoint")},
                    true);
  };
  const auto train_words = [](Mutator &m) { return training(m.arguments(options)); };
  // The quick ones more often.
  static const std::vector<std::function<Case(Mutator &)>> all = {
      exchange,    thermo,          stats_words, average, exchange,   thermo,     stats_words,
      data,        exchange,        thermo,      compare, exchange,   thermo,     config,
      stats_words, reference_words, exchange,    thermo,  checkpoint, exchange,   thermo,
      wells,       stats_words,     train_words, radii,   chains,     chain_words};
  return all;
}

/// What is wrong, or nothing.
std::string complaint(const Case &run, const Outcome &outcome) {
  if (outcome.timeout) return "a timeout";
  if (outcome.signal) return "signal " + std::to_string(outcome.signal);
  if (!run.codes.count(outcome.code)) return "exit code " + std::to_string(outcome.code);
  const auto &errors = outcome.errors;
  const bool one_line = !errors.empty() && errors.find('\n') == errors.size() - 1;
  return outcome.code == 2 && !one_line ? "not one line on stderr" : "";
}

TEST_F(Programs, NoDamagedInputCrashesOrHangsOne) {
  const uint64_t count = of_environment("NFLOW_FUZZ_MUTANTS", 200);
  const uint64_t seed = of_environment("NFLOW_FUZZ_SEED", 1);
  std::map<int, uint64_t> codes;
  uint64_t wrong = 0;
  double longest = 0.0;
  for (uint64_t i = 0; i < count; i++) {
    Mutator mutate(seed * 1000003 + i);
    const Case run = kinds()[i % kinds().size()](mutate);
    const Outcome outcome = execute(run.words);
    codes[outcome.code]++;
    longest = std::max(longest, outcome.seconds);
    const auto what = complaint(run, outcome);
    if (what.empty()) continue;
    wrong++;
    const auto kept = "mutant." + std::to_string(i);
    if (fs::exists("damaged")) fs::copy_file("damaged", kept, fs::copy_options::overwrite_existing);
    std::string command;
    for (const auto &word : run.words) command += " '" + word.substr(0, 100) + "'";
    ADD_FAILURE() << what << " of mutant " << i << " (" << kept << "):" << command << "\n"
                  << outcome.errors.substr(0, 2000);
  }
  std::printf("%llu mutants: %llu wrong, the longest took %.1f s; exit codes:",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(wrong),
              longest);
  for (const auto &[code, times] : codes)
    std::printf(" %d (%llu times)", code, static_cast<unsigned long long>(times));
  std::printf("\n");
  // Most damage is seen, and not everything is refused.
  EXPECT_GT(codes[2], count / 10);
  EXPECT_GT(codes[0], count / 50);
}

} // namespace
