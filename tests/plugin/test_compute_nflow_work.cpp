// compute nflow/work: its numbers against closed forms, the same on any number of ranks, every
// misuse a sentence, and a simulation that does not notice it.

#include "base/random.h"
#include "plugin/soft_discs.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow;
using tests::SoftDiscs;

constexpr double scale = 1.3, shift = 0.7;
const std::vector<double> start = {1.0, 1.2, 0.3, 2.0, 0.8, -0.4}; // three atoms in the plane

/// Three harmonic oscillators (U = x^2) at `start`; thermo output: step, `columns`.
std::string oscillators(const std::string &compute, const std::string &columns) {
  tests::write_harmonic_energy("energy.pt", 3, 2, 2.0);
  std::ostringstream text;
  text << "units lj\ndimension 2\nboundary f f p\nregion r block -20 20 -20 20 -0.5 0.5\n"
          "create_box 1 r\n";
  for (int i = 0; i < 3; i++)
    text << "create_atoms 1 single " << start[2 * i] << ' ' << start[2 * i + 1] << " 0\n";
  text << "mass 1 1.0\npair_style zero 2.0\npair_coeff * *\nfix e all nflow/energy energy.pt\n"
          "fix_modify e energy yes\n"
       << compute << "thermo_style custom step " << columns
       << "\nthermo_modify norm no format float %20.16g\n";
  return text.str();
}

const std::string columns = "c_w c_w[1] c_w[2] c_w[3] c_w[4] c_w[5] c_w[6] c_w[7]";

std::vector<double> row_of(const std::string &script, int ranks = 1) {
  const auto run = tests::run_lammps(script, ranks);
  EXPECT_EQ(run.status, 0) << run.output;
  return run.thermo.empty() ? std::vector<double>(20) : run.thermo.back();
}

double square(const std::vector<double> &values) {
  double sum = 0.0;
  for (const double value : values) sum += value * value;
  return sum;
}

std::vector<double> momenta(uint32_t seed, uint64_t step, size_t count, double variance) {
  std::vector<double> p(count);
  RandomStream random(seed, 0, step, Purpose::auxiliary);
  random.fill_gaussian(p.data(), static_cast<int64_t>(count), std::sqrt(variance));
  return p;
}

class ClosedForm : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Auxiliary, ClosedForm, ::testing::Bool());

TEST_P(ClosedForm, LogDensity) {
  const bool auxiliary = GetParam();
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2, auxiliary), scale, shift);
  const auto row =
      row_of(oscillators("compute w all nflow/work model.pt 0.8 seed 5\n", columns) + "run 0\n");
  const double tau = 0.8, u = square(start);
  const auto p = momenta(5, 0, 6, tau);
  double log_q = 0.0, h = u / tau;
  for (int i = 0; i < 6; i++) {
    const double latent = (start[i] - shift) / scale;
    log_q -= latent * latent / (2 * tau) + 0.5 * std::log(2 * M_PI * tau) + std::log(scale);
    if (!auxiliary) continue;
    const double latent_p = p[i] - 0.1 * start[i];
    log_q -= latent_p * latent_p / (2 * tau) + 0.5 * std::log(2 * M_PI * tau);
    h += p[i] * p[i] / (2 * tau) + 0.5 * std::log(2 * M_PI * tau);
  }
  const double log_det = -6 * std::log(scale);
  const double exact[] = {log_q, u, u, log_det, 0.0, h, log_det - log_q, -h - log_q};
  for (int k = 0; k < 8; k++) EXPECT_NEAR(row.at(1 + k), exact[k], 1e-11) << "column " << k;
}

