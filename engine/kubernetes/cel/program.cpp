// Names are resolved when an expression is compiled; types are looked at when it runs (the real server checks them before too).
#include "engine/kubernetes/cel/program.h"

#include <algorithm>

#include "engine/kubernetes/cel/functions.h"

namespace gateproof::kubernetes::cel {

namespace {

using Op = Node::Op;

constexpr std::string_view types[] = {"bool",  "int",  "uint", "double", "string",
                                      "bytes", "list", "map",  "type",   "null_type"};

class Resolver {
 public:
  Resolver(std::span<const std::string_view> variables, const cluster::PatternCompiler& patterns)
      : scope_(variables.begin(), variables.end()), given_(variables.size()), patterns_(patterns) {}
  std::optional<std::pair<size_t, Error>> failed;
  std::vector<std::string> used;

  void walk(Node& n) {
    if (failed) return;
    if (n.op == Op::name) return name(n);
    if (n.op == Op::call) return call(n);
    size_t i = 0;
    const bool macro = !n.variables.empty();
    if (macro) walk(*n.children[i++]);
    for (const std::string& v : n.variables) scope_.push_back(v);
    for (; i < n.children.size(); ++i) walk(*n.children[i]);
    scope_.resize(scope_.size() - n.variables.size());
  }

 private:
  void fail(const Node& n, Code code, std::string message) {
    if (!failed) failed.emplace(n.offset, Error(code, std::move(message)));
  }

  bool known(std::string_view name) const {
    return std::ranges::find(scope_, name) != scope_.end();
  }

  void name(Node& n) {
    const auto found = std::ranges::find(scope_.rbegin(), scope_.rend(), n.text);
    if (found != scope_.rend()) {
      const bool given = size_t(scope_.rend() - found) <= given_;
      if (given && std::ranges::find(used, n.text) == used.end()) used.push_back(n.text);
      return;
    }
    if (std::ranges::find(types, n.text) != std::end(types)) {
      n.op = Op::literal;
      n.literal = Value::named(Value::Kind::type, n.text);
      return;
    }
    fail(n, Code::invalid, "undeclared reference to '" + n.text + "' (in container '')");
  }

  void call(Node& n) {
    // format.dns1123Label(): the target is no value but a part of the name.
    if (n.member && n.children[0]->op == Op::name && !known(n.children[0]->text)) {
      n.text = n.children[0]->text + "." + n.text;
      n.member = false;
      n.children.erase(n.children.begin());
    }
    const std::span<const Function> named = functions_of(n.text);
    if (named.empty()) {
      return fail(n, Code::unsupported,
                  "undeclared reference to '" + n.text + "' (in container '')");
    }
    for (const Function& f : named) {
      const bool style =
          f.style == Function::Style::either || (f.style == Function::Style::member) == n.member;
      if (style && n.children.size() >= f.arguments_min && n.children.size() <= f.arguments_max)
        n.function = &f;
    }
    if (!n.function) {
      return fail(n, Code::invalid,
                  "found no matching overload for '" + n.text + "' with " +
                      std::to_string(n.children.size() - n.member) + " arguments");
    }
    for (NodePtr& child : n.children) walk(*child);
    if (n.children.empty()) return;
    const Node& last = *n.children.back();
    if (n.text == "matches" && last.op == Op::literal && last.literal.is(Value::Kind::string))
      pattern(n, last.literal.text());
  }

  void pattern(Node& n, std::string_view text) {
    if (!patterns_) return;
    auto compiled = patterns_(text);
    if (!compiled)
      return fail(n, Code::invalid, "error parsing regexp: " + compiled.error().message);
    n.pattern = std::move(*compiled);
  }

  std::vector<std::string_view> scope_;
  size_t given_;
  const cluster::PatternCompiler& patterns_;
};

// "ERROR: <input>:1:7: ..." with the line and where in it, as cel-go shows them.
std::string located(std::string_view text, size_t offset, const std::string& message) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const size_t line = 1 + size_t(std::ranges::count(before, '\n'));
  const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view whole = text.substr(start, text.find('\n', start) - start);
  const size_t column = before.size() - start;
  return "ERROR: <input>:" + std::to_string(line) + ":" + std::to_string(column + 1) + ": " +
         message + "\n | " + std::string(whole) + "\n | " + std::string(column, '.') + "^";
}

class Evaluator {
 public:
  explicit Evaluator(Evaluation& e) : e_(e) {}

  static Value spent() { return Value::error("operation cancelled: actual cost limit exceeded"); }

