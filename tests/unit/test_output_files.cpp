// Files that programs write: whole or not at all, never over what is no regular file, and a disk
// that is full is told.
#include "base/error.h"
#include "files/dump_writer.h"
#include "files/exchange_log.h"
#include "files/input_file.h"
#include "files/output_file.h"
#include "support/refusal.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using nflow::tests::refusal;
namespace fs = std::filesystem;

std::string contents(const std::string &file) {
  return nflow::bytes_of(file, "there is no " + file);
}

void write_text(const std::string &file, const std::string &text) {
  std::ofstream(file) << text;
}

/// The names in a folder of this test alone.
std::vector<std::string> names_in(const std::string &folder) {
  std::vector<std::string> names;
  for (const auto &entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// While there is one, no file can grow beyond so many bytes: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class OutputFiles : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all("out");
    fs::create_directory("out");
  }
};

TEST_F(OutputFiles, AFileIsThereWhenItIsClosed) {
  write_text("out/a", "before");
  {
    nflow::OutputFile file("out/a");
    file.print("%d ", 7);
    file.write("after");
    EXPECT_EQ(contents("out/a"), "before");
    file.close();
  }
  EXPECT_EQ(contents("out/a"), "7 after");
  { nflow::OutputFile("out/a").write("given up"); }
  EXPECT_EQ(contents("out/a"), "7 after");
  EXPECT_EQ(names_in("out"), (std::vector<std::string>{"a"}));
}

TEST_F(OutputFiles, LinksAndPermissionsStay) {
  write_text("out/a", "before");
  chmod("out/a", 0640);
  fs::create_symlink("a", "out/link");
  nflow::OutputFile file("out/link");
  file.write("after");
  file.close();
  EXPECT_TRUE(fs::is_symlink("out/link"));
  EXPECT_EQ(contents("out/a"), "after");
  struct stat status {};
  stat("out/a", &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(OutputFiles, NothingButRegularFilesIsReplaced) {
  mkfifo("out/pipe", 0600);
  fs::create_directory("out/folder");
  fs::create_symlink("/dev/null", "out/device");
  for (const std::string file : {"out/pipe", "out/folder", "out/device", "/dev/full"}) {
    EXPECT_NE(refusal([&] { nflow::OutputFile out(file); }).find("a folder, a pipe or a device"),
              std::string::npos)
        << file;
    EXPECT_NE(refusal([&] { nflow::GrowingFile out(file, ""); }).find(file), std::string::npos);
    EXPECT_NE(refusal([&] {
                nflow::DumpWriter out(file, nflow::line_of_atoms(1, 1.0), -1.0);
              }).find(file),
              std::string::npos);
    EXPECT_NE(refusal([&] { nflow::ExchangeLogWriter out(file, 5, 1.0); }).find(file),
              std::string::npos);
  }
  EXPECT_TRUE(fs::is_fifo("out/pipe"));
  EXPECT_TRUE(fs::is_symlink("out/device"));
  EXPECT_NE(refusal([] { nflow::OutputFile out("out/none/a"); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(refusal([] { nflow::OutputFile out(""); }), "");
}

TEST_F(OutputFiles, AFullDiskIsToldAndWhatStoodThereStays) {
  const std::vector<double> x(200, 0.1234567890123);
  for (const std::string file : {"out/a", "out/a.gz"}) {
    write_text(file, "before");
    const FullDisk full(1000);
    EXPECT_NE(refusal([&] {
                nflow::OutputFile out(file);
                for (int i = 0; i < 5000; i++) out.print("%d\n", i);
                out.close();
              }).find("File too large"),
              std::string::npos);
    EXPECT_NE(refusal([&] {
                nflow::DumpWriter out(file, nflow::line_of_atoms(200, 1.0), -1.0);
                for (int i = 0; i < 50; i++) out.write(i, x.data());
                out.close();
              }).find(file),
              std::string::npos);
    EXPECT_EQ(contents(file), "before");
  }
  EXPECT_EQ(names_in("out"), (std::vector<std::string>{"a", "a.gz"}));
}

TEST_F(OutputFiles, AGrowingFileEndsWithAWholeLine) {
  nflow::GrowingFile file("out/log", "head\n");
  file.add("one\n");
  EXPECT_EQ(contents("out/log"), "head\none\n");
  const FullDisk full(20);
  EXPECT_NE(refusal([&] { file.add("a row that is longer than the disk\n"); }).find("out/log"),
            std::string::npos);
  EXPECT_EQ(contents("out/log"), "head\none\n");
}

TEST_F(OutputFiles, AnExchangeLogLosesNoLinesToAFullDisk) {
  nflow::ExchangeAttempt attempt;
  attempt.j = attempt.replica_j = 1;
  attempt.work_ij = -HUGE_VAL;
  {
    nflow::ExchangeLogWriter log("out/log", -1, 1.0);
    log.temperatures({1.0, 2.0});
    log.attempt(attempt);
    log.flush();
    const auto before = contents("out/log");
    const FullDisk full(before.size() + 10);
    EXPECT_NE(refusal([&] {
                log.attempt(attempt);
                log.flush();
              }).find("out/log"),
              std::string::npos);
    EXPECT_EQ(contents("out/log"), before);
  }
  // The second one is kept until there is room.
  const auto attempts = nflow::read_exchange_log("out/log").attempts;
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_TRUE(std::isnan(attempts[0].work_ij)) << "an impossible configuration";
  const auto before = contents("out/log");
  {
    const FullDisk full(20);
    EXPECT_NE(refusal([] { nflow::ExchangeLogWriter log("out/log", 5, 1.0); }), "");
  }
  EXPECT_EQ(contents("out/log"), before) << "lines that a restart goes on with";
}

TEST_F(OutputFiles, AnInputIsNotWrittenOver) {
  write_text("out/a", "");
  fs::create_symlink("a", "out/link");
  EXPECT_NE(refusal([] { nflow::require_other_file("out/../out/link", {"", "out/a"}); }), "");
  EXPECT_EQ(refusal([] { nflow::require_other_file("out/b", {"", "out/a"}); }), "");
}

TEST_F(OutputFiles, OnlyRegularFilesAreRead) {
  mkfifo("out/pipe", 0600);
  for (const std::string file : {"out/pipe", "out", "/dev/zero"})
    EXPECT_NE(refusal([&] { contents(file); }).find("a folder, a pipe or a device"),
              std::string::npos)
        << file;
  EXPECT_EQ(refusal([] { contents("out/none"); }), "there is no out/none");
}

} // namespace
