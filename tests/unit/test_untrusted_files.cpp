// Model files that are no files, that were changed or cut, or that claim what they do not hold.

#include "base/random.h"
#include "model/archive.h"
#include "model/archive_format.h"
#include "model/energy_model.h"
#include "model/model.h"
#include "support/refusal.h"
#include "support/toy_models.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;

const char *with_number = R"(
def energy(self, x: Tensor) -> Tensor:
    return self.c * self.k * (x * x).flatten(1).sum(1)
)";

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

void write(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void replace_once(std::string &text, const std::string &from, const std::string &to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, from.size(), to);
}

void set_json(std::map<std::string, std::string> &records, const char *field,
              nlohmann::json value) {
  auto json = nlohmann::json::parse(records["extra/nflow.json"]);
  json[field] = std::move(value);
  records["extra/nflow.json"] = json.dump();
}

std::string energy_refusal(const std::string &path) {
  return refusal([&] { EnergyModel energy(path); });
}

/// The energy of one point: 14 if the file is what it was.
double energy_of(const std::string &path) {
  EnergyModel energy(path);
  const double x[3] = {1.0, 2.0, 3.0};
  double u = 0.0;
  energy.energy(1, x, &u);
  return u;
}

TEST(UntrustedFiles, WhatIsNoRegularFileIsRefused) {
  mkfifo("pipe.pt", 0600);
  mkdir("folder.pt", 0700);
  for (const char *path : {"pipe.pt", "folder.pt", "/dev/zero", "/dev/null"}) {
    expect_sentence(refusal([&] { Model(path, "cpu"); }), "no regular file");
    expect_sentence(energy_refusal(path), "no regular file");
    expect_sentence(refusal([&] { archive_format(path); }), "no regular file");
    expect_sentence(energy_refusal(path), path);
  }
  write("nothing.pt", "");
  expect_sentence(energy_refusal("nothing.pt"), "not a TorchScript archive");
}

/// `weights_digest` sees parameters and buffers; that of the archive sees all.
TEST(UntrustedFiles, TheDigestCoversAttributesCodeAndMetadata) {
  tests::write_energy("energy.pt", with_number);
  EXPECT_DOUBLE_EQ(energy_of("energy.pt"), 14.0);
  std::string digest;
  const auto keep_digest = [&](auto &records) {
    set_json(records, "archive_digest",
             load_archive("energy.pt", Format::energy).metadata.archive_digest);
  };
  tests::edit_archive("energy.pt", "same.pt", keep_digest);
  EXPECT_DOUBLE_EQ(energy_of("same.pt"), 14.0);
  const std::string half = "G\x3f\xe0", one = "G\x3f\xf0"; // the pickles of 0.5 and 1
  const std::function<void(std::map<std::string, std::string> &)> changes[] = {
      [&](auto &records) { replace_once(records["data.pkl"], half, one); },
      [&](auto &records) {
        for (auto &record : records)
          if (record.first.rfind("code/", 0) == 0 && record.first.back() == 'y')
            replace_once(record.second, "torch.mul(x, x)", "torch.add(x, x)");
      },
      [&](auto &records) { set_json(records, "units", "metal"); },
      [&](auto &records) {
        set_json(records, "provenance", nlohmann::json{{"made_by", "others"}});
      },
      [&](auto &records) { records["constants/7"] = "more"; }};
  for (const auto &change : changes) {
    tests::edit_archive("energy.pt", "changed.pt", [&](auto &records) {
      keep_digest(records);
      change(records);
    });
    expect_sentence(energy_refusal("changed.pt"), "digest differs");
  }
  // Without the new digest, as older versions and Python write it, a file is what it is.
  tests::edit_archive("energy.pt", "old.pt",
                      [&](auto &records) { replace_once(records["data.pkl"], half, one); });
  EXPECT_DOUBLE_EQ(energy_of("old.pt"), 28.0);
}

