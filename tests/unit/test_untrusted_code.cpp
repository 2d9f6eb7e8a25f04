// A model file is data: its code does not run before it is known to be harmless.

#include "model/allowed_operators.h"
#include "model/energy_model.h"
#include "model/model.h"
#include "support/refusal.h"
#include "support/toy_models.h"

#include <torch/script.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;

/// An energy that begins with `line` and then returns an honest one.
std::string energy_with(const std::string &line) {
  return "def energy(self, x: Tensor) -> Tensor:\n    " + line +
         "\n    return 0.5 * self.k * (x * x).flatten(1).sum(1)\n";
}

/// What is said about an energy that has this line.
std::string refusal_of(const std::string &line) {
  tests::write_energy("code.pt", energy_with(line));
  return refusal([] { EnergyModel("code.pt"); });
}

bool exists(const char *path) {
  return std::ifstream(path).good();
}

void replace_once(std::string &text, const std::string &from, const std::string &to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, from.size(), to);
}

std::string code_record(const std::map<std::string, std::string> &records) {
  for (const auto &record : records)
    if (record.first.rfind("code/", 0) == 0 &&
        record.second.find("class Energy") != std::string::npos)
      return record.first;
  ADD_FAILURE() << "no class Energy";
  return "";
}

TEST(UntrustedCode, SetstateDoesNotRun) {
  tests::write_energy("setstate.pt", energy_with("pass") + R"(
def __getstate__(self) -> Tuple[Tensor, bool]:
    return (self.k, self.flag)

def __setstate__(self, state: Tuple[Tensor, bool]) -> None:
    self.k = state[0]
    self.flag = state[1]
    torch.save(state[0], "written.bin")
)");
  std::remove("written.bin");
  try {
    torch::jit::load("setstate.pt"); // the attack is real
  } catch (const std::exception &) {
  }
  EXPECT_TRUE(exists("written.bin"));
  std::remove("written.bin");
  const auto text = refusal([] { EnergyModel("setstate.pt"); });
  expect_sentence(text, "code that runs while it is loaded or saved in Energy.__");
  expect_sentence(text, "setstate.pt");
  EXPECT_FALSE(exists("written.bin"));
}

/// Default values and constants of classes are computed while LibTorch reads the code.
TEST(UntrustedCode, DefaultsAndConstantsAreNotComputed) {
  const std::string attack = "torch.from_file(\"default.bin\", True, 4)";
  tests::write_energy("plain.pt", energy_with("pass"));
  tests::edit_archive("plain.pt", "default.pt", [&](auto &records) {
    replace_once(records[code_record(records)], "x: Tensor)",
                 "x: Tensor, y: Tensor=" + attack + ")");
  });
  std::remove("default.bin");
  try {
    torch::jit::load("default.pt");
  } catch (const std::exception &) {
  }
  EXPECT_TRUE(exists("default.bin"));
  std::remove("default.bin");
  expect_sentence(refusal([] { EnergyModel("default.pt"); }),
                  "default value that must be computed in Energy.energy");
  tests::edit_archive("plain.pt", "constant.pt", [&](auto &records) {
    replace_once(records[code_record(records)], "  c : float\n",
                 "  c : float\n  z : Final[Tensor] = " + attack + "\n");
  });
  expect_sentence(refusal([] { EnergyModel("constant.pt"); }), "constant that must be computed");
  EXPECT_FALSE(exists("default.bin"));
}

/// LibTorch takes the form of what stands in a class for granted; without a type it reads past the
/// end of a list.
TEST(UntrustedCode, ClassesHaveTheirForm) {
  tests::write_energy("plain.pt", energy_with("pass"));
  for (const char *line :
       {"  c = 0.5\n", "  c : float = 0.5\n", "  c = Tensor\n", "  x.c : float\n",
        "  __annotations__[c] = float\n", "  __parameters__ = 0.5\n",
        "  __parbmeters__ = [\"c\"]\n", "  c, d = [0.5]\n"}) {
    tests::edit_archive("plain.pt", "form.pt", [&](auto &records) {
      replace_once(records[code_record(records)], "  c : float\n", line);
    });
    EXPECT_NE(refusal([] { EnergyModel("form.pt"); }), "") << line;
  }
}

