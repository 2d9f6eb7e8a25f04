// Flows in internal coordinates, made in closed form from exact samples of molecules whose density
// is known: that they keep the contract, that the claim to be steerable is checked, how good the
// closed form is, and what there can be no such flow for.
#include "base/error.h"
#include "base/random.h"
#include "estimators/autocorrelation.h"
#include "files/dump_reader.h"
#include "model/checks.h"
#include "model/drawn_samples.h"
#include "support/refusal.h"
#include "support/run_command.h"
#include "support/toy_models.h"
#include "support/tree_molecule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;
using tests::TreeMolecule;
using tests::write_internal_flow;

constexpr int64_t many = 2000;

TreeMolecule water() {
  return TreeMolecule(tests::molecule_of({1, 2, 2}, {{1, 2}, {1, 3}}));
}
TreeMolecule butane() {
  return TreeMolecule(tests::united_butane());
}
TreeMolecule chiral() {
  return TreeMolecule(tests::chiral_molecule());
}

/// Of samples at k_B T = 1.
void write_flow(const std::string &path, const TreeMolecule &molecule,
                const std::string &architecture = "tsf-internal", double spoil = 0.0) {
  write_internal_flow(path, architecture, molecule.molecule(), molecule.samples(many, 1.0, 5), "lj",
                      1.0, spoil);
}

struct Case {
  std::string name;
  TreeMolecule (*molecule)();
  std::string architecture;
};
void PrintTo(const Case &test, std::ostream *out) {
  *out << test.name;
}

class InternalFlow : public ::testing::TestWithParam<Case> {};

TEST_P(InternalFlow, KeepsTheContract) {
  const auto &[name, molecule, architecture] = GetParam();
  const auto made = molecule();
  for (const double spoil : {0.0, 0.3}) {
    write_flow("flow.pt", made, architecture, spoil);
    Model model("flow.pt", "cpu");
    EXPECT_EQ(model.metadata().carried.size(), 6u);
    EXPECT_EQ(model.metadata().steerable, architecture == "tsf-internal");
    for (const double tau : {1.0, 0.5}) {
      const auto report = check_flow(model, tau, tau, made.samples(8, tau, 7));
      EXPECT_LT(report.round_trip, 1e-8) << spoil;
      EXPECT_LT(report.log_det_sum, 1e-8);
      EXPECT_GE(report.jacobian, 0.0);
      EXPECT_LT(report.jacobian, 1e-8);
    }
  }
}

/// What nflow-check --draw writes has the density of the flow: gaussians on the prior's side.
TEST_P(InternalFlow, IsDrawnAsItIs) {
  const auto &[name, molecule, architecture] = GetParam();
  const auto made = molecule();
  write_flow("drawn.pt", made, architecture, 0.3);
  constexpr double tau = 0.6;
  constexpr int64_t count = 1000;
  Model model("drawn.pt", "cpu");
  const int64_t undefined = write_drawn_samples(model, tau, count, 4, "drawn.dump.gz");
  const auto drawn = read_dumps({"drawn.dump.gz"}, 3);
  EXPECT_EQ(drawn.count(), count - undefined);
  EXPECT_LT(undefined, count / 10);
  EXPECT_EQ(drawn.types, *model.metadata().types);
  std::vector<double> u(drawn.x.size()), log_det(drawn.count());
  model.inverse(drawn.count(), drawn.x.data(), tau, u.data(), log_det.data());
  const auto &carried = model.metadata().carried;
  std::vector<double> squares;
  for (int64_t i = 0; i < drawn.count(); i++) {
    const double *point = &u[i * made.size()];
    for (size_t k = 0; k < 3; k++) EXPECT_NEAR(point[k], carried[k], 1e-6); // the position
    double sum = 0.0;
    for (int64_t k = 6; k < made.size(); k++) sum += point[k] * point[k] / tau;
    squares.push_back(sum);
  }
  const auto mean = estimators::mean_with_error(squares);
  EXPECT_LT(std::fabs(mean.z_score(static_cast<double>(made.size() - 6))), 4.0);
}

