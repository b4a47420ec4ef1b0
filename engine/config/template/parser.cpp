#include "engine/config/template/parser.h"

#include "engine/config/template/functions.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

namespace {

class Parser {
 public:
  Parser(std::string_view source, Store& store, std::optional<Failure>& failure)
      : lexer_(source), store_(store), failure_(failure) {
    variables_.push_back("$");
  }

  Program run() {
    program_.main = make(Node::list, 0);
    statements(*program_.main, true);
    if (failure_) program_.main = nullptr;
    return std::move(program_);
  }

 private:
  enum class Stop : uint8_t { end, else_, eof };

  NodePtr make(Node::Kind kind, size_t at) {
    auto n = std::make_unique<Node>();
    n->kind = kind;
    n->at = n->end = at;
    return n;
  }
  void fail(size_t at, std::string message, Code code = Code::invalid) {
    if (!failure_) failure_ = Failure{code, at, std::move(message)};
  }
  bool bad() const { return failure_.has_value(); }

  const Token& peek() {
    if (!peeked_) token_ = lexer_.next();
    peeked_ = true;
    if (token_.kind == Token::failed) fail(token_.at, token_.message);
    return token_;
  }
  Token take() {
    peek();
    // After a failure nothing more is read.
    if (!bad()) peeked_ = false;
    return token_;
  }
  void blanks() {
    while (!bad() && peek().kind == Token::space) take();
  }
  Token take_word() {
    blanks();
    return take();
  }
  void unexpected(const Token& t, std::string_view context) {
    const std::string shown = t.kind == Token::eof     ? "EOF"
                              : t.kind == Token::close ? "\"}}\""
                                                       : "\"" + std::string(t.text) + "\"";
    fail(t.at, "unexpected " +
                   (t.kind == Token::keyword ? "<" + std::string(t.text) + ">" : shown) + " in " +
                   std::string(context));
  }

  // Statements up to {{end}}, {{else}} (both taken, without their }}) or the end of the text.
  Stop statements(Node& list, bool top = false) {
    while (!bad()) {
      Token t = take();
      if (bad()) break;
      if (t.kind == Token::eof) {
        if (!top) fail(t.at, "unexpected EOF");
        return Stop::eof;
      }
      if (t.kind == Token::plain) {
        NodePtr n = make(Node::text, t.at);
        n->name = t.text;
        list.kids.push_back(std::move(n));
        continue;
      }
      open_ = t.at;
      blanks();
      if (peek().kind != Token::keyword) {
        plain_action(list, t.at);
        continue;
      }
      const Token word = take();
      if (word.text == "end" || word.text == "else") {
        if (top) {
          fail(t.at, "unexpected {{" + std::string(word.text) + "}}");
          break;
        }
        return word.text == "end" ? Stop::end : Stop::else_;
      }
      keyword(list, word, t.at, top);
    }
    return Stop::eof;
  }

  void close(std::string_view context) {
    const Token t = take_word();
    if (!bad() && t.kind != Token::close) unexpected(t, context);
  }

  void plain_action(Node& list, size_t at) {
    NodePtr n = make(Node::action, at);
    n->pipe_ = pipeline("command", Token::close);
    n->end = last_end_;
    list.kids.push_back(std::move(n));
  }

  void keyword(Node& list, const Token& word, size_t at, bool top) {
    if (word.text == "if") return branch(list, Node::branch_if, word, at);
    if (word.text == "range") return branch(list, Node::branch_range, word, at);
    if (word.text == "with") return branch(list, Node::branch_with, word, at);
    if (word.text == "break" || word.text == "continue") {
      if (loops_ == 0) return fail(at, "{{" + std::string(word.text) + "}} outside {{range}}");
      close("{{" + std::string(word.text) + "}}");
      list.kids.push_back(make(word.text == "break" ? Node::break_ : Node::continue_, at));
      return;
    }
    if (word.text == "define" && !top) return fail(at, "unexpected {{define}}");
    invocation(list, word, at);
  }

  // {{template "x" pipe}}, {{block "x" pipe}}, {{define "x"}}
  void invocation(Node& list, const Token& word, size_t at) {
    const std::string context = std::string(word.text) + " clause";
    const Token name = take_word();
    if (bad()) return;
    if (name.kind != Token::quoted && name.kind != Token::raw) return unexpected(name, context);
    const auto text = unquote_text(name.text);
    if (!text) return fail(name.at, "invalid syntax");
    const std::string_view kept = store_.keep(*text);
    NodePtr call = make(Node::call, at);
    call->name = kept;
    if (word.text == "define") {
      close(context);
    } else if (blanks(); peek().kind == Token::close && word.text == "template") {
      take();
    } else {
      call->pipe_ = pipeline(context, Token::close);
    }
    call->end = last_end_;
    if (word.text != "define") list.kids.push_back(std::move(call));
    if (word.text == "template" || bad()) return;
    definition(kept, at);
  }

