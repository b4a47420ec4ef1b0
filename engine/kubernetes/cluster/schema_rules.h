// Rules in CEL of a CustomResourceDefinition's schema (x-kubernetes-validations): compiled with it, evaluated at each write of an
// object whose shape is right, with the texts of the real server.
#pragma once
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

// Each evaluated part of a rule costs one: of one object, as the real server's budget is called.
inline constexpr int64_t object_cost_max = 10'000'000;
inline constexpr size_t rule_message_bytes_max = 5 << 10;  // that a messageExpression makes

// The rules of one schema's node. `causes` gets what the real server refuses (a text that is no expression), `warnings` the rules that call
// what is not built here: those are not evaluated.
std::vector<std::shared_ptr<const SchemaRule>> compile_rules(const Json& list,
                                                             const std::string& path,
                                                             const PatternCompiler& patterns,
                                                             std::vector<Cause>& causes,
                                                             std::vector<std::string>& warnings);

// Appends what the rules say of `value`, at most schema_causes_max in all. `before` is the object before the change, null at creation: rules
// that name oldSelf hold between the two, and what a change leaves alone is not refused for a rule that it broke before
// (`warnings` is told so).
void check_rules(const Json& value, const Json* before, const Schema& schema,
                 std::vector<Cause>& causes, std::vector<std::string>& warnings);

}  // namespace gateproof::kubernetes::cluster
