#include "engine/config/template/run.h"

#include "engine/config/template/format.h"
#include "engine/config/template/functions.h"

namespace gateproof::config::tmpl {

namespace {

enum class Flow : uint8_t { next, break_, continue_, stop };

struct Variable {
  std::string_view name;
  Val value;
};

class Runner {
 public:
  Runner(std::string_view source, const Program& program, Store& store,
         const Environment& environment, RenderedText& out)
      : source_(source), program_(program), store_(store), environment_(environment), out_(out) {}

  std::optional<Failure> run(const TemplateData* given) {
    const Val data = given ? structure(*given) : Val::boolean_of(false);
    variables_.push_back({"$", data});
    walk(data, *program_.main);
    return std::move(failure_);
  }

 private:
  Val structure(const TemplateData& given) {
    Val out = store_.map();
    std::string type;
    for (const TemplateData::Field& f : given.fields) {
      Val v = Val::text_of(f.text);
      if (f.map) {
        v = store_.map(Elements::text);
        for (const auto& [key, text] : *f.map) store_.put(*v.m, key, Val::text_of(text));
      }
      type += (type.empty() ? "struct { " : "; ") + f.name + " " + type_name(v);
      store_.put(*out.m, f.name, v);
    }
    out.m->structure = store_.keep(type + " }");
    return out;
  }

  bool bad() {
    if (!failure_ && !store_.spent.empty()) failure_ = Failure{Code::limit, at_, store_.spent};
    return failure_.has_value();
  }
  // "at <.Foo>: can't evaluate ...", as text/template says it behind the place.
  Val fail(const Node& n, const std::string& message) {
    std::string shown(source_.substr(n.at, n.end - n.at));
    if (n.kind == Node::call) shown = "{{template \"" + std::string(n.name) + "\"}}";
    if (shown.size() > 20) shown = shown.substr(0, 20) + "...";
    if (!failure_) failure_ = Failure{Code::invalid, n.at, "at <" + shown + ">: " + message};
    return {};
  }

  void emit(std::string_view s, size_t at, size_t length) {
    if (out_.text.size() + s.size() > store_.limits.output_bytes_max) {
      failure_ = Failure{Code::limit, at,
                         "the template prints more than " +
                             std::to_string(store_.limits.output_bytes_max) + " bytes"};
      return;
    }
    // Text that goes on where the last piece ended is one piece with it.
    const bool joined =
        length == 0 && !out_.pieces.empty() && out_.pieces.back().length == 0 &&
        out_.pieces.back().source + (out_.text.size() - out_.pieces.back().output) == at;
    if (!joined && !s.empty()) out_.pieces.push_back({out_.text.size(), at, length});
    out_.text += s;
  }

  // ---- statements ----

  Flow walk(const Val& dot, const Node& n) {
    at_ = n.at;
    if (!store_.step() || bad()) return bad() ? Flow::stop : Flow::next;
    switch (n.kind) {
      case Node::list:
        for (const NodePtr& k : n.kids) {
          const Flow f = walk(dot, *k);
          if (f != Flow::next) return f;
        }
        return Flow::next;
      case Node::text: emit(n.name, n.at, 0); break;
      case Node::action: {
        const Val v = pipeline(dot, *n.pipe_);
        if (bad() || !n.pipe_->names.empty()) break;
        const std::string text = printed(v, store_);
        if (!bad()) emit(text, n.at, std::max<size_t>(1, n.end - n.at));
        break;
      }
      case Node::break_: return Flow::break_;
      case Node::continue_: return Flow::continue_;
      case Node::branch_range: return range(dot, n);
      case Node::branch_if:
      case Node::branch_with: return choice(dot, n);
      case Node::call: return call(dot, n);
      default: break;
    }
    return bad() ? Flow::stop : Flow::next;
  }

  Flow choice(const Val& dot, const Node& n) {
    const size_t mark = variables_.size();
    const Val v = pipeline(dot, *n.pipe_);
    Flow f = bad() ? Flow::stop : Flow::next;
    if (f == Flow::next) {
      if (truth(v)) {
        f = walk(n.kind == Node::branch_with ? v : dot, *n.body);
      } else if (n.other) {
        f = walk(dot, *n.other);
      }
    }
    variables_.resize(mark);
    return f;
  }

