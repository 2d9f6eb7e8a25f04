// A run of fix nflow/temper continued from restart files, planned or after a kill, is the unbroken
// one; restart files that do not belong together are refused.

#include "mpi/harmonic.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace nflow;
using tests::contents;
using tests::Harmonic;

const std::vector<double> temperatures = {0.4, 0.6, 0.9};
const std::string columns = "f_pt f_pt[1] f_pt[2] f_pt[3] f_pt[4] f_pt[5] f_pt[6] f_pt[7] f_pt[8] "
                            "f_pt[9] f_pt[1][1] f_pt[1][2] f_pt[1][3] f_pt[2][4] f_pt[2][5] "
                            "f_pt[2][6] f_pt[2][7] f_pt[2][8] f_m[1] f_m[2]";

std::string fix(const std::string &log, const std::string &keywords) {
  return "fix pt all nflow/temper 2 4711 ${t} log " + log + ' ' + keywords + "\n";
}

/// From the start.
std::string fresh(const std::string &log, const std::string &keywords) {
  return Harmonic::script(temperatures, fix(log, keywords), columns) + "thermo 100\n";
}

/// From the restart files `file`.p
std::string resumed(const std::string &file, const std::string &log, const std::string &keywords,
                    const std::vector<double> &ladder = temperatures) {
  return tests::world_variable("t", ladder) +
         tests::world_variable("p", std::vector<int>{0, 1, 2}) + "read_restart " + file +
         ".${p}\n" + Harmonic::settings() + fix(log, keywords) + Harmonic::thermo(columns) +
         "thermo 100\n";
}

const std::string number = tests::world_variable("p", std::vector<int>{0, 1, 2});

std::string dump(const std::string &name) {
  return "write_dump all custom " + name +
         ".${p} id type x y z ix iy vx vy modify sort id format float %20.17g\n";
}

void expect_same_end(const tests::PartitionRun &a, const tests::PartitionRun &b) {
  for (int p = 0; p < 3; p++) {
    ASSERT_FALSE(a.partitions[p].thermo.empty());
    ASSERT_FALSE(b.partitions[p].thermo.empty());
    EXPECT_EQ(a.partitions[p].thermo.back(), b.partitions[p].thermo.back()) << "partition " << p;
  }
}

class Restart : public ::testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Keywords, Restart,
                         ::testing::Values("", "model flow.pt velocity redraw",
                                           "partners any model flow.pt", "scheme seo tune 160"));

TEST_P(Restart, EqualsTheUnbrokenRun) {
  const std::string keywords = GetParam();
  tests::write_toy_model("flow.pt", tests::toy_metadata(Harmonic::n, 2, true), 0.8, 0.4);
  const auto whole = tests::run_partitions(
      number + fresh("whole.log", keywords) + "run 400\n" + dump("whole.dump"), "3x1");
  ASSERT_EQ(whole.status, 0) << whole.text();
  const auto first = tests::run_partitions(
      number + fresh("half.log", keywords) + "run 200\nwrite_restart half.${p}\n", "3x1");
  ASSERT_EQ(first.status, 0) << first.text();
  const auto before = tests::exchange_log("half.log").size();
  const auto second = tests::run_partitions(
      resumed("half", "half.log", keywords) + "run 200\n" + dump("half.dump"), "3x1");
  ASSERT_EQ(second.status, 0) << second.text();
  EXPECT_GT(before, 50u);
  EXPECT_EQ(contents("half.log"), contents("whole.log"));
  expect_same_end(second, whole);
  for (const char *p : {".0", ".1", ".2"}) {
    EXPECT_GT(contents(std::string("whole.dump") + p).size(), 100u);
    EXPECT_EQ(contents(std::string("half.dump") + p), contents(std::string("whole.dump") + p));
  }
}

