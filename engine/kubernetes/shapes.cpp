#include "engine/kubernetes/shapes.h"

#include <map>

#include "engine/base/text.h"
#include "engine/config/plain_scalar.h"
#include "engine/config/schema.h"

namespace gateproof::kubernetes {

using config::Path;
using config::Value;

namespace {

class ShapeReader {
 public:
  explicit ShapeReader(std::string_view text) : text_(text) {}

  std::unique_ptr<Shape> read() {
    auto root = std::make_unique<Shape>();
    root->kind = Shape::object;
    fields(*root);
    return ok_ && at_ == text_.size() ? std::move(root) : nullptr;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (take(' ')) {
    }
  }

  void fields(Shape& object) {
    for (blanks(); ok_ && at_ < text_.size() && peek() != '}'; blanks()) {
      if (take('*')) {
        object.open = true;
        continue;
      }
      ShapeField f;
      while (text::is_alnum(peek())) f.name += text_[at_++];
      f.required = take('!');
      ok_ = ok_ && !f.name.empty() && take(':');
      f.shape = type();
      object.fields.push_back(std::move(f));
    }
  }

  Shape type() {
    Shape s;
    const char c = peek();
    ++at_;
    switch (c) {
      case 's': s.kind = Shape::text; break;
      case 'i': s.kind = Shape::integer; break;
      case 'b': s.kind = Shape::boolean; break;
      case 'n': s.kind = Shape::int_or_text; break;
      case 'm': s.kind = Shape::text_map; break;
      case 'a': break;
      case '[':
        s.kind = Shape::list;
        while (text::is_digit(peek()))
          s.items_max = s.items_max * 10 + static_cast<size_t>(text_[at_++] - '0');
        ok_ = ok_ && (s.items_max == 0 || take(' '));
        s.element = std::make_shared<const Shape>(type());
        ok_ = ok_ && take(']');
        break;
      case '{':
        s.kind = Shape::object;
        fields(s);
        ok_ = ok_ && take('}');
        break;
      default: ok_ = false;
    }
    return s;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
};

std::string_view wanted(Shape::Kind kind) {
  switch (kind) {
    case Shape::text: return "a text";
    case Shape::integer: return "an integer";
    case Shape::boolean: return "true or false";
    case Shape::int_or_text: return "an integer or a text";
    case Shape::list: return "a list";
    case Shape::object: return "an object";
    case Shape::text_map: return "names with texts";
    case Shape::any: break;
  }
  return "a value";
}

class ShapeChecker {
 public:
  ShapeChecker(const std::string& label, config::Findings& findings, bool limits)
      : label_(label), findings_(findings), limits_(limits) {}

  void check(const Shape& s, const Value& v, const Path& path) {
    if (v.kind == Value::null) return;
    switch (s.kind) {
      case Shape::any: return;
      case Shape::list:
        if (v.kind != Value::sequence) return wrong(s, v, path);
        if (limits_ && s.items_max != 0 && v.items.size() > s.items_max) too_many(s, v, path);
        for (const Value& item : v.items) {
          if (item.kind == Value::null) wrong(*s.element, item, path);
          check(*s.element, item, path);
        }
        return;
      case Shape::object: return check_object(s, v, path);
      case Shape::text_map: {
        if (v.kind != Value::mapping) return wrong(s, v, path);
        static const Shape text{Shape::text};
        for (const Value::Member& m : v.members) check(text, m.value, Path{&path, m.key});
        return;
      }
      default:
        if (!fits(s.kind, v)) wrong(s, v, path);
    }
  }

  // Rules of HTTPRoutes and GRPCRoutes share a number of matches.
  void check_matches(const KindInfo& kind, const Value& object) {
    if (kind.kind != "HTTPRoute" && kind.kind != "GRPCRoute") return;
    const Value* rules = object.at("spec.rules");
    size_t count = 0;
    for (const Value& rule : rules ? rules->items : std::vector<Value>()) {
      if (const Value* matches = rule.find("matches")) count += matches->items.size();
    }
    if (count <= route_matches_max) return;
    refused = true;
    const std::string most = std::to_string(route_matches_max);
    findings_.add("GP0706", rules->span, label_,
                  "spec.rules have " + std::to_string(count) + " matches, and must have at most " +
                      most + " together: the API server refuses the object",
                  "write at most " + most + " matches, and further routes for the others");
  }

  bool refused = false;

 private:
  static constexpr size_t route_matches_max = 128;

