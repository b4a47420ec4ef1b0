// The grammar of the language definition, by descent; macros become nodes of their own.
#include <algorithm>

#include "engine/kubernetes/cel/syntax.h"

namespace gateproof::kubernetes::cel {

namespace {

using Op = Node::Op;

struct Binary {
  std::string_view sign;
  int level;  // of binding: 0 binds least
};
constexpr Binary binaries[] = {{"||", 0}, {"&&", 1}, {"==", 2}, {"!=", 2}, {"<=", 2},
                               {">=", 2}, {"<", 2},  {">", 2},  {"in", 2}, {"+", 3},
                               {"-", 3},  {"*", 4},  {"/", 4},  {"%", 4}};
constexpr int levels = 5;

constexpr std::string_view reserved[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while", "in"};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  boost::system::result<NodePtr, SyntaxError> run() {
    NodePtr out = expression();
    if (!failed_ && now().kind != Token::Kind::end) wrong("extraneous input " + shown());
    if (failed_) return *failed_;
    return out;
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  bool is(std::string_view sign) const {
    return (now().kind == Token::Kind::sign || now().kind == Token::Kind::name) &&
           now().text == sign;
  }
  bool take(std::string_view sign) {
    if (failed_ || !is(sign)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view sign) {
    if (!take(sign))
      wrong("mismatched input " + shown() + " expecting '" + std::string(sign) + "'");
  }
  std::string shown() const {
    if (now().kind == Token::Kind::end) return "'<EOF>'";
    if (now().kind == Token::Kind::literal) return "a literal";
    return "'" + std::string(now().text) + "'";
  }
  void wrong(std::string message) {
    if (!failed_) failed_ = SyntaxError{now().offset, std::move(message)};
  }

  NodePtr make(Op op, size_t offset) {
    auto n = std::make_unique<Node>();
    n->op = op;
    n->offset = offset;
    if (++nodes_ > nodes_max) wrong("the expression has too many parts");
    return n;
  }

  // What is chained (a + b + c, a.b.c) nests to the left, and is bounded as brackets are.
  void add(Node& parent, NodePtr child) {
    parent.depth = std::max(parent.depth, child->depth + 1);
    if (parent.depth > depth_max) wrong("the expression is too deep");
    parent.children.push_back(std::move(child));
  }

  NodePtr expression() {
    if (++depth_ > depth_max) wrong("the expression is too deep");
    NodePtr out = failed_ ? make(Op::literal, 0) : binary(0);
    if (!failed_ && is("?")) {
      NodePtr choice = make(Op::condition, now().offset);
      ++at_;
      add(*choice, std::move(out));
      add(*choice, binary(0));
      expect(":");
      add(*choice, expression());
      out = std::move(choice);
    }
    --depth_;
    return out;
  }

  NodePtr binary(int level) {
    if (level == levels) return unary();
    NodePtr left = binary(level + 1);
    while (!failed_) {
      const auto* b = std::ranges::find_if(
          binaries, [&](const Binary& x) { return x.level == level && is(x.sign); });
      if (b == std::end(binaries)) return left;
      NodePtr n = make(level == 0 ? Op::either : level == 1 ? Op::both : Op::call, now().offset);
      n->text = b->sign;
      ++at_;
      add(*n, std::move(left));
      add(*n, binary(level + 1));
      left = std::move(n);
    }
    return left;
  }

  NodePtr unary() {
    if (!is("!") && !is("-")) return member();
    const Token sign = now();
    ++at_;
    if (sign.text == "-" && now().kind == Token::Kind::literal && now().value.is_number() &&
        !now().value.is(Value::Kind::whole)) {
      const Value v = now().value;
      tokens_[at_].value = v.is(Value::Kind::real)
                               ? Value::real(-v.real())
                               : Value::integer(int64_t(0 - uint64_t(v.integer())));
      return member();
    }
    if (++depth_ > depth_max) wrong("the expression is too deep");
    NodePtr n = make(Op::call, sign.offset);
    n->text = sign.text == "!" ? "!_" : "-_";
    add(*n, failed_ ? make(Op::literal, 0) : unary());
    --depth_;
    return n;
  }

  NodePtr member() {
    NodePtr out = primary();
    while (!failed_ && (is(".") || is("["))) {
      const size_t offset = now().offset;
      out = take(".") ? selected(std::move(out), offset) : indexed(std::move(out), offset);
    }
    return out;
  }

  NodePtr selected(NodePtr target, size_t offset) {
    const bool maybe = take("?");
    if (now().kind != Token::Kind::name || is("in")) {
      wrong("mismatched input " + shown() + " expecting IDENTIFIER");
      return target;
    }
    const std::string name(now().text);
    ++at_;
    if (!maybe && is("(")) {
      NodePtr call = make(Op::call, offset);
      call->text = name;
      call->member = true;
      add(*call, std::move(target));
      ++at_;
      arguments(*call, ")");
      return macro(std::move(call));
    }
    NodePtr n = make(maybe ? Op::maybe : Op::select, offset);
    n->text = name;
    add(*n, std::move(target));
    return n;
  }

  NodePtr indexed(NodePtr target, size_t offset) {
    expect("[");
    NodePtr n = make(take("?") ? Op::maybe_index : Op::index, offset);
    add(*n, std::move(target));
    add(*n, expression());
    expect("]");
    return n;
  }

  // Up to the closing sign, which is taken.
  void arguments(Node& into, std::string_view close) {
    if (take(close)) return;
    do {
      if (is(close) && close != ")") break;  // a comma may end a list
      add(into, expression());
    } while (take(","));
    expect(close);
  }

  NodePtr primary() {
    const Token t = now();
    if (t.kind == Token::Kind::literal) {
      ++at_;
      NodePtr n = make(Op::literal, t.offset);
      n->literal = t.value;
      return n;
    }
    if (take("(")) {
      NodePtr inner = expression();
      expect(")");
      return inner;
    }
    if (is("[") || is("{")) return collection(t);
    (void)take(".");
    if (now().kind != Token::Kind::name) {
      wrong(now().kind == Token::Kind::end ? "mismatched input '<EOF>'"
                                           : "extraneous input " + shown());
      return make(Op::literal, t.offset);
    }
    return named();
  }

  NodePtr collection(const Token& open) {
    ++at_;
    if (open.text == "[") {
      NodePtr list = make(Op::list, open.offset);
      arguments(*list, "]");
      return list;
    }
    NodePtr map = make(Op::map, open.offset);
    while (!failed_ && !is("}")) {
      add(*map, expression());
      expect(":");
      add(*map, expression());
      if (!take(",")) break;
    }
    expect("}");
    return map;
  }

  NodePtr named() {
    const Token t = now();
    ++at_;
    NodePtr n = make(Op::name, t.offset);
    n->text = t.text;
    if (t.text == "true" || t.text == "false" || t.text == "null") {
      n->op = Op::literal;
      if (t.text != "null") n->literal = Value::boolean(t.text == "true");
      return n;
    }
    if (std::ranges::find(reserved, t.text) != std::end(reserved)) {
      --at_;
      wrong("reserved identifier: " + n->text);
      return n;
    }
    if (!take("(")) return n;
    n->op = Op::call;
    arguments(*n, ")");
    return n->text == "has" ? presence(std::move(n)) : std::move(n);
  }

  NodePtr presence(NodePtr call) {
    if (failed_) return call;
    if (call->children.size() != 1 || call->children[0]->op != Op::select) {
      if (!failed_) failed_ = SyntaxError{call->offset, "invalid argument to has() macro"};
      return call;
    }
    NodePtr selected = std::move(call->children[0]);
    selected->op = Op::has;
    return selected;
  }

  // target.all(x, condition) and its like; anything else stays a call.
  NodePtr macro(NodePtr call) {
    static constexpr std::tuple<std::string_view, Op, bool> macros[] = {
        {"all", Op::all, true},
        {"exists", Op::exists, true},
        {"exists_one", Op::exists_one, true},
        {"existsOne", Op::exists_one, true},
        {"map", Op::map_items, false},
        {"filter", Op::filter, false}};
    const auto* m =
        std::ranges::find_if(macros, [&](const auto& x) { return std::get<0>(x) == call->text; });
    if (failed_ || m == std::end(macros)) return call;
    const auto [name, op, pairs] = *m;
    const size_t given = call->children.size() - 1;
    const bool three = given == 3 && (pairs || op == Op::map_items);
    if (given != 2 && !three) return call;
    const size_t variables = given == 3 && pairs ? 2 : 1;
    for (size_t i = 1; i <= variables; ++i) {
      if (call->children[i]->op != Op::name) {
        failed_ = SyntaxError{call->children[i]->offset, "argument must be a simple name"};
        return call;
      }
      call->variables.push_back(call->children[i]->text);
    }
    call->children.erase(call->children.begin() + 1, call->children.begin() + 1 + long(variables));
    call->op = op;
    return call;
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
  size_t nodes_ = 0;
  std::optional<SyntaxError> failed_;
};

}  // namespace

boost::system::result<NodePtr, SyntaxError> parse(std::string_view text) {
  auto list = tokens(text);
  if (!list) return list.error();
  return Parser(std::move(*list)).run();
}

void throw_exception_from_error(const SyntaxError& error, const boost::source_location&) {
  throw_error(Error(Code::invalid, error.message));
}

}  // namespace gateproof::kubernetes::cel
