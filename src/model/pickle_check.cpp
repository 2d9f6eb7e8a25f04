#include "model/pickle_check.h"

#include "base/error.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace nflow {

namespace {

constexpr int64_t deepest = 100, most_values = 50000000;

/// What stands on the stack of the reader.
struct Value {
  enum Kind { plain, integer, text, list, tuple, dict, global, storage, tensor, fresh } kind;
  int64_t number = 0;
  std::string words;
  std::vector<std::shared_ptr<Value>> items;
  int64_t depth = 1, size = 1; // of all that it contains, counted as often as it is there
  bool open = false;           // a list or dict that has not got its items yet
};
using ValuePtr = std::shared_ptr<Value>;

int64_t storage_item_size(const std::string &name) {
  const std::pair<const char *, int64_t> sizes[] = {
      {"torch DoubleStorage", 8},  {"torch FloatStorage", 4}, {"torch LongStorage", 8},
      {"torch IntStorage", 4},     {"torch ShortStorage", 2}, {"torch CharStorage", 1},
      {"torch ByteStorage", 1},    {"torch BoolStorage", 1},  {"torch HalfStorage", 2},
      {"torch BFloat16Storage", 2}};
  for (const auto &item : sizes)
    if (name == item.first) return item.second;
  return 0;
}

class PickleReader {
 public:
  PickleReader(const ArchiveRecords &archive, std::string name, std::string path)
      : archive_(archive), name_(std::move(name)), path_(std::move(path)),
        bytes_(archive.records.at(name_ + ".pkl")) {}

