#include "files/dump_reader.h"

#include "base/error.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>

namespace nflow {

namespace {

const char *hint = ": write it with 'dump custom' and the columns id type x y z (or xu yu zu)";

/// Lines of a plain or gzipped text file, and complaints that name file and line.
class Lines {
 public:
  explicit Lines(const std::string &file) : file_(file), gz_(gzopen(file.c_str(), "rb"), gzclose) {
    if (!gz_) throw Error("cannot open dump file '" + file + "': give the path of a LAMMPS dump");
    gzbuffer(gz_.get(), 1 << 18);
  }
  /// False at the end of the file.
  bool next() {
    const bool read = gzgets(gz_.get(), buffer_, sizeof(buffer_)) != nullptr;
    // A gzipped file that was cut off gives part of a line before it says so.
    if (!read || !std::strchr(buffer_, '\n')) require_sound();
    if (!read) return false;
    number_++;
    size_t length = std::strlen(buffer_);
    while (length > 0 && std::isspace(static_cast<unsigned char>(buffer_[length - 1]))) length--;
    line_ = std::string_view(buffer_, length);
    return true;
  }
  std::string_view line() const { return line_; }
  [[noreturn]] void complain(const std::string &what) const {
    throw Error("dump file '" + file_ + "', line " + std::to_string(number_) + ": " + what);
  }
  /// The next line of a frame that has begun.
  std::string_view need() {
    if (!next()) complain("the last frame is cut off: remove it, or write the dump again");
    return line_;
  }
  const std::string &file() const { return file_; }

 private:
  void require_sound() const {
    int code = 0;
    const char *message = gzerror(gz_.get(), &code);
    if (code != Z_OK && code != Z_STREAM_END)
      throw Error("dump file '" + file_ + "' cannot be read after line " + std::to_string(number_) +
                  " (" + message + "): it is damaged or incomplete, write or copy it again");
  }

  std::string file_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> gz_;
  char buffer_[16384];
  std::string_view line_;
  int64_t number_ = 0;
};

std::string_view next_word(std::string_view &text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return text = {};
  text.remove_prefix(start);
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
Number parse(const Lines &lines, std::string_view word, const char *what) {
  if (!word.empty() && word.front() == '+') word.remove_prefix(1);
  Number value{};
  const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || result.ec != std::errc() || result.ptr != word.data() + word.size())
    lines.complain("'" + std::string(word) + "' is not " + what + hint);
  return value;
}

/// Where in an ATOMS line the numbers are that we want.
struct Columns {
  int id = -1, type = -1, x[3] = {-1, -1, -1};
  int last = 0;

  static Columns of(const Lines &lines, std::string_view header, int64_t dim) {
    std::vector<std::string> names;
    for (auto word = next_word(header); !word.empty(); word = next_word(header))
      names.emplace_back(word);
    const auto find = [&](const std::string &name) {
      const auto at = std::find(names.begin(), names.end(), name);
      return at == names.end() ? -1 : static_cast<int>(at - names.begin());
    };
    Columns c;
    c.id = find("id");
    c.type = find("type");
    if (c.id < 0) lines.complain(std::string("there is no column id") + hint);
    for (int64_t k = 0; k < dim; k++) {
      const std::string axis(1, "xyz"[k]);
      c.x[k] = find(axis + "u") >= 0 ? find(axis + "u") : find(axis);
      if (c.x[k] < 0) lines.complain("there is no column " + axis + " or " + axis + "u" + hint);
    }
    c.last = std::max({c.id, c.type, c.x[0], c.x[1], c.x[2]});
    return c;
  }
};

struct Frame {
  std::vector<int64_t> ids;
  std::vector<int> types;
  std::vector<double> x, box;
  bool periodic[3] = {false, false, false};
  std::string units;
};

class FrameReader {
 public:
  FrameReader(const std::string &file, int64_t dim) : lines_(file), dim_(dim) {}

