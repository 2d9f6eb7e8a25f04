#include "trainer/training/checkpoint.h"

#include "base/error.h"

#include <cstdio>
#include <cstring>
#include <fstream>

namespace nflow::trainer {

using nlohmann::json;

namespace {

const char *magic = "nflow-checkpoint 1";

std::vector<std::vector<double> *> arrays(TrainingState &s) {
  return {&s.parameters, &s.constants, &s.adam_mean, &s.adam_square, &s.best_parameters};
}

std::vector<int64_t *> counters(TrainingState &s) {
  return {&s.step,          &s.adam_updates,     &s.best_step, &s.without_progress,
          &s.skipped_steps, &s.skipped_in_a_row, &s.set_backs};
}

void put(std::ofstream &out, const void *data, size_t bytes) {
  out.write(static_cast<const char *>(data), static_cast<std::streamsize>(bytes));
}

bool get(std::ifstream &in, void *data, size_t bytes) {
  in.read(static_cast<char *>(data), static_cast<std::streamsize>(bytes));
  return in.gcount() == static_cast<std::streamsize>(bytes);
}

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
  uint64_t hash = 1469598103934665603ull;
  const auto *from = static_cast<const unsigned char *>(data);
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ from[i]) * 1099511628211ull;
  char text[32];
  std::snprintf(text, sizeof(text), "fnv1a64:%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::string digest(const std::vector<double> &values) {
  return digest(values.data(), values.size() * sizeof(double));
}

void write_checkpoint(const TrainingState &state, const Fingerprint &fingerprint,
                      const std::string &file) {
  TrainingState copy = state;
  const auto header = json{{"options", fingerprint.options}, {"data", fingerprint.data}}.dump();
  const auto temporary = file + ".part";
  std::ofstream out(temporary, std::ios::binary);
  out << magic << "\n" << header << "\n";
  for (int64_t *value : counters(copy)) put(out, value, sizeof(*value));
  put(out, &copy.best_score, sizeof(double));
  put(out, &copy.rate_scale, sizeof(double));
  for (const auto *array : arrays(copy)) {
    const uint64_t count = array->size();
    put(out, &count, sizeof(count));
    put(out, array->data(), count * sizeof(double));
  }
  const auto sum = digest(copy.parameters);
  put(out, sum.data(), sum.size());
  out.close();
  if (!out || std::rename(temporary.c_str(), file.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("cannot write checkpoint '" + file +
                "': check that the folder exists and has room");
  }
}

TrainingState read_checkpoint(const Fingerprint &fingerprint, const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw Error("there is no checkpoint '" + file +
                "' to resume from: start without --resume, or name it with --checkpoint");
  const Error damaged("checkpoint '" + file +
                      "' is damaged or of another version: start anew "
                      "without --resume");
  std::string line, header_text;
  if (!std::getline(in, line) || line != magic || !std::getline(in, header_text)) throw damaged;
  const auto header = json::parse(header_text, nullptr, false);
  if (!header.is_object() || !header.contains("options") || !header.contains("data")) throw damaged;
  require_same(header, fingerprint.options, fingerprint.data, file);
  TrainingState state;
  bool good = true;
  for (int64_t *value : counters(state)) good = good && get(in, value, sizeof(*value));
  good = good && get(in, &state.best_score, sizeof(double));
  good = good && get(in, &state.rate_scale, sizeof(double));
  for (auto *array : arrays(state)) {
    uint64_t count = 0;
    if (!good || !get(in, &count, sizeof(count)) || count > (uint64_t{1} << 32)) throw damaged;
    array->resize(count);
    good = get(in, array->data(), count * sizeof(double));
  }
  std::string sum = digest(state.parameters), stored(sum.size(), ' ');
  if (!good || !get(in, stored.data(), stored.size()) || stored != sum) throw damaged;
  return state;
}

} // namespace nflow::trainer