TEST_P(ClosedForm, WorkThroughTheLatentSpace) {
  const bool auxiliary = GetParam();
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2, auxiliary), scale, shift);
  const auto row = row_of(
      oscillators("compute w all nflow/work model.pt 0.8 1.7 seed 5\n", columns) + "run 0\n");
  const double here = 0.8, there = 1.7, c = std::sqrt(there / here);
  const auto p = momenta(5, 0, 6, here);
  double u_there = 0.0, h = square(start) / here, h_there = 0.0;
  for (int i = 0; i < 6; i++) {
    const double x = shift + c * (start[i] - shift), q = c * (p[i] - 0.1 * start[i]) + 0.1 * x;
    u_there += x * x;
    if (!auxiliary) continue;
    h += p[i] * p[i] / (2 * here) + 0.5 * std::log(2 * M_PI * here);
    h_there += q * q / (2 * there) + 0.5 * std::log(2 * M_PI * there);
  }
  h_there += u_there / there;
  const double log_det = (auxiliary ? 12 : 6) * std::log(c), work = h_there - h - log_det;
  const double exact[] = {work, square(start), u_there, log_det, 0.0, h, h_there, -work};
  for (int k = 0; k < 8; k++) EXPECT_NEAR(row.at(1 + k), exact[k], 1e-11) << "column " << k;
}

TEST(Work, OfAnExactFlowIsConstant) {
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2), scale);
  const auto run = tests::run_lammps(
      oscillators("compute w all nflow/work model.pt 0.8 0.4\n"
                  "velocity all create 1.0 11\nfix n all nve\nvariable w equal c_w-c_w[4]\n"
                  "fix a all ave/time 1 5 5 c_w c_w[7] v_w\n",
                  "c_w c_w[1] pe f_a[1] f_a[2] f_a[3]") +
      "thermo 5\nrun 50\n");
  ASSERT_EQ(run.status, 0) << run.output;
  ASSERT_EQ(run.thermo.size(), 11u);
  for (size_t i = 0; i < run.thermo.size(); i++) {
    const auto &row = run.thermo[i];
    EXPECT_NEAR(row.at(1), -3.0 * std::log(0.5), 1e-11);
    EXPECT_EQ(row.at(2), row.at(3));
    if (i == 0) continue;
    EXPECT_NEAR(row.at(4), row.at(1), 1e-11);
    EXPECT_NEAR(row.at(5), -row.at(1), 1e-11);
    EXPECT_NEAR(row.at(6), row.at(1), 1e-11);
  }
}

/// What a ToyLiquid does with (x, p).
void push(const tests::ToyLiquid &toy, bool forward, std::vector<double> &x,
          std::vector<double> &p) {
  const double wave = 2 * M_PI / SoftDiscs::length, sign = forward ? 1.0 : -1.0;
  const auto kick = [&] {
    for (size_t i = 0; i < x.size(); i++)
      for (size_t j = i % 2; j < x.size(); j += 2)
        p[i] += sign * toy.kick * std::sin(wave * (x[i] - x[j]));
  };
  if (!forward)
    for (double &value : p) value /= toy.scale;
  kick();
  for (size_t i = 0; i < x.size(); i++) x[i] += sign * toy.shear * p[i];
  kick();
  if (forward)
    for (double &value : p) value *= toy.scale;
}

class Liquid : public ::testing::TestWithParam<std::tuple<bool, int>> {};
INSTANTIATE_TEST_SUITE_P(DirectionsAndRanks, Liquid,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(1, 2)));

TEST_P(Liquid, WorkInBothDirections) {
  const bool forward = std::get<0>(GetParam());
  const auto toy = SoftDiscs::flow(false);
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), toy);
  const double here = forward ? SoftDiscs::hot : SoftDiscs::cold,
               there = forward ? SoftDiscs::cold : SoftDiscs::hot;
  std::ostringstream compute;
  compute << "set atom 2 x 1.4\ncompute w all nflow/work liquid.pt " << here << ' ' << there
          << '\n';
  const auto row =
      row_of(SoftDiscs::script(compute.str(), columns) + "run 0\n", std::get<1>(GetParam()));
  std::vector<double> x = {0.5, 0.5, 1.4, 0.7, 0.9, 2.6, 2.8, 3.1}, p = momenta(1, 0, 8, 0.7);
  const double momenta_norm = 4.0 * std::log(2 * M_PI * 0.7); // of eight momenta of variance 0.7
  const double u = SoftDiscs::energy(x.data()), h = u / here + square(p) / 1.4 + momenta_norm;
  push(toy, forward, x, p);
  const double u_there = SoftDiscs::energy(x.data()),
               h_there = u_there / there + square(p) / 1.4 + momenta_norm,
               log_det = (forward ? 8 : -8) * std::log(toy.scale), work = h_there - h - log_det;
  const double exact[] = {work, u, u_there, log_det, 0.0, h, h_there, -work};
  for (int k = 0; k < 8; k++) EXPECT_NEAR(row.at(6 + k), exact[k], 1e-10) << "column " << k;
  EXPECT_NEAR(row.at(1), u, 1e-11); // pe of the same row
  EXPECT_GT(std::fabs(u - u_there), 0.1);
}

