#include "engine/middleware/predicate.h"

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"
#include "engine/rules/parser.h"

namespace gateproof::middleware {

using rules::Expression;

namespace {

// Go's %T of a function's result, and of a literal.
std::string go_type(const PredicateLanguage& language, PredicateType t) {
  static constexpr std::string_view names[] = {"hpredicate", "toInt", "toFloat64", "toString"};
  return std::string(language.package) + "." + std::string(names[static_cast<size_t>(t)]);
}

std::string_view go_type(const PredicateValue& v) {
  static constexpr std::string_view names[] = {"bool", "int", "float64", "string"};
  return names[v.index()];
}

std::string list_functions(const PredicateLanguage& language) {
  std::string out;
  for (const auto& f : language.functions) {
    static constexpr std::string_view examples[] = {"true", "500", "50.0", "\"GET\""};
    out += (out.empty() ? "" : ", ") + std::string(f.name) + "(";
    for (size_t i = 0; i < f.parameters.size(); ++i) {
      out += (i ? ", " : "") + std::string(examples[static_cast<size_t>(f.parameters[i])]);
    }
    out += ")";
  }
  return out;
}

// Quoted for Go, any byte beyond ASCII as an escape.
std::string ascii_quote(std::string_view s) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (char c : text::quote(s)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

std::string without_underscores(std::string_view s) {
  std::string out(s);
  std::erase(out, '_');
  return out;
}

}  // namespace

// One walk over the syntax tree, in the order in which Traefik's library looks at it; the first problem ends it.
class PredicateCompiler {
 public:
  PredicateCompiler(std::string_view text, const PredicateLanguage& language)
      : text_(text), language_(language) {}

  boost::system::result<Predicate, PredicateError> run() {
    if (text_.size() > predicate_bytes_max) {
      return PredicateError{"the expression has " + std::to_string(text_.size()) +
                                " bytes, predicate_bytes_max is " +
                                std::to_string(predicate_bytes_max),
                            0, static_cast<uint32_t>(text_.size()), "write a shorter one", ""};
    }
    auto tree = rules::parse_expression(text_);
    if (!tree) {
      PredicateError e = tree.error();
      e.remedy = place(e.offset) + "write comparisons of " + list_functions(language_) +
                 " joined by && and ||";
      return e;
    }
    Item item = item_of(*tree);
    if (failed_) return error_;
    if (!is_predicate(item)) {
      fail("expected predicate, got " + type_of(item), *tree, "compare it with a literal");
      return error_;
    }
    Predicate p;
    p.language_ = &language_;
    p.root_ = std::move(item.node);
    return p;
  }

 private:
  using Node = Predicate::Node;
  using Op = Predicate::Op;
  // What an operand is: a literal (node.literal), a function of some type, or a whole predicate (boolean).
  struct Item {
    bool literal = false;
    PredicateType type = PredicateType::boolean;
    Node node;
  };

  static bool is_predicate(const Item& i) { return !i.literal && i.type == PredicateType::boolean; }
  std::string type_of(const Item& i) const {
    return i.literal ? std::string(go_type(i.node.literal)) : go_type(language_, i.type);
  }
  std::string place(uint32_t offset) const { return "column " + std::to_string(offset + 1) + ": "; }
  Item fail(std::string message, const Expression& at, const std::string& remedy) {
    if (!failed_) {
      error_ =
          PredicateError{std::move(message), at.offset, at.length, place(at.offset) + remedy, ""};
    }
    failed_ = true;
    return {};
  }

  Item item_of(const Expression& e) {
    switch (e.kind) {
      case Expression::paren: return item_of(e.parts[0]);
      case Expression::unary:
        if (e.lexeme == "*") return operand(e);
        return fail(std::string(e.lexeme) + " is not supported", e,
                    e.lexeme == "!" ? "turn the comparison round (!= for ==, <= for >), or use "
                                      "!= and the like: there is no negation"
                                    : "there are only comparisons, && and ||");
      case Expression::binary: return binary(e);
      default: return operand(e);
    }
  }