  Flow range(const Val& dot, const Node& n) {
    const size_t mark = variables_.size();
    const Val v = pipeline(dot, *n.pipe_);
    const Node& p = *n.pipe_;
    if (bad()) return Flow::stop;
    bool any = false, done = false;
    Flow out = Flow::next;
    const auto once = [&](const Val& key, const Val& item) {
      any = true;
      const size_t inner = variables_.size();
      declare_range(p, mark, key, item);
      const Flow f = store_.step() && !bad() ? walk(item, *n.body) : Flow::stop;
      variables_.resize(inner);
      done = f == Flow::break_ || f == Flow::stop;
      if (bad()) out = Flow::stop;
    };
    if (v.kind == Val::list) {
      for (size_t i = 0; i < v.l->items.size() && !done; ++i)
        once(Val::int_of(int64_t(i)), Val(v.l->items[i]));
    } else if (v.kind == Val::map) {
      // A copy: the body may change the map.
      const std::map<std::string_view, Val> entries = v.m->entries;
      store_.charge(entries.size() * sizeof(Val));
      for (const auto& [key, item] : entries) {
        if (done) break;
        once(Val::text_of(key), item);
      }
    } else if (v.is_int()) {
      if (p.names.size() > 1) {
        fail(p, "can't use " + printed(v, store_) + " to iterate over more than one variable");
        return Flow::stop;
      }
      for (int64_t i = 0; i < v.i && !done; ++i) {
        Val item = v;
        item.i = i;
        once(item, item);
      }
    } else if (v.kind != Val::none) {
      fail(p, "range can't iterate over " + printed(v, store_));
      return Flow::stop;
    }
    if (!any && n.other && !bad()) out = walk(dot, *n.other);
    variables_.resize(mark);
    return bad() ? Flow::stop : out;
  }

  // The variables of a range: declared below `mark` by the pipeline, or set when the range assigns.
  void declare_range(const Node& p, size_t mark, const Val& key, const Val& item) {
    if (p.names.empty()) return;
    const bool two = p.names.size() > 1;
    if (p.assign) {
      set(p.names[0], two ? key : item);
      if (two) set(p.names[1], item);
      return;
    }
    variables_[mark].value = two ? key : item;
    if (two) variables_[mark + 1].value = item;
  }

  Flow call(const Val& dot, const Node& n) {
    const auto found = program_.defined.find(n.name);
    if (found == program_.defined.end()) {
      fail(n, "template \"" + std::string(n.name) + "\" not defined");
      return Flow::stop;
    }
    if (depth_ >= store_.limits.call_depth_max) {
      failure_ = Failure{
          Code::limit, n.at,
          "exceeded maximum template depth (" + std::to_string(store_.limits.call_depth_max) + ")"};
      return Flow::stop;
    }
    const Val data = n.pipe_ ? pipeline(dot, *n.pipe_) : Val{};
    if (bad()) return Flow::stop;
    std::vector<Variable> outer = std::exchange(variables_, {{"$", data}});
    ++depth_;
    const Flow f = walk(data, *found->second);
    --depth_;
    variables_ = std::move(outer);
    return f;
  }

  // ---- pipelines ----

  void set(std::string_view name, const Val& v) {
    for (size_t i = variables_.size(); i-- > 0;) {
      if (variables_[i].name != name) continue;
      variables_[i].value = v;
      return;
    }
  }

  Val pipeline(const Val& dot, const Node& p) {
    std::optional<Val> v;
    for (const NodePtr& c : p.kids) {
      v = command(dot, *c, v ? &*v : nullptr);
      if (bad()) return {};
    }
    for (std::string_view name : p.names) {
      if (p.assign) {
        set(name, *v);
      } else {
        variables_.push_back({name, *v});
      }
    }
    return v.value_or(Val{});
  }

  Val command(const Val& dot, const Node& c, const Val* last) {
    const Node& first = *c.kids.front();
    at_ = first.at;
    if (!store_.step() || bad()) return {};
    const bool arguments = c.kids.size() > 1 || last;
    switch (first.kind) {
      case Node::identifier: return function(dot, c, last);
      case Node::field:
      case Node::variable:
      case Node::chain:
        if (arguments && !first.names.empty() &&
            !(first.kind == Node::variable && first.names.size() == 1)) {
          const Val target = operand(dot, first);
          if (bad()) return {};
          (void)target;
          return fail(first,
                      std::string(first.names.back()) + " is not a method but has arguments");
        }
        break;
      case Node::nil: return fail(first, "nil is not a command");
      default: break;
    }
    if (arguments)
      return fail(first, "can't give argument to non-function " +
                             std::string(source_.substr(first.at, first.end - first.at)));
    return operand(dot, first);
  }

  Val operand(const Val& dot, const Node& n) {
    switch (n.kind) {
      case Node::dot: return dot;
      case Node::field: return fields(n, dot, n.names, 0);
      case Node::variable: {
        for (size_t i = variables_.size(); i-- > 0;) {
          if (variables_[i].name == n.names[0]) return fields(n, variables_[i].value, n.names, 1);
        }
        return fail(n, "undefined variable: " + std::string(n.names[0]));
      }
      case Node::chain: {
        if (n.kids[0]->kind == Node::nil) return fail(n, "indirection through explicit nil");
        const Val v = operand(dot, *n.kids[0]);
        return bad() ? Val{} : fields(n, v, n.names, 0);
      }
      case Node::pipe: return pipeline(dot, n);
      case Node::identifier: return function(dot, n, nullptr);
      case Node::number:
      case Node::string:
      case Node::boolean: return n.value;
      case Node::nil: {
        Val v;
        v.kind = Val::nil;
        return v;
      }
      default: return fail(n, "can't evaluate");
    }
  }

