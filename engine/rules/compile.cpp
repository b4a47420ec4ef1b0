// From the syntax of a rule to its compiled tree, with Traefik's errors in Traefik's order: first everything that its parser
// refuses (unknown functions, wrong kinds of value), then everything that a matcher refuses.
#include <stdexcept>

#include "engine/base/text.h"
#include "engine/rules/matchers.h"
#include "engine/rules/parser.h"

namespace gateproof::rules {

void throw_error(const RuleError& e) { throw std::runtime_error(e.message); }

namespace {

// What other spellings, languages and habits call a matcher.
std::string unsupported_remedy(std::string_view name, Syntax syntax) {
  static constexpr std::pair<std::string_view, std::string_view> renamed_v3[] = {
      {"Headers", "`Headers` is v2; in v3 write Header(`name`, `value`) once for each pair"},
      {"HeadersRegexp",
       "`HeadersRegexp` is v2; in v3 write HeaderRegexp(`name`, `regexp`) once for each pair"},
      {"HostHeader", "`HostHeader` is v2; in v3 write Host"},
      {"HostSNI", "`HostSNI` belongs to TCP routers; HTTP routers have Host"},
      {"HostSNIRegexp", "`HostSNIRegexp` belongs to TCP routers; HTTP routers have HostRegexp"},
      {"ALPN", "`ALPN` belongs to TCP routers"}};
  if (is_tcp(syntax)) {
    if (text::iequals(name, "Host"))
      return "`Host` belongs to HTTP routers; TCP routers have HostSNI";
    if (text::iequals(name, "HostRegexp"))
      return "`HostRegexp` belongs to HTTP routers; TCP routers have HostSNIRegexp";
    if (find_matcher(Syntax::v3, name) || find_matcher(Syntax::v2, name))
      return "`" + std::string(name) + "` belongs to HTTP routers: a TCP router sees no request";
  } else if (syntax == Syntax::v3) {
    for (const auto& [old, say] : renamed_v3) {
      if (text::iequals(name, old)) return std::string(say);
    }
  } else if (find_matcher(Syntax::v3, name)) {
    return "`" + std::string(name) + "` needs the v3 language: remove ruleSyntax";
  }
  std::vector<std::string_view> names;
  for (const MatcherSpec& m : matchers_of(syntax)) names.push_back(m.name);
  const auto near = text::nearest(name, names);
  return near ? "did you mean `" + *near + "`?" : "known matchers: " + [&] {
    std::vector<std::string> all(names.begin(), names.end());
    return text::join(all, ", ");
  }();
}

class Compiler {
 public:
  Compiler(std::string_view text, Syntax syntax, const MatcherSet& set)
      : text_(text), syntax_(syntax), set_(set) {}

  boost::system::result<Rule, RuleError> run() {
    Rule rule;
    if (text_.size() > rule_bytes_max) {
      fail("the rule has " + std::to_string(text_.size()) + " bytes, rule_bytes_max is " +
               std::to_string(rule_bytes_max),
           0, 0);
      error_.api = error_.message;
      return std::move(error_);
    }
    auto e = parse_expression(text_);
    if (!e) {
      error_ = e.error();
      refused_ = true;
      return with_api("parsing rule " + std::string(text_) + ": ", "");
    }
    if (value(*e, false, rule.root) != tree && !failed_) {
      refused_ = true;
      fail(is_tcp(syntax_) ? "error while parsing rule " + std::string(text_)
                           : std::string("obtaining build tree"),
           e->offset, e->length,
           is_tcp(syntax_) ? "write a matcher, such as HostSNI(`*`)"
                           : "write a matcher, such as Host(`example.com`)");
      return with_api("", "");
    }
    refused_ = failed_;
    if (failed_) return with_api("parsing rule " + std::string(text_) + ": ", "");
    if (!build(rule.root)) {
      std::string wraps;
      if (is_tcp(syntax_)) return with_api("", "");
      wrapped(*e, false, error_.offset, wraps);
      return with_api("adding rule " + std::string(text_) + ": ", wraps + verb_);
    }
    rule.text = text_;
    return rule;
  }