  // A chain of equal operators is read from the left.
  Item binary(const Expression& e) {
    Item left = item_of(e.parts[0]);
    for (size_t i = 1; i < e.parts.size() && !failed_; ++i) {
      Item right = item_of(e.parts[i]);
      if (failed_) return {};
      left = join(e, std::move(left), std::move(right));
    }
    return left;
  }

  Item join(const Expression& e, Item left, Item right) {
    static constexpr std::pair<std::string_view, Op> ops[] = {
        {"&&", Op::all}, {"||", Op::any}, {"==", Op::eq}, {"!=", Op::ne},
        {"<", Op::lt},   {"<=", Op::le},  {">", Op::gt},  {">=", Op::ge}};
    for (const auto& [text, op] : ops) {
      if (text != e.lexeme) continue;
      if (op != Op::all && op != Op::any) return compare(e, op, std::move(left), right);
      for (const Item* side : {&left, &right}) {
        if (!is_predicate(*side)) {
          return fail("reflect: cannot use " + type_of(*side) + " as type " +
                          go_type(language_, PredicateType::boolean) + " in Call",
                      e, "both sides of " + std::string(text) + " must be comparisons");
        }
      }
      Item out;
      if (left.node.op == op) {  // a chain is one node, however long
        out.node = std::move(left.node);
      } else {
        out.node.op = op;
        out.node.parts.push_back(std::move(left.node));
      }
      out.node.parts.push_back(std::move(right.node));
      return out;
    }
    return fail(std::string(e.lexeme) + " is not supported", e,
                "there are only comparisons, && and ||");
  }

  Item compare(const Expression& e, Op op, Item left, const Item& right) {
    const bool order = op != Op::eq && op != Op::ne;
    const bool breaker = language_.package == "cbreaker";
    if (left.literal || left.type == PredicateType::boolean ||
        (left.type == PredicateType::text && order)) {
      const std::string_view name = !order                         ? "eq: "
                                    : op == Op::lt || op == Op::le ? "lt: "
                                                                   : "gt: ";
      return fail((breaker ? std::string(name) : "") + "unsupported argument: " + type_of(left), e,
                  left.literal                       ? "write the function left of the comparison"
                  : left.type == PredicateType::text ? "texts can only be compared with == and !="
                                                     : "use it alone, without a comparison");
    }
    const size_t wanted = static_cast<size_t>(left.type);
    if (!right.literal || right.node.literal.index() != wanted) {
      // The library says "int" for real numbers too when it orders them.
      static constexpr std::string_view names[] = {"bool", "int", "float64", "string"};
      const std::string_view said =
          order && left.type == PredicateType::real ? "int" : names[wanted];
      return fail("expected " + std::string(said) + ", got " + type_of(right), e,
                  left.type == PredicateType::real ? "compare with a number with a point, as 0.5"
                  : left.type == PredicateType::integer ? "compare with a whole number"
                                                        : "compare with a text in quotes");
    }
    Item out;
    out.node = std::move(left.node);
    out.node.op = op;
    out.node.literal = right.node.literal;
    return out;
  }

  Item operand(const Expression& e) {
    switch (e.kind) {
      case Expression::literal: return literal(e);
      case Expression::call: return call(e);
      case Expression::identifier: {
        const bool function = find(e.lexeme) != language_.functions.size();
        return fail(std::string(e.lexeme) + " is not defined", e,
                    function ? "write " + std::string(e.lexeme) + "()"
                             : "use " + list_functions(language_));
      }
      case Expression::selector: {
        std::string name;
        if (!dotted(e, name)) return {};
        return fail(name + " is not defined", e, "use " + list_functions(language_));
      }
      case Expression::index:
        return fail("properties are not supported", e, "use " + list_functions(language_));
      default:
        return fail("*ast." + std::string(rules::go_node_name(e)) + " is not supported", e,
                    "write a literal here");
    }
  }

  bool dotted(const Expression& e, std::string& out) {
    const Expression& base = e.parts[0];
    if (base.kind == Expression::selector) {
      if (!dotted(base, out)) return false;
    } else if (base.kind == Expression::identifier) {
      out = base.lexeme;
    } else {
      fail("unsupported selector type: *ast." + std::string(rules::go_node_name(base)), base,
           "use " + list_functions(language_));
      return false;
    }
    out += "." + std::string(e.lexeme);
    return true;
  }