  static bool fits(Shape::Kind kind, const Value& v) {
    if (v.kind != Value::scalar) return false;
    const auto plain = v.quoted ? config::PlainScalar::text : config::resolve_plain(v.text).kind;
    const bool text = plain == config::PlainScalar::text || plain == config::PlainScalar::date;
    switch (kind) {
      case Shape::text: return text;
      case Shape::integer: return plain == config::PlainScalar::integer;
      case Shape::boolean: return plain == config::PlainScalar::boolean;
      default: return text || plain == config::PlainScalar::integer;
    }
  }

  void wrong(const Shape& s, const Value& v, const Path& path) {
    refused = true;
    std::string remedy = "write " + std::string(wanted(s.kind));
    if (s.kind == Shape::text && v.kind == Value::scalar)
      remedy = "write it in quotes: \"" + v.text + "\"";
    if (v.quoted && s.kind != Shape::list && s.kind != Shape::object)
      remedy = "write it without quotes";
    findings_.add("GP0706", v.span, label_,
                  path.to_string() + " has to be " + std::string(wanted(s.kind)) +
                      ": the API server refuses the object",
                  std::move(remedy));
  }

  void too_many(const Shape& s, const Value& v, const Path& path) {
    refused = true;
    const std::string most = std::to_string(s.items_max);
    findings_.add("GP0706", v.span, label_,
                  path.to_string() + " has " + std::to_string(v.items.size()) +
                      " entries, and must have at most " + most +
                      ": the API server refuses the object",
                  "write at most " + most + " entries, and further objects for the others");
  }

  void check_object(const Shape& s, const Value& v, const Path& path) {
    if (v.kind != Value::mapping) return wrong(s, v, path);
    for (const Value::Member& m : v.members) {
      const auto f = std::find_if(s.fields.begin(), s.fields.end(),
                                  [&m](const ShapeField& x) { return x.name == m.key; });
      if (f != s.fields.end()) {
        check(f->shape, m.value, Path{&path, m.key});
      } else if (!s.open) {
        unknown(s, m, path);
      }
    }
    for (const ShapeField& f : s.fields) {
      if (!f.required) continue;
      const Value* there = v.find(f.name);
      if (there && there->kind != Value::null) continue;
      refused = true;
      findings_.add(
          "GP0706", v.span, label_,
          Path{&path, f.name}.to_string() + " is missing: the API server refuses the object",
          "write `" + f.name + "`");
    }
  }

  void unknown(const Shape& s, const Value::Member& m, const Path& path) {
    std::vector<std::string_view> names;
    for (const ShapeField& f : s.fields) names.push_back(f.name);
    const auto near = text::nearest(m.key, names);
    findings_.add("GP0705", m.key_span, label_,
                  "unknown field \"" + Path{&path, m.key}.to_string() +
                      "\": `kubectl` refuses it, and the API server drops it without a word",
                  near
                      ? "did you mean `" + *near + "`?"
                      : "remove it; known here: " +
                            text::join(std::vector<std::string>(names.begin(), names.end()), ", "));
  }

  const std::string& label_;
  config::Findings& findings_;
  bool limits_;
};

// Shapes are parsed once.
const Shape& shape_of(const KindInfo& kind) {
  static const std::map<const KindInfo*, std::unique_ptr<Shape>> parsed = [] {
    std::map<const KindInfo*, std::unique_ptr<Shape>> all;
    for (const KindInfo& k : kinds()) {
      std::unique_ptr<Shape> s = parse_shape(k.shape);
      all[&k] = s ? std::move(s) : std::make_unique<Shape>();
    }
    return all;
  }();
  return *parsed.at(&kind);
}

}  // namespace

std::unique_ptr<Shape> parse_shape(std::string_view text) { return ShapeReader(text).read(); }

std::optional<int64_t> integer_of(const Value& v) {
  if (v.kind != Value::scalar || v.quoted) return std::nullopt;
  const config::PlainScalar plain = config::resolve_plain(v.text);
  if (plain.kind != config::PlainScalar::integer) return std::nullopt;
  return config::parse_decimal(plain.spelled.empty() ? std::string_view(v.text)
                                                     : std::string_view(plain.spelled));
}

std::optional<bool> boolean_of(const Value& v) {
  if (v.kind != Value::scalar || v.quoted) return std::nullopt;
  const config::PlainScalar plain = config::resolve_plain(v.text);
  if (plain.kind != config::PlainScalar::boolean) return std::nullopt;
  return config::parse_bool(plain.spelled.empty() ? std::string_view(v.text)
                                                  : std::string_view(plain.spelled));
}

bool check_shape(const KindInfo& kind, const Value& object, const std::string& label,
                 config::Findings& findings, bool limits) {
  ShapeChecker checker(label, findings, limits);
  checker.check(shape_of(kind), object, Path{});
  if (limits) checker.check_matches(kind, object);
  return !checker.refused;
}

}  // namespace gateproof::kubernetes
