// The dump reader: what it takes, and the sentence for everything it does not.
#include "base/error.h"
#include "files/dump_reader.h"
#include "trainer/data/batches.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <set>

namespace {

using nflow::read_dumps;
using nflow::Samples;

std::string frame(const std::string &columns, const std::vector<std::string> &atoms,
                  const std::string &bounds = "pp pp pp", const std::string &length = "10",
                  int count = -1) {
  static int step = 0; // a new one each time
  std::string text = "ITEM: TIMESTEP\n" + std::to_string(step++) + "\nITEM: NUMBER OF ATOMS\n" +
                     std::to_string(count < 0 ? static_cast<int>(atoms.size()) : count) +
                     "\nITEM: BOX BOUNDS " + bounds + "\n";
  for (int k = 0; k < 3; k++) text += "0.0 " + length + "\n";
  text += "ITEM: ATOMS " + columns + "\n";
  for (const auto &atom : atoms) text += atom + "\n";
  return text;
}

std::string written(const std::string &name, const std::string &text) {
  std::ofstream(name, std::ios::binary) << text;
  return name;
}

void expect_error(const std::string &text, const std::string &part, int64_t dim = 2) {
  const auto file = written("bad.dump", text);
  try {
    read_dumps({file}, dim);
    FAIL() << "no error for: " << part;
  } catch (const nflow::Error &e) {
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find(file), std::string::npos) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << "one sentence";
  }
}

const std::string good = frame("id type x y z", {"7 2 3.5 -4e-1 0", "2 1 1 2 0"}),
                  again = frame("id type x y z", {"7 2 3.5 -4e-1 0", "2 1 1 2 0"});