  size_t find(std::string_view name) const {
    size_t i = 0;
    while (i < language_.functions.size() && language_.functions[i].name != name) ++i;
    return i;
  }

  Item call(const Expression& e) {
    std::string name;
    if (!callee(e.parts[0], name)) return {};
    Item out;
    out.node.function = find(name);
    if (out.node.function == language_.functions.size()) {
      std::vector<std::string_view> names;
      for (const auto& f : language_.functions) names.push_back(f.name);
      const auto near = text::nearest(name, names);
      return fail("unsupported function: " + name, e.parts[0],
                  near ? "did you mean `" + *near + "`?" : "use " + list_functions(language_));
    }
    const PredicateFunction& f = language_.functions[out.node.function];
    std::vector<Item> given;
    for (size_t i = 1; i < e.parts.size(); ++i) {
      given.push_back(operand(e.parts[i]));
      if (failed_) return {};
    }
    if (given.size() != f.parameters.size()) {
      const bool few = given.size() < f.parameters.size();
      return fail(
          std::string("reflect: Call with too ") + (few ? "few" : "many") + " input arguments", e,
          "it takes " + std::to_string(f.parameters.size()) + ": " + list_functions(language_));
    }
    static constexpr std::string_view names[] = {"bool", "int", "float64", "string"};
    for (size_t i = 0; i < given.size(); ++i) {
      const size_t wanted = static_cast<size_t>(f.parameters[i]);
      if (!given[i].literal || given[i].node.literal.index() != wanted) {
        return fail(
            "reflect: Call using " + type_of(given[i]) + " as type " + std::string(names[wanted]),
            e.parts[i + 1],
            f.parameters[i] == PredicateType::real ? "write it with a point, as 50.0"
                                                   : "write a whole number");
      }
      out.node.arguments.push_back(std::move(given[i].node.literal));
    }
    out.type = f.result;
    return out;
  }

  bool callee(const Expression& e, std::string& name) {
    if (e.kind == Expression::identifier) {
      name = e.lexeme;
      return true;
    }
    const bool selector = e.kind == Expression::selector;
    const Expression& bad = selector ? e.parts[0] : e;
    if (selector && bad.kind == Expression::identifier) {
      name = std::string(bad.lexeme) + "." + std::string(e.lexeme);
      return true;
    }
    fail(std::string(selector ? "expected selector identifier, got: *ast."
                              : "expected identifier, got: *ast.") +
             std::string(rules::go_node_name(bad)),
         e, "use " + list_functions(language_));
    return false;
  }

  Item literal(const Expression& e) {
    Item out;
    out.literal = true;
    const std::string digits = without_underscores(e.lexeme);
    const char* const end = digits.data() + digits.size();
    const auto bad = [&](std::string_view reader, std::string_view why) {
      return fail("failed to parse argument: " + std::string(e.lexeme) + ", error: strconv." +
                      std::string(reader) + ": parsing \"" + std::string(e.lexeme) +
                      "\": " + std::string(why),
                  e, "write a plain decimal number");
    };
    if (e.literal_kind == rules::Token::integer) {
      int64_t n = 0;
      const auto read = std::from_chars(digits.data(), end, n);
      if (read.ptr != end || digits.size() != e.lexeme.size()) return bad("Atoi", "invalid syntax");
      if (read.ec != std::errc()) return bad("Atoi", "value out of range");
      out.node.literal = n;
      out.type = PredicateType::integer;
    } else if (e.literal_kind == rules::Token::floating) {
      const bool hex = text::istarts_with(digits, "0x");
      double d = 0;
      const auto read = std::from_chars(digits.data() + (hex ? 2 : 0), end, d,
                                        hex ? std::chars_format::hex : std::chars_format::general);
      // Too small is 0 in Go and an error here; too large is an error in both.
      if (read.ec == std::errc::result_out_of_range) return bad("ParseFloat", "value out of range");
      if (read.ptr != end) return bad("ParseFloat", "invalid syntax");
      out.node.literal = d;
      out.type = PredicateType::real;
    } else if (e.literal_kind == rules::Token::text) {
      out.node.literal = rules::string_value(e.lexeme);
      out.type = PredicateType::text;
    } else {
      const bool rune = e.literal_kind == rules::Token::character;
      return fail(
          std::string("unsupported function argument type: '") + (rune ? "CHAR" : "IMAG") + "'", e,
          "write a text in double quotes, or a number");
    }
    return out;
  }