  void check() {
    while (step()) {
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("it does not end with one value");
  }

 private:
  [[noreturn]] void refuse(const std::string &what) const {
    refuse_archive(path_, "its record " + name_ + ".pkl is damaged or unusual, " + what);
  }

  template <typename T>
  T read() {
    T value;
    if (bytes_.size() - at_ < sizeof(T)) refuse("it ends too early");
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string read_text(size_t count) {
    if (bytes_.size() - at_ < count) refuse("it ends too early");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::string read_line() {
    const auto end = bytes_.find('\n', at_);
    if (end == std::string::npos) refuse("it ends too early");
    const auto line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  void push(ValuePtr value) {
    for (const auto &item : value->items) {
      value->depth = std::max(value->depth, item->depth + 1);
      value->size += item->size;
    }
    if (value->depth > deepest) refuse("values are nested too deep");
    if (value->size > most_values) refuse("it holds too many values");
    stack_.push_back(std::move(value));
  }
  void push(Value::Kind kind, int64_t number = 0, std::string words = "",
            std::vector<ValuePtr> items = {}) {
    auto value = std::make_shared<Value>();
    value->kind = kind;
    value->number = number;
    value->words = std::move(words);
    value->items = std::move(items);
    push(std::move(value));
  }
  ValuePtr pop() {
    if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back()))
      refuse("a value is missing");
    auto value = stack_.back();
    stack_.pop_back();
    return value;
  }
  /// The last `count` values, in their order.
  std::vector<ValuePtr> pop_many(size_t count) {
    std::vector<ValuePtr> values(count);
    for (size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }
  std::vector<ValuePtr> pop_to_mark() {
    if (marks_.empty()) refuse("a mark is missing");
    auto values = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }

  void memorize(size_t place) {
    if (stack_.empty() || place > memo_.size()) refuse("a value is missing");
    memo_.resize(std::max(memo_.size(), place + 1));
    memo_[place] = stack_.back();
  }
  void recall(size_t place) {
    if (place >= memo_.size()) refuse("a value is missing");
    if (memo_[place]->open) refuse("a value contains itself");
    stack_.push_back(memo_[place]);
  }

  /// Gives a list or dict that was opened its items.
  void fill(Value::Kind kind) {
    auto items = pop_to_mark();
    const auto container = pop();
    if (container->kind != kind || !container->open || (kind == Value::dict && items.size() % 2))
      refuse("items have no place");
    container->items = std::move(items);
    container->open = false;
    container->depth = container->size = 1;
    push(container);
  }

  void build_object() {
    auto state = pop();
    const auto type = pop();
    if (type->kind != Value::fresh || state->kind != Value::dict) refuse("an object has no dict");
    push(Value::plain, 0, "", {state});
  }

  void call() {
    const auto arguments = pop();
    const auto function = pop();
    if (function->kind != Value::global || arguments->kind != Value::tuple)
      refuse("a call has no function");
    const auto &name = function->words;
    const auto &items = arguments->items;
    if (name == "torch._utils _rebuild_tensor_v2") return build_tensor(items);
    if (name == "collections OrderedDict" && items.empty()) return push(Value::dict);
    if (name == "torch device" && items.size() == 1 && items[0]->kind == Value::text)
      return push(Value::plain);
    const bool container =
        !items.empty() && (items[0]->kind == Value::list || items[0]->kind == Value::dict);
    const std::string module = "torch.jit._pickle ";
    if (name == module + "restore_type_tag" && items.size() == 2 && container &&
        items[1]->kind == Value::text)
      return stack_.push_back(items[0]);
    for (const char *list :
         {"build_intlist", "build_tensorlist", "build_doublelist", "build_boollist"})
      if (name == module + list && items.size() == 1 && items[0]->kind == Value::list)
        return stack_.push_back(items[0]);
    refuse("it calls " + name);
  }

  void find_storage() {
    const auto id = pop();
    const auto &items = id->items;
    if (id->kind != Value::tuple || items.size() != 5 || items[0]->words != "storage" ||
        items[1]->kind != Value::global || items[2]->kind != Value::text ||
        items[3]->kind != Value::text || items[4]->kind != Value::integer)
      refuse("a tensor has no storage");
    const int64_t item_size = storage_item_size(items[1]->words);
    if (item_size == 0) refuse("a tensor is of type " + items[1]->words);
    const int64_t count = items[4]->number;
    const auto record = archive_.records.find(name_ + "/" + items[2]->words);
    const auto stored =
        record == archive_.records.end() ? int64_t(0) : static_cast<int64_t>(record->second.size());
    if (count < 0 || count > stored / item_size)
      refuse("its record " + name_ + "/" + items[2]->words + " has " + std::to_string(stored) +
             " bytes for " + std::to_string(count) + " numbers");
    push(Value::storage, count);
  }

  void build_tensor(const std::vector<ValuePtr> &items) {
    if (items.size() < 4 || items[0]->kind != Value::storage || items[1]->kind != Value::integer ||
        items[2]->kind != Value::tuple || items[3]->kind != Value::tuple ||
        items[2]->items.size() != items[3]->items.size())
      refuse("a tensor has no shape");
    // The place of the last number; all factors are bounded, so that nothing overflows.
    const int64_t count = items[0]->number;
    int64_t last = items[1]->number;
    bool empty = false;
    for (size_t k = 0; k < items[2]->items.size(); k++) {
      const auto &size = items[2]->items[k], &stride = items[3]->items[k];
      const auto limit = int64_t(1) << 31;
      if (size->kind != Value::integer || stride->kind != Value::integer || size->number < 0 ||
          stride->number < 0 || size->number > limit || stride->number > limit || last < 0 ||
          last > (int64_t(1) << 61))
        refuse("a tensor has no shape");
      empty = empty || size->number == 0;
      if (size->number > 0) last += (size->number - 1) * stride->number;
      if (!empty && last >= count) refuse("a tensor is larger than its storage");
    }
    if (last < 0 || (!empty && last >= count)) refuse("a tensor is larger than its storage");
    push(Value::tensor);
  }

  void open_container(Value::Kind kind) {
    push(kind);
    stack_.back()->open = true;
  }

  void read_global() {
    const auto module = read_line();
    push(Value::global, 0, module + " " + read_line());
  }
  void new_object() {
    const auto arguments = pop();
    const auto type = pop();
    // Classes of LibTorch itself bring code of their own.
    if (type->kind != Value::global || type->words.rfind("__torch__", 0) != 0 ||
        type->words.rfind("__torch__.torch.classes", 0) == 0 || arguments->kind != Value::tuple ||
        !arguments->items.empty())
      refuse("an object is of the type " + type->words);
    push(Value::fresh);
  }

  /// One instruction; false at the end. The codes are those of Python's pickletools.
  bool step() {
    const auto code = read<unsigned char>();
    if (code == '.') return false;
    if (!step_number(code) && !step_container(code) && !step_object(code))
      refuse("it holds the instruction " + std::to_string(code));
    return true;
  }

  /// Numbers and texts.
  bool step_number(unsigned char code) {
    switch (code) {
    case 'N':  // NONE
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
      push(Value::plain);
      return true;
    case 'G': // BINFLOAT
      read<double>();
      push(Value::plain);
      return true;
    case 'K': // BININT1
      push(Value::integer, read<uint8_t>());
      return true;
    case 'M': // BININT2
      push(Value::integer, read<uint16_t>());
      return true;
    case 'J': // BININT
      push(Value::integer, read<int32_t>());
      return true;
    case 0x8a: // LONG1
      if (read<uint8_t>() != 8) refuse("an integer has not 8 bytes");
      push(Value::integer, read<int64_t>());
      return true;
    case 'X': // BINUNICODE
      push(Value::text, 0, read_text(read<uint32_t>()));
      return true;
    default:
      return false;
    }
  }

  bool step_container(unsigned char code) {
    switch (code) {
    case '}': // EMPTY_DICT
      open_container(Value::dict);
      return true;
    case ']': // EMPTY_LIST
      open_container(Value::list);
      return true;
    case ')': // EMPTY_TUPLE
      push(Value::tuple);
      return true;
    case '(': // MARK
      marks_.push_back(stack_.size());
      return true;
    case 't': // TUPLE
      push(Value::tuple, 0, "", pop_to_mark());
      return true;
    case 0x85: // TUPLE1, TUPLE2, TUPLE3
    case 0x86:
    case 0x87:
      push(Value::tuple, 0, "", pop_many(code - 0x84));
      return true;
    case 'e': // APPENDS
      fill(Value::list);
      return true;
    case 'u': // SETITEMS
      fill(Value::dict);
      return true;
    default:
      return false;
    }
  }

  bool step_object(unsigned char code) {
    switch (code) {
    case 0x80: // PROTO
      if (read<uint8_t>() != 2) refuse("its protocol is not 2");
      return true;
    case 'q': // BINPUT
      memorize(read<uint8_t>());
      return true;
    case 'r': // LONG_BINPUT
      memorize(read<uint32_t>());
      return true;
    case 'h': // BINGET
      recall(read<uint8_t>());
      return true;
    case 'j': // LONG_BINGET
      recall(read<uint32_t>());
      return true;
    case 'c': // GLOBAL
      read_global();
      return true;
    case 0x81: // NEWOBJ
      new_object();
      return true;
    case 'b': // BUILD
      build_object();
      return true;
    case 'R': // REDUCE
      call();
      return true;
    case 'Q': // BINPERSID
      find_storage();
      return true;
    default:
      return false;
    }
  }

  const ArchiveRecords &archive_;
  const std::string name_, path_;
  const std::string &bytes_;
  size_t at_ = 0;
  std::vector<ValuePtr> stack_, memo_;
  std::vector<size_t> marks_;
};

} // namespace

void check_pickle(const ArchiveRecords &archive, const std::string &name, const std::string &path) {
  PickleReader(archive, name, path).check();
}

} // namespace nflow