TEST(UntrustedCode, FilesAreNotTouched) {
  std::ofstream("victim.bin") << "0123456789abcdef0123456789abcdef";
  expect_sentence(refusal_of("x = x + torch.from_file(\"victim.bin\", True, 4).zero_().sum()"),
                  "calls the operator aten::from_file in Energy.energy");
  std::string kept;
  std::ifstream("victim.bin") >> kept;
  EXPECT_EQ(kept, "0123456789abcdef0123456789abcdef");
  ::testing::internal::CaptureStdout();
  const auto text = refusal_of("print(x)");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  expect_sentence(text, "calls print in Energy.energy");
}

TEST(UntrustedCode, TheOperatorIsNamed) {
  const std::pair<const char *, const char *> lines[] = {
      {"torch.save(x, \"file\")", "aten::save"},
      {"x = x + torch.rand([3, 1])", "aten::rand"},
      {"x = x + torch.rand_like(x)", "aten::rand_like"},
      {"x = torch.normal(x, 1.0)", "aten::normal"},
      {"x = x + x.bernoulli()", "aten::bernoulli"},
      {"x = x.clone().uniform_(0.0, 1.0)", "aten::uniform_"},
      {"x = x[torch.randperm(3)]", "aten::randperm"},
      {"x = x[torch.multinomial(x, 1)]", "aten::multinomial"},
      {"x = x + torch.empty([3, 1])", "aten::empty"},
      {"torch.manual_seed(1)", "aten::manual_seed"},
      {"x = torch.dropout(x, 0.5, True)", "aten::dropout as in training"},
      {"x = torch.feature_dropout(x, 0.5, True)", "aten::feature_dropout"},
      {"x = torch.rrelu(x, 0.1, 0.3, True)", "aten::rrelu"},
      {"x = x.to_sparse()", "aten::to_sparse"},
      {"x = torch.as_strided(x, [100], [1])", "aten::as_strided"},
      {"x.requires_grad_(True)", "aten::requires_grad_"},
      {"x = x.clone().set_(self.k)", "aten::set_"},
      {"x = x.clone().resize_([1000, 3, 1])", "aten::resize_"},
      {"x = torch.quantize_per_tensor(x, 0.1, 0, 13)", "aten::quantize_per_tensor"}};
  for (const auto &line : lines) {
    const auto text = refusal_of(line.first);
    expect_sentence(text, line.second);
    expect_sentence(text, "in Energy.energy");
    expect_sentence(text, "code.pt");
  }
}

TEST(UntrustedCode, NothingOutlivesACall) {
  const std::pair<const char *, const char *> lines[] = {
      {"self.count = self.count + 1", "changes its own attribute count"},
      {"self.flag = not self.flag", "changes its own attribute flag"},
      {"self.word = self.word + \"a\"", "changes its own attribute word"},
      {"self.c += 1.0", "changes its own attribute c"},
      {"self.k.add_(1.0)", "changes its own attribute k"},
      {"self.k.view([1]).unsqueeze(0)[0, 0] = 1.0", "changes its own attribute k"},
      {"self.numbers.append(1.0)", "changes its own attribute numbers"},
      {"self.numbers[0] = 1.0", "changes its own attribute numbers"},
      {"self.table[\"a\"] = 1.0", "changes its own attribute table"}};
  for (const auto &line : lines) expect_sentence(refusal_of(line.first), line.second);
}

