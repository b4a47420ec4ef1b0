#include "engine/kubernetes/cluster/schema_rules.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/kubernetes/cel/program.h"

namespace gateproof::kubernetes::cluster {

struct SchemaRule {
  std::string text;
  std::string message;
  std::string
      reason;  // FieldValueInvalid, FieldValueForbidden, FieldValueRequired, FieldValueDuplicate
  std::string field_path;  // ".spec.name"; "" for the value itself
  bool optional_old_self = false;
  cel::Program rule;
  std::optional<cel::Program> message_expression;
};

namespace {

constexpr std::string_view variables[] = {"self", "oldSelf"};

std::string trimmed(std::string_view s) { return std::string(text::trim(s)); }

const char* type_text(Schema::Type type) {
  switch (type) {
    case Schema::Type::object: return "object";
    case Schema::Type::array: return "array";
    case Schema::Type::string: return "string";
    case Schema::Type::integer: return "integer";
    case Schema::Type::number: return "number";
    case Schema::Type::boolean: return "boolean";
    case Schema::Type::any: break;
  }
  return "";
}

// The item of a list of the kind `map` that has the same keys.
const Json* same_item(const Json& item, const Json* list, const Schema& schema) {
  if (!list || schema.list != Schema::List::map) return nullptr;
  for (const Json& other : list->items()) {
    const bool same = std::ranges::all_of(
        schema.list_keys, [&](const std::string& k) { return item[k] == other[k]; });
    if (same) return &other;
  }
  return nullptr;
}

class Checker {
 public:
  Checker(std::vector<Cause>& causes, std::vector<std::string>& warnings)
      : causes_(causes), warnings_(warnings) {}

  // `before`: the same part of the object before, null when there is none that corresponds; `unchanged`: this part, or one around
  // it, is as it was.
  void check(const Json& value, const Json* before, bool unchanged, const Schema& schema,
             const std::string& path) {
    if (!schema.ruled || value.is_null() || full()) return;
    if (before && before->is_null()) before = nullptr;
    unchanged |= before && *before == value;
    for (const auto& rule : schema.rules) apply(*rule, value, before, unchanged, schema, path);
    // What all_of says of the value is not passed over for being unchanged.
    for (const SchemaPtr& also : schema.all_of) check(value, before, false, *also, path);
    if (value.is_array() && schema.items) {
      for (size_t i = 0; i < value.size(); ++i) {
        const Json& item = value.items()[i];
        check(item, same_item(item, before, schema), unchanged, *schema.items, join_path(path, i));
      }
    }
    for (const Json::Member& m : value.members()) {
      const Schema* child = schema.child(m.key);
      if (!child) continue;
      const Json* old = before && !schema.atomic_map ? before->find(m.key) : nullptr;
      check(m.value, old, unchanged, *child,
            schema.property(m.key) ? join_path(path, m.key) : path + "[" + m.key + "]");
    }
  }

 private:
  bool full() const { return left_ < 0 || causes_.size() >= schema_causes_max; }

  void add(const char* reason, std::string message, const std::string& path) {
    causes_.push_back({reason, std::move(message), path.empty() ? "<nil>" : path});
  }

  void apply(const SchemaRule& r, const Json& value, const Json* before, bool unchanged,
             const Schema& schema, const std::string& path) {
    const bool transition = r.rule.uses("oldSelf");
    if (full() || (transition && !before && !r.optional_old_self)) return;
    const std::string shown = std::string("Invalid value: \"") + type_text(schema.type) + "\": ";
    const cel::Value result = evaluate(r.rule, r, value, before, schema);
    if (left_ < 0) {
      return add("FieldValueInvalid",
                 shown +
                     "validation failed due to running out of cost budget, no further "
                     "validation rules will be run",
                 path);
    }
    if (result.is_true()) return;
    const std::string called = r.message.empty() ? trimmed(r.text) : r.message;
    if (result.is(cel::Value::Kind::error)) {
      return add("FieldValueInvalid", shown + failure(std::string(result.text()), called), path);
    }
    refuse(r, value, before, unchanged && !transition, schema, path, shown);
  }

  // What cel-go's errors are told as.
  std::string failure(const std::string& why, const std::string& rule) {
    if (why.starts_with("no such overload")) {
      return "'" + why +
             "': call arguments did not match a supported operator, function or macro signature "
             "for rule: " +
             rule;
    }
    if (why.starts_with("operation cancelled")) {
      left_ = -1;
      return "'" + why +
             "': no further validation rules will be run due to call cost exceeds limit for "
             "rule: " +
             rule;
    }
    return why + " evaluating rule: " + rule;
  }

  void refuse(const SchemaRule& r, const Json& value, const Json* before, bool pardoned,
              const Schema& schema, const std::string& path, const std::string& shown) {
    std::string detail = own_message(r, value, before, schema);
    if (detail.empty()) detail = r.message.empty() ? "failed rule: " + trimmed(r.text) : r.message;
    std::string message = shown + detail;
    const char* reason = "FieldValueInvalid";
    if (r.reason == "FieldValueForbidden") {
      reason = "FieldValueForbidden";
      message = "Forbidden: " + detail;
    } else if (r.reason == "FieldValueRequired") {
      reason = "FieldValueRequired";
      message = "Required value: " + detail;
    } else if (r.reason == "FieldValueDuplicate") {
      reason = "FieldValueDuplicate";
      message = std::string("Duplicate value: \"") + type_text(schema.type) + "\"";
    }
    std::string at = path + r.field_path;
    if (at.starts_with('.')) at.erase(0, 1);
    if (!pardoned) return add(reason, std::move(message), at);
    if (warnings_.size() < schema_causes_max) warnings_.push_back(at + ": " + message);
  }

