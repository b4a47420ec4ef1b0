#include "engine/kubernetes/cluster/selectors.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

namespace {

// Of a label key: [prefix/]name, as the API server checks it.
bool name_part(std::string_view s) {
  constexpr size_t label_bytes_max = 63;
  if (s.empty() || s.size() > label_bytes_max || !text::is_alnum(s.front()) ||
      !text::is_alnum(s.back()))
    return false;
  return std::ranges::all_of(
      s, [](char c) { return text::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool label_key(std::string_view s) {
  const size_t slash = s.find('/');
  if (slash == std::string_view::npos) return name_part(s);
  return slash > 0 && slash <= 253 && name_part(s.substr(slash + 1));
}

bool label_value(std::string_view s) { return s.empty() || name_part(s); }

Status unparsable(std::string_view text, const std::string& why) {
  return bad_request("unable to parse requirement: " + why + " in " + text::quote(text));
}

}  // namespace

class SelectorParser {
 public:
  using Requirement = LabelSelector::Requirement;
  using Op = LabelSelector::Op;
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Reply<LabelSelector> run() {
    LabelSelector out;
    blanks();
    while (at_ < text_.size()) {
      Requirement r;
      if (!requirement(r)) return unparsable(text_, error_);
      out.all_.push_back(std::move(r));
      if (out.all_.size() > selector_requirements_max)
        return bad_request("a label selector of more than " +
                           std::to_string(selector_requirements_max) + " requirements");
      blanks();
      if (at_ == text_.size()) break;
      if (!take(",")) return unparsable(text_, "found '" + word() + "', expected: ','");
      blanks();
      if (at_ == text_.size()) return unparsable(text_, "found '', expected: identifier after ','");
    }
    return out;
  }

 private:
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view s) {
    if (text_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  std::string word() {
    const size_t from = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t,()=!<>").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return std::string(text_.substr(from, at_ - from));
  }
  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  bool requirement(Requirement& r) {
    const bool negated = take("!");
    blanks();
    r.key = word();
    if (!label_key(r.key)) return fail("invalid label key \"" + r.key + "\"");
    blanks();
    if (negated || at_ == text_.size() || text_[at_] == ',') {
      r.op = negated ? Op::absent : Op::exists;
      return true;
    }
    if (take("==") || take("=")) return single(r, Op::in);
    if (take("!=")) return single(r, Op::not_in);
    if (take(">")) return number(r, Op::greater);
    if (take("<")) return number(r, Op::less);
    const std::string op = word();
    if (op == "in") return set(r, Op::in);
    if (op == "notin") return set(r, Op::not_in);
    return fail("found '" + op + "', expected: in, notin, =, ==, !=, gt, lt");
  }

  bool single(Requirement& r, Op op) {
    r.op = op;
    blanks();
    r.values = {word()};
    return label_value(r.values[0]) || fail("invalid label value \"" + r.values[0] + "\"");
  }
  bool number(Requirement& r, Op op) {
    r.op = op;
    blanks();
    const auto bound = text::parse_int(word());
    if (!bound) return fail("for 'Gt', 'Lt' operators, the value must be an integer");
    r.bound = *bound;
    return true;
  }
  bool set(Requirement& r, Op op) {
    r.op = op;
    blanks();
    if (!take("(")) return fail("found '" + word() + "', expected: '('");
    for (;;) {
      blanks();
      r.values.push_back(word());
      if (!label_value(r.values.back()))
        return fail("invalid label value \"" + r.values.back() + "\"");
      blanks();
      if (take(")")) return true;
      if (!take(",")) return fail("found '" + word() + "', expected: ',' or ')'");
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

Reply<LabelSelector> LabelSelector::parse(std::string_view text) {
  if (text.size() > selector_bytes_max)
    return bad_request("a label selector of more than " + std::to_string(selector_bytes_max) +
                       " bytes");
  return SelectorParser(text).run();
}

Reply<LabelSelector> LabelSelector::from_json(const Json& selector) {
  LabelSelector out;
  if (selector.is_null()) {
    out.nothing_ = true;
    return out;
  }
  for (const Json::Member& m : selector["matchLabels"].members())
    out.all_.push_back({m.key, Op::in, {std::string(m.value.str())}});
  for (const Json& e : selector["matchExpressions"].items()) {
    Requirement r{std::string(e["key"].str()), Op::in, {}};
    for (const Json& v : e["values"].items()) r.values.emplace_back(v.str());
    const std::string_view op = e["operator"].str();
    if (op == "NotIn") {
      r.op = Op::not_in;
    } else if (op == "Exists") {
      r.op = Op::exists;
    } else if (op == "DoesNotExist") {
      r.op = Op::absent;
    } else if (op != "In") {
      return bad_request("\"" + std::string(op) + "\" is not a valid label selector operator");
    }
    const bool wants = r.op == Op::in || r.op == Op::not_in;
    if (wants == r.values.empty())
      return bad_request(wants ? "for 'in', 'notin' operators, values set can't be empty"
                               : "values set must be empty for exists and does not exist");
    out.all_.push_back(std::move(r));
  }
  if (out.all_.size() > selector_requirements_max)
    return bad_request("a label selector of more than " +
                       std::to_string(selector_requirements_max) + " requirements");
  return out;
}

bool LabelSelector::matches(const Json& labels) const {
  if (nothing_) return false;
  return std::ranges::all_of(all_, [&labels](const Requirement& r) {
    const Json* there = labels.find(r.key);
    const auto listed = [&] { return std::ranges::find(r.values, there->str()) != r.values.end(); };
    switch (r.op) {
      case Op::in: return there && listed();
      case Op::not_in: return !there || !listed();
      case Op::exists: return there != nullptr;
      case Op::absent: return there == nullptr;
      case Op::greater:
      case Op::less: {
        const auto value = there ? text::parse_int(there->str()) : std::nullopt;
        return value && (r.op == Op::greater ? *value > r.bound : *value < r.bound);
      }
    }
    return false;
  });
}

Reply<FieldSelector> FieldSelector::parse(std::string_view text, const ResourceType& type,
                                          std::string_view version) {
  FieldSelector out;
  if (text.size() > selector_bytes_max)
    return bad_request("a field selector of more than " + std::to_string(selector_bytes_max) +
                       " bytes");
  if (text::trim(text).empty()) return out;
  for (std::string_view part : text::split(text, ',')) {
    const size_t op = part.find_first_of("=!");
    if (op == std::string_view::npos || (part[op] == '!' && part.substr(op, 2) != "!="))
      return bad_request("invalid field selector: " + text::quote(part) +
                         " wants field=value, field==value or field!=value");
    Requirement r;
    r.path = text::trim(part.substr(0, op));
    r.equal = part[op] == '=';
    size_t from = op + 1;
    if (from < part.size() && part[from] == '=') ++from;
    r.value = text::trim(part.substr(from));
    const auto* info = type.version(version);
    const auto knows = [&r](const std::vector<std::string>& all) {
      return std::ranges::find(all, r.path) != all.end();
    };
    const bool known = r.path == "metadata.name" ||
                       (r.path == "metadata.namespace" && type.namespaced) ||
                       knows(type.field_labels) || (info && knows(info->selectable_fields));
    if (!known) {
      return bad_request("Unable to find \"" + type.group + "/" + std::string(version) +
                         ", Resource=" + type.plural +
                         "\" that match label selector \"\", field selector " + text::quote(text) +
                         ": field label not supported: " + r.path);
    }
    out.all_.push_back(std::move(r));
    if (out.all_.size() > selector_requirements_max)
      return bad_request("a field selector of more than " +
                         std::to_string(selector_requirements_max) + " requirements");
  }
  return out;
}

bool FieldSelector::matches(const Json& object) const {
  return std::ranges::all_of(all_, [&object](const Requirement& r) {
    const Json& v = object.at(r.path);
    const bool equal = v.is_null()     ? r.value.empty() || r.value == "false"
                       : v.is_string() ? v.str() == r.value
                                       : to_text(v) == r.value;
    return equal == r.equal;
  });
}

const std::string* FieldSelector::name() const {
  for (const Requirement& r : all_) {
    if (r.equal && r.path == "metadata.name") return &r.value;
  }
  return nullptr;
}

}  // namespace gateproof::kubernetes::cluster
