// The definition of routing, and generated tables and requests to hold the index against it.
#pragma once
#include <rapidcheck.h>

#include "engine/base/text.h"
#include "engine/rules/table.h"

namespace gateproof::rules::testing {

// The first router, by priority descending, then provider rank, order and name, whose rule matches. No index, no order kept.
inline const Route* naive_match(const std::vector<Route>& routes, const RequestFacts& facts) {
  const Route* best = nullptr;
  for (const Route& r : routes) {
    if (!r.rule.matches(facts)) continue;
    if (!best) {
      best = &r;
      continue;
    }
    if (r.priority != best->priority) {
      if (r.priority > best->priority) best = &r;
    } else if (r.precedence != best->precedence) {
      if (r.precedence < best->precedence) best = &r;
    } else if (r.order != best->order) {
      if (r.order < best->order) best = &r;
    } else if (r.name < best->name) {
      best = &r;
    }
  }
  return best;
}

inline const std::vector<std::string>& hosts() {
  static const std::vector<std::string> v = {
      "a.test", "a.test.", "b.test", "x.a.test", "y.x.a.test", "A.test",  "*.a.test", "*.test",
      "*",      "x",       "*.",     "a.test..", "*.a.test.",  ".a.test", "*a.test"};
  return v;
}
inline const std::vector<std::string>& paths() {
  static const std::vector<std::string> v = {
      "/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/api", "/api/v1/", "/apix", "/a/b/c/d/e/f/g"};
  return v;
}

inline rc::Gen<RuleNode> gen_call(bool v2) {
  using namespace rc;
  return gen::exec([v2] {
    RuleNode n;
    n.negated = *gen::inRange(0, 5) == 0;
    const auto host = *gen::elementOf(hosts());
    const auto path = *gen::elementOf(paths());
    switch (*gen::inRange(0, 10)) {
      case 0:
      case 1:
      case 2: n.name = "Host", n.args = {host}; break;
      case 3:
      case 4: n.name = "PathPrefix", n.args = {path}; break;
      case 5:
      case 6: n.name = "Path", n.args = {path}; break;
      case 7: n.name = "Method", n.args = {*gen::element<std::string>("GET", "POST")}; break;
      case 8: n.name = "HostRegexp", n.args = {v2 ? "{s:[a-z]+}.a.test" : "^[a-z]+\\.test$"}; break;
      default:
        n.name = v2 ? "Headers" : "Header";
        n.args = {"X-A", *gen::element<std::string>("1", "2")};
    }
    if (v2 && (n.name == "Host" || n.name == "Path") && *gen::arbitrary<bool>()) {
      n.args.push_back(n.name == "Host" ? *gen::elementOf(hosts()) : "/a/{x}");
    }
    n.written = n.name;
    return n;
  });
}

// Normal trees: no conjunction directly inside a conjunction, nor a disjunction inside a disjunction.
inline rc::Gen<RuleNode> gen_tree(bool v2, int depth, int parent = -1) {
  using namespace rc;
  return gen::exec([=] {
    if (depth == 0 || *gen::inRange(0, 3) == 0) return *gen_call(v2);
    RuleNode n;
    n.kind = parent == RuleNode::all_of   ? RuleNode::any_of
             : parent == RuleNode::any_of ? RuleNode::all_of
             : *gen::arbitrary<bool>()    ? RuleNode::all_of
                                          : RuleNode::any_of;
    const int count = *gen::inRange(2, 4);
    for (int i = 0; i < count; ++i) n.children.push_back(*gen_tree(v2, depth - 1, n.kind));
    return n;
  });
}

struct Request {
  std::string host, path, method;
  http::Headers headers;
  RequestFacts facts() const {
    RequestFacts f;
    f.host = host;
    f.path = path;
    f.method = method;
    f.headers = &headers;
    f.client_ip = IpAddress::v4(127, 0, 0, 1);
    return f;
  }
};

inline Request gen_request() {
  using namespace rc;
  Request r;
  r.host = text::to_lower(*gen::elementOf(hosts()));
  if (*gen::inRange(0, 8) == 0) r.host = "";
  r.path = *gen::elementOf(paths());
  if (*gen::inRange(0, 3) == 0) r.path += *gen::elementOf(paths());
  r.method = *gen::element<std::string>("GET", "POST");
  if (*gen::arbitrary<bool>()) r.headers.add("x-a", *gen::element<std::string>("1", "2"));
  return r;
}

}  // namespace gateproof::rules::testing