TEST_P(InternalFlow, CarriesWhereAMoleculeIsAndHowItIsTurned) {
  const auto &[name, molecule, architecture] = GetParam();
  const auto made = molecule();
  write_flow("flow.pt", made, architecture, 0.3);
  Model model("flow.pt", "cpu");
  const int64_t size = made.size();
  const auto x = made.samples(1, 1.0, 11);
  std::vector<double> u(size), v(size);
  double log_det = 0.0;
  model.inverse(1, x.data(), 1.0, u.data(), &log_det);
  for (int64_t i = 6; i < size; i++) u[i] = 0.5 * u[i] + 0.1;
  model.forward(1, u.data(), 1.0, v.data(), &log_det);
  const auto before = made.internal(x.data()), after = made.internal(v.data());
  for (int64_t place = 0; place < size; place++)
    if (TreeMolecule::carried(place)) {
      EXPECT_NEAR(before[place], after[place], 1e-12) << place;
    } else {
      EXPECT_GT(std::fabs(before[place] - after[place]), 1e-6) << place;
    }
}
INSTANTIATE_TEST_SUITE_P(Molecules, InternalFlow,
                         ::testing::Values(Case{"Water", water, "tsf-internal"},
                                           Case{"Butane", butane, "tsf-internal"},
                                           Case{"Chiral", chiral, "tsf-internal"},
                                           Case{"WaterRnvp", water, "rnvp-internal"},
                                           Case{"ButaneRnvp", butane, "rnvp-internal"},
                                           Case{"ChiralRnvp", chiral, "rnvp-internal"}),
                         [](const auto &test) { return test.param.name; });

TEST(SteerableInternalFlow, IsSteerableWhateverItsWeights) {
  for (const auto &molecule : {water(), butane(), chiral()})
    for (const double spoil : {0.0, 0.3}) {
      write_flow("flow.pt", molecule, "tsf-internal", spoil);
      Model model("flow.pt", "cpu");
      for (const double other : {0.4, 0.8, 2.0})
        EXPECT_LT(check_steerability(model, 1.0, other), 1e-9) << spoil;
    }
}

/// So hot that stiff torsions would go round: a configuration that two points of the prior have in
/// common has the wrong density from either.
TEST(SteerableInternalFlow, IsNotDefinedWhereAStiffTorsionGoesRound) {
  tests::TreeForces forces;
  forces.bond = forces.angle = 1000.0;
  forces.sibling = 3.0;
  const TreeMolecule molecule(tests::chiral_molecule(), forces);
  write_flow("flow.pt", molecule);
  Model model("flow.pt", "cpu");
  const double tau = 9.0;
  const int64_t points = 4000, size = molecule.size();
  std::vector<double> u(points * size), v(u.size()), back(u.size()), there(points), log_det(points);
  RandomStream(7, 0, 0, Purpose::sample).fill_gaussian(u.data(), points * size, std::sqrt(tau));
  const auto &carried = model.metadata().carried;
  for (int64_t i = 0; i < points; i++) std::copy(carried.begin(), carried.end(), &u[i * size]);
  model.forward(points, u.data(), tau, v.data(), there.data());
  model.inverse(points, v.data(), tau, back.data(), log_det.data());
  int64_t undefined = 0;
  for (int64_t i = 0; i < points; i++) {
    if (!std::isfinite(there[i])) {
      undefined++;
      continue;
    }
    for (int64_t k = i * size; k < (i + 1) * size; k++) ASSERT_NEAR(back[k], u[k], 1e-6) << i;
  }
  EXPECT_GT(undefined, points / 200);
  EXPECT_LT(undefined, points / 4);
}

