#include "model/code_check.h"

#include "base/error.h"
#include "model/allowed_operators.h"

#include <torch/csrc/jit/frontend/parser.h>
#include <torch/csrc/jit/frontend/tree_views.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

namespace nflow {

namespace {

using namespace torch::jit;

constexpr size_t deepest = 100;     // brackets and blocks within each other
constexpr int longest_chain = 1000; // operators one after the other in one expression

/// LibTorch's parser and compiler call themselves for what is nested. Their stack must suffice.
class NestingCheck {
 public:
  explicit NestingCheck(const std::string &text) : text_(text) {}

  bool passes() {
    while (at_ < text_.size() && passes_) {
      const char c = text_[at_++];
      if (c == '"' || c == '\'')
        skip_text(c);
      else if (c == '\n')
        end_line();
      else if (std::strchr("([{", c))
        levels_.push_back({});
      else if (std::strchr(")]}", c))
        close();
      else if (c == ',')
        levels_.back() = {0, levels_.back().depth()};
      else if (std::strchr("+-*/%<>=!&|^~@.", c))
        levels_.back().chain++;
      else if (c == '#') // LibTorch writes none, and takes some for code
        return false;
      else
        count_word();
      passes_ = passes_ && levels_.back().depth() <= longest_chain && levels_.size() <= deepest;
    }
    return passes_;
  }

 private:
  /// What is within one pair of brackets: how deep its present part is, and the deepest before.
  struct Level {
    int chain = 0, before = 0;
    int depth() const { return std::max(chain, before); }
  };

  void close() {
    if (levels_.size() == 1) return;
    const int inside = levels_.back().depth() + 1;
    levels_.pop_back();
    levels_.back().chain += inside;
  }
  void skip_text(char quote) {
    std::string end(1, quote);
    if (text_.compare(at_, 2, std::string(2, quote)) == 0) {
      end = std::string(3, quote);
      at_ += 2;
    }
    while (at_ < text_.size() && text_.compare(at_, end.size(), end) != 0)
      at_ += text_[at_] == '\\' ? 2 : 1;
    at_ += end.size();
  }
  void end_line() {
    if (levels_.size() > 1) return;
    levels_.back() = {};
    const auto start = text_.find_first_not_of(" \t", at_);
    passes_ = start == std::string::npos || start - at_ <= 2 * deepest; // blocks in blocks
  }
  void count_word() {
    for (const char *word : {"not ", "or ", "and ", "if ", "in ", "is ", "elif "})
      if (text_.compare(at_ - 1, std::strlen(word), word) == 0) {
        levels_.back().chain++;
        passes_ = word[0] != 'e' || ++elifs_ <= longest_chain;
      }
  }

  const std::string &text_;
  size_t at_ = 0;
  std::vector<Level> levels_{{}};
  int elifs_ = 0; // each is within the one before
  bool passes_ = true;
};

std::string class_name(const ClassDef &definition) {
  return definition.name().name();
}

/// A value that needs nothing to be run.
bool is_literal(const TreeRef &tree) {
  switch (tree->kind()) {
  case TK_CONST:
  case TK_STRINGLITERAL:
  case TK_TRUE:
  case TK_FALSE:
  case TK_NONE:
  case TK_VAR:
  case TK_IDENT:
  case TK_STRING:
    return true;
  case TK_UNARY_MINUS:
  case TK_LIST_LITERAL:
  case TK_TUPLE_LITERAL:
  case TK_SUBSCRIPT:
  case TK_LIST:
  case TK_OPTION:
  case '.':
    break;
  case TK_APPLY: {
    const auto callee = Apply(tree).callee();
    if (callee.kind() != TK_VAR) return false;
    const auto name = Var(callee).name().name();
    if (name != "annotate" && name != "float") return false;
    break;
  }
  default:
    return false;
  }
  for (const auto &part : tree->trees())
    if (!is_literal(part)) return false;
  return true;
}

/// "torch.nn.relu" of a chain of names; empty if something else is in it.
std::string dotted(const Expr &expression) {
  if (expression.kind() == TK_VAR) return Var(expression).name().name();
  if (expression.kind() != '.') return "";
  const auto select = Select(expression);
  const auto before = dotted(Expr(select.value()));
  return before.empty() ? "" : before + "." + select.selector().name();
}

class CodeReader {
 public:
  explicit CodeReader(std::string path) : path_(std::move(path)) {}