  void definition(std::string_view name, size_t at) {
    if (!enter(at)) return;
    std::vector<std::string_view> outer = std::exchange(variables_, {"$"});
    const size_t loops = std::exchange(loops_, 0);
    NodePtr body = make(Node::list, at);
    if (statements(*body) == Stop::else_) fail(open_, "unexpected {{else}} in define clause");
    close("define clause");
    variables_ = std::move(outer);
    loops_ = loops;
    --nesting_;
    if (bad()) return;
    const auto blank = [](const Node& n) {
      for (const NodePtr& k : n.kids) {
        if (k->kind != Node::text || k->name.find_first_not_of(" \t\r\n") != k->name.npos)
          return false;
      }
      return true;
    };
    NodePtr& slot = program_.defined[name];
    if (!slot || blank(*slot)) {
      slot = std::move(body);
    } else if (!blank(*body)) {
      fail(at, "template: multiple definition of template \"" + std::string(name) + "\"");
    }
  }

  bool enter(size_t at) {
    if (++nesting_ <= store_.limits.nesting_max) return true;
    fail(at,
         "nested too deeply: the limit is " + std::to_string(store_.limits.nesting_max) + " levels",
         Code::limit);
    return false;
  }

  void branch(Node& list, Node::Kind kind, const Token& word, size_t at) {
    if (!enter(at)) return;
    const size_t variables = variables_.size();
    NodePtr n = make(kind, at);
    n->pipe_ = pipeline(word.text, Token::close);
    n->end = last_end_;
    n->body = make(Node::list, at);
    if (kind == Node::branch_range) ++loops_;
    Stop stop = bad() ? Stop::end : statements(*n->body);
    if (kind == Node::branch_range) --loops_;
    if (stop == Stop::else_ && !bad()) {
      n->other = make(Node::list, open_);
      blanks();
      const Token& next = peek();
      const std::string_view same = kind == Node::branch_if ? "if" : "with";
      if (next.kind == Token::keyword && next.text == same && kind != Node::branch_range) {
        const Token again = take();
        branch(*n->other, kind, again, open_);  // takes the {{end}} of both
      } else {
        close("else");
        stop = bad() ? Stop::end : statements(*n->other);
        if (stop == Stop::else_) fail(open_, "expected end; found {{else}}");
        close("end");
      }
    } else if (!bad()) {
      close("end");
    }
    variables_.resize(std::min(variables_.size(), variables));
    --nesting_;
    list.kids.push_back(std::move(n));
  }

  // ---- pipelines ----

  NodePtr pipeline(std::string_view context, Token::Kind end) {
    blanks();
    NodePtr p = make(Node::pipe, peek().at);
    declarations(*p, context);
    if (pending_ && !bad()) p->kids.push_back(command());
    while (!bad()) {
      const Token t = take_word();
      if (bad()) break;
      if (t.kind == end) {
        last_end_ = t.at + t.text.size();
        p->end = t.at;
        check(*p, context, t.at);
        return p;
      }
      if (!operand_start(t.kind)) {
        unexpected(t, context);
        break;
      }
      put_back(t);
      p->kids.push_back(command());
    }
    return p;
  }

  void put_back(const Token& t) {
    token_ = t;
    peeked_ = true;
  }

  static bool operand_start(Token::Kind k) {
    return (k >= Token::identifier && k <= Token::number && k != Token::keyword) ||
           k == Token::left;
  }

  void check(const Node& p, std::string_view context, size_t at) {
    if (p.kids.empty()) return fail(at, "missing value for " + std::string(context));
    for (size_t i = 1; i < p.kids.size() && !bad(); ++i) {
      const Node::Kind k = p.kids[i]->kids.front()->kind;
      if (k == Node::boolean || k == Node::dot || k == Node::nil || k == Node::number ||
          k == Node::string)
        fail(p.at, "non executable command in pipeline stage " + std::to_string(i + 1));
    }
  }

  // $x := , $x = , $i, $x := (range only)
  void declarations(Node& p, std::string_view context) {
    while (!bad() && peek().kind == Token::variable) {
      const Token variable = take();
      std::optional<Token> gap;
      if (peek().kind == Token::space) gap = take();
      const Token next = peek();
      if (bad()) return;
      if (next.kind == Token::declare || next.kind == Token::assign) {
        take();
        p.assign = next.kind == Token::assign;
        p.names.push_back(variable.text);
        if (!p.assign) variables_.push_back(variable.text);
        blanks();
        return;
      }
      if (next.kind == Token::comma) {
        take();
        p.names.push_back(variable.text);
        variables_.push_back(variable.text);
        if (context != "range" || p.names.size() > 1)
          return fail(next.at, "too many declarations in " + std::string(context));
        blanks();
        if (peek().kind != Token::variable)
          return fail(next.at, "range can only initialize variables");
        continue;
      }
      // No declaration: the variable is the first operand.
      pending_ = variable;
      gap_ = gap.has_value();
      return;
    }
  }