/// The flow in another file, with these words of its code in place of those.
std::string with_code(const std::string &from, const std::string &to) {
  int found = 0;
  tests::edit_archive("flow.pt", "edited.pt", [&](auto &records) {
    for (auto &[name, text] : records)
      if (name.rfind("code/", 0) == 0 && name.find(".debug") == std::string::npos)
        for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
          text.replace(at, from.size(), to);
          found++;
        }
  });
  EXPECT_GT(found, 0) << from;
  return "edited.pt";
}

TEST(SteerableInternalFlow, WithoutARuleIsCaught) {
  write_flow("flow.pt", butane(), "tsf-internal", 0.3);
  const auto refused = [](const std::string &file) {
    Model model(file, "cpu");
    check_flow(model, 1.0, 1.0); // it is a flow all the same
    return refusal([&] { check_steerability(model, 1.0, 0.5); });
  };
  EXPECT_EQ(refused("flow.pt"), "");
  // The volume of Cartesian coordinates taken to scale with temperature, too.
  expect_sentence(refused(with_code("log_det_coordinates", "log_det_of_nothing")), "is steerable");
  // Couplings that do not preserve volumes.
  expect_sentence(refused(with_code("\"steerable\"", "\"affine\"")), "is steerable");
}

/// The share of the configurations whose two substituents at the chiral atom, the last to be placed
/// relative to others there, are in the order of TreeMolecule.
double right_handed(const TreeMolecule &molecule, const std::vector<double> &x) {
  int64_t row = 0;
  while (molecule.tree()[row].kind != TorsionKind::relative) row++;
  double count = 0.0, right = 0.0;
  for (auto at = x.begin(); at != x.end(); at += molecule.size(), count++)
    right += std::sin(molecule.internal(&*at)[3 * row + 2]) > 0.0;
  return right / count;
}

/// Configurations of a flow at k_B T = tau.
std::vector<double> draws(const std::string &file, int64_t count, double tau) {
  Model model(file, "cpu");
  const int64_t size = model.metadata().size();
  std::vector<double> u(count * size), v(u.size()), log_det(count);
  RandomStream(9, 0, 0, Purpose::sample).fill_gaussian(u.data(), count * size, std::sqrt(tau));
  const auto &carried = model.metadata().carried;
  for (int64_t i = 0; i < count; i++) std::copy(carried.begin(), carried.end(), &u[i * size]);
  model.forward(count, u.data(), tau, v.data(), log_det.data());
  return v;
}

TEST(ChiralMolecule, KeepsItsHandUnlessSamplesHaveBoth) {
  const auto molecule = chiral();
  auto x = molecule.samples(many, 1.0, 5);
  EXPECT_EQ(right_handed(molecule, x), 1.0);
  write_flow("flow.pt", molecule);
  for (const double tau : {1.0, 2.0})
    EXPECT_EQ(right_handed(molecule, draws("flow.pt", 500, tau)), 1.0);
  // A third of the samples in a mirror, here and there.
  for (size_t i = 0; i < x.size(); i += molecule.size())
    if (i / molecule.size() % 3 == 0)
      for (int64_t k = 2; k < molecule.size(); k += 3) x[i + k] *= -1.0;
  write_internal_flow("both.pt", "tsf-internal", molecule.molecule(), x, "lj", 1.0);
  const double share = right_handed(molecule, draws("both.pt", 2000, 1.0));
  EXPECT_GT(share, 0.55);
  EXPECT_LT(share, 0.78);
  Model model("both.pt", "cpu");
  check_flow(model, 1.0, 1.0, {x.begin(), x.begin() + 8 * molecule.size()});
  EXPECT_LT(check_steerability(model, 1.0, 0.5), 1e-9);
}

/// ln of the density of the flow at points x, given what it carries.
std::vector<double> log_q(Model &model, const std::vector<double> &x, double tau) {
  const auto size = static_cast<size_t>(model.metadata().size());
  std::vector<double> u(x.size()), log_q(x.size() / size);
  model.inverse(static_cast<int64_t>(log_q.size()), x.data(), tau, u.data(), log_q.data());
  for (size_t i = 0; i < u.size(); i++)
    if (i % size >= 6)
      log_q[i / size] -= 0.5 * u[i] * u[i] / tau + 0.5 * std::log(2.0 * M_PI * tau);
  return log_q;
}

