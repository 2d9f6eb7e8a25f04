#include "files/dump_frame.h"

#include "base/error.h"
#include "files/input_file.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <string_view>

namespace nflow {

const char *const dump_hint =
    ": write it with 'dump custom' and the columns id type x y z (or xu yu zu)";

namespace {

// Beyond these no number of a dump means anything: nobody simulates for so many box lengths.
constexpr double largest_number = 1e100, most_box_lengths = 1e6;

/// Lines of a plain or gzipped text file, and complaints that name file and line.
class Lines {
 public:
  explicit Lines(const std::string &file) : file_(file), gz_(nullptr, gzclose) {
    const auto missing = "cannot open dump file '" + file + "': give the path of a LAMMPS dump";
    require_regular_file(file, missing);
    gz_.reset(gzopen(file.c_str(), "rb"));
    require(gz_ != nullptr, missing);
    gzbuffer(gz_.get(), 1 << 18);
  }
  /// False at the end of the file.
  bool next() {
    const bool read = gzgets(gz_.get(), buffer_, sizeof(buffer_)) != nullptr;
    if (read) number_++;
    const bool whole = read && std::strchr(buffer_, '\n');
    // A gzipped file that was cut off gives part of a line before it says so.
    if (!whole) require_sound();
    if (!read) return false;
    size_t length = std::strlen(buffer_);
    if (!whole && length + 1 == sizeof(buffer_))
      complain(std::string("the line is too long for a dump") + dump_hint);
    if (!whole) complain("the line has no end: the file is cut off, copy or write it again");
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

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words;
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) words.emplace_back(word);
  return words;
}

template <class Number>
Number parse(const Lines &lines, std::string_view word, const char *what) {
  const auto whole = word;
  if (!word.empty() && word.front() == '+') word.remove_prefix(1);
  Number value{};
  const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || result.ec != std::errc() || result.ptr != word.data() + word.size())
    lines.complain("'" + std::string(whole) + "' is not " + what + dump_hint);
  return value;
}

/// How LAMMPS writes a coordinate: as it is, or in lengths of the box from its lower side; wrapped
/// into the box, which image flags undo, or not.
struct CoordinateColumn {
  int value = -1, image = -1;
  bool scaled = false;
};

/// Where in an ATOMS line the numbers are that we want.
struct Columns {
  int id = -1, type = -1;
  CoordinateColumn x[3];
  int count = 0;

  static Columns of(const Lines &lines, std::string_view header, int64_t dim) {
    const auto names = words_in(header);
    const auto find = [&](const std::string &name) {
      const auto at = std::find(names.begin(), names.end(), name);
      return at == names.end() ? -1 : static_cast<int>(at - names.begin());
    };
    Columns c;
    c.count = static_cast<int>(names.size());
    c.id = find("id");
    c.type = find("type");
    if (c.id < 0) lines.complain(std::string("there is no column id") + dump_hint);
    for (int64_t k = 0; k < dim; k++) {
      const std::string axis(1, "xyz"[k]);
      const int image = find("i" + axis);
      // What is unwrapped comes first.
      CoordinateColumn ways[] = {
          {find(axis + "u"), -1, false}, {image < 0 ? -1 : find(axis), image, false},
          {find(axis + "su"), -1, true}, {image < 0 ? -1 : find(axis + "s"), image, true},
          {find(axis), -1, false},       {find(axis + "s"), -1, true}};
      const auto *way = std::find_if(std::begin(ways), std::end(ways),
                                     [](const CoordinateColumn &w) { return w.value >= 0; });
      if (way == std::end(ways))
        lines.complain("there is no column " + axis + " or " + axis + "u" + dump_hint);
      c.x[k] = *way;
    }
    return c;
  }
};

} // namespace

struct FrameReader::Impl {
  Impl(const std::string &file, int64_t dim) : lines(file), dim_(dim) {}

  bool read(Frame &frame);
  Lines lines;

 private:
  void read_box(std::string_view flags, Frame &frame);
  double bound(std::string_view &line) const;
  void read_atoms(std::string_view header, int64_t atoms, Frame &frame);
  double coordinate(const CoordinateColumn &column, int64_t k, const Frame &frame) const;
  void sort_atoms(Frame &frame);

  int64_t dim_;
  std::set<int64_t> steps_;
  std::string header_;
  Columns columns_;
  std::vector<std::string_view> words_;
  std::vector<int64_t> ids_, order_;
  std::vector<int> types_;
  std::vector<double> x_;
};

