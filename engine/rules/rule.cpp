// Running a compiled rule, and asking it which call decided.
#include "engine/base/text.h"
#include "engine/http/url.h"
#include "engine/rules/matcher.h"

namespace gateproof::rules {

const std::vector<std::pair<std::string, std::string>>& RequestFacts::query_pairs() const {
  if (!parsed_query) parsed_query = http::parse_query(query);
  return *parsed_query;
}

const MatcherSet& MatcherSet::standard() {
  static const MatcherSet set;
  return set;
}

MatcherSet MatcherSet::without(std::string_view name) const {
  MatcherSet copy = *this;
  copy.removed_.emplace(name);
  return copy;
}

bool MatcherSet::has(std::string_view name) const { return !removed_.contains(name); }

namespace {

bool holds(const RuleNode& n, const RequestFacts& facts) {
  switch (n.kind) {
    case RuleNode::call: return n.matcher->matches(facts) != n.negated;
    case RuleNode::all_of:
      for (const RuleNode& c : n.children) {
        if (!holds(c, facts)) return false;
      }
      return true;
    case RuleNode::any_of:
      for (const RuleNode& c : n.children) {
        if (holds(c, facts)) return true;
      }
      return false;
  }
  return false;
}

struct Failure {
  const RuleNode* call = nullptr;  // null: the node holds
  size_t passed = 0;               // calls that held before it
};

Failure failure(const RuleNode& n, const RequestFacts& facts) {
  if (n.kind == RuleNode::call) return holds(n, facts) ? Failure{nullptr, 1} : Failure{&n, 0};
  if (n.kind == RuleNode::all_of) {
    size_t passed = 0;
    for (const RuleNode& c : n.children) {
      const Failure f = failure(c, facts);
      if (f.call) return {f.call, passed + f.passed};
      passed += f.passed;
    }
    return {nullptr, passed};
  }
  Failure furthest;
  for (const RuleNode& c : n.children) {
    const Failure f = failure(c, facts);
    if (!f.call) return f;
    if (!furthest.call || f.passed > furthest.passed) furthest = f;
  }
  return furthest;
}

void collect_hosts(const RuleNode& n, bool negated, std::set<std::string>& seen,
                   std::vector<std::string>& out) {
  if (n.negated && !negated) return;
  for (const RuleNode& c : n.children) collect_hosts(c, negated, seen, out);
  if (n.kind != RuleNode::call || (n.name != "Host" && n.name != "HostHeader")) return;
  for (const std::string& a : n.args) {
    std::string host = text::to_lower(a);
    if (seen.insert(host).second) out.push_back(std::move(host));
  }
}

void collect_server_names(const RuleNode& n, std::vector<std::string>& out) {
  for (const RuleNode& c : n.children) collect_server_names(c, out);
  if (n.kind == RuleNode::call && n.name == "HostSNI")
    out.insert(out.end(), n.args.begin(), n.args.end());
}

}  // namespace

bool is_catch_all(const RuleNode& n) {
  return n.kind == RuleNode::call && n.name == "HostSNI" && n.args.size() == 1 && n.args[0] == "*";
}

std::vector<std::string> rule_server_names(const RuleNode& node) {
  std::vector<std::string> out;
  collect_server_names(node, out);
  return out;
}

bool Rule::matches(const RequestFacts& facts) const { return holds(root, facts); }

const RuleNode* Rule::first_failure(const RequestFacts& facts) const {
  return failure(root, facts).call;
}

std::vector<std::string> rule_hosts(const RuleNode& node) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  collect_hosts(node, true, seen, out);
  return out;
}

std::vector<std::string> rule_positive_hosts(const RuleNode& node) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  collect_hosts(node, false, seen, out);
  return out;
}

}  // namespace gateproof::rules