 private:
  enum Type : uint8_t { tree, string_value_, number, fraction, none };

  RuleError with_api(const std::string& stage, const std::string& inner) {
    if (is_tcp(syntax_)) {
      error_.api = refused_
                       ? "invalid rule: " + text::quote(text_) + " , " + error_.message
                       : "error while adding rule " + std::string(text_) + ": " + error_.message;
      return std::move(error_);
    }
    error_.api =
        "error while parsing rule " + std::string(text_) + ": " + stage + inner + error_.message;
    return std::move(error_);
  }
  void fail(std::string message, uint32_t offset, uint32_t length, std::string remedy = {}) {
    if (failed_) return;
    failed_ = true;
    error_.message = std::move(message);
    error_.offset = offset;
    error_.length = length;
    error_.remedy = std::move(remedy);
  }

  // Evaluates like Traefik's predicate library; a tree lands in `out`.
  Type value(const Expression& e, bool negated, RuleNode& out) {
    switch (e.kind) {
      case Expression::paren: return value(e.parts[0], negated, out);
      case Expression::literal: return literal(e);
      case Expression::identifier: return undefined(e, std::string(e.lexeme));
      case Expression::selector: return undefined(e, dotted_name(e));
      case Expression::unary: return unary(e, negated, out);
      case Expression::binary: return binary(e, negated, out);
      case Expression::call: return call(e, negated, out);
      case Expression::index: fail("properties are not supported", e.offset, e.length); return none;
      case Expression::foreign: not_supported(e); return none;
    }
    return none;
  }

  void not_supported(const Expression& e) {
    fail("*ast." + std::string(go_node_name(e)) + " is not supported", e.offset, e.length,
         "a rule is made of matchers joined by &&, || and !");
  }

  Type literal(const Expression& e) {
    const std::string lexeme(e.lexeme);
    switch (e.literal_kind) {
      case Token::text: return string_value_;
      case Token::floating: return fraction;
      case Token::integer: {
        const bool decimal = lexeme.find_first_not_of("0123456789") == std::string::npos;
        if (decimal && text::parse_int(lexeme)) return number;
        fail("failed to parse argument: " + lexeme + ", error: strconv.Atoi: parsing \"" + lexeme +
                 "\": " + (decimal ? "value out of range" : "invalid syntax"),
             e.offset, e.length, "put it in back-quotes");
        return none;
      }
      default:
        fail(std::string("unsupported function argument type: ") +
                 (e.literal_kind == Token::character ? "'CHAR'" : "'IMAG'"),
             e.offset, e.length, "put text in back-quotes or double quotes, not single quotes");
        return none;
    }
  }

  Type undefined(const Expression& e, const std::string& name) {
    if (failed_) return none;
    const MatcherSpec* m = find_matcher(syntax_, name);
    fail(name + " is not defined", e.offset, e.length,
         m ? "write " + std::string(m->name) + "(`...`)" : "put it in back-quotes: `" + name + "`");
    return none;
  }

  // x.y as a value; "" after a failure. Names may be longer than two parts, unlike those that are called.
  std::string dotted_name(const Expression& e) {
    const Expression& base = e.parts[0];
    std::string name;
    if (base.kind == Expression::identifier) {
      name = base.lexeme;
    } else if (base.kind == Expression::selector) {
      name = dotted_name(base);
    } else {
      fail("unsupported selector type: *ast." + std::string(go_node_name(base)), e.offset,
           e.length);
    }
    return failed_ ? std::string() : name + "." + std::string(e.lexeme);
  }

  std::string called_name(const Expression& e) {
    const Expression& base = e.parts[0];
    if (base.kind == Expression::identifier)
      return std::string(base.lexeme) + "." + std::string(e.lexeme);
    fail("expected selector identifier, got: *ast." + std::string(go_node_name(base)), e.offset,
         e.length);
    return {};
  }