bool FrameReader::Impl::read(Frame &frame) {
  bool begun = false, stepped = false, boxed = false;
  int64_t atoms = -1;
  frame.units.clear();
  while (begun ? (lines.need(), true) : lines.next()) {
    auto line = lines.line();
    if (line.empty() && !begun) continue;
    begun = true;
    if (next_word(line) != "ITEM:")
      lines.complain(std::string("expected an ITEM: line") + dump_hint);
    const auto item = next_word(line);
    if (item == "TIMESTEP") {
      frame.step = parse<int64_t>(lines, lines.need(), "a time step");
      stepped = true;
    } else if (item == "TIME") {
      lines.need();
    } else if (item == "UNITS") {
      frame.units = std::string(lines.need());
    } else if (item == "NUMBER") {
      atoms = parse<int64_t>(lines, lines.need(), "a number of atoms");
      if (atoms < 1) lines.complain("the frame has no atoms: dump the group that the flow moves");
    } else if (item == "BOX") {
      read_box(line, frame);
      boxed = true;
    } else if (item == "ATOMS") {
      if (!stepped || !boxed || atoms < 0)
        lines.complain(std::string("the frame has no ITEM: ") +
                       (!stepped ? "TIMESTEP"
                        : !boxed ? "BOX BOUNDS"
                                 : "NUMBER OF ATOMS") +
                       " before its atoms" + dump_hint);
      read_atoms(line, atoms, frame);
      if (!steps_.insert(frame.step).second)
        lines.complain("the time step " + std::to_string(frame.step) +
                       " comes twice in this file, as where a restarted run went on with it: "
                       "remove what was overtaken");
      return true;
    } else {
      lines.complain("unknown ITEM: " + std::string(item) + dump_hint);
    }
  }
  return false;
}

double FrameReader::Impl::bound(std::string_view &line) const {
  const double value = parse<double>(lines, next_word(line), "a box bound");
  if (!(std::fabs(value) <= largest_number))
    lines.complain("a box bound is not finite: remove the frames of the run that failed");
  return value;
}

void FrameReader::Impl::read_box(std::string_view flags, Frame &frame) {
  // "BOUNDS", in a tilted box "xy xz yz", and the boundaries.
  const auto words = words_in(flags);
  for (int k = 0; k < 3; k++) {
    auto line = lines.need();
    frame.low[k] = bound(line);
    frame.length[k] = bound(line) - frame.low[k];
    const auto tilt = next_word(line);
    if (!tilt.empty() && parse<double>(lines, tilt, "a tilt factor") != 0.0)
      lines.complain("the box is tilted, and flows know orthogonal boxes only: simulate in one");
    if (!next_word(line).empty())
      lines.complain("a box of this form is not known: simulate in an orthogonal box");
    if (!(frame.length[k] > 0.0))
      lines.complain("the box has no length along " + std::string(1, "xyz"[k]) +
                     ": write the dump again");
    frame.periodic[k] = words.size() >= 3 && words[words.size() - 3 + k] == "pp";
  }
}

double FrameReader::Impl::coordinate(const CoordinateColumn &column, int64_t k,
                                     const Frame &frame) const {
  double value = parse<double>(lines, words_[column.value], "a coordinate");
  if (!std::isfinite(value))
    lines.complain("a coordinate is not finite: remove the frames of the run that failed");
  if (column.scaled) value = frame.low[k] + value * frame.length[k];
  if (column.image >= 0)
    value += static_cast<double>(parse<int>(lines, words_[column.image], "an image flag")) *
             frame.length[k];
  const double size = std::max(std::fabs(frame.low[k]), frame.length[k]);
  if (!(std::fabs(value) <= most_box_lengths * size))
    lines.complain("the coordinate " + std::string(words_[column.value]) + " is more than " +
                   std::to_string(static_cast<int>(most_box_lengths)) +
                   " box lengths away: remove the frames of the run that failed");
  return value;
}

void FrameReader::Impl::read_atoms(std::string_view header, int64_t atoms, Frame &frame) {
  if (header != header_ || columns_.id < 0) {
    header_ = std::string(header);
    columns_ = Columns::of(lines, header_, dim_);
  }
  const Columns &c = columns_;
  // The number of atoms is a claim until they have been read.
  ids_.clear();
  types_.clear();
  x_.clear();
  words_.resize(c.count);
  for (int64_t i = 0; i < atoms; i++) {
    auto line = lines.need();
    for (auto &word : words_) word = next_word(line);
    if (words_.back().empty() || !next_word(line).empty())
      lines.complain("the line has not the " + std::to_string(c.count) +
                     " columns of its ITEM: ATOMS line: the frame is cut off, remove it, or write "
                     "the dump again");
    ids_.push_back(parse<int64_t>(lines, words_[c.id], "an atom ID"));
    if (c.type >= 0) types_.push_back(parse<int>(lines, words_[c.type], "an atom type"));
    for (int64_t k = 0; k < dim_; k++) x_.push_back(coordinate(c.x[k], k, frame));
  }
  sort_atoms(frame);
}

void FrameReader::Impl::sort_atoms(Frame &frame) {
  const size_t atoms = ids_.size();
  order_.resize(atoms);
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) { return ids_[a] < ids_[b]; });
  frame.ids.resize(atoms);
  frame.types.resize(types_.size());
  frame.x.resize(x_.size());
  for (size_t i = 0; i < atoms; i++) {
    frame.ids[i] = ids_[order_[i]];
    if (i > 0 && frame.ids[i] == frame.ids[i - 1])
      lines.complain("atom " + std::to_string(frame.ids[i]) + " comes twice in one frame");
    if (!types_.empty()) frame.types[i] = types_[order_[i]];
    std::copy_n(&x_[order_[i] * dim_], dim_, &frame.x[i * dim_]);
  }
}

FrameReader::FrameReader(const std::string &file, int64_t dim)
    : impl_(std::make_unique<Impl>(file, dim)) {}

FrameReader::~FrameReader() = default;

bool FrameReader::read(Frame &frame) {
  return impl_->read(frame);
}

void FrameReader::complain(const std::string &what) const {
  impl_->lines.complain(what);
}

} // namespace nflow