/// A tensor constant of the code is as good a place for a counter. No compiler in C++ writes one,
/// so its pickle is written out: a tuple of one tensor without dimensions.
TEST(UntrustedCode, AConstantDoesNotChange) {
  const std::string text_of_1 = std::string("X\1\0\0\0", 5), of_3 = std::string("X\3\0\0\0", 5),
                    of_7 = std::string("X\7\0\0\0", 5), zero("K\0", 2);
  const auto pickle = "\x80\x02"
                      "ctorch._utils\n_rebuild_tensor_v2\n((" +
                      of_7 + "storagectorch\nDoubleStorage\n" + text_of_1 + "0" + of_3 +
                      "cpuK\1tQ" + zero +
                      "))\x89"
                      "ccollections\nOrderedDict\n)RtR\x85.";
  tests::write_energy("plain.pt", energy_with("pass"));
  for (const bool writes : {true, false}) {
    tests::edit_archive("plain.pt", "counter.pt", [&](auto &records) {
      replace_once(records[code_record(records)], "    k = self.k\n",
                   std::string("    n = torch.add") + (writes ? "_" : "") +
                       "(CONSTANTS.c0, 1.)\n    k = torch.mul(self.k, n)\n");
      records["constants.pkl"] = pickle;
      records["constants/0"] = records["data/0"];
    });
    const auto text = refusal([] { EnergyModel("counter.pt"); });
    if (writes)
      expect_sentence(text, "changes one of its constants in Energy.energy");
    else
      EXPECT_EQ(text, "");
  }
}

TEST(UntrustedCode, WritingToCopiesIsAllowed) {
  for (const char *line :
       {"y = x * 1.0\n    y[:, 0] = 2.0\n    x = x + 0.0 * y", "x.mul_(2.0)",
        "x = x.flatten(1)\n    x[:, 1] += 0.0",
        "y = torch.zeros_like(x)\n    y.index_put_([x > 0.0], x[x > 0.0])",
        "numbers = [1.0]\n    numbers.append(2.0)\n    x = x * numbers[1]",
        "parts = x.chunk(3, 1)\n    y = torch.zeros_like(x)\n    for i in range(len(parts)):\n"
        "        y[:, i] = parts[i][:, 0]\n    x = x + y",
        "y = self.k.clone()\n    y.add_(1.0)\n    x = x * y",
        "y = self.k\n    for i in range(3):\n        y = y + 1.0\n        y.mul_(2.0)\n    x = x * "
        "y"})
    EXPECT_EQ(refusal_of(line), "") << line;
}

/// What the layers of torch.nn and traced modules compile to.
TEST(UntrustedCode, LayersAreAllowed) {
  EXPECT_EQ(refusal_of("w = torch.ones([3, 3]).double()"
                       "\n    h = torch.linear(x.flatten(1), w, torch.zeros([3]).double())"
                       "\n    h = torch.layer_norm(torch.silu(torch.relu(torch.softplus(h))), [3])"
                       "\n    h = torch.dropout(torch.gelu(torch.tanh(h)), 0.5, self.training)"
                       "\n    h = torch.batch_norm(h, None, None, h.mean(0) * 0.0, h.mean(0) * 0.0 "
                       "+ 1.0, False, "
                       "0.1, 1e-5, False)"
                       "\n    assert x.size(0) > 0, \"never\""
                       "\n    n = int(torch.tensor(x.size(0)).item()) // 1 % 1000"),
            "");
}

/// The processor ends the process at a division by zero; in the compiler, too.
TEST(UntrustedCode, IntegerDivisionEndsInASentence) {
  for (const char *line : {"n = 5 // (x.size(0) - x.size(0))", "n = 5 % (x.size(0) - x.size(0))",
                           "n = (-9223372036854775807 - x.size(1) + 2) // (x.size(1) - 4)",
                           "n = (-9223372036854775807 - x.size(1) + 2) % (x.size(1) - 4)"})
    expect_sentence(refusal_of(std::string(line) + "\n    x = x * float(n)"), "division by zero");
  tests::write_energy("whole.pt", energy_with("x = x * 3.5"));
  for (const char *number : {"torch.remainder(5, 0)", "torch.floordiv(5, 0)", "5 % 0", "5 // 0"}) {
    tests::edit_archive("whole.pt", "zero.pt", [&](auto &records) {
      replace_once(records[code_record(records)], "3.5", number);
    });
    EXPECT_NE(refusal([] { EnergyModel("zero.pt"); }), "") << number;
  }
}