TEST(UntrustedFiles, TensorRecordsFitTheirShapes) {
  tests::write_energy("energy.pt", with_number);
  for (const char *bytes : {"", "abc"}) {
    tests::edit_archive("energy.pt", "cut.pt", [&](auto &records) { records["data/0"] = bytes; });
    expect_sentence(energy_refusal("cut.pt"), "bytes for 1 numbers");
  }
  tests::edit_archive("energy.pt", "missing.pt", [](auto &records) { records.erase("data/0"); });
  expect_sentence(energy_refusal("missing.pt"), "0 bytes for 1 numbers");
  tests::edit_archive("energy.pt", "offset.pt", [](auto &records) {
    // (storage, offset 0, size (), stride (), ..): another offset.
    auto &data = records["data.pkl"];
    const auto at = data.find('K', data.find('Q', data.find("DoubleStorage")));
    ASSERT_NE(at, std::string::npos);
    data[at + 1] = 1;
  });
  expect_sentence(energy_refusal("offset.pt"), "larger than its storage");
}

TEST(UntrustedFiles, ClaimsAreBoundedByTheFile) {
  tests::write_energy("energy.pt", with_number);
  tests::write_toy_model("flow.pt", tests::toy_metadata(3, 1));
  for (const char *path : {"energy.pt", "flow.pt"})
    for (const int64_t n : {int64_t(20000000), int64_t(1) << 40}) {
      tests::edit_archive(path, "claim.pt",
                          [&](auto &records) { set_json(records, "n_atoms", n); });
      const auto start = std::chrono::steady_clock::now();
      expect_sentence(path[0] == 'e' ? energy_refusal("claim.pt")
                                     : refusal([] { Model("claim.pt", "cpu"); }),
                      "n_atoms");
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      EXPECT_LT(taken.count(), 2.0);
    }
  std::string deep(100000, '[');
  tests::edit_archive("energy.pt", "deep.pt", [&](auto &records) {
    records["extra/nflow.json"] = "{\"provenance\": " + deep + std::string(100000, ']') + "}";
  });
  expect_sentence(energy_refusal("deep.pt"), "not a JSON object");
}

/// Flipped, cut and exchanged bytes: a sentence, or the same energy.
void expect_no_surprise(const std::string &path, uint32_t seed, bool digest) {
  const auto whole = read(path);
  RandomStream random(seed, 0, 0, Purpose::check);
  int refused = 0;
  for (int i = 0; i < 300; i++) {
    auto bytes = whole;
    const int changes = 1 + static_cast<int>(3 * random.uniform());
    for (int k = 0; k < changes; k++) {
      const auto at = static_cast<size_t>(random.uniform() * static_cast<double>(bytes.size()));
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << static_cast<int>(8 * random.uniform())));
    }
    if (i % 10 == 0)
      bytes.resize(static_cast<size_t>(random.uniform() * static_cast<double>(bytes.size())));
    write("mutant.pt", bytes);
    try {
      const double u = energy_of("mutant.pt");
      EXPECT_TRUE(!digest || u == 14.0) << "mutant " << i << " has another energy: " << u;
    } catch (const Error &e) {
      refused++;
      expect_sentence(e.what(), "mutant.pt");
    }
  }
  EXPECT_GT(refused, 50);
}

TEST(UntrustedFiles, MutantsAreRefusedOrUnchanged) {
  tests::write_energy("energy.pt", with_number);
  expect_no_surprise("energy.pt", 1, true);
}

/// The same where no digest stands before LibTorch.
TEST(UntrustedFiles, MutantsWithoutADigestDoNotEndTheProcess) {
  tests::write_energy("energy.pt", with_number);
  tests::edit_archive("energy.pt", "plain.pt", [](auto &records) {
    auto json = nlohmann::json::parse(records["extra/nflow.json"]);
    json.erase("weights_digest");
    records["extra/nflow.json"] = json.dump();
  });
  expect_no_surprise("plain.pt", 2, false);
}

} // namespace
