// The part of JSONPath that printer columns use: members, indices, [*], and filters that compare for equality.
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/table.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr size_t values_max = 1000;  // of one cell

class Walk {
 public:
  explicit Walk(std::string_view path) : path_(path) {}

  // False: the path is not understood.
  bool run(std::vector<const Json*>& at) {
    if (path_.starts_with('{') && path_.ends_with('}')) {
      path_ = path_.substr(1, path_.size() - 2);
    }
    if (path_.starts_with('$')) path_.remove_prefix(1);
    while (!path_.empty()) {
      if (path_.front() == '.') {
        path_.remove_prefix(1);
        if (path_.empty()) return true;
        if (path_.front() == '[') continue;
        member(at);
      } else if (path_.front() == '[') {
        const size_t end = closing();
        if (end == std::string_view::npos) return false;
        const std::string_view inside = path_.substr(1, end - 1);
        path_.remove_prefix(end + 1);
        if (!bracket(inside, at)) return false;
      } else {
        member(at);
      }
      if (at.size() > values_max) return false;
    }
    return true;
  }

 private:
  // Of the bracket that the path begins with; quotes hide brackets.
  size_t closing() const {
    char quote = 0;
    for (size_t i = 1; i < path_.size(); ++i) {
      const char c = path_[i];
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == ']') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  void member(std::vector<const Json*>& at) {
    std::string name;
    while (!path_.empty() && path_.front() != '.' && path_.front() != '[') {
      if (path_.front() == '\\' && path_.size() > 1) path_.remove_prefix(1);  // "\." in a name
      name += path_.front();
      path_.remove_prefix(1);
    }
    step(at, name);
  }

  static void step(std::vector<const Json*>& at, std::string_view name) {
    std::vector<const Json*> out;
    for (const Json* j : at) {
      if (name == "*") {
        for (const Json::Member& m : j->members()) out.push_back(&m.value);
        for (const Json& i : j->items()) out.push_back(&i);
      } else if (const Json* v = j->find(name)) {
        out.push_back(v);
      }
    }
    at = std::move(out);
  }

  static std::string_view unquoted(std::string_view s) {
    s = text::trim(s);
    if (s.size() >= 2 && (s.front() == '"' || s.front() == '\'') && s.back() == s.front()) {
      return s.substr(1, s.size() - 2);
    }
    return s;
  }

  static bool bracket(std::string_view inside, std::vector<const Json*>& at) {
    if (inside == "*") return step(at, "*"), true;
    if (inside.starts_with("?(") && inside.ends_with(')')) {
      return filter(inside.substr(2, inside.size() - 3), at);
    }
    if (const auto index = text::parse_int(inside)) {
      std::vector<const Json*> out;
      for (const Json* j : at) {
        const auto size = static_cast<int64_t>(j->items().size());
        const int64_t i = *index < 0 ? size + *index : *index;
        if (i >= 0 && i < size) out.push_back(&j->items()[static_cast<size_t>(i)]);
      }
      at = std::move(out);
      return true;
    }
    if (inside.empty() || (inside.front() != '\'' && inside.front() != '"')) return false;
    step(at, unquoted(inside));
    return true;
  }

  // @.type=="Ready"
  static bool filter(std::string_view condition, std::vector<const Json*>& at) {
    const size_t equal = condition.find("==");
    const size_t other = condition.find("!=");
    const size_t op = std::min(equal, other);
    if (op == std::string_view::npos) return false;
    std::string_view left = text::trim(condition.substr(0, op));
    if (!left.starts_with("@.")) return false;
    left.remove_prefix(2);
    const std::string_view right = unquoted(condition.substr(op + 2));
    std::vector<const Json*> out;
    for (const Json* j : at) {
      for (const Json& item : j->items()) {
        const Json& v = item.at(left);
        const std::string text = v.is_string() ? std::string(v.str()) : to_text(v);
        if ((text == right) == (op == equal)) out.push_back(&item);
      }
    }
    at = std::move(out);
    return true;
  }

  std::string_view path_;
};

}  // namespace

Json json_path(const Json& object, std::string_view path) {
  std::vector<const Json*> at = {&object};
  if (!Walk(text::trim(path)).run(at) || at.empty()) return {};
  if (at.size() == 1) return *at.front();
  std::string out;
  for (const Json* j : at) {
    if (!out.empty()) out += ',';
    out += j->is_string() ? std::string(j->str()) : to_text(*j);
  }
  return Json(out);
}

}  // namespace gateproof::kubernetes::cluster