  Value run(const Node& n) {
    if (!e_.pay(1)) return spent();
    switch (n.op) {
      case Op::literal: return n.literal;
      case Op::name: return variable(n.text);
      case Op::select: return select(n);
      case Op::has: return has(n);
      case Op::maybe: return maybe(run(*n.children[0]), Value::string(n.text), true);
      case Op::index: return index(run(*n.children[0]), run(*n.children[1]));
      case Op::maybe_index: return maybe(run(*n.children[0]), run(*n.children[1]), false);
      case Op::call: return call(n);
      case Op::list: return list(n);
      case Op::map: return map(n);
      case Op::condition: return condition(n);
      case Op::either: return logical(n, true);
      case Op::both: return logical(n, false);
      case Op::all: return quantified(n, false);
      case Op::exists: return quantified(n, true);
      case Op::exists_one: return exists_one(n);
      case Op::map_items:
      case Op::filter: return collect(n);
    }
    return Value::error("no such overload");
  }

 private:
  Value variable(std::string_view name) const {
    for (auto v = e_.variables.rbegin(); v != e_.variables.rend(); ++v) {
      if (v->first == name) return v->second;
    }
    return Value::error("no such attribute(s): " + std::string(name));
  }

  // An optional is looked through: optional.x is optional again.
  Value select(const Node& n) {
    const Value target = run(*n.children[0]);
    if (target.is(Value::Kind::error)) return target;
    if (target.is(Value::Kind::optional)) return maybe(target, Value::string(n.text), true);
    if (!target.is(Value::Kind::map)) return no_overload();
    auto found = target.field(n.text);
    return found ? *std::move(found) : Value::error("no such key: " + n.text);
  }

  Value has(const Node& n) {
    Value target = run(*n.children[0]);
    if (target.is(Value::Kind::error)) return target;
    if (target.is(Value::Kind::optional)) {
      if (target.size() == 0) return Value::boolean(false);
      target = target.at(0);
    }
    if (!target.is(Value::Kind::map)) return no_overload();
    return Value::boolean(target.field(n.text).has_value());
  }

  Value maybe(const Value& target, const Value& key, bool field) {
    if (target.is(Value::Kind::error)) return target;
    if (key.is(Value::Kind::error)) return key;
    if (target.is(Value::Kind::optional))
      return target.size() == 0 ? target : maybe(target.at(0), key, field);
    std::optional<Value> found;
    if (target.is(Value::Kind::map)) found = field ? target.field(key.text()) : target.find(key);
    if (target.is(Value::Kind::list) && key.is(Value::Kind::integer) && key.integer() >= 0 &&
        uint64_t(key.integer()) < target.size())
      found = target.at(size_t(key.integer()));
    return Value::optional(found ? Values{*std::move(found)} : Values{});
  }

  Value index(const Value& target, const Value& key) {
    if (target.is(Value::Kind::error)) return target;
    if (key.is(Value::Kind::error)) return key;
    if (target.is(Value::Kind::map)) {
      auto found = target.find(key);
      if (found) return *std::move(found);
      return Value::error("no such key: " + (key.is(Value::Kind::integer)
                                                 ? std::to_string(key.integer())
                                                 : std::string(key.text())));
    }
    if (!target.is(Value::Kind::list) || !key.is(Value::Kind::integer)) return no_overload();
    if (key.integer() < 0 || uint64_t(key.integer()) >= target.size())
      return Value::error("index out of bounds: " + std::to_string(key.integer()));
    return target.at(size_t(key.integer()));
  }

  Value call(const Node& n) {
    Values arguments;
    arguments.reserve(n.children.size());
    for (const NodePtr& child : n.children) {
      arguments.push_back(run(*child));
      if (arguments.back().is(Value::Kind::error)) return arguments.back();
    }
    if (n.pattern && arguments[0].is(Value::Kind::string)) {
      if (!e_.pay((arguments[0].text().size() + arguments[1].text().size()) / 10)) return spent();
      return Value::boolean(n.pattern(arguments[0].text()));
    }
    return n.function->call(e_, arguments);
  }

  Value list(const Node& n) {
    Values items;
    for (const NodePtr& child : n.children) {
      items.push_back(run(*child));
      if (items.back().is(Value::Kind::error)) return items.back();
    }
    return Value::list(std::move(items));
  }

  Value map(const Node& n) {
    Entries entries;
    for (size_t i = 0; i + 1 < n.children.size(); i += 2) {
      Value key = run(*n.children[i]), value = run(*n.children[i + 1]);
      if (key.is(Value::Kind::error)) return key;
      if (value.is(Value::Kind::error)) return value;
      if (!e_.pay(entries.size())) return spent();
      if (std::ranges::any_of(entries, [&](const auto& e) { return e.first == key; }))
        return Value::error("Failed with repeated key");
      entries.emplace_back(std::move(key), std::move(value));
    }
    return Value::map(std::move(entries));
  }

  Value condition(const Node& n) {
    const Value chosen = run(*n.children[0]);
    if (chosen.is(Value::Kind::error)) return chosen;
    if (!chosen.is(Value::Kind::boolean)) return no_overload();
    return run(*n.children[chosen.is_true() ? 1 : 2]);
  }