  /// Collects the definitions of one file.
  void read(const std::string &text) {
    if (text.find('\0') != std::string::npos || !NestingCheck(text).passes())
      refuse_archive(path_, "its code is nested too deep, or has comments");
    Parser parser(std::make_shared<Source>(text));
    auto &lexer = parser.lexer();
    if (lexer.cur().kind == TK_IDENT && lexer.cur().text() == "op_version_set") skip_line(lexer);
    while (lexer.cur().kind != TK_EOF) {
      if (lexer.cur().kind == TK_IMPORT)
        skip_line(lexer);
      else if (lexer.cur().kind == TK_CLASS_DEF)
        classes_.push_back(ClassDef(parser.parseClass()));
      else if (lexer.cur().kind == TK_DEF)
        functions_.push_back(Def(parser.parseFunction(false)));
      else
        refuse_code(path_, "its code", "has something that is no class and no function");
    }
  }

  void check() {
    for (const auto &function : functions_) defined_.insert(function.name().name());
    for (const auto &definition : classes_)
      for (const auto &statement : definition.body())
        if (statement.kind() == TK_DEF) defined_.insert(Def(statement).name().name());
    for (const auto &function : functions_) check_function(function, function.name().name());
    for (const auto &definition : classes_) check_class(definition);
  }

 private:
  static void skip_line(Lexer &lexer) {
    while (lexer.cur().kind != TK_NEWLINE && lexer.cur().kind != TK_EOF) lexer.next();
    lexer.nextIf(TK_NEWLINE);
  }

  void check_class(const ClassDef &definition) {
    const auto name = class_name(definition);
    const auto parent = definition.superclass();
    const auto kind = parent.present() ? dotted(parent.get()) : "object";
    if (kind != "Module" && kind != "NamedTuple")
      refuse_code(path_, "class " + name, "has a class that is no Module and no NamedTuple");
    for (const auto &statement : definition.body()) {
      if (statement.kind() == TK_DEF) {
        const Def method(statement);
        check_function(method, name + "." + method.name().name());
      } else if (statement.kind() != TK_ASSIGN) {
        refuse_code(path_, "class " + name, "has something that is no method and no attribute");
      } else {
        check_attribute(Assign(statement), kind == "NamedTuple", "class " + name);
      }
    }
  }

  /// "name : type", "name : Final[type] = literal", "__parameters__ = [..]" or
  /// "__annotations__[text] = type". LibTorch takes for granted that it is one of these.
  void check_attribute(const Assign &assign, bool field, const std::string &place) {
    const bool typed = assign.type().present(), valued = assign.rhs().present();
    const auto lhs = assign.lhs();
    const auto name = lhs.kind() == TK_VAR ? Var(lhs).name().name() : "";
    if (valued && !is_literal(assign.rhs().get().tree()))
      refuse_code(path_, place, "has a constant that must be computed");
    const bool plain = !name.empty() && typed && !valued;
    const bool list = names_of_attributes(name) && valued && !typed && is_list(assign.rhs().get());
    const bool constant = !name.empty() && typed && valued && is_final(assign.type().get());
    const bool annotation = lhs.kind() == TK_SUBSCRIPT && valued && !typed &&
                            dotted(Subscript(lhs).value()) == "__annotations__" &&
                            is_one_text(Subscript(lhs).subscript_exprs());
    if (assign.lhs_list().size() != 1 || !(plain || (!field && (list || constant || annotation))))
      refuse_code(path_, place, "has something that is no method and no attribute");
  }
  static bool names_of_attributes(const std::string &name) {
    return name == "__parameters__" || name == "__buffers__" || name == "__annotations__" ||
           name == "__forward_hooks__" || name == "__forward_pre_hooks__";
  }
  static bool is_list(const Expr &value) {
    if (value.kind() != TK_LIST_LITERAL) return false;
    for (const auto &item : ListLiteral(value).inputs())
      if (item.kind() != TK_STRINGLITERAL) return false;
    return true;
  }
  static bool is_final(const Expr &type) {
    return type.kind() == TK_SUBSCRIPT && dotted(Subscript(type).value()) == "Final" &&
           Subscript(type).subscript_exprs().size() == 1;
  }
  static bool is_one_text(const List<Expr> &texts) {
    return texts.size() == 1 && texts[0].kind() == TK_STRINGLITERAL;
  }