std::string many(const std::string &text, int count) {
  std::string all;
  for (int i = 0; i < count; i++) all += text;
  return all;
}

/// What is said about an energy with this factor.
std::string refusal_of_factor(const std::string &expression) {
  tests::write_energy("flat.pt", energy_with("x = x * 3.5"));
  tests::edit_archive("flat.pt", "deep.pt", [&](auto &records) {
    replace_once(records[code_record(records)], "3.5", expression);
  });
  return refusal([] { EnergyModel("deep.pt"); });
}

TEST(UntrustedCode, NestingDoesNotEndTheProcess) {
  const int lots = 100000;
  for (const auto &expression :
       {many("(", lots) + "3.5" + many(")", lots), many("-", lots) + "3.5",
        "3.5" + many(" + 1.0", lots), many("not ", lots) + "True",
        many("(", 90) + "3.5" + many(many(" + 1.0", 900) + ")", 90),
        "3.5 # type: " + many("(", lots), "len(\"\"\" \" \"\"\") + " + many("(", lots)})
    expect_sentence(refusal_of_factor(expression), "nested too deep");
  // What passes is worked on.
  for (const auto &expression :
       {many("(", 90) + "3.5" + many(")", 90), many("-", 900) + "3.5", "3.5" + many(" + 0", 900)})
    EXPECT_EQ(refusal_of_factor(expression), "");
  std::string blocks = "pass";
  for (int i = 0; i < 90; i++)
    blocks += "\n" + many(" ", 4 + i) + "if x.size(0) > 0:\n" + many(" ", 5 + i) + "x = x + 0.0";
  EXPECT_EQ(refusal_of(blocks), "");
}

TEST(UntrustedCode, NoClassesOfLibTorch) {
  tests::write_energy("plain.pt", energy_with("pass"));
  tests::edit_archive("plain.pt", "class.pt", [](auto &records) {
    replace_once(records["data.pkl"], "c__torch__\nEnergy\n",
                 "c__torch__.torch.classes.quantized\nLinearPackedParamsBase\n");
  });
  expect_sentence(refusal([] { EnergyModel("class.pt"); }), "LinearPackedParamsBase");
}

/// Methods that call the one before twice: 2^40 operations in 40 lines.
TEST(UntrustedCode, InliningIsBounded) {
  std::string methods = "def f0(self, x: Tensor) -> Tensor:\n    return x + 1.0\n";
  for (int i = 1; i <= 40; i++) {
    const auto before = "self.f" + std::to_string(i - 1);
    methods += "def f" + std::to_string(i) + "(self, x: Tensor) -> Tensor:\n    return " + before +
               "(" + before + "(x))\n";
  }
  tests::write_energy("bomb.pt",
                      methods + energy_with("if x.size(0) < 0:\n        x = self.f40(x)"));
  expect_sentence(refusal([] { EnergyModel("bomb.pt"); }), "more than a million operations");
}

TEST(UntrustedCode, TheListIsDocumented) {
  std::ifstream page(NFLOW_SOURCE_DIR "/docs/model-contract.md");
  std::string line;
  while (std::getline(page, line) && line != "## What the code may call") {
  }
  ASSERT_TRUE(page.good());
  int blocks = 0, names = 0;
  bool inside = false;
  while (std::getline(page, line) && line.rfind("## ", 0) != 0) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      blocks += inside;
      continue;
    }
    std::istringstream words(line);
    for (std::string name; inside && words >> name; names++)
      EXPECT_TRUE(blocks == 1   ? is_allowed_operator("aten::" + name)
                  : blocks == 2 ? is_allowed_operator("prim::" + name)
                                : is_allowed_function(name))
          << name;
  }
  EXPECT_EQ(blocks, 3);
  EXPECT_EQ(names, allowed_name_count());
}

} // namespace