  Val fields(const Node& n, Val v, const std::vector<std::string_view>& names, size_t from) {
    for (size_t i = from; i < names.size(); ++i) {
      const std::string name(names[i]);
      if (v.kind == Val::none) return {};
      if (v.kind == Val::nil) return fail(n, "nil pointer evaluating interface {}." + name);
      if (v.kind != Val::map)
        return fail(n, "can't evaluate field " + name + " in type " + type_name(v));
      const auto found = v.m->entries.find(names[i]);
      if (found == v.m->entries.end() && !v.m->structure.empty())
        return fail(n, "can't evaluate field " + name + " in type " + type_name(v));
      v = found == v.m->entries.end() ? Val{} : found->second;
    }
    return v;
  }

  // ---- calls ----

  Val function(const Val& dot, const Node& c, const Val* last) {
    const Node& word = c.kind == Node::command ? *c.kids.front() : c;
    const Function& f = *find_function(word.name);
    const size_t given = c.kind == Node::command ? c.kids.size() - 1 : 0;
    const size_t total = given + (last ? 1 : 0);
    const bool variadic = f.parameters.ends_with('*');
    const size_t fixed = f.parameters.size() - (variadic ? 2 : 0);
    if (variadic ? total < fixed : total != fixed)
      return fail(word, "wrong number of args for " + std::string(f.name) + ": want " +
                            (variadic ? "at least " : "") + std::to_string(fixed) + " got " +
                            std::to_string(total));
    // Logic stops at the value that decides.
    if (f.name == "and" || f.name == "or") {
      Val v;
      for (size_t i = 0; i < given && !bad(); ++i) {
        v = argument(dot, *c.kids[i + 1], 'a');
        if (truth(v) == (f.name == "or")) return v;
      }
      return last && !bad() ? *last : v;
    }
    std::vector<Val> args;
    for (size_t i = 0; i < given && !bad(); ++i)
      args.push_back(argument(dot, *c.kids[i + 1], parameter(f, i)));
    if (last && !bad()) args.push_back(fits(word, *last, parameter(f, given)));
    if (bad()) return {};
    at_ = c.at;
    Call call{args, store_, environment_, out_.missing_variables, std::nullopt};
    const Val v = f.run(call);
    if (call.error) return fail(c, "error calling " + std::string(f.name) + ": " + *call.error);
    return bad() ? Val{} : v;
  }

  static char parameter(const Function& f, size_t i) {
    const bool variadic = f.parameters.ends_with('*');
    const size_t fixed = f.parameters.size() - (variadic ? 2 : 0);
    return i < fixed ? f.parameters[i] : f.parameters[fixed];
  }

  static std::string_view go_type(char p) {
    switch (p) {
      case 's': return "string";
      case 'i': return "int";
      case 'b': return "bool";
      case 'm': return "map[string]interface {}";
      case 'l': return "[]interface {}";
      default: return "interface {}";
    }
  }

  Val argument(const Val& dot, const Node& n, char p) {
    const auto shown = [&] { return std::string(source_.substr(n.at, n.end - n.at)); };
    switch (n.kind) {
      case Node::nil:
        if (p == 's' || p == 'i' || p == 'b')
          return fail(n, "cannot assign nil to " + std::string(go_type(p)));
        return operand(dot, n);
      case Node::number:
        if (p == 'a') return n.value;
        if (p == 'i' && n.integral) return Val::int_of(n.whole);
        break;
      case Node::string:
        if (p == 'a' || p == 's') return n.value;
        break;
      case Node::boolean:
        if (p == 'a' || p == 'b') return n.value;
        break;
      default: {
        const Val v = operand(dot, n);
        return bad() ? Val{} : fits(n, v, p);
      }
    }
    if (p == 'm' || p == 'l')
      return fail(n, "can't handle " + shown() + " for arg of type " + std::string(go_type(p)));
    return fail(
        n, "expected " + std::string(p == 'i' ? "integer" : go_type(p)) + "; found " + shown());
  }

  Val fits(const Node& n, const Val& v, char p) {
    if (p == 'a') return v;
    if (v.kind == Val::none) {
      if (p == 'm' || p == 'l') return v;
      return fail(n, "invalid value; expected " + std::string(go_type(p)));
    }
    if (v.kind == Val::nil && (p == 'm' || p == 'l') && n.kind == Node::nil) return v;
    if (type_name(v) != go_type(p))
      return fail(
          n, "wrong type for value; expected " + std::string(go_type(p)) + "; got " + type_name(v));
    return v;
  }

  std::string_view source_;
  const Program& program_;
  Store& store_;
  const Environment& environment_;
  RenderedText& out_;
  std::vector<Variable> variables_;
  std::optional<Failure> failure_;
  size_t at_ = 0, depth_ = 0;
};

}  // namespace

std::optional<Failure> run_template(std::string_view source, const Program& program, Store& store,
                                    const Environment& environment, const TemplateData* data,
                                    RenderedText& out) {
  return Runner(source, program, store, environment, out).run(data);
}

}  // namespace gateproof::config::tmpl
