// Every refusal of the model contract, with its sentence; and that an honest model passes.

#include "model/checks.h"
#include "model/energy_model.h"
#include "model/equivariance.h"
#include "model/model.h"
#include "support/refusal.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::Lie;
using tests::refusal;

std::string json_with(const std::function<void(nlohmann::json &)> &change) {
  auto json = nlohmann::json::parse(metadata_text(tests::toy_metadata(3, 2)));
  change(json);
  return json.dump();
}

TEST(Metadata, SurvivesWritingAndReading) {
  auto metadata = tests::toy_metadata(3, 2, true);
  metadata.types = std::vector<int>{1, 2, 1};
  metadata.box = std::vector<double>{4.0, 5.0};
  metadata.periodic = true;
  metadata.steerable = true;
  metadata.operators = {"kick"};
  const auto again = parse_metadata(metadata_text(metadata), "file", Format::model);
  EXPECT_EQ(metadata_text(again), metadata_text(metadata));
  metadata.prior = Prior::boltzmann;
  metadata.temperature_pairs = {{1.0, 0.5}, {0.5, 0.3}};
  metadata.auxiliary_variance = 2.5;
  const auto boltzmann = parse_metadata(metadata_text(metadata), "file", Format::model);
  EXPECT_EQ(metadata_text(boltzmann), metadata_text(metadata));
}

TEST(Metadata, RefusesEveryMissingField) {
  for (const char *field :
       {"format", "version", "architecture", "prior", "n_atoms", "dim", "auxiliary", "types", "box",
        "periodic", "units", "dtype", "temperature", "provenance"}) {
    const auto text = json_with([&](nlohmann::json &json) { json.erase(field); });
    expect_sentence(refusal([&] { parse_metadata(text, "m.pt", Format::model); }),
                    std::string("\"") + field + "\"");
  }
}

TEST(Metadata, RefusesEveryIllTypedField) {
  const std::vector<std::pair<const char *, nlohmann::json>> wrong = {
      {"format", "other"},
      {"version", "1"},
      {"architecture", 3},
      {"prior", "uniform"},
      {"n_atoms", 0},
      {"n_atoms", 2.5},
      {"dim", 4},
      {"auxiliary", true},
      {"types", {1, 2}},
      {"types", {1, 2, 0}},
      {"types", "A"},
      {"periodic", 1},
      {"box", {1.0}},
      {"box", {1.0, -1.0}},
      {"units", "imperial"},
      {"dtype", "float16"},
      {"temperature", 1.0},
      {"temperature", {{"trained", {1.0}}}},
      {"temperature", {{"steerable", true}}},
      {"operators", "kick"},
      {"provenance", "me"}};
  for (const auto &item : wrong) {
    const auto text = json_with([&](nlohmann::json &json) { json[item.first] = item.second; });
    expect_sentence(refusal([&] { parse_metadata(text, "m.pt", Format::model); }),
                    std::string("\"") + item.first + "\"");
  }
}

TEST(Metadata, RefusesUnknownVersionAndWrongPrior) {
  expect_sentence(refusal([&] {
                    parse_metadata(json_with([](nlohmann::json &j) { j["version"] = 2; }), "m.pt",
                                   Format::model);
                  }),
                  "version 2");
  expect_sentence(refusal([&] {
                    parse_metadata(json_with([](nlohmann::json &j) { j["prior"] = "boltzmann"; }),
                                   "m.pt", Format::model);
                  }),
                  "\"temperature\"");
  expect_sentence(refusal([&] {
                    parse_metadata(json_with([](nlohmann::json &j) { j["periodic"] = true; }),
                                   "m.pt", Format::model);
                  }),
                  "\"box\"");
  expect_sentence(refusal([&] { parse_metadata("{not json", "m.pt", Format::model); }),
                  "not a JSON object");
}

TEST(Match, RefusesWhatDoesNotFitTheSimulation) {
  auto metadata = tests::toy_metadata(3, 2);
  metadata.types = std::vector<int>{1, 1, 2};
  metadata.box = std::vector<double>{4.0, 5.0};
  metadata.periodic = true;
  const System good{3, 2, {1, 1, 2}, {true, true, true}, {4.0, 5.0, 1.0}, "lj"};
  EXPECT_EQ(refusal([&] { require_match(metadata, good, "m.pt"); }), "");
  const auto with = [&](const std::function<void(System &)> &change) {
    auto system = good;
    change(system);
    return refusal([&] { require_match(metadata, system, "m.pt"); });
  };
  expect_sentence(with([](System &s) { s.n_atoms = 4; }), "3 atoms, but the group has 4");
  expect_sentence(with([](System &s) { s.dim = 1; }), "dimension");
  expect_sentence(with([](System &s) { s.types = {1, 2, 1}; }), "atom type");
  expect_sentence(with([](System &s) { s.periodic = {true, false, true}; }), "periodic");
  expect_sentence(with([](System &s) { s.box = {4.0, 5.00001, 1.0}; }), "box length");
  expect_sentence(with([](System &s) { s.units = "real"; }), "units");
  EXPECT_EQ(with([](System &s) { s.box = {4.0, 5.000001, 1.0}; }), "");
}