  /// False at the end of the file; `frame` has its atoms sorted by ID then.
  bool read(Frame &frame) {
    bool begun = false;
    int64_t atoms = -1;
    while (begun ? (lines_.need(), true) : lines_.next()) {
      auto line = lines_.line();
      if (line.empty() && !begun) continue;
      begun = true;
      if (next_word(line) != "ITEM:") lines_.complain(std::string("expected an ITEM: line") + hint);
      const auto item = next_word(line);
      if (item == "TIMESTEP" || item == "TIME") {
        lines_.need();
      } else if (item == "UNITS") {
        frame.units = std::string(lines_.need());
      } else if (item == "NUMBER") {
        atoms = parse<int64_t>(lines_, lines_.need(), "a number of atoms");
        if (atoms < 1)
          lines_.complain("the frame has no atoms: dump the group that the flow moves");
      } else if (item == "BOX") {
        read_box(line, frame);
      } else if (item == "ATOMS") {
        if (atoms < 0) lines_.complain("ITEM: ATOMS comes before ITEM: NUMBER OF ATOMS");
        read_atoms(line, atoms, frame);
        return true;
      } else {
        lines_.complain("unknown ITEM: " + std::string(item) + hint);
      }
    }
    return false;
  }
  const Lines &lines() const { return lines_; }

 private:
  void read_box(std::string_view flags, Frame &frame) {
    next_word(flags); // BOUNDS
    std::vector<std::string> words;
    for (auto word = next_word(flags); !word.empty(); word = next_word(flags))
      words.emplace_back(word);
    frame.box.assign(3, 0.0);
    for (int k = 0; k < 3; k++) {
      auto line = lines_.need();
      const double low = parse<double>(lines_, next_word(line), "a box bound");
      frame.box[k] = parse<double>(lines_, next_word(line), "a box bound") - low;
      // The last three words are the boundaries; a triclinic box has "xy xz yz" before them.
      frame.periodic[k] = words.size() >= 3 && words[words.size() - 3 + k] == "pp";
    }
  }

  void read_atoms(std::string_view header, int64_t atoms, Frame &frame) {
    if (header != header_ || columns_.id < 0) {
      header_ = std::string(header);
      columns_ = Columns::of(lines_, header_, dim_);
    }
    const Columns &c = columns_;
    ids_.resize(atoms);
    types_.resize(atoms);
    x_.resize(atoms * dim_);
    words_.resize(c.last + 1);
    for (int64_t i = 0; i < atoms; i++) {
      auto line = lines_.need();
      for (auto &word : words_) word = next_word(line);
      if (words_.back().empty())
        lines_.complain("the line has too few columns: the frame is cut off, remove it, or write "
                        "the dump again");
      ids_[i] = parse<int64_t>(lines_, words_[c.id], "an atom ID");
      types_[i] = c.type < 0 ? 0 : parse<int>(lines_, words_[c.type], "an atom type");
      for (int64_t k = 0; k < dim_; k++) {
        const double value = parse<double>(lines_, words_[c.x[k]], "a coordinate");
        if (!std::isfinite(value))
          lines_.complain("a coordinate is not finite: remove the frames of the run that failed");
        x_[i * dim_ + k] = value;
      }
    }
    sort_atoms(atoms, frame);
  }

  void sort_atoms(int64_t atoms, Frame &frame) {
    order_.resize(atoms);
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(),
              [&](int64_t a, int64_t b) { return ids_[a] < ids_[b]; });
    frame.ids.resize(atoms);
    frame.types.resize(columns_.type < 0 ? 0 : atoms);
    frame.x.resize(atoms * dim_);
    for (int64_t i = 0; i < atoms; i++) {
      frame.ids[i] = ids_[order_[i]];
      if (i > 0 && frame.ids[i] == frame.ids[i - 1])
        lines_.complain("atom " + std::to_string(frame.ids[i]) + " comes twice in one frame");
      if (columns_.type >= 0) frame.types[i] = types_[order_[i]];
      for (int64_t k = 0; k < dim_; k++) frame.x[i * dim_ + k] = x_[order_[i] * dim_ + k];
    }
  }