  std::string_view text_;
  const PredicateLanguage& language_;
  bool failed_ = false;
  PredicateError error_;
};

boost::system::result<Predicate, PredicateError> Predicate::compile(
    std::string_view text, const PredicateLanguage& language) {
  return PredicateCompiler(text, language).run();
}

bool Predicate::holds(const Node& n, const PredicateFacts& facts) const {
  if (n.op == Op::all || n.op == Op::any) {
    const bool wanted = n.op == Op::any;
    for (const Node& part : n.parts) {
      if (holds(part, facts) == wanted) return wanted;
    }
    return !wanted;
  }
  const PredicateValue v = facts.value(n.function, n.arguments);
  switch (n.op) {
    case Op::eq: return v == n.literal;
    case Op::ne: return v != n.literal;
    case Op::lt: return v < n.literal;
    case Op::le: return v <= n.literal;
    case Op::gt: return v > n.literal;
    case Op::ge: return v >= n.literal;
    default: return std::get<bool>(v);
  }
}

bool Predicate::uses(const Node& n, size_t function) const {
  if (n.op != Op::all && n.op != Op::any) return n.function == function;
  return std::any_of(n.parts.begin(), n.parts.end(),
                     [&](const Node& part) { return uses(part, function); });
}

std::string print_literal(const PredicateValue& v) {
  if (const bool* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const int64_t* n = std::get_if<int64_t>(&v)) return std::to_string(*n);
  if (const std::string* s = std::get_if<std::string>(&v)) return ascii_quote(*s);
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::get<double>(v)).ptr;
  std::string out(digits, end);
  if (out.find_first_of(".en") == std::string::npos) out += ".0";  // else it would be an integer
  return out;
}

std::string Predicate::print_call(const Node& n) const {
  std::string out = std::string(language_->functions[n.function].name) + "(";
  for (size_t i = 0; i < n.arguments.size(); ++i) {
    out += (i ? ", " : "") + print_literal(n.arguments[i]);
  }
  return out + ")";
}

std::string Predicate::print(const Node& n) const {
  static constexpr std::string_view signs[] = {
      "", " && ", " || ", " == ", " != ", " < ", " <= ", " > ", " >= "};
  if (n.op == Op::call) return print_call(n);
  const std::string_view sign = signs[static_cast<size_t>(n.op)];
  if (n.op != Op::all && n.op != Op::any)
    return print_call(n) + std::string(sign) + print_literal(n.literal);
  std::string out;
  for (const Node& part : n.parts) {
    const bool plain = part.op != Op::all && part.op != Op::any;
    if (!out.empty()) out += sign;
    out += plain ? print(part) : "(" + print(part) + ")";
  }
  return out;
}

void Predicate::explain(const Node& n, const PredicateFacts& facts,
                        std::vector<std::string>& out) const {
  for (const Node& part : n.parts) explain(part, facts, out);
  if (n.op == Op::all || n.op == Op::any) return;
  const std::string line =
      print_call(n) + " is " + print_literal(facts.value(n.function, n.arguments));
  if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(line);
}

std::string Predicate::explain(const PredicateFacts& facts) const {
  std::vector<std::string> lines;
  explain(root_, facts, lines);
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : ", ") + line;
  return out;
}

Error option_error(const PredicateError& e, std::string_view option, const SourceSpan& span) {
  return Error(Code::invalid, e.message, span.known() ? span.at(e.offset, e.length) : span,
               "`" + std::string(option) + "`: " + e.remedy);
}

}  // namespace gateproof::middleware
