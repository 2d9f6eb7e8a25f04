#include "trainer/training/checkpoint.h"

#include "base/digest.h"
#include "base/error.h"
#include "files/input_file.h"
#include "files/output_file.h"

#include <cstring>
#include <string_view>

namespace nflow::trainer {

using nlohmann::json;

namespace {

const char *magic = "nflow-checkpoint 2";

std::vector<std::vector<double> *> arrays(TrainingState &s) {
  return {&s.parameters, &s.constants, &s.adam_mean, &s.adam_square, &s.best_parameters};
}

std::vector<int64_t *> counters(TrainingState &s) {
  return {&s.step,          &s.adam_updates,     &s.best_step, &s.without_progress,
          &s.skipped_steps, &s.skipped_in_a_row, &s.set_backs};
}

void put(std::string &bytes, const void *data, size_t count) {
  bytes.append(static_cast<const char *>(data), count);
}

/// Takes values off the front of bytes.
class Source {
 public:
  explicit Source(std::string_view bytes) : left_(bytes) {}
  size_t left() const { return left_.size(); }
  bool get(void *data, size_t count) {
    if (count > left_.size()) return false;
    std::memcpy(data, left_.data(), count);
    left_.remove_prefix(count);
    return true;
  }
  bool get(std::vector<double> &array) {
    uint64_t count = 0;
    if (!get(&count, sizeof(count)) || count > left_.size() / sizeof(double)) return false;
    array.resize(count);
    return count == 0 || get(array.data(), count * sizeof(double));
  }
  bool get_line(std::string &line) {
    const auto end = left_.find('\n');
    if (end == std::string_view::npos) return false;
    line = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return true;
  }

 private:
  std::string_view left_;
};

void require_same(const json &header, const json &options, const nlohmann::json &data,
                  const std::string &file) {
  for (const auto &[name, value] : options.items())
    if (!header.at("options").contains(name) || header.at("options").at(name) != value)
      throw Error("checkpoint '" + file + "' is of a training with another --" + name + " (" +
                  header.at("options").value(name, json()).dump() + ", now " + value.dump() +
                  "): resume with the same options, or start anew without --resume");
  if (header.at("data") != data)
    throw Error("checkpoint '" + file +
                "' is of a training with other data or another energy file: resume with the same "
                "files, or start anew without --resume");
}

} // namespace

std::string digest(const void *data, size_t bytes) {
  Digest digest;
  digest.add(data, bytes);
  return digest.text();
}

std::string digest(const std::vector<double> &values) {
  return digest(values.data(), values.size() * sizeof(double));
}

void write_checkpoint(const TrainingState &state, const Fingerprint &fingerprint,
                      const std::string &file) {
  TrainingState copy = state;
  const auto header = json{{"options", fingerprint.options}, {"data", fingerprint.data}}.dump();
  std::string bytes = magic + std::string("\n") + header + "\n";
  for (int64_t *value : counters(copy)) put(bytes, value, sizeof(*value));
  put(bytes, &copy.best_score, sizeof(double));
  put(bytes, &copy.rate_scale, sizeof(double));
  for (const auto *array : arrays(copy)) {
    const uint64_t count = array->size();
    put(bytes, &count, sizeof(count));
    put(bytes, array->data(), count * sizeof(double));
  }
  OutputFile out(file);
  out.write(bytes);
  out.write(digest(bytes.data(), bytes.size()));
  out.close();
}

TrainingState read_checkpoint(const Fingerprint &fingerprint, const std::string &file) {
  const auto bytes =
      bytes_of(file, "there is no checkpoint '" + file +
                         "' to resume from: start without --resume, or name it with --checkpoint");
  const Error damaged("checkpoint '" + file +
                      "' is damaged or of another version: start anew "
                      "without --resume");
  const size_t end = digest(nullptr, 0).size();
  if (bytes.size() < end) throw damaged;
  const std::string_view body(bytes.data(), bytes.size() - end);
  if (digest(body.data(), body.size()) != bytes.substr(body.size())) throw damaged;
  Source in(body);
  std::string line, header_text;
  if (!in.get_line(line) || line != magic || !in.get_line(header_text)) throw damaged;
  const auto header = json::parse(header_text, nullptr, false);
  if (!header.is_object() || !header.contains("options") || !header.contains("data") ||
      !header.at("options").is_object())
    throw damaged;
  require_same(header, fingerprint.options, fingerprint.data, file);
  TrainingState state;
  bool good = true;
  for (int64_t *value : counters(state)) good = good && in.get(value, sizeof(*value));
  good = good && in.get(&state.best_score, sizeof(double));
  good = good && in.get(&state.rate_scale, sizeof(double));
  for (auto *array : arrays(state)) good = good && in.get(*array);
  const size_t size = state.parameters.size();
  const auto fits = [&](const std::vector<double> &v) { return v.size() == size; };
  if (!good || in.left() != 0 || state.step < 0 || !fits(state.adam_mean) ||
      !fits(state.adam_square) || !fits(state.best_parameters))
    throw damaged;
  return state;
}

} // namespace nflow::trainer
