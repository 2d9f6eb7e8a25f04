// nflow-train --convert: one form of a flow to the other and back, and what it refuses.
#include "architectures/flow_builder.h"
#include "architectures/spline_start.h"
#include "base/error.h"
#include "model/archive.h"
#include "support/flow_checks.h"
#include "trainer/command/convert.h"

#include <gtest/gtest.h>

namespace {

using nflow::FlowSetting;
using nflow::Format;
using nflow::trainer::TrainOptions;

const nflow::tests::Normals normal{31};

FlowSetting setting_of(const std::string &architecture) {
  FlowSetting o;
  o.architecture = architecture;
  o.n_atoms = 3;
  o.dim = 2;
  o.set("couplings", int64_t(3));
  o.set("hidden", int64_t(7));
  o.set("operator", false);
  if (architecture == "rnvp") o.set("structured", false);
  if (architecture != "spline") return o;
  o.types = {1, 1, 2};
  o.temperatures = {2.0, 1.0};
  nflow::SplineStart start;
  for (auto *values : {&start.origin, &start.centre, &start.unit, &start.scale, &start.pace})
    values->assign(6, 0.8);
  start.active = {1, 4, 5};
  start.middle = {0.1, 0.2, 0.3};
  start.bound = {2.0, 1.5, 1.0};
  o.start = start;
  return o;
}

/// A model file as nflow-train writes it, of a flow that has learned something.
torch::jit::Module write_portable(const FlowSetting &setting, const std::string &file) {
  auto flow = nflow::build_flow(setting);
  nflow::tests::perturb(flow, normal, 0.2);
  flow.eval();
  auto metadata = nflow::flow_metadata(setting);
  metadata.provenance["options"] = nflow::trainer::schedule_options({}, setting);
  nflow::save_archive(flow, metadata, file);
  return flow;
}

void convert(const std::string &from, const std::string &to, bool by_operator) {
  TrainOptions options;
  options.convert = from;
  options.output = to;
  options.flow.set("operator", by_operator);
  nflow::trainer::convert(options);
}

class Convert : public testing::TestWithParam<std::string> {};

TEST_P(Convert, BothFormsAreOneFlow) {
  const auto setting = setting_of(GetParam());
  const auto flow = write_portable(setting, "portable.pt");
  convert("portable.pt", "fast.pt", true);
  convert("fast.pt", "again.pt", false);
  const auto fast = nflow::load_archive("fast.pt", Format::model);
  const auto again = nflow::load_archive("again.pt", Format::model);
  EXPECT_EQ(fast.metadata.operators, std::vector<std::string>{"coupling_flow"});
  EXPECT_TRUE(again.metadata.operators.empty());
  EXPECT_EQ(again.metadata.weights_digest, nflow::weights_digest(flow));
  EXPECT_EQ(fast.metadata.provenance.at("converted_from"), again.metadata.weights_digest);
  const auto u = normal({9, GetParam() == "tsf" ? 2 : 1, 3, 2}, 3);
  const torch::NoGradGuard no_gradient;
  for (const char *method : {"forward", "inverse"}) {
    const auto wanted = nflow::tests::call(flow, method, u, {2.0, 1.0});
    for (const auto &other : {fast, again}) {
      const auto got = nflow::tests::call(other.module, method, u, {2.0, 1.0});
      EXPECT_LT(nflow::tests::largest_difference(got.points, wanted.points), 1e-12) << method;
      EXPECT_LT(nflow::tests::largest_difference(got.log_det, wanted.log_det), 1e-12) << method;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, Convert, testing::Values("tsf", "rnvp", "spline"),
                         [](const auto &info) { return info.param; });

void expect_refused(const std::string &file, const std::string &words) {
  try {
    convert(file, "converted.pt", true);
    ADD_FAILURE() << file << " was converted";
  } catch (const nflow::Error &e) {
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
  }
}

TEST(ConvertRefuses, WhatItCannotKnow) {
  const auto setting = setting_of("tsf");
  auto flow = nflow::build_flow(setting);
  flow.eval();
  auto metadata = nflow::flow_metadata(setting);
  nflow::save_archive(flow, metadata, "unknown.pt");
  expect_refused("unknown.pt", "give a file that nflow-train has written");
  metadata.provenance["options"] = nflow::trainer::schedule_options({}, setting);
  metadata.provenance["options"]["hidden"] = "many";
  nflow::save_archive(flow, metadata, "unknown.pt");
  expect_refused("unknown.pt", "give a file that nflow-train has written");
  metadata.provenance["options"]["hidden"] = 8;
  nflow::save_archive(flow, metadata, "unknown.pt");
  expect_refused("unknown.pt", "train the flow anew");
  metadata.provenance["options"]["hidden"] = 7;
  metadata.provenance["options"]["activation"] = "silu";
  nflow::save_archive(flow, metadata, "unknown.pt");
  expect_refused("unknown.pt", "differ by");
}

TEST(ConvertRefuses, FlowsOfOneForm) {
  FlowSetting o;
  o.architecture = "torus-spline";
  o.n_atoms = 2;
  o.dim = 2;
  o.types = {1, 1};
  o.box = {3.0, 3.0};
  o.temperatures = {2.0, 1.0};
  write_portable(o, "torus.pt");
  expect_refused("torus.pt", "has one form only");
}

TEST(ConvertRefuses, OptionsOfTraining) {
  const auto refuses = [](std::vector<std::string> words, const std::string &sentence) {
    words.insert(words.begin(), {"nflow-train", "--convert", "a.pt"});
    std::vector<char *> argv;
    for (auto &word : words) argv.push_back(&word[0]);
    TrainOptions options;
    std::string text;
    try {
      nflow::trainer::parse_options(static_cast<int>(argv.size()), argv.data(), options, text);
      ADD_FAILURE() << "was taken: " << words.back();
    } catch (const nflow::Error &e) {
      EXPECT_NE(std::string(e.what()).find(sentence), std::string::npos) << e.what();
    }
  };
  refuses({}, "--convert needs --output");
  refuses({"--output", "b.pt", "--steps", "5"}, "takes no --steps");
  refuses({"--output", "b.pt", "--data", "d.dump"}, "takes no --data");
}

} // namespace