/// Couplings between hard coordinates and momenta, each given the torsions that turn.
TEST(InternalFlowWithMomenta, KeepsTheContractAndIsSteerable) {
  for (const auto &molecule : {water(), butane(), chiral()})
    for (const double spoil : {0.0, 0.3}) {
      write_flow("flow.pt", molecule, "tsf-internal-momenta", spoil);
      Model model("flow.pt", "cpu");
      EXPECT_TRUE(model.metadata().auxiliary);
      EXPECT_EQ(model.metadata().carried.size(), 6u);
      std::vector<double> points;
      RandomStream random(8, 0, 0, Purpose::sample);
      for (int i = 0; i < 4; i++) {
        const auto x = molecule.samples(1, 1.0, 20 + i);
        points.insert(points.end(), x.begin(), x.end());
        points.resize(points.size() + x.size());
        random.fill_gaussian(&points[points.size() - x.size()], static_cast<int64_t>(x.size()));
      }
      const auto report = check_flow(model, 1.0, 1.0, points);
      EXPECT_LT(report.round_trip, 1e-8);
      EXPECT_LT(report.log_det_sum, 1e-8);
      EXPECT_LT(report.jacobian, 1e-8);
      for (const double other : {0.4, 2.0}) EXPECT_LT(check_steerability(model, 1.0, other), 1e-9);
    }
}

/// The Kullback-Leibler divergence of the flow from the exact density, and the mean of q/p, which
/// is 1 for any flow that is a density.
TEST(InternalFlowInClosedForm, IsCloseToTheDensity) {
  for (const auto &molecule : {butane(), chiral()})
    for (const std::string architecture : {"tsf-internal", "rnvp-internal"}) {
      write_flow("flow.pt", molecule, architecture);
      Model model("flow.pt", "cpu");
      for (const double tau : {1.0, 0.5}) {
        if (tau < 1.0 && architecture == "rnvp-internal") continue; // for one temperature
        const auto x = molecule.samples(2000, tau, 13);
        const auto exact = molecule.log_densities(x, tau), own = log_q(model, x, tau);
        std::vector<double> difference, ratio;
        for (size_t i = 0; i < own.size(); i++) {
          difference.push_back(exact[i] - own[i]);
          ratio.push_back(std::exp(own[i] - exact[i]));
        }
        const auto kl = estimators::mean_with_error(difference);
        const auto one = estimators::mean_with_error(ratio);
        std::printf("%s, %d atoms, tau %g: KL %.4f +- %.4f, mean of q/p %.4f +- %.4f\n",
                    architecture.c_str(), static_cast<int>(molecule.size() / 3), tau, kl.mean,
                    kl.error, one.mean, one.error);
        EXPECT_GT(kl.mean, -4.0 * kl.error);
        EXPECT_LT(kl.mean, molecule.size() > 12 ? 0.25 : 0.08);
        EXPECT_LT(std::fabs(one.z_score(1.0)), 4.0) << one.mean;
      }
    }
}

