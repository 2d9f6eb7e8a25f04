// The tree that `cmake --install` makes: complete, and it runs from where it was moved to.

#include "support/run_command.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

using nflow::tests::contents;
using nflow::tests::run_command;
namespace fs = std::filesystem;

class Installed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root = fs::absolute("moved");
    fs::remove_all("installed");
    fs::remove_all(root);
    const auto install = run_command(NFLOW_CMAKE " --install " NFLOW_BUILD_DIR " --prefix " +
                                     fs::absolute("installed").string());
    ASSERT_EQ(install.code, 0) << install.output;
    fs::rename("installed", root);
  }
  static std::string program(const std::string &name) {
    return "timeout 300 " + (root / NFLOW_BINDIR / name).string() + " ";
  }
  static fs::path plugin() { return root / NFLOW_LIBDIR / "nflowplugin.so"; }
  static fs::path data() { return root / NFLOW_DATADIR; }

  static fs::path root;
};
fs::path Installed::root;

TEST_F(Installed, HasAllThatAUserNeeds) {
  for (const char *file :
       {"README.md", "CHANGELOG.md", "LICENSE", "docs/your-lammps.md", "docs/images/marginals.png",
        "examples/ka2d/start/n43_T0.40.data", "potentials/ka2d.inc", "python/nflow_export.py"})
    EXPECT_TRUE(fs::exists(data() / file)) << file;
  EXPECT_TRUE(fs::exists(root / NFLOW_LIBDIR / "libnflow_ops.so"));
}

/// Neither the build tree nor, where the program has it, a path of the prefix of before is asked.
TEST_F(Installed, FindsItsOwnLibraries) {
  const auto build = std::string(NFLOW_BUILD_DIR) + "/lib";
  for (const auto &file : {root / NFLOW_BINDIR / "nflow-train", root / NFLOW_BINDIR / "nflow-check",
                           root / NFLOW_BINDIR / "nflow-reference", plugin()}) {
    const auto libraries = run_command("ldd " + file.string());
    ASSERT_EQ(libraries.code, 0) << libraries.output;
    EXPECT_EQ(libraries.output.find("not found"), std::string::npos) << libraries.output;
    const auto line = libraries.output.find("libnflow_ops.so => ");
    ASSERT_NE(line, std::string::npos) << libraries.output;
    const auto start = line + std::string("libnflow_ops.so => ").size();
    const fs::path found =
        libraries.output.substr(start, libraries.output.find(" (", start) - start);
    EXPECT_EQ(fs::canonical(found), fs::canonical(root / NFLOW_LIBDIR / "libnflow_ops.so"));
  }
}

TEST_F(Installed, ProgramsRun) {
  const auto check =
      run_command(program("nflow-check") + (data() / "potentials/multiwell20_tsf.pt").string());
  EXPECT_EQ(check.code, 0) << check.output;
  EXPECT_NE(check.output.find("sound"), std::string::npos) << check.output;
  for (const char *name : {"nflow-train", "nflow-stats", "nflow-reference"})
    EXPECT_EQ(run_command(program(name) + "--help").code, 0) << name;
}

/// From a copy, as the page says: the scripts name nothing outside of it but the plugin.
TEST_F(Installed, ExamplesRunFromACopy) {
  fs::remove_all("copy");
  fs::copy(data(), "copy", fs::copy_options::recursive);
  // A LAMMPS that has PLUGIN looks for a bare name where the dynamic linker does.
  const std::string where =
      NFLOW_HOST_HAS_PLUGIN ? "LD_LIBRARY_PATH=" + plugin().parent_path().string() + " " : "";
  const auto run = run_command("cd copy/examples/multiwell && " + where + program("lmp-nflow") +
                               "-in in.mc -log none -var steps 200 -var attempts 2");
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_GT(contents("copy/examples/multiwell/mc.dump.gz").size(), 10000u);
  EXPECT_NE(contents("copy/examples/multiwell/mc.csv").find("temperature,"), std::string::npos);
}

/// Only a LAMMPS that is a package itself can be depended on.
TEST(Package, IsRefusedForALammpsOfNoPackage) {
  const std::string owner = NFLOW_DEBIAN_LAMMPS;
  const auto run =
      run_command(NFLOW_CMAKE " -DCPACK_GENERATOR=DEB -P " NFLOW_BUILD_DIR "/cpack_deb.cmake");
  EXPECT_EQ(run.code != 0, owner.empty()) << run.output;
  EXPECT_EQ(run.output.find("scripts/setup.sh") != std::string::npos, owner.empty()) << run.output;
  EXPECT_EQ(
      run_command(NFLOW_CMAKE " -DCPACK_GENERATOR=TGZ -P " NFLOW_BUILD_DIR "/cpack_deb.cmake").code,
      0);
}

} // namespace