  Lines lines_;
  int64_t dim_;
  std::string header_;
  Columns columns_;
  std::vector<std::string_view> words_;
  std::vector<int64_t> ids_, order_;
  std::vector<int> types_;
  std::vector<double> x_;
};

/// Where in `from` the atoms are that stand for those of `to`: the k-th of a type for the k-th of
/// that type. Empty where the composition differs.
std::vector<int64_t> renumbering(const std::vector<int> &from, const std::vector<int> &to) {
  std::map<int, std::vector<int64_t>> places;
  for (size_t i = from.size(); i-- > 0;) places[from[i]].push_back(static_cast<int64_t>(i));
  std::vector<int64_t> order;
  for (const int type : to) {
    auto &left = places[type];
    if (left.empty()) return {};
    order.push_back(left.back());
    left.pop_back();
  }
  return from.size() == to.size() ? order : std::vector<int64_t>();
}

void require_same(const Lines &lines, const Samples &samples, const Frame &frame) {
  if (frame.ids.size() != samples.ids.size())
    lines.complain("the frame has " + std::to_string(frame.ids.size()) +
                   " atoms, the first one of all data has " + std::to_string(samples.ids.size()) +
                   ": give dumps of one and the same group");
  if (frame.ids != samples.ids)
    lines.complain("the frame has other atom IDs than the first one of all data: give dumps of one "
                   "and the same group");
  if (frame.types != samples.types)
    lines.complain("the frame has other numbers of atoms of the types than the first one of all "
                   "data: give dumps of one system");
  if (!frame.units.empty() && !samples.units.empty() && frame.units != samples.units)
    lines.complain("the frame is in units " + frame.units + ", the first one in " + samples.units +
                   ": give dumps of one unit style");
  // Shrink-wrapped boundaries move from frame to frame; periodic ones must not.
  for (size_t k = 0; k < frame.box.size() && k < samples.box.size(); k++)
    if (frame.periodic[k] != samples.periodic[k] ||
        (frame.periodic[k] &&
         std::fabs(frame.box[k] - samples.box[k]) > 1e-6 * std::fabs(samples.box[k])))
      lines.complain(std::string("the periodic box differs in ") + "xyz"[k] +
                     " from that of the first frame: give dumps of one constant box");
}

void append(Samples &samples, Frame &frame, const Lines &lines) {
  if (frame.ids == samples.ids && frame.types != samples.types)
    relabel(frame.types, samples.types, samples.dim, frame.x);
  if (samples.ids.empty()) {
    samples.n_atoms = static_cast<int64_t>(frame.ids.size());
    samples.ids = frame.ids;
    samples.types = frame.types;
    samples.box = frame.box;
    samples.units = frame.units;
    std::copy(frame.periodic, frame.periodic + 3, samples.periodic);
  } else {
    require_same(lines, samples, frame);
  }
  samples.x.insert(samples.x.end(), frame.x.begin(), frame.x.end());
}

} // namespace

bool relabel(std::vector<int> &types, const std::vector<int> &wanted, int64_t dim,
             std::vector<double> &x) {
  const auto order = renumbering(types, wanted);
  if (order.empty()) return false;
  std::vector<double> before(order.size() * dim);
  for (size_t first = 0; first < x.size(); first += before.size()) {
    std::copy_n(&x[first], before.size(), before.begin());
    for (size_t i = 0; i < order.size(); i++)
      std::copy_n(&before[order[i] * dim], dim, &x[first + i * dim]);
  }
  types = wanted;
  return true;
}

Samples read_dumps(const std::vector<std::string> &files, int64_t dim) {
  Samples samples;
  samples.dim = dim;
  for (const auto &file : files) {
    FrameReader reader(file, dim);
    Frame frame;
    int64_t frames = 0;
    for (; reader.read(frame); frames++) append(samples, frame, reader.lines());
    if (frames == 0) throw Error("dump file '" + file + "' holds no frame" + hint);
    samples.per_file.push_back(frames);
  }
  return samples;
}

} // namespace nflow
