#include "files/dump_reader.h"
#include "files/dump_writer.h"
#include "files/thermo_log.h"
#include "reference/multi_well.h"
#include "support/refusal.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace nflow;
using namespace nflow::reference;
using nflow::tests::refusal;

namespace {

std::string write_file(const std::string &name, const std::string &text) {
  std::ofstream(name) << text;
  return name;
}

} // namespace

TEST(DumpWriter, TheReaderOfTheTrainerReadsIt) {
  const std::vector<double> frames = {-1.25, 3.0, 0.123456789012, 1e-7, -20.5, 0.0};
  for (const std::string name : {"test_samples.dump", "test_samples.dump.gz"}) {
    DumpWriter writer(name, line_of_atoms(3, 30.0), -30.0);
    writer.write(0, &frames[0]);
    writer.write(1, &frames[3]);
    writer.close();
    const auto samples = nflow::read_dumps({name}, 1);
    EXPECT_EQ(samples.n_atoms, 3);
    EXPECT_EQ(samples.ids, (std::vector<int64_t>{1, 2, 3}));
    EXPECT_EQ(samples.types, (std::vector<int>{1, 1, 1}));
    ASSERT_EQ(samples.x.size(), frames.size());
    for (size_t i = 0; i < frames.size(); i++) EXPECT_NEAR(samples.x[i], frames[i], 1e-11 * 20.5);
  }
  EXPECT_NE(refusal([] {
              DumpWriter("no_such_folder/a.dump", line_of_atoms(3, 30.0), -30.0);
            }).find("no_such_folder"),
            std::string::npos);
}

TEST(MultiWellFiles, OwnMatrixAndLinearTerm) {
  const auto matrix = write_file("test_A.txt", "# rows of A\n1.0 0.5\n-0.25 2e0 # the second\n");
  const auto linear = write_file("test_a.txt", "0.3\n-0.7\n");
  const auto system = read_multi_well(matrix, linear);
  EXPECT_EQ(system.dim(), 2);
  EXPECT_EQ(system.A.values, (std::vector<double>{1.0, 0.5, -0.25, 2.0}));
  EXPECT_EQ(system.a, (std::vector<double>{0.3, -0.7}));
  const double x[2] = {0.4, -1.1};
  const double y0 = 0.4 - 0.55, y1 = -0.1 - 2.2;
  const auto well = [](double a, double y) { return a * y - 4.0 * y * y + y * y * y * y; };
  EXPECT_NEAR(system.energy(x), well(0.3, y0) + well(-0.7, y1), 1e-12);
}

TEST(MultiWellFiles, Refusals) {
  const auto matrix = write_file("test_A.txt", "1 0\n0 1\n");
  const auto three = write_file("test_a3.txt", "1 2 3\n");
  const auto word = write_file("test_word.txt", "1 two\n");
  const auto singular = write_file("test_singular.txt", "1 2\n2 4\n");
  const auto two = write_file("test_a2.txt", "1 2\n");
  EXPECT_NE(refusal([&] { read_multi_well(matrix, three); }).find("matrix of 9"),
            std::string::npos);
  EXPECT_NE(refusal([&] { read_multi_well(matrix, word); }).find("'two'"), std::string::npos);
  EXPECT_NE(refusal([&] { read_multi_well(singular, two); }).find("singular"), std::string::npos);
}

TEST(ThermoLog, LastRunOnly) {
  const auto log =
      write_file("test_log.lammps", "Step PotEng \n  0  1.0\n  10 2.0\nLoop time of 1\n"
                                    "WARNING: something\n"
                                    "Step Temp PotEng \n  10 0.1 3.5\nWARNING: more\n"
                                    "  20 0.2 -4.5\nLoop time of 1 on 1\n  30 1 1\n");
  EXPECT_EQ(read_thermo_column(log, "PotEng"), (std::vector<double>{3.5, -4.5}));
  EXPECT_EQ(read_thermo_column(log, "Temp"), (std::vector<double>{0.1, 0.2}));
  for (const std::string value : {"nan", "inf", "-inf", "1e200"}) {
    const auto failed = write_file("test_failed.log", "Step PotEng\n0 1\n10 " + value + "\n");
    EXPECT_NE(refusal([&] { read_thermo_column(failed, "PotEng"); }).find("line 3"),
              std::string::npos);
  }
  // Half a number, of a run that was killed.
  EXPECT_EQ(read_thermo_column(write_file("test_cut.log", "Step PotEng\n0 1\n10 23"), "PotEng"),
            std::vector<double>{1.0});
  EXPECT_NE(refusal([] { read_thermo_column("/dev/zero", "PotEng"); }).find("a device"),
            std::string::npos);
  EXPECT_NE(refusal([&] { read_thermo_column(log, "KinEng"); }).find("KinEng"), std::string::npos);
  EXPECT_NE(refusal([] { read_thermo_column("none.log", "PotEng"); }).find("none.log"),
            std::string::npos);
}