  // Of a messageExpression that makes a usable text.
  std::string own_message(const SchemaRule& r, const Json& value, const Json* before,
                          const Schema& schema) {
    if (!r.message_expression) return "";
    const cel::Value made = evaluate(*r.message_expression, r, value, before, schema);
    if (!made.is(cel::Value::Kind::string)) return "";
    std::string out = trimmed(made.text());
    const bool usable = out.size() <= rule_message_bytes_max && out.find('\n') == std::string::npos;
    return usable ? out : "";
  }

  cel::Value evaluate(const cel::Program& program, const SchemaRule& r, const Json& value,
                      const Json* before, const Schema& schema) {
    cel::Evaluation e;
    e.variables.emplace_back("self", cel::Value::of(value, &schema));
    if (before || r.optional_old_self) {
      cel::Values old;
      if (before) old.push_back(cel::Value::of(*before, &schema));
      e.variables.emplace_back("oldSelf", r.optional_old_self ? cel::Value::optional(std::move(old))
                                                              : std::move(old[0]));
    }
    cel::Value out = program.evaluate(e);
    left_ -= cel::call_cost_max - std::max<int64_t>(e.cost_left, 0);
    return out;
  }

  std::vector<Cause>& causes_;
  std::vector<std::string>& warnings_;
  int64_t left_ = object_cost_max;
};

class RuleCompiler {
 public:
  RuleCompiler(const PatternCompiler& patterns, std::vector<Cause>& causes,
               std::vector<std::string>& warnings)
      : patterns_(patterns), causes_(causes), warnings_(warnings) {}

  std::shared_ptr<const SchemaRule> rule(const Json& j, const std::string& path) {
    const std::string text(j["rule"].str());
    if (trimmed(text).empty()) {
      causes_.push_back(
          {"FieldValueRequired", "Required value: rule is not specified", path + ".rule"});
      return nullptr;
    }
    auto program = compile(text, path + ".rule");
    if (!program) return nullptr;
    auto out = std::make_shared<SchemaRule>(
        SchemaRule{text, trimmed(j["message"].str()), std::string(j["reason"].str()),
                   std::string(j["fieldPath"].str()), j["optionalOldSelf"].boolean(),
                   std::move(*program), std::nullopt});
    const std::string_view message = j["messageExpression"].str();
    if (!message.empty()) out->message_expression = compile(message, path + ".messageExpression");
    return out;
  }

 private:
  std::optional<cel::Program> compile(std::string_view text, const std::string& path) {
    auto program = cel::Program::compile(text, variables, patterns_);
    if (program) return std::move(*program);
    const std::string& why = program.error().message;
    if (program.error().code == Code::unsupported) {
      if (warnings_.size() < schema_causes_max)
        warnings_.push_back(path +
                            ": this rule is not evaluated here: " + why.substr(0, why.find('\n')));
      return std::nullopt;
    }
    if (causes_.size() < schema_causes_max) {
      causes_.push_back({"FieldValueInvalid",
                         "Invalid value: " + text::quote(text) + ": compilation failed: " + why,
                         path});
    }
    return std::nullopt;
  }

  const PatternCompiler& patterns_;
  std::vector<Cause>& causes_;
  std::vector<std::string>& warnings_;
};

}  // namespace

std::vector<std::shared_ptr<const SchemaRule>> compile_rules(const Json& list,
                                                             const std::string& path,
                                                             const PatternCompiler& patterns,
                                                             std::vector<Cause>& causes,
                                                             std::vector<std::string>& warnings) {
  std::vector<std::shared_ptr<const SchemaRule>> out;
  RuleCompiler compiler(patterns, causes, warnings);
  for (size_t i = 0; i < list.size(); ++i) {
    auto rule = compiler.rule(list.items()[i], path + "[" + std::to_string(i) + "]");
    if (rule) out.push_back(std::move(rule));
  }
  return out;
}

void check_rules(const Json& value, const Json* before, const Schema& schema,
                 std::vector<Cause>& causes, std::vector<std::string>& warnings) {
  if (!schema.ruled) return;
  // The real server's own list of what makes rules meaningless.
  static constexpr std::string_view blocking[] = {"FieldValueNotSupported", "FieldValueRequired",
                                                  "FieldValueTooLong", "FieldValueTooMany",
                                                  "FieldValueTypeInvalid"};
  for (const Cause& c : causes) {
    if (std::ranges::find(blocking, c.reason) == std::end(blocking)) continue;
    causes.push_back({"FieldValueInvalid",
                      "Invalid value: null: some validation rules were not checked because the "
                      "object was invalid; correct the existing errors to complete validation",
                      "<nil>"});
    return;
  }
  Checker(causes, warnings).check(value, before, false, schema, "");
}

}  // namespace gateproof::kubernetes::cluster
