// Any bytes as a rule, in the languages of HTTP and of TCP routers: an error that points into the text, or a tree that prints to itself, says the same
// by any road (rule, printed rule, negated rule, table) and never crashes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/rules/table.h"

using namespace gateproof;
using namespace gateproof::rules;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

// The definition, apart from the engine's own evaluation.
bool naive(const RuleNode& n, const RequestFacts& f) {
  if (n.kind == RuleNode::call) return n.matcher->matches(f) != n.negated;
  bool all = true, any = false;
  for (const RuleNode& c : n.children) {
    const bool b = naive(c, f);
    all = all && b;
    any = any || b;
  }
  return n.kind == RuleNode::all_of ? all : any;
}

void check(std::string_view text, Syntax syntax) {
  auto rule = parse_rule(text, syntax);
  if (!rule) {
    require(!rule.error().message.empty());
    require(size_t{rule.error().offset} + rule.error().length <= text.size());
    return;
  }
  const std::string printed = print_rule(rule->root);
  const auto again = parse_rule(printed, syntax);
  // Printing may lengthen a rule (escapes, blanks, pushed negations) beyond the limit, never otherwise spoil it.
  if (!again) {
    require(printed.size() > rule_bytes_max);
    return;
  }
  require(same_tree(rule->root, again->root));
  const auto opposite = parse_rule("!(" + printed + ")", syntax);
  std::vector<Route> routes(1);
  routes[0].rule = *rule;
  const RoutingTable table(std::move(routes));
  const std::vector<std::string> offered = {"h2", "foo"};
  http::Headers headers;
  headers.add("X-A", "1");
  headers.add("Host", "a.test");
  for (std::string_view host : {"", "a.test", "x.a.test.", "x"}) {
    for (std::string_view path : {"/", "/a", "/a/b/c", "/\xff"}) {
      RequestFacts f;
      f.host = host;
      f.path = path;
      f.method = "GET";
      f.query = "a=1&b&c=%2f";
      f.headers = &headers;
      f.client_ip = IpAddress::v4(127, 0, 0, 1);
      f.alpn = offered;
      const bool wanted = naive(rule->root, f);
      require(rule->matches(f) == wanted);
      require(again->matches(f) == wanted);
      if (opposite) require(opposite->matches(f) != wanted);
      require((rule->first_failure(f) == nullptr) == wanted);
      const Route* winner = table.match(f);
      require((winner != nullptr) == wanted);
      require(table.losers(f, winner).size() == (wanted ? 0u : 1u));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, Syntax::v3);
  check(text, Syntax::v2);
  check(text, Syntax::tcp_v3);
  check(text, Syntax::tcp_v2);
  return 0;
}