TEST(DumpReader, SortsAtomsAndPicksColumns) {
  const auto samples = read_dumps({written("good.dump", good + again)}, 2);
  EXPECT_EQ(samples.count(), 2);
  EXPECT_EQ(samples.n_atoms, 2);
  EXPECT_EQ(samples.ids, (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(samples.types, (std::vector<int>{1, 2}));
  EXPECT_EQ(samples.box, (std::vector<double>{10, 10, 10}));
  EXPECT_EQ(samples.x, (std::vector<double>{1, 2, 3.5, -0.4, 1, 2, 3.5, -0.4}));
  EXPECT_EQ(read_dumps({"good.dump"}, 1).x, (std::vector<double>{1, 3.5, 1, 3.5}));
}

TEST(DumpReader, PrefersUnwrappedAndTakesOtherOrdersOfColumns) {
  const auto text = frame("x xu vx id", {"9 1.5 0 2", "9 2.5 0 1"}, "ss ss pp");
  const auto samples = read_dumps({written("xu.dump", text)}, 1);
  EXPECT_EQ(samples.x, (std::vector<double>{2.5, 1.5}));
  EXPECT_TRUE(samples.types.empty());
  EXPECT_FALSE(samples.periodic[0]);
  EXPECT_TRUE(samples.periodic[2]);
}

TEST(DumpReader, ReadsGzipAndSeveralFiles) {
  gzFile file = gzopen("good.dump.gz", "wb");
  gzputs(file, good.c_str());
  gzclose(file);
  written("good.dump", good + again);
  const auto samples = read_dumps({"good.dump.gz", "good.dump"}, 2);
  EXPECT_EQ(samples.per_file, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(samples.count(), 3);
}

TEST(DumpReader, KeepsUnitsAndTriclinicBounds) {
  const auto text = "ITEM: UNITS\nreal\n" + frame("id x", {"1 0.5"}, "xy xz yz pp pp ff", "4 0.0");
  const auto samples = read_dumps({written("units.dump", text)}, 1);
  EXPECT_EQ(samples.units, "real");
  EXPECT_TRUE(samples.periodic[1]);
  EXPECT_FALSE(samples.periodic[2]);
}

TEST(DumpReader, RefusesTruncatedFiles) {
  expect_error(good + again.substr(0, again.size() - 12), "cut off"); // an atom less
  expect_error(good + again.substr(0, again.size() - 4), "cut off");  // within a line
  expect_error(good + "ITEM: TIMESTEP\n", "cut off");
  expect_error("", "holds no frame");
  gzFile file = gzopen("bad.dump", "wb");
  for (int i = 0; i < 2000; i++)
    gzputs(file,
           frame("id x y", {std::to_string(1) + " " + std::to_string(i * 0.37) + " 1"}).c_str());
  gzclose(file);
  std::ifstream in("bad.dump", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  expect_error(bytes.substr(0, bytes.size() / 2), "damaged or incomplete");
}

TEST(DumpReader, RefusesMissingColumns) {
  expect_error(frame("id type x", {"1 1 0"}), "no column y");
  expect_error(frame("id type vx vy vz", {"1 1 0 0 0"}), "no column x");
  expect_error(frame("type x y", {"1 0 0"}), "no column id");
}

TEST(DumpReader, ExchangedTypesRenumberTheAtoms) {
  // As fix atom/swap leaves them: the second frame has the types of the first exchanged.
  const auto file = written("swapped.dump",
                            frame("id type x y z", {"1 1 0.5 1 0", "2 2 2 3 0", "3 1 4 5 0"}) +
                                frame("id type x y z", {"1 2 0.5 1 0", "2 1 2 3 0", "3 1 4 5 0"}));
  auto samples = read_dumps({file}, 2);
  EXPECT_EQ(samples.types, (std::vector<int>{1, 2, 1}));
  EXPECT_EQ(samples.x, (std::vector<double>{0.5, 1, 2, 3, 4, 5, 2, 3, 0.5, 1, 4, 5}));
  ASSERT_TRUE(nflow::relabel(samples.types, {2, 1, 1}, 2, samples.x));
  EXPECT_EQ(samples.x, (std::vector<double>{2, 3, 0.5, 1, 4, 5, 0.5, 1, 2, 3, 4, 5}));
  EXPECT_FALSE(nflow::relabel(samples.types, {2, 2, 1}, 2, samples.x));
}

TEST(DumpReader, RefusesWhatDiffers) {
  expect_error(good + frame("id type x y z", {"2 1 1 2 0"}), "has 1 atoms");
  expect_error(good + frame("id type x y z", {"2 1 1 2 0", "8 2 1 2 0"}), "other atom IDs");
  expect_error(good + frame("id type x y z", {"2 2 1 2 0", "7 2 1 2 0"}),
               "other numbers of atoms of the types");
  expect_error(good + frame("id type x y z", {"2 1 1 2 0", "7 2 1 2 0"}, "pp pp pp", "11"),
               "periodic box differs");
  expect_error(frame("id type x y z", {"2 1 1 2 0", "2 1 1 2 0"}), "comes twice");
}

TEST(DumpReader, ShrinkWrappedBoxesMayDiffer) {
  const auto a = frame("id x", {"1 0.5"}, "ss ss ss", "3");
  const auto b = frame("id x", {"1 0.5"}, "ss ss ss", "4");
  EXPECT_EQ(read_dumps({written("shrink.dump", a + b)}, 1).count(), 2);
}

TEST(DumpReader, RefusesBadNumbers) {
  expect_error(frame("id type x y z", {"1 1 nan 0 0"}), "not finite");
  expect_error(frame("id type x y z", {"1 1 0 inf 0"}), "not finite");
  expect_error(frame("id type x y z", {"1 1 0 1.5abc 0"}), "'1.5abc' is not a coordinate");
  expect_error(frame("id type x y z", {"1.5 1 0 0 0"}), "not an atom ID");
  expect_error(frame("id type x y z", {}), "no atoms");
  expect_error("hello\n", "expected an ITEM:");
}

TEST(DumpReader, RefusesMissingFile) {
  EXPECT_THROW(read_dumps({"not/there"}, 1), nflow::Error);
}

TEST(Split, HoldsOutWholeBlocksOfTime) {
  Samples samples;
  samples.n_atoms = samples.dim = 1;
  samples.per_file = {1000, 500};
  samples.x.resize(1500);
  const auto split = nflow::trainer::split_by_blocks(samples, 0.1);
  EXPECT_EQ(split.validation.size(), 150u);
  std::set<int64_t> all(split.training.begin(), split.training.end());
  all.insert(split.validation.begin(), split.validation.end());
  EXPECT_EQ(all.size(), 1500u);
  int neighbours = 0;
  for (size_t i = 1; i < split.validation.size(); i++)
    neighbours += split.validation[i] == split.validation[i - 1] + 1;
  EXPECT_EQ(neighbours, 150 - 10); // five blocks in each file
  EXPECT_TRUE(nflow::trainer::split_by_blocks(samples, 0.0).validation.empty());
}

} // namespace