  bool want_tree(Type t, const Expression& e) {
    if (failed_) return false;
    if (t == tree) return true;
    const char* kind = t == number ? "int" : t == fraction ? "float64" : "string";
    fail(std::string("reflect: Call using ") + kind + " as type rules.TreeBuilder", e.offset,
         e.length, "a matcher belongs here, such as Path(`/x`)");
    return false;
  }

  Type unary(const Expression& e, bool negated, RuleNode& out) {
    if (e.lexeme != "!") {
      fail(std::string(e.lexeme) + " is not supported", e.offset,
           static_cast<uint32_t>(e.lexeme.size()), "negation is written !");
      return none;
    }
    return want_tree(value(e.parts[0], !negated, out), e.parts[0]) ? tree : none;
  }

  Type binary(const Expression& e, bool negated, RuleNode& out) {
    const bool both = e.lexeme == "&&", either = e.lexeme == "||";
    RuleNode joined;
    joined.kind = both != negated ? RuleNode::all_of : RuleNode::any_of;
    joined.offset = e.offset;
    joined.length = e.length;
    std::vector<Type> types;
    for (size_t i = 0; i < e.parts.size(); ++i) {
      RuleNode child;
      types.push_back(value(e.parts[i], negated, child));
      if (failed_) return none;
      if (i > 0 && !both && !either) {
        const bool near = e.lexeme == "&" || e.lexeme == "|";
        fail(std::string(e.lexeme) + " is not supported", e.offset, e.length,
             near ? "did you mean `" + std::string(2, e.lexeme[0]) + "`?"
                  : "join matchers with && or ||");
        return none;
      }
      if (i == 1 && !want_tree(types[0], e.parts[0])) return none;
      if (i >= 1 && !want_tree(types[i], e.parts[i])) return none;
      // (A && B) && C is one conjunction of three.
      if (child.kind == joined.kind) {
        for (RuleNode& c : child.children) joined.children.push_back(std::move(c));
      } else {
        joined.children.push_back(std::move(child));
      }
    }
    out = std::move(joined);
    return tree;
  }

  Type call(const Expression& e, bool negated, RuleNode& out) {
    const Expression& callee = e.parts[0];
    std::string name(callee.lexeme);
    if (callee.kind == Expression::selector) {
      name = called_name(callee);
    } else if (callee.kind != Expression::identifier) {
      fail("expected identifier, got: *ast." + std::string(go_node_name(callee)), callee.offset,
           callee.length, "join matchers with && or ||");
    }
    if (failed_) return none;
    const MatcherSpec* m = find_matcher(syntax_, name);
    if (!m || !set_.has(m->name)) {
      fail("unsupported function: " + name, callee.offset, callee.length,
           m ? "this matcher has been taken out" : unsupported_remedy(name, syntax_));
      return none;
    }
    out = RuleNode{};
    out.negated = negated;
    out.name = m->name;
    out.written = name;
    out.offset = e.offset;
    out.length = e.length;
    return arguments(e, out) ? tree : none;
  }