TEST(InternalFlowInClosedForm, IsASentenceWhereThereIsNone) {
  const auto butane_samples = butane().samples(many, 1.0, 5);
  const auto refused = [](const Molecule &molecule, const std::vector<double> &x) {
    return refusal([&] { write_internal_flow("none.pt", "tsf-internal", molecule, x, "lj", 1.0); });
  };
  EXPECT_EQ(refused(tests::united_butane(), butane_samples), "");
  for (const int64_t few : {0, 1, 36, 60})
    EXPECT_NE(refused(tests::united_butane(),
                      {butane_samples.begin(), butane_samples.begin() + 12 * few}),
              "")
        << few;
  expect_sentence(
      refused(tests::united_butane(), {butane_samples.begin(), butane_samples.begin() + 12 * 36}),
      "more than 36 samples, and there are 36");
  // Constraints: the first bond of all samples is as long as that of the first.
  auto stiff = butane_samples;
  for (size_t i = 0; i < stiff.size(); i += 12) {
    const double length =
        std::sqrt(std::pow(stiff[i + 3] - stiff[i], 2) + std::pow(stiff[i + 4] - stiff[i + 1], 2) +
                  std::pow(stiff[i + 5] - stiff[i + 2], 2));
    for (int k = 0; k < 3; k++)
      stiff[i + k] += (stiff[i + k] - stiff[i + 3 + k]) * (1.5 / length - 1.0);
  }
  expect_sentence(refused(tests::united_butane(), stiff), "does not vary");
  std::vector<double> frozen;
  for (int64_t i = 0; i < many; i++)
    frozen.insert(frozen.end(), butane_samples.begin(), butane_samples.begin() + 12);
  EXPECT_NE(refused(tests::united_butane(), frozen), "");
  expect_sentence(
      refused(tests::molecule_of({1, 1, 1, 1}, {{1, 2}, {2, 3}, {3, 4}, {4, 1}}), butane_samples),
      "ring");
  expect_sentence(refused(tests::molecule_of({1, 1, 1, 1}, {{1, 2}, {3, 4}}), butane_samples),
                  "bond");
  auto broken = butane_samples;
  broken[12 * 3 + 1] = NAN;
  EXPECT_NE(refused(tests::united_butane(), broken), "");
}

TEST(InternalFlowOfTheTrainer, IsASentenceWhereThereIsNone) {
  tests::write_text("one.dump", "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n4\n"
                                "ITEM: BOX BOUNDS ff ff ff\n-9 9\n-9 9\n-9 9\n"
                                "ITEM: ATOMS id type x y z\n1 1 0 0 0\n2 1 1 0 0\n3 1 1 1 0\n"
                                "4 1 1 1 1\n");
  const std::string command =
      std::string(NFLOW_TRAIN) + " --data one.dump --temperature 1 --steps 1 --output none.pt ";
  for (const std::string architecture : {"tsf-internal", "rnvp-internal"}) {
    const auto result = tests::run_command(command + "--architecture " + architecture);
    EXPECT_EQ(result.code, 2) << result.output;
    EXPECT_NE(result.output.find("--lammps"), std::string::npos) << result.output;
  }
}

TEST(Carried, MetadataAreAListOfNumbersOfAGaussianPrior) {
  const auto metadata = [](const std::string &carried, const std::string &prior) {
    auto made = prior == "gaussian" ? tests::toy_metadata(2, 3)
                                    : tests::toy_liquid_metadata(2, 3, 6.0, {{2.0, 1.0}});
    std::string text = metadata_text(made);
    return text.insert(1, "\"carried\": " + carried + ",");
  };
  const auto parsed = [&](const std::string &carried, const std::string &prior = "gaussian") {
    return parse_metadata(metadata(carried, prior), "file.pt", Format::model).carried;
  };
  EXPECT_EQ(parsed("[]"), std::vector<double>());
  EXPECT_EQ(parsed("[1, 2.5]"), (std::vector<double>{1.0, 2.5}));
  for (const std::string wrong :
       {"6", "\"6\"", "{}", "[\"x\"]", "[null]", "[true]", "[[1]]", "[1, 2, 3, 4, 5, 6]",
        "[1, 2, 3, 4, 5, 6, 7]", "[1e999]", "[NaN]"})
    EXPECT_NE(refusal([&] { parsed(wrong); }), "") << wrong;
  expect_sentence(refusal([&] { parsed("[1, \"x\"]"); }), "\"carried\"");
  expect_sentence(refusal([&] { parsed("[1]", "boltzmann"); }), "gaussian prior");
}

} // namespace