  NodePtr command() {
    NodePtr c = make(Node::command, token_.at);
    while (!bad()) {
      NodePtr o = operand();
      if (bad()) break;
      if (c->kids.empty()) c->at = o->at;
      c->end = o->end;
      c->kids.push_back(std::move(o));
      const bool gap = std::exchange(gap_, false) || peek().kind == Token::space;
      if (gap) {
        blanks();
        if (operand_start(peek().kind)) continue;
      }
      if (bad() || peek().kind == Token::close || peek().kind == Token::right) break;
      const Token t = peek();
      if (t.kind == Token::pipe) {
        take();
        blanks();
        if (!bad() && !operand_start(peek().kind)) fail(t.at, "missing value for command");
        break;
      }
      unexpected(t, gap ? "command" : "operand");
    }
    return c;
  }

  NodePtr operand() {
    NodePtr n = term();
    if (bad() || peek().kind != Token::field || gap_) return n;
    if (n->kind == Node::boolean || n->kind == Node::nil || n->kind == Node::number ||
        n->kind == Node::string || n->kind == Node::dot) {
      fail(peek().at, "unexpected . after term " + literal_quote(text_of(*n)));
      return n;
    }
    if (n->kind != Node::field && n->kind != Node::variable) {
      NodePtr chain = make(Node::chain, n->at);
      chain->kids.push_back(std::move(n));
      n = std::move(chain);
    }
    while (!bad() && peek().kind == Token::field) {
      const Token f = take();
      n->names.push_back(f.text.substr(1));
      n->end = f.at + f.text.size();
    }
    return n;
  }

  std::string text_of(const Node& n) const { return std::string(n.name); }

  NodePtr term() {
    const Token t = pending_ ? *std::exchange(pending_, std::nullopt) : take();
    NodePtr n = make(Node::dot, t.at);
    n->end = t.at + t.text.size();
    n->name = t.text;
    switch (t.kind) {
      case Token::identifier: identifier(*n, t); break;
      case Token::dot: break;
      case Token::nil: n->kind = Node::nil; break;
      case Token::boolean:
        n->kind = Node::boolean;
        n->value = Val::boolean_of(t.text == "true");
        break;
      case Token::variable:
        n->kind = Node::variable;
        n->names = {t.text};
        if (std::find(variables_.begin(), variables_.end(), t.text) == variables_.end())
          fail(t.at, "undefined variable \"" + std::string(t.text) + "\"");
        break;
      case Token::field:
        n->kind = Node::field;
        n->names = {t.text.substr(1)};
        break;
      case Token::character:
      case Token::number: number(*n, t); break;
      case Token::quoted:
      case Token::raw: {
        n->kind = Node::string;
        const auto text = unquote_text(t.text);
        if (!text) {
          fail(t.at, "invalid syntax");
        } else {
          n->value = store_.text(*text);
        }
        break;
      }
      case Token::left:
        if (!enter(t.at)) break;
        n = pipeline("parenthesized pipeline", Token::right);
        n->at = t.at;
        n->end = last_end_;
        --nesting_;
        break;
      default: unexpected(t, "command"); break;
    }
    return n;
  }

  void identifier(Node& n, const Token& t) {
    n.kind = Node::identifier;
    if (find_function(t.text)) return;
    if (is_later_template_function(t.text)) {
      fail(t.at, "the template function \"" + std::string(t.text) + "\" is not executed here",
           Code::unsupported);
    } else {
      fail(t.at, "function \"" + std::string(t.text) + "\" not defined");
    }
  }

  void number(Node& n, const Token& t) {
    n.kind = Node::number;
    std::string why;
    if (!read_number(t.text, t.kind == Token::character, n.value, n.integral, n.whole, why))
      fail(t.at, why.empty() ? "illegal number syntax: " + literal_quote(t.text) : why);
  }

  Lexer lexer_;
  Store& store_;
  std::optional<Failure>& failure_;
  Program program_;
  Token token_;
  bool peeked_ = false;
  std::optional<Token> pending_;  // a variable that was read as a declaration and is none
  bool gap_ = false;              // a blank was taken behind it
  std::vector<std::string_view> variables_;
  size_t loops_ = 0, nesting_ = 0, open_ = 0, last_end_ = 0;
};

}  // namespace

Program parse_template(std::string_view source, Store& store, std::optional<Failure>& failure) {
  return Parser(source, store, failure).run();
}

}  // namespace gateproof::config::tmpl