  void check_function(const Def &function, const std::string &place) {
    const auto name = function.name().name();
    if (name == "__setstate__" || name == "__getstate__")
      refuse_code(path_, place, "has code that runs while it is loaded or saved");
    for (const auto &parameter : function.decl().params())
      if (parameter.defaultValue().present() && !is_literal(parameter.defaultValue().get().tree()))
        refuse_code(path_, place, "has a default value that must be computed");
    for (const auto &statement : function.statements()) check_tree(statement.tree(), place);
  }

  void check_tree(const TreeRef &tree, const std::string &place) {
    switch (tree->kind()) {
    case TK_GLOBAL:
    case TK_WITH:
    case TK_DEF:
    case TK_CLASS_DEF:
      refuse_code(path_, place, "uses '" + kindToString(tree->kind()) + "'");
    case TK_APPLY:
      check_call(Apply(tree).callee(), place);
      break;
    case TK_ASSIGN:
    case TK_AUG_ASSIGN:
      check_target(tree->trees().at(0), place);
      break;
    default:
      break;
    }
    for (const auto &part : tree->trees()) check_tree(part, place);
  }

  /// What stands left of an '='.
  void check_target(const TreeRef &tree, const std::string &place) {
    if (tree->kind() == '.')
      refuse_code(path_, place, "changes its own attribute " + Select(tree).selector().name());
    if (tree->kind() == TK_SUBSCRIPT) return;
    for (const auto &part : tree->trees()) check_target(part, place);
  }

  void check_call(const Expr &callee, const std::string &place) {
    const auto name = dotted(callee);
    const auto first = name.substr(0, name.find('.'));
    if (callee.kind() == TK_VAR) {
      if (!is_allowed_function(name)) refuse_code(path_, place, "calls " + name);
    } else if (callee.kind() != '.') {
      refuse_code(path_, place, "calls what has no name");
    } else if (first == "torch") {
      const auto op = "aten::" + name.substr(6);
      if (!is_allowed_operator(op)) refuse_code(path_, place, "calls the operator " + op);
    } else if (first == "ops") {
      const auto dot = name.find('.', 4);
      const auto op =
          name.substr(4, dot - 4) + (dot == std::string::npos ? "" : "::" + name.substr(dot + 1));
      if (!is_allowed_operator(op)) refuse_code(path_, place, "calls the operator " + op);
    } else if (name.rfind("__torch__.torch.classes", 0) == 0) {
      refuse_code(path_, place, "calls " + name);
    } else if (first != "__torch__") {
      const auto method = Select(callee).selector().name();
      if (defined_.count(method) == 0 && !is_allowed_operator("aten::" + method))
        refuse_code(path_, place, "calls " + method);
    }
  }

  std::string path_;
  std::vector<ClassDef> classes_;
  std::vector<Def> functions_;
  std::set<std::string> defined_;
};

} // namespace

void check_code(const ArchiveRecords &archive, const std::string &path) {
  CodeReader reader(path);
  try {
    for (const auto &record : archive.records)
      if (record.first.rfind("code/", 0) == 0) reader.read(record.second);
    reader.check();
  } catch (const Error &) {
    throw;
  } catch (const std::exception &) {
    refuse_archive(path, "its code cannot be parsed");
  }
}

} // namespace nflow