TEST(Work, IsInfiniteWhereAnAtomCannotBe) {
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2), 1.0);
  const auto run = tests::run_lammps(
      oscillators("compute w all nflow/work model.pt 0.1 1000\nvariable never equal c_w>1e300\n",
                  "v_never c_w[1]") +
      "run 0\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.thermo.back().at(1), 1.0);
  EXPECT_NEAR(run.thermo.back().at(2), square(start), 1e-11);
}

std::string contents(const std::string &file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A liquid of 180 atoms in the plane beside a thermostat that draws random numbers in the order of
/// the atoms; three atoms are thrown anywhere, through 14 re-neighborings.
std::string liquid(bool with) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0);
  const std::string compute =
      "compute w flow nflow/work anywhere.pt 1.0 1.4\nfix a all ave/time 3 1 3 c_w file work.av\n";
  std::ostringstream atoms; // one by one: otherwise their IDs depend on the number of ranks
  RandomStream random(3, 0, 0, Purpose::sample);
  for (int i = 0; i < 180; i++)
    atoms << "create_atoms 1 single " << 1.2 * (i % 15 + 0.4 + 0.2 * random.uniform()) << ' '
          << 1.2 * (i / 15 + 0.4 + 0.2 * random.uniform()) << " 0\n";
  return "units lj\ndimension 2\nregion r block 0 18 0 14.4 -0.5 0.5\ncreate_box 1 r\n" +
         atoms.str() +
         "mass 1 1.0\npair_style lj/cut 2.5\n"
         "pair_coeff * * 1.0 1.0\nneighbor 0.3 bin\nneigh_modify delay 0 every 1 check yes\n"
         "group flow id 5 17 33\nfix tether flow spring/self 0.2\nfix_modify tether energy yes\n"
         "velocity all create 1.5 77 loop geom\nfix n all nve\nfix l all langevin 1 1 1 55\n"
         "fix two all enforce2d\ncompute q all pe/atom\ncompute s all stress/atom NULL\n"
         "compute b all reduce sum c_q c_s[1]\ncompute t all reduce max c_q c_s[2]\n" +
         (with ? compute : std::string()) + "thermo_style custom step " + (with ? "" : "") +
         "pe press c_b[1] c_b[2] c_t[1] c_t[2] f_tether" + (with ? " c_w c_w[2]" : "") +
         "\nthermo_modify norm no format float %20.17g\nthermo 10\ntimestep 0.005\n";
}

class NoTrace : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, NoTrace, ::testing::Values(1, 2, 4));

TEST_P(NoTrace, TheTrajectoryIsTheSameToTheLastBit) {
  const auto dump = [](const std::string &name) {
    return "run 1000\nwrite_dump all custom " + name +
           " id x y vx vy ix iy fx fy modify sort id format float %20.17g\n";
  };
  const auto without = tests::run_lammps(liquid(false) + dump("without.dump"), GetParam());
  const auto with = tests::run_lammps(liquid(true) + dump("with.dump"), GetParam());
  ASSERT_EQ(without.status, 0) << without.output;
  ASSERT_EQ(with.status, 0) << with.output;
  EXPECT_GT(contents("without.dump").size(), 10000u);
  EXPECT_EQ(contents("with.dump"), contents("without.dump"));
  ASSERT_EQ(with.thermo.size(), 101u);
  for (size_t i = 0; i < with.thermo.size(); i++)
    for (size_t k = 0; k < without.thermo[i].size(); k++)
      ASSERT_EQ(with.thermo[i].at(k), without.thermo[i][k]) << "row " << i << " column " << k;
  EXPECT_NE(with.thermo.back().at(9), with.thermo.back().at(1)); // elsewhere it is another energy
  const auto builds = [](const std::string &output) {
    const auto at = output.find("Neighbor list builds");
    return output.substr(at, output.find("Dangerous", at) - at);
  };
  EXPECT_EQ(builds(with.output), builds(without.output));
}