TEST(RestartFiles, ThatDoNotBelongTogetherAreRefused) {
  const auto written = tests::run_partitions(
      number + fresh("files.log", "") + "run 100\nwrite_restart early.${p}\nrun 100\n" +
          "write_restart late.${p}\nif \"${p} == 2\" then \"shell cp early.2 mixed.2\" else "
          "\"shell cp late.${p} mixed.${p}\"\n",
      "3x1");
  ASSERT_EQ(written.status, 0) << written.text();
  const auto expect_refused = [](const std::string &script, const std::string &layout,
                                 const std::string &part) {
    const auto run = tests::run_partitions(script, layout, 60);
    EXPECT_NE(run.status, 0);
    EXPECT_NE(run.status, 124) << "hangs";
    EXPECT_NE(run.text().find(part), std::string::npos) << part << '\n' << run.text();
  };
  expect_refused(resumed("mixed", "m.log", "") + "run 100\n", "3x1", "restart");
  const auto two = tests::world_variable("t", std::vector<double>{0.4, 0.6}) +
                   tests::world_variable("p", std::vector<int>{0, 1});
  auto script = resumed("late", "m.log", "") + "run 10\n";
  script = two + script.substr(script.find("read_restart"));
  expect_refused(script, "2x1", "3 partitions");
  expect_refused(resumed("late", "m.log", "", {0.4, 0.5, 0.9}) + "run 10\n", "3x1", "ladder");
  // Every partition must read its own file.
  script = resumed("late", "m.log", "") + "run 10\n";
  const std::string file = "read_restart late.${p}";
  script.replace(script.find(file), file.size(), "read_restart late.1");
  expect_refused(script, "3x1", "own file");
}

/// Processes whose parent is `pid`.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> list;
  std::istringstream words(tests::run_command("ps -o pid= --ppid " + std::to_string(pid)).output);
  for (pid_t child; words >> child;) list.push_back(child);
  return list;
}

/// Runs a shell command in the background until `reached()`, then kills the shell's program and all
/// that it started by SIGKILL.
template <class Reached>
void run_and_kill(const std::string &command, const Reached &reached) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    for (int stream = 0; stream < 3; stream++) dup2(null, stream);
    execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
    _exit(127);
  }
  for (int i = 0; i < 6000 && !reached(); i++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), 0) << "it has ended by itself";
  const auto ranks = children_of(pid);
  EXPECT_EQ(ranks.size(), 3u);
  kill(pid, SIGKILL);
  for (const pid_t rank : ranks) kill(rank, SIGKILL);
  waitpid(pid, nullptr, 0);
}

/// The last step in an exchange log.
long last_step(const std::string &log) {
  const auto rows = tests::exchange_log(log);
  return rows.empty() ? 0 : rows.back().step;
}

TEST(Kill, InMidFlightAndResumedIsTheUnbrokenRun) {
  constexpr long every = 500;
  const auto whole = tests::run_partitions(
      number + fresh("unbroken.log", "") + "run 3000\n" + dump("unbroken.dump"), "3x1");
  ASSERT_EQ(whole.status, 0) << whole.text();
  const std::string script = number + fresh("killed.log", "") + "restart " + std::to_string(every) +
                             " killed.a.${p} killed.b.${p}\n" + "run 1000000\n";
  std::remove("killed.log");
  run_and_kill(tests::lammps_command(script, 3, "-partition 3x1 -plog none -pscreen none"),
               [] { return last_step("killed.log") > 1200; });
  const long killed_at = last_step("killed.log");
  ASSERT_GE(killed_at, 1200);
  ASSERT_LT(killed_at, 3000);
  // The newest files that all partitions have: 500, 1500, .. are in a, 1000, 2000, .. in b. One
  // that was being written at the kill would be refused.
  const std::string file = killed_at / every % 2 ? "killed.a" : "killed.b";
  const long from = killed_at / every * every;
  const auto resumed_run =
      tests::run_partitions(resumed(file, "killed.log", "") + "run " + std::to_string(3000 - from) +
                                "\n" + dump("resumed.dump"),
                            "3x1");
  ASSERT_EQ(resumed_run.status, 0) << resumed_run.text();
  EXPECT_EQ(contents("killed.log"), contents("unbroken.log"));
  expect_same_end(resumed_run, whole);
  for (const char *p : {".0", ".1", ".2"})
    EXPECT_EQ(contents(std::string("resumed.dump") + p),
              contents(std::string("unbroken.dump") + p));
}

} // namespace
