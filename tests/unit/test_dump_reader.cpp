// The dump reader: what it takes, and the sentence for everything it does not.
#include "base/error.h"
#include "files/dump_reader.h"
#include "trainer/data/batches.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sys/stat.h>

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

/// The numbers of one frame along x in a box from 0 to 10.
std::vector<double> read_x(const std::string &columns, const std::vector<std::string> &atoms,
                           int64_t dim = 1) {
  return read_dumps({written("columns.dump", frame(columns, atoms))}, dim).x;
}

TEST(DumpReader, ImageFlagsUnwrap) {
  EXPECT_EQ(read_x("id type x y z ix iy iz", {"1 1 9.5 3 0 -1 2 7"}, 2),
            (std::vector<double>{-0.5, 23}));
  EXPECT_EQ(read_x("id x iy", {"1 9.5 3"}), (std::vector<double>{9.5})) << "of another axis";
  EXPECT_EQ(read_x("id ix x xu", {"1 1 9.5 4.25"}), (std::vector<double>{4.25}));
  EXPECT_EQ(read_x("id x ix", {"1 1.5 -2", "2 2.5 0"}), (std::vector<double>{-18.5, 2.5}));
  expect_error(frame("id x ix", {"1 1.5 0.5"}), "not an image flag", 1);
  expect_error(frame("id x ix", {"1 1.5 2147483647"}), "box lengths away", 1);
}

TEST(DumpReader, ScaledCoordinatesAreOfTheBoxOfTheirFrame) {
  EXPECT_EQ(read_x("id type xs ys zs", {"1 1 0.25 0.5 0"}, 2), (std::vector<double>{2.5, 5}));
  EXPECT_EQ(read_x("id xs ix", {"1 0.25 -1"}), (std::vector<double>{-7.5}));
  EXPECT_EQ(read_x("id xs xsu", {"1 0.25 3.5"}), (std::vector<double>{35}));
  EXPECT_EQ(read_x("id x xsu", {"1 5 3.5"}), (std::vector<double>{35})) << "unwrapped first";
  // From the lower side, which moves in a shrink-wrapped box.
  auto first = frame("id xs", {"1 0.5"}, "ss ss ss", "3"),
       second = frame("id xs", {"1 0.5"}, "ss ss ss", "5");
  for (auto *text : {&first, &second})
    for (size_t at = 0; (at = text->find("0.0 ", at)) != std::string::npos;)
      text->replace(at, 3, "1.0");
  EXPECT_EQ(read_dumps({written("scaled.dump", first + second)}, 1).x,
            (std::vector<double>{2.0, 3.0}));
}

TEST(DumpReader, RefusesTiltedBoxes) {
  expect_error(frame("id x y", {"1 1 1"}, "xy xz yz pp pp pp", "10 0.5"), "tilted");
  expect_error(frame("id x y", {"1 1 1"}, "abc origin pp pp pp", "10 0 0 0"), "box of this form");
}

TEST(DumpReader, RefusesRowsThatLackANumberOrHaveOneMore) {
  for (const std::string row : {"1 1 0.5 2", "1 1 0.5 2 0 0", "1 0.5 2"})
    expect_error(frame("id type x y z", {row}), "not the 5 columns", 1);
}

TEST(DumpReader, RefusesATimeStepThatComesTwiceInAFile) {
  expect_error(good + again + good, "comes twice in this file");
  EXPECT_EQ(read_dumps({written("good.dump", good), "good.dump"}, 1).count(), 2)
      << "replicas may share their steps";
}

TEST(DumpReader, RefusesAFileWithoutTypesBesideOneWithThem) {
  const auto with = written("with.dump", frame("id type x", {"1 1 0.5"})),
             without = written("without.dump", frame("id x", {"1 0.5"}));
  for (const auto &files : {std::vector<std::string>{with, without}, {without, with}}) try {
      read_dumps(files, 1);
      FAIL() << "no error";
    } catch (const nflow::Error &e) {
      EXPECT_NE(std::string(e.what()).find("column type"), std::string::npos) << e.what();
    }
}

TEST(DumpReader, BelievesNoClaimOfAtoms) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string claim : {"400000000", "9223372036854775807"}) {
    auto text = good;
    text.replace(text.find("\n2\n") + 1, 1, claim);
    expect_error(text, "cut off");
  }
  expect_error("ITEM: NUMBER OF ATOMS\n9223372036854775808\n", "not a number of atoms");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(DumpReader, RefusesWhatNeedNotEnd) {
  std::remove("pipe.dump");
  mkfifo("pipe.dump", 0600);
  for (const std::string file : {"pipe.dump", "/dev/zero", "."}) try {
      read_dumps({file}, 1);
      FAIL() << file;
    } catch (const nflow::Error &e) {
      EXPECT_NE(std::string(e.what()).find("a folder, a pipe or a device"), std::string::npos);
    }
}

TEST(DumpReader, RefusesWhatIsAbsurdAgainstTheBox) {
  expect_error(frame("id x", {"1 1e308"}), "box lengths away", 1);
  expect_error(frame("id x", {"1 -1.1e7"}), "box lengths away", 1);
  EXPECT_EQ(read_x("id x", {"1 -9e6"}), (std::vector<double>{-9e6}));
  expect_error(frame("id x", {"1 1"}, "pp pp pp", "1e308"), "box bound", 1);
  expect_error(frame("id x", {"1 1"}, "pp pp pp", "0"), "no length", 1);
  expect_error(frame("id x", {"1 1"}, "pp pp pp", "-3"), "no length", 1);
}

TEST(DumpReader, RefusesFramesThatLackAnItem) {
  for (const std::string item : {"TIMESTEP", "NUMBER OF ATOMS", "BOX BOUNDS"}) {
    auto text = again;
    const auto begin = text.find("ITEM: " + item);
    text.erase(begin, text.find("ITEM:", begin + 1) - begin);
    expect_error(good + text, "no ITEM: " + item);
  }
}

TEST(DumpReader, RefusesLinesWithoutEndAndLinesThatNoDumpHas) {
  auto text = frame("id x", {"1 0.512"});
  text.resize(text.size() - 2); // 0.51 is a number, too
  expect_error(text, "no end", 1);
  expect_error(frame("id x", {std::string(20000, '1') + " 1"}), "too long", 1);
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