TEST(Archive, RefusesWhatIsNoModel) {
  std::ofstream("text.pt") << "this is no archive\n";
  expect_sentence(refusal([] { Model("text.pt", "cpu"); }), "not a TorchScript archive");
  expect_sentence(refusal([] { Model("missing.pt", "cpu"); }), "cannot open");
  tests::write_with_json("empty.pt", "");
  expect_sentence(refusal([] { Model("empty.pt", "cpu"); }), "no nflow.json");
  tests::write_harmonic_energy("energy.pt", 3, 1, 1.0);
  expect_sentence(refusal([] { Model("energy.pt", "cpu"); }), "\"format\"");
  tests::write_toy_model("whole.pt", tests::toy_metadata(3, 1));
  std::ifstream whole("whole.pt", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  std::ofstream("truncated.pt", std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  expect_sentence(refusal([] { Model("truncated.pt", "cpu"); }), "not a TorchScript archive");
}

TEST(Archive, RefusesChangedWeightsAndWrongDtype) {
  tests::write_toy_model("honest.pt", tests::toy_metadata(3, 1), 1.5);
  tests::change_weights("honest.pt", "changed.pt");
  expect_sentence(refusal([] { Model("changed.pt", "cpu"); }), "digest");
  EXPECT_EQ(refusal([] { Model("honest.pt", "cpu"); }), "");
  // A parameter of float64 under metadata that says float32.
  tests::write_with_json("dtype.pt",
                         json_with([](nlohmann::json &json) { json["dtype"] = "float32"; }));
  expect_sentence(refusal([] { Model("dtype.pt", "cpu"); }), "dtype float32");
}

TEST(Device, RefusesWhatIsNotThere) {
  tests::write_toy_model("device.pt", tests::toy_metadata(3, 1));
  expect_sentence(refusal([] { Model("device.pt", "tpu"); }), "device 'tpu'");
  expect_sentence(refusal([] { Model("device.pt", "cuda:977"); }), "cuda:977");
  EXPECT_EQ(Model("device.pt", "cpu").device(), "cpu");
}

class HonestFlow : public ::testing::TestWithParam<std::tuple<bool, int, const char *>> {};

TEST_P(HonestFlow, Passes) {
  auto metadata = tests::toy_metadata(4, std::get<1>(GetParam()), std::get<0>(GetParam()));
  metadata.dtype = std::get<2>(GetParam());
  tests::write_toy_model("good.pt", metadata, 1.7, 0.3);
  Model model("good.pt", "cpu");
  const auto report = check_flow(model, 0.7, 0.7, std::vector<double>(metadata.size(), 0.2));
  EXPECT_LT(report.jacobian, 1e-5);
  EXPECT_GE(report.jacobian, 0.0);
}
INSTANTIATE_TEST_SUITE_P(Shapes, HonestFlow,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(1, 2, 3),
                                            ::testing::Values("float64", "float32")));

TEST(LyingFlow, IsRefused) {
  const std::vector<std::pair<Lie, const char *>> lies = {
      {Lie::log_det, "log_det"},
      {Lie::log_det_inverse, "do not sum to zero"},
      {Lie::inverse, "does not undo"},
      {Lie::nan, "NaN"},
      {Lie::batch, ""}, // caught as an inverse that does not undo, or as a dependence on the batch
      {Lie::raises, "failed"},
      {Lie::shape, "shape"},
      {Lie::float32_log_det, "float64"},
      {Lie::no_inverse, "no method inverse"},
      {Lie::blocked,
       ""}, // caught by the Jacobian or, if freezing keeps the block, by finite differences
      {Lie::state, "changes its own attribute"},
      {Lie::wrapped, "does not undo"}};
  for (const bool auxiliary : {false, true})
    for (const auto &lie : lies) {
      tests::write_toy_model("lie.pt", tests::toy_metadata(3, 2, auxiliary), 1.3, 0.1, lie.first);
      const auto text = refusal([&] {
        Model model("lie.pt", "cpu");
        check_flow(model, 1.0, 1.0);
      });
      EXPECT_FALSE(text.empty()) << "not refused: lie " << static_cast<int>(lie.first);
      expect_sentence(text, lie.second);
      expect_sentence(text, "lie.pt");
    }
}

TEST(LyingFlow, APeriodicBoxDoesNotExcuseAManyToOneMap) {
  auto metadata = tests::toy_metadata(3, 1);
  metadata.periodic = true;
  metadata.box = std::vector<double>{2.0};
  tests::write_toy_model("wrapped.pt", metadata, 1.0, 0.0, Lie::wrapped);
  expect_sentence(refusal([] {
                    Model model("wrapped.pt", "cpu");
                    check_flow(model, 1.0, 1.0);
                  }),
                  "does not undo");
}

TEST(LyingFlow, TheSizeOfTheNumbersDoesNotMatter) {
  // Lengths and energies in SI units.
  auto metadata = tests::toy_metadata(3, 1);
  metadata.units = "si";
  const double tau = 1.38e-23 * 300;
  tests::write_toy_model("si.pt", metadata, 1.0, 0.0, Lie::inverse);
  Model lying("si.pt", "cpu");
  expect_sentence(refusal([&] { check_flow(lying, tau, tau); }), "does not undo");
  tests::write_toy_model("si_good.pt", metadata, 1.0, 0.0);
  Model honest("si_good.pt", "cpu");
  EXPECT_EQ(refusal([&] { check_flow(honest, tau, tau); }), "");
}

TEST(Equivariance, IsMeasuredAndAClaimTested) {
  auto metadata = tests::toy_liquid_metadata(4, 2, 4.0, {{1.5, 0.8}});
  metadata.types = std::vector<int>{1, 2, 1, 2};
  tests::write_toy_liquid("equivariant.pt", metadata, {});
  Model equivariant("equivariant.pt", "cpu");
  EXPECT_TRUE(is_equivariant(equivariant, {1.5, 0.8}));
  tests::write_toy_model("first.pt", tests::toy_metadata(3, 2), 1.5, 0.0, Lie::first_atom);
  Model first("first.pt", "cpu");
  EXPECT_FALSE(is_equivariant(first, 1.0));
  auto claim = tests::toy_metadata(3, 2);
  claim.equivariant = true;
  tests::write_toy_model("claim.pt", claim, 1.5, 0.0, Lie::first_atom);
  Model claiming("claim.pt", "cpu");
  expect_sentence(refusal([&] { is_equivariant(claiming, 1.0); }), "claims to be equivariant");
}

TEST(LyingFlow, SteerabilityIsTested) {
  auto metadata = tests::toy_metadata(3, 1);
  metadata.steerable = true;
  tests::write_toy_model("steerable.pt", metadata, 1.3);
  Model honest("steerable.pt", "cpu");
  EXPECT_LT(check_steerability(honest, 1.0, 0.3), 1e-10);
  tests::write_toy_model("shifted.pt", metadata, 1.3, 0.5, Lie::log_det);
  Model lying("shifted.pt", "cpu");
  expect_sentence(refusal([&] { check_steerability(lying, 1.0, 0.3); }), "steerable");
}

TEST(Energy, ChecksItsGradient) {
  tests::write_harmonic_energy("harmonic.pt", 3, 2, 2.0);
  EnergyModel energy("harmonic.pt");
  const std::vector<double> x{1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  std::vector<double> gradient(6);
  double u = 0.0;
  energy.energy_and_gradient(1, x.data(), &u, gradient.data());
  EXPECT_DOUBLE_EQ(u, 91.0);
  for (int i = 0; i < 6; i++) EXPECT_DOUBLE_EQ(gradient[i], 2.0 * x[i]);
  tests::write_harmonic_energy("wrong.pt", 3, 2, 2.0, true);
  expect_sentence(refusal([] { EnergyModel("wrong.pt"); }), "energy_and_gradient");
}

/// docs/model-contract.md says that its Python example conforms.
TEST(PythonExample, Conforms) {
  const std::string python = NFLOW_PYTHON;
  if (python.empty() || std::system((python + " -c 'import torch' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << "no python3 with torch on this machine";
  std::ifstream page(NFLOW_SOURCE_DIR "/docs/model-contract.md");
  std::ofstream script("example.py");
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") inside = false;
    if (inside) script << line << '\n';
    if (line == "```python") inside = true;
  }
  script.close();
  ASSERT_EQ(std::system((python + " example.py python.pt").c_str()), 0);
  Model model("python.pt", "cpu");
  const auto report = check_flow(model, 1.0, 1.0);
  EXPECT_LT(report.jacobian, 1e-10);
}

} // namespace
