// The table of radii that nflow-reference gb-obc reads, and the command with its options.
#include "model/energy_model.h"
#include "reference/gb_obc.h"
#include "support/refusal.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace {

using namespace nflow;
using reference::read_gb_table;
using tests::expect_sentence;
using tests::run_command;
using tests::write_text;

const std::string program = NFLOW_REFERENCE;

tests::CommandResult gb_obc(const std::string &options) {
  return run_command("timeout 60 " + program + " gb-obc " + options);
}

TEST(GbTable, IsReadInTheOrderOfTheIds) {
  write_text("table", "# a comment\n\n7 1.5 0.8 -0.25 # of an atom\n  2\t1.25 0.85 1e-1\r\n");
  const auto atoms = read_gb_table("table", 0.09);
  EXPECT_EQ(atoms.ids, (std::vector<int64_t>{2, 7}));
  EXPECT_EQ(atoms.radius, (std::vector<double>{1.25, 1.5}));
  EXPECT_EQ(atoms.scale, (std::vector<double>{0.85, 0.8}));
  EXPECT_EQ(atoms.charge, (std::vector<double>{0.1, -0.25}));
}

TEST(GbTable, MisuseHasASentence) {
  const auto expect = [](const std::string &text, const std::string &part) {
    write_text("table", text);
    expect_sentence(tests::refusal([] { read_gb_table("table", 0.09); }), part);
  };
  expect("1 1.5 0.8\n", "line 1 of 'table' has 3 columns");
  expect("1 1.5 0.8 0.1\n2 1.5 0.8 0.1 C\n", "line 2 of 'table' has 5 columns");
  expect("1 1.5 0.8 q\n", "has 'q', which is not a number");
  expect("1 1.5 0.8 nan\n", "has 'nan', which is not a number");
  expect("1 inf 0.8 0\n", "has 'inf', which is not a number");
  for (const char *id : {"0", "-1", "1.5", "1e20"})
    expect(std::string(id) + " 1.5 0.8 0\n", std::string("begins with '") + id + "'");
  expect("1 0.09 0.8 0\n", "has a radius of 0.09, which is not larger than the offset of 0.09");
  expect("1 1.5 -0.8 0\n", "has a scale of -0.8, which is negative");
  expect("1 1.5 0.8 0\n1 1.5 0.8 0\n", "has atom 1 twice");
  expect("# nothing\n", "has no atoms");
  std::string many;
  for (int i = 1; i <= 2001; i++) many += std::to_string(i) + " 1.5 0.8 0\n";
  expect(many, "has 2001 atoms");
  expect_sentence(tests::refusal([] { read_gb_table("nowhere", 0.09); }), "cannot open 'nowhere'");
  expect_sentence(tests::refusal([] { read_gb_table("/dev/null", 0.09); }), "a regular file");
}

TEST(GbObcCommand, WritesWhatTheOptionsSay) {
  write_text("ion", "1 2.0 0.8 1.0\n");
  const auto energy_of = [](const std::string &options) {
    const auto made = gb_obc("--table ion --output ion.pt " + options);
    EXPECT_EQ(made.code, 0) << made.output;
    EnergyModel model("ion.pt");
    const double x[3] = {1.0, 2.0, 3.0};
    double energy = 0.0;
    model.energy(1, x, &energy);
    return energy;
  };
  // Of an ion of own radius 2 - offset, after Born.
  const auto born = [](double coulomb, double inner, double outer, double own) {
    return -0.5 * coulomb * (1.0 / inner - 1.0 / outer) / own;
  };
  EXPECT_NEAR(energy_of("--surface-tension 0"), born(332.06371, 1.0, 78.3, 1.91), 1e-9);
  EXPECT_NEAR(energy_of("--surface-tension 0 --dielectric 2 --solvent-dielectric 80 --offset 0.5"),
              born(332.06371, 2.0, 80.0, 1.5), 1e-9);
  const double area = 4.0 * M_PI * 0.01 * std::pow(3.0, 2) * std::pow(2.0 / 1.91, 6);
  EXPECT_NEAR(energy_of("--surface-tension 0.01 --probe 1") - energy_of("--surface-tension 0"),
              area, 1e-9);
  EXPECT_NEAR(energy_of("--units metal --offset 0.1 --surface-tension 0 --probe 0"),
              born(14.399645, 1.0, 78.3, 1.9), 1e-9);
  const auto written = [&](const std::string &options) {
    energy_of(options);
    const auto record = EnergyModel("ion.pt").metadata().provenance.at("gb_obc");
    return std::vector<double>{record.at("alpha"), record.at("beta"), record.at("gamma")};
  };
  EXPECT_EQ(written(""), (std::vector<double>{1.0, 0.8, 4.85}));
  EXPECT_EQ(written("--form obc1"), (std::vector<double>{0.8, 0.0, 2.909125}));
  EXPECT_EQ(written("--form obc1 --beta 0.1 --gamma 3"), (std::vector<double>{0.8, 0.1, 3.0}));
}

TEST(GbObcCommand, MisuseHasASentence) {
  write_text("ion", "1 2.0 0.8 1.0\n");
  const auto expect = [](const std::string &options, const std::string &part) {
    const auto run = gb_obc(options);
    EXPECT_EQ(run.code, 2) << options << "\n" << run.output;
    EXPECT_NE(run.output.find(part), std::string::npos) << run.output;
    EXPECT_EQ(run.output.find('\n'), run.output.size() - 1) << run.output;
  };
  expect("", "--table is required");
  expect("--table nowhere", "cannot open 'nowhere': give --table");
  expect("--table ion --form obc3", "obc3");
  expect("--table ion --units imperial", "'imperial' is not a LAMMPS unit style");
  expect("--table ion --units lj", "the default of --offset is in units real: give it");
  expect("--table ion --units lj --offset 0.1", "the default of --surface-tension is in units");
  expect("--table ion --offset 2", "radius of 2, which is not larger than the offset of 2");
  expect("--table ion --solvent-dielectric 0", "--solvent-dielectric");
  expect("--table ion --probe -1", "--probe");
  expect("--table ion --alpha nan", "--alpha nan is of no use");
  expect("--table ion --output ion", "'ion'");
  expect("--table ion --output nowhere/gb.pt", "nowhere");
}

} // namespace
