#include "files/exchange_log.h"

#include "base/error.h"
#include "base/text.h"
#include "files/input_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace nflow {

namespace {

// The format: a title, "# kB value", a line "# T ..." before the attempts of each ladder, and a
// line of these columns for each attempt. Other lines that begin with # are remarks.
constexpr const char *title = "nflow/temper", *version = "1";
// Numbers of these sizes have inverses and products that are finite.
constexpr double smallest = 1e-100, largest = 1e100;
constexpr int64_t largest_count = int64_t{1} << 53; // of steps and scans
constexpr const char *columns = "step scan i j work_ij work_ji accepted replica_i replica_j";

/// False if the word is not one number, inf and nan included.
bool parse(const std::string &word, double &value) {
  char *end = nullptr;
  value = std::strtod(word.c_str(), &end);
  return end != word.c_str() && *end == '\0';
}

template <class Integer>
bool parse(const std::string &word, Integer &value) {
  const char *end = word.data() + word.size();
  const auto result = std::from_chars(word.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

class Reader {
 public:
  explicit Reader(const std::string &file) : file_(file) {}

  ExchangeLog read() {
    const auto missing = "cannot open the exchange log '" + file_ + "': check its name";
    require_regular_file(file_, missing);
    std::ifstream in(file_);
    require(in.good(), missing);
    for (std::string line; std::getline(in, line);) {
      if (in.eof()) { // no end of line: half a line
        log_.truncated = true;
        break;
      }
      number_++;
      if (number_ == 1)
        read_title(line);
      else if (!line.empty() && line[0] == '#')
        read_comment(words_of(line));
      else
        read_attempt(words_of(line));
    }
    if (log_.temperatures.empty())
      throw Error("'" + file_ +
                  "' has no line '# T' with the temperatures: give the log that fix "
                  "nflow/temper wrote with its keyword log");
    return std::move(log_);
  }

 private:
  [[noreturn]] void fail(const std::string &what) const {
    throw Error("line " + std::to_string(number_) + " of '" + file_ + "' " + what);
  }

  static bool usable(double value) { return value >= smallest && value <= largest; }

  void read_title(const std::string &line) const {
    const auto words = words_of(line);
    if (words.size() < 3 || words[0] != "#" || words[1] != title)
      fail("is not the title of an exchange log: give the log that fix nflow/temper wrote with its "
           "keyword log");
    if (words[2] != version)
      fail("says format version " + words[2] + ", this program reads version " + version +
           ": use the program of the plugin that wrote it");
  }

  void read_comment(const std::vector<std::string> &words) {
    if (words.size() < 2) return;
    if (words[1] == "kB") {
      if (words.size() != 3 || !parse(words[2], log_.boltz) || !usable(log_.boltz))
        fail("gives no positive k_B: correct it to '# kB value'");
    } else if (words[1] == "T") {
      read_ladder(words);
    }
  }

  void read_ladder(const std::vector<std::string> &words) {
    std::vector<double> temperatures(words.size() - 2);
    for (size_t k = 0; k < temperatures.size(); k++)
      if (!parse(words[k + 2], temperatures[k]) || !usable(temperatures[k]))
        fail("has '" + words[k + 2] + "' for a temperature: correct it to a positive number");
    if (temperatures.size() < 2)
      fail("has fewer than two temperatures: an exchange needs a ladder");
    log_.temperatures = temperatures;
    log_.earlier_attempts += static_cast<int64_t>(log_.attempts.size());
    log_.attempts.clear();
    replica_.assign(temperatures.size(), -1);
  }

  void read_attempt(const std::vector<std::string> &words) {
    ExchangeAttempt a;
    int accepted = 0;
    const bool fits = words.size() == 9 && parse(words[0], a.step) && parse(words[1], a.scan) &&
                      parse(words[2], a.i) && parse(words[3], a.j) && parse(words[4], a.work_ij) &&
                      parse(words[5], a.work_ji) && parse(words[6], accepted) &&
                      parse(words[7], a.replica_i) && parse(words[8], a.replica_j);
    if (!fits || accepted < 0 || accepted > 1)
      fail("is not '" + std::string(columns) + "': cut the log before it or correct it");
    a.accepted = accepted == 1;
    check(a);
    follow(a);
    log_.attempts.push_back(a);
  }

  void check(const ExchangeAttempt &a) const {
    if (log_.temperatures.empty())
      fail("comes before the line '# T' with the temperatures: give the whole log");
    const int count = static_cast<int>(log_.temperatures.size());
    if (a.i < 0 || a.i >= a.j || a.j >= count)
      fail("exchanges the temperatures " + std::to_string(a.i) + " and " + std::to_string(a.j) +
           " of a ladder of " + std::to_string(count) + ": correct i < j or the line '# T'");
    if (std::min(a.replica_i, a.replica_j) < 0 || std::max(a.replica_i, a.replica_j) >= count ||
        a.replica_i == a.replica_j)
      fail("names the replicas " + std::to_string(a.replica_i) + " and " +
           std::to_string(a.replica_j) + " of " + std::to_string(count) +
           ": correct them or the line '# T'");
    if (std::min(a.step, a.scan) < 0 || std::max(a.step, a.scan) > largest_count)
      fail("has the step " + std::to_string(a.step) + " and the scan " + std::to_string(a.scan) +
           ": correct them to counts");
    if (a.work_ij == -HUGE_VAL || a.work_ji == -HUGE_VAL)
      fail("has a work of minus infinity: a configuration that is impossible has the work inf");
    if (log_.attempts.empty()) return;
    if (a.step < log_.attempts.back().step || a.scan < log_.attempts.back().scan)
      fail("goes back in time: if a run was restarted with the same log, cut what came before its "
           "restart file was overtaken");
  }

  /// Each attempt must find the replicas where those before left them.
  void follow(const ExchangeAttempt &a) {
    const std::pair<int, int> here[] = {{a.i, a.replica_i}, {a.j, a.replica_j}};
    for (const auto &[t, r] : here)
      if (replica_[t] >= 0 && replica_[t] != r)
        fail("has replica " + std::to_string(r) + " at temperature " + std::to_string(t) +
             " where the exchanges before left replica " + std::to_string(replica_[t]) +
             ": lines are missing, give the whole log of one run");
    replica_[a.i] = a.accepted ? a.replica_j : a.replica_i;
    replica_[a.j] = a.accepted ? a.replica_i : a.replica_j;
  }

  std::string file_;
  ExchangeLog log_;
  int64_t number_ = 0;
  std::vector<int> replica_; // at each temperature; -1 before its first attempt
};

/// The lines of a log up to a step, with the remarks that were written after the last of these.
std::string lines_until(const std::string &file, int64_t last_step) {
  require_writable(file); // what is no regular file need not end
  std::ifstream in(file);
  std::string kept, pending;
  bool rows = false;
  for (std::string line; std::getline(in, line) && !in.eof();) {
    if (line.empty()) continue;
    if (line[0] == '#') {
      pending += line + '\n';
      continue;
    }
    if (std::atoll(line.c_str()) > last_step) break;
    kept += pending + line + '\n';
    pending.clear();
    rows = true;
  }
  return rows ? kept + pending : "";
}

} // namespace

ExchangeLog read_exchange_log(const std::string &file) {
  return Reader(file).read();
}

void skip_scans(ExchangeLog &log, int64_t scans, const std::string &file) {
  auto &attempts = log.attempts;
  const int64_t first = attempts.empty() ? 0 : attempts.front().scan;
  attempts.erase(attempts.begin(),
                 std::find_if(attempts.begin(), attempts.end(),
                              [&](const ExchangeAttempt &a) { return a.scan - first >= scans; }));
  if (attempts.empty())
    throw Error("'" + file + "' has no attempts after its last line '# T'" +
                (scans > 0 ? " and --skip " + std::to_string(scans) : std::string()) +
                ": run longer" + (scans > 0 ? " or skip less" : ""));
}

double acceptance_of(const ExchangeAttempt &attempt) {
  if (!std::isfinite(attempt.work_ij) || !std::isfinite(attempt.work_ji)) return 0.0;
  return std::min(1.0, std::exp(-attempt.work_ij - attempt.work_ji));
}

std::vector<int> first_replicas(const ExchangeLog &log) {
  std::vector<int> at(log.temperatures.size(), -1);
  std::vector<char> seen(at.size(), 0);
  // No exchange comes before the first attempt that names a temperature.
  for (const ExchangeAttempt &a : log.attempts) {
    const std::pair<int, int> here[] = {{a.i, a.replica_i}, {a.j, a.replica_j}};
    for (const auto &[t, r] : here) {
      if (at[t] >= 0) continue;
      at[t] = r;
      seen[r] = 1;
    }
  }
  for (int &r : at) {
    if (r >= 0) continue;
    r = static_cast<int>(std::find(seen.begin(), seen.end(), 0) - seen.begin());
    seen[r] = 1;
  }
  return at;
}

ExchangeLogWriter::ExchangeLogWriter(const std::string &file, int64_t last_step, double boltzmann) {
  std::string beginning = last_step >= 0 ? lines_until(file, last_step) : "";
  continued_ = !beginning.empty();
  if (!continued_)
    beginning = std::string("# ") + title + " " + version + " exchange log\n# kB " +
                number(boltzmann, 17) + "\n";
  file_ = std::make_unique<GrowingFile>(file, beginning);
}

ExchangeLogWriter::~ExchangeLogWriter() {
  try {
    flush();
  } catch (const std::exception &) {
    // Said where it could be told.
  }
}

void ExchangeLogWriter::flush() {
  if (!pending_.empty()) file_->add(pending_);
  pending_.clear();
}

void ExchangeLogWriter::temperatures(const std::vector<double> &temperatures) {
  pending_ += "# T";
  for (const double temperature : temperatures) pending_ += " " + number(temperature, 12);
  pending_ += "\n# columns: " + std::string(columns) + "\n";
  flush();
}

void ExchangeLogWriter::remark(const std::string &text) {
  pending_ += "# " + text + "\n";
  flush();
}

void ExchangeLogWriter::attempt(const ExchangeAttempt &a) {
  // Whichever way a configuration is impossible.
  const auto work = [](double value) { return number(value == -HUGE_VAL ? NAN : value, 12); };
  for (const int64_t count : {a.step, a.scan, int64_t{a.i}, int64_t{a.j}})
    pending_ += std::to_string(count) + " ";
  pending_ += work(a.work_ij) + " " + work(a.work_ji) + " " + (a.accepted ? "1" : "0") + " " +
              std::to_string(a.replica_i) + " " + std::to_string(a.replica_j) + "\n";
}

} // namespace nflow