TEST(Ranks, GiveTheSameNumbers) {
  const std::string script = liquid(true) + "unfix l\nrun 20\n";
  const auto one = row_of(script, 1), two = row_of(script, 2), four = row_of(script, 4);
  for (const size_t k : {8, 9}) {
    EXPECT_NEAR(two.at(k), one.at(k), 1e-7 * std::fabs(one.at(k)));
    EXPECT_NEAR(four.at(k), one.at(k), 1e-7 * std::fabs(one.at(k)));
  }
}

void expect_error(const std::string &arguments, const std::string &part,
                  const std::string &rest = "run 1\n") {
  const auto run =
      tests::run_lammps(oscillators("compute w all nflow/work " + arguments + "\n", "c_w") + rest);
  EXPECT_NE(run.status, 0) << arguments;
  EXPECT_NE(run.error().find(part), std::string::npos)
      << "wanted: " << part << "\ngot: " << run.error() << "\nfor: " << arguments;
}

TEST(Misuse, HasItsSentence) {
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2));
  tests::write_toy_model("four.pt", tests::toy_metadata(4, 2));
  tests::write_toy_model("lie.pt", tests::toy_metadata(3, 2), 1.0, 0.0, tests::Lie::log_det);
  auto metadata = tests::toy_metadata(3, 2);
  metadata.prior = Prior::boltzmann;
  metadata.temperature_pairs = {{1.0, 0.5}};
  tests::write_toy_model("pair.pt", metadata);
  expect_error("model.pt", "the form is");
  expect_error("missing.pt 1.0", "cannot open model file 'missing.pt'");
  expect_error("energy.pt 1.0", "\"format\"");
  expect_error("model.pt 0.0", "temperature T must be positive");
  expect_error("model.pt 1.0 -1", "temperature T_other must be positive");
  expect_error("model.pt 1.0 bananas 3", "keyword 'bananas' is not known");
  expect_error("model.pt 1.0 seed", "needs a value");
  expect_error("model.pt 1.0 seed 0", "seed must be positive");
  expect_error("model.pt 1.0 device tpu", "device 'tpu' is not known");
  expect_error("pair.pt 1.0", "give the temperature T_other");
  expect_error("pair.pt 1.0 0.6",
               "has no pair of temperatures 1 -> 0.6 or back, but only 1 -> 0.5");
  expect_error("four.pt 1.0", "the group has 3");
  expect_error("lie.pt 1.0", "log_det");
  expect_error("lie.pt 1.0 2.0", "log_det");
  expect_error("model.pt 1.0", "fixed box", "fix d all deform 1 x scale 2\nrun 1\n");
  expect_error("model.pt 1.0", "run_style verlet", "run_style respa 2 2\nrun 1\n");
  expect_error("model.pt 1.0 2.0", "has not the atoms",
               "region all block -20 20 -20 20 -0.5 0.5\n"
               "fix d all deposit 1 1 1 77 region all\nrun 3\n");
  expect_error(
      "model.pt 1.0 2.0", "circular dependency",
      "variable f equal 0.1*c_w\nvariable e atom 0*x\nfix f all addforce v_f 0 0 energy v_e\n"
      "fix_modify f energy yes\nrun 1\n");
}

TEST(Life, TwoOfThemUncomputeAndSeveralRuns) {
  tests::write_toy_model("model.pt", tests::toy_metadata(3, 2), scale);
  const auto run = tests::run_lammps(
      oscillators(
          "compute w all nflow/work model.pt 0.8 0.4\ncompute v all nflow/work model.pt 0.8\n",
          "c_w c_v pe") +
      "run 5\nrun 5\nfix n all nve\nminimize 0 1e-8 5 50\nthermo_style custom step c_v pe\n"
      "uncompute w\nrun 5\nclear\n");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.error(), "");
}

} // namespace