  bool arguments(const Expression& e, RuleNode& out) {
    std::vector<Type> types;
    for (size_t i = 1; i < e.parts.size(); ++i) {
      const Expression& a = e.parts[i];
      // Arguments are literals, names or calls; the library looks no deeper.
      if (a.kind == Expression::paren || a.kind == Expression::unary ||
          a.kind == Expression::binary)
        not_supported(a);
      RuleNode ignored;
      types.push_back(value(a, false, ignored));
      if (failed_) return false;
      if (types.back() == string_value_) out.args.push_back(string_value(a.lexeme));
    }
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i] == string_value_) continue;
      const char* kind = types[i] == tree     ? "rules.TreeBuilder"
                         : types[i] == number ? "int"
                                              : "float64";
      fail(std::string("reflect: cannot use ") + kind + " as type string in Call",
           e.parts[i + 1].offset, e.parts[i + 1].length,
           types[i] == tree ? "matchers do not nest: join them with && or ||"
                            : "put it in back-quotes");
      return false;
    }
    return true;
  }

  // The second stage. `verb_` becomes the words that Traefik puts before the matcher's own.
  bool build(RuleNode& n) {
    for (RuleNode& c : n.children) {
      if (!build(c)) return false;
    }
    if (n.kind != RuleNode::call) return true;
    verb_ = "error while checking rule " + n.name + ": ";
    if (n.args.empty())
      return refuse(n, "no args for matcher " + n.name, "give an argument in back-quotes");
    for (const std::string& a : n.args) {
      if (a.empty()) {
        return refuse(n, "empty args for matcher " + n.name + ", [" + text::join(n.args, " ") + "]",
                      "an argument may not be empty");
      }
    }
    verb_ = "error while adding rule " + n.name + ": ";
    const MatcherSpec* m = find_matcher(syntax_, n.name);
    if (!m->counts.empty() &&
        std::find(m->counts.begin(), m->counts.end(), n.args.size()) == m->counts.end()) {
      return refuse(n, wrong_count(*m, n.args.size(), is_tcp(syntax_)), count_remedy(*m, n.args));
    }
    Built b = m->build(m->name, n.args);
    if (!b.matcher) return refuse(n, std::move(b.error), std::move(b.remedy));
    n.matcher = std::move(b.matcher);
    return true;
  }
  bool refuse(const RuleNode& n, std::string message, std::string remedy) {
    fail(std::move(message), n.offset, n.length, std::move(remedy));
    return false;
  }
  static std::string wrong_count(const MatcherSpec& m, size_t got, bool tcp) {
    if (tcp) return "unexpected number of parameters; got " + std::to_string(got) + ", expected 1";
    std::string expected;
    for (size_t c : m.counts) expected += (expected.empty() ? "" : " ") + std::to_string(c);
    return "unexpected number of parameters; got " + std::to_string(got) + ", expected one of [" +
           expected + "]";
  }
  static std::string count_remedy(const MatcherSpec& m, const std::vector<std::string>& args) {
    const std::string name(m.name);
    if (m.counts == std::vector<size_t>{1} && args.size() <= 8) {
      std::vector<std::string> each;
      for (const std::string& a : args) each.push_back(name + "(`" + a + "`)");
      return "write " + text::join(each, " || ");
    }
    return "write " + name + (m.counts.front() == 1 ? "(`key`) or " + name : "") +
           "(`key`, `value`)";
  }

  // Traefik wraps the error of a left operand in "error while adding rule and: "; that of a right one it does not.
  static bool wrapped(const Expression& e, bool negated, uint32_t offset, std::string& out) {
    if (e.kind == Expression::call) return e.offset == offset;
    if (e.kind == Expression::unary) return wrapped(e.parts[0], !negated, offset, out);
    for (size_t i = 0; i < e.parts.size(); ++i) {
      std::string inner;
      if (!wrapped(e.parts[i], negated, offset, inner)) continue;
      // In ((A && B) && C), A is on the left twice, B once, C never.
      const size_t wraps = e.kind == Expression::binary ? e.parts.size() - 1 - i : 0;
      const bool both = (e.lexeme == "&&") != negated;
      for (size_t k = 0; k < wraps && out.size() < 4096; ++k) {
        out += both ? "error while adding rule and: " : "error while adding rule or: ";
      }
      out += inner;
      return true;
    }
    return false;
  }

  std::string_view text_;
  Syntax syntax_;
  const MatcherSet& set_;
  bool failed_ = false;
  bool refused_ = false;  // by the parser, not by a matcher
  RuleError error_;
  std::string verb_;
};

}  // namespace

boost::system::result<Rule, RuleError> parse_rule(std::string_view text, Syntax syntax,
                                                  const MatcherSet& matchers) {
  return Compiler(text, syntax, matchers).run();
}

}  // namespace gateproof::rules