  // `decisive` settles it from either side, even beside an error.
  Value logical(const Node& n, bool decisive) {
    const Value left = run(*n.children[0]);
    if (left.is(Value::Kind::boolean) && left.is_true() == decisive) return left;
    const Value right = run(*n.children[1]);
    if (right.is(Value::Kind::boolean) && right.is_true() == decisive) return right;
    if (left.is(Value::Kind::error)) return left;
    if (right.is(Value::Kind::error)) return right;
    const bool both = left.is(Value::Kind::boolean) && right.is(Value::Kind::boolean);
    return both ? Value::boolean(!decisive) : no_overload();
  }

  // Binds a macro's variables to the item `i`, evaluates `what`, and takes them back.
  Value with_item(const Node& n, const Value& range, size_t i, const Node& what) {
    const bool is_map = range.is(Value::Kind::map);
    const size_t before = e_.variables.size();
    if (n.variables.size() == 1) {
      e_.variables.emplace_back(n.variables[0], range.at(i));
    } else {
      e_.variables.emplace_back(n.variables[0], is_map ? range.at(i) : Value::integer(int64_t(i)));
      e_.variables.emplace_back(n.variables[1], is_map ? range.entry(i) : range.at(i));
    }
    Value out = run(what);
    e_.variables.resize(before);
    return out;
  }

  static bool iterable(const Value& v) { return v.is(Value::Kind::list) || v.is(Value::Kind::map); }

  Value quantified(const Node& n, bool decisive) {
    const Value range = run(*n.children[0]);
    if (range.is(Value::Kind::error)) return range;
    if (!iterable(range)) return no_overload();
    std::optional<Value> failed;
    for (size_t i = 0; i < range.size() && !e_.exhausted; ++i) {
      const Value item = with_item(n, range, i, *n.children[1]);
      if (item.is(Value::Kind::boolean) && item.is_true() == decisive) return item;
      if (!item.is(Value::Kind::boolean) && !failed)
        failed = item.is(Value::Kind::error) ? item : no_overload();
    }
    if (e_.exhausted) return spent();
    return failed ? *std::move(failed) : Value::boolean(!decisive);
  }

  Value exists_one(const Node& n) {
    const Value range = run(*n.children[0]);
    if (range.is(Value::Kind::error)) return range;
    if (!iterable(range)) return no_overload();
    size_t found = 0;
    for (size_t i = 0; i < range.size(); ++i) {
      const Value item = with_item(n, range, i, *n.children[1]);
      if (item.is(Value::Kind::error)) return item;
      if (!item.is(Value::Kind::boolean)) return no_overload();
      found += item.is_true();
    }
    return Value::boolean(found == 1);
  }

  Value collect(const Node& n) {
    const Value range = run(*n.children[0]);
    if (range.is(Value::Kind::error)) return range;
    if (!iterable(range)) return no_overload();
    const bool filters = n.op == Op::filter || n.children.size() == 3;
    Values items;
    for (size_t i = 0; i < range.size(); ++i) {
      if (filters) {
        const Value wanted = with_item(n, range, i, *n.children[1]);
        if (wanted.is(Value::Kind::error)) return wanted;
        if (!wanted.is(Value::Kind::boolean)) return no_overload();
        if (!wanted.is_true()) continue;
      }
      items.push_back(n.op == Op::filter ? range.at(i)
                                         : with_item(n, range, i, *n.children.back()));
      if (items.back().is(Value::Kind::error)) return items.back();
    }
    return Value::list(std::move(items));
  }

  Evaluation& e_;
};

}  // namespace

bool Evaluation::pay(size_t cost) {
  cost_left -= static_cast<int64_t>(cost);
  exhausted |= cost_left < 0;
  return !exhausted;
}

Result<Program> Program::compile(std::string_view text, std::span<const std::string_view> variables,
                                 const cluster::PatternCompiler& patterns) {
  auto parsed = parse(text);
  if (!parsed) {
    return Error(Code::invalid,
                 located(text, parsed.error().offset, "Syntax error: " + parsed.error().message));
  }
  Resolver resolver(variables, patterns);
  resolver.walk(**parsed);
  if (resolver.failed) {
    Error& e = resolver.failed->second;
    e.message = located(text, resolver.failed->first, e.message);
    return std::move(e);
  }
  Program out;
  out.root_ = std::move(*parsed);
  out.used_ = std::move(resolver.used);
  out.patterns_ = patterns;
  return out;
}

bool Program::uses(std::string_view variable) const {
  return std::ranges::find(used_, variable) != used_.end();
}

Value Program::evaluate(Evaluation& evaluation) const {
  evaluation.patterns = &patterns_;
  Value out = Evaluator(evaluation).run(*root_);
  return evaluation.exhausted ? Evaluator::spent() : out;
}

}  // namespace gateproof::kubernetes::cel
