// What a rule sees of a request, and the compiled form of a rule.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/address.h"
#include "engine/http/headers.h"

namespace gateproof::rules {

// Length of one rule, in bytes. Traefik has no limit; this one bounds the work that a hostile file can cause.
inline constexpr size_t rule_bytes_max = 1u << 20;
// Nesting of parentheses and negations. Traefik's parser stops at 100,000; recursion here must fit a thread's stack.
inline constexpr size_t rule_depth_max = 200;

// Everything a matcher may ask. Made once for each request; the query is parsed when the first matcher asks for it.
struct RequestFacts {
  std::string_view host;  // canonical (catalogue 1.4)
  std::string_view
      flat_host;            // where its CNAME records end, or `host`; empty while flattening is off
  std::string_view path;    // routing path (catalogue 1.5)
  std::string_view method;  // as received
  const http::Headers* headers = nullptr;
  std::string_view query;  // raw, without '?'
  IpAddress client_ip;     // TCP peer
  mutable std::optional<std::vector<std::pair<std::string, std::string>>> parsed_query;
  std::span<const std::string> alpn = {};  // TCP: what the client offers in its ClientHello
  const std::vector<std::pair<std::string, std::string>>& query_pairs() const;
};

// The languages of HTTP routers and, with the same grammar and other matchers, of TCP routers. A TCP connection's facts are its
// server name (`host`, lower case, empty without one), its peer (`client_ip`) and `alpn`.
enum class Syntax : uint8_t { v3, v2, tcp_v3, tcp_v2 };
inline bool is_tcp(Syntax s) { return s == Syntax::tcp_v3 || s == Syntax::tcp_v2; }

// What must be true of a request for a matcher to hold, as far as an index can use it. Either part may be absent.
struct IndexKey {
  enum Host : uint8_t { any_host, exact_host, wildcard_host };  // wildcard: "*.example.com"
  enum Path : uint8_t { any_path, exact_path, path_prefix };
  Host host_kind = any_host;
  Path path_kind = any_path;
  std::string host;
  std::string path;
};

// The compiled form of one call.
class Matcher {
 public:
  virtual ~Matcher() = default;
  virtual bool matches(const RequestFacts& facts) const = 0;
  // Alternatives of which one holds whenever matches() does. Empty: nothing is known, the index must always ask.
  virtual std::vector<IndexKey> index_keys() const { return {}; }
};

// A node of a parsed rule. Negation is pushed to the leaves (De Morgan), as Traefik does.
struct RuleNode {
  enum Kind : uint8_t { call, all_of, any_of };
  Kind kind = call;
  bool negated = false;  // calls only
  std::string name;      // as documented: "PathPrefix"
  std::string written;   // as written: "pathprefix"
  std::vector<std::string> args;
  uint32_t offset = 0;  // bytes into the rule text, of the call
  uint32_t length = 0;
  std::vector<RuleNode> children;          // two or more for all_of and any_of
  std::shared_ptr<const Matcher> matcher;  // calls, once compiled
};

struct RuleError {
  std::string
      message;  // Traefik's words: "unsupported function: X", "unexpected number of parameters; got 2, expected one of [1]"
  uint32_t offset = 0;  // bytes into the rule
  uint32_t length = 0;
  std::string remedy;  // "did you mean `PathPrefix`?"
  std::string
      api;  // the whole text that Traefik's API shows for the router: "error while parsing rule R: ..."
};

[[noreturn]] void throw_error(const RuleError& e);
[[noreturn]] inline void throw_exception_from_error(const RuleError& e,
                                                    const boost::source_location&) {
  throw_error(e);
}

// The matchers that rules may name. One table serves `ask`, every arm and the explanation; taking a matcher out of a copy
// changes them all alike (that is how the tests prove that there is one evaluator).
class MatcherSet {
 public:
  static const MatcherSet& standard();
  MatcherSet without(std::string_view name) const;
  bool has(std::string_view name) const;

 private:
  std::set<std::string, std::less<>> removed_;
};

struct Rule {
  std::string text;
  RuleNode root;
  bool matches(const RequestFacts& facts) const;
  // The call that a person would look at first; null if the rule matches. In a conjunction that is the first part that
  // fails. When every alternative of a disjunction fails, it is taken from the alternative that got furthest (most calls
  // passed before the failing one), the first of them if several got equally far.
  const RuleNode* first_failure(const RequestFacts& facts) const;
};

// Parses and compiles. The empty text, unknown matchers, wrong arity, bad regexps and CIDRs are errors.
boost::system::result<Rule, RuleError> parse_rule(
    std::string_view text, Syntax syntax, const MatcherSet& matchers = MatcherSet::standard());
// A text that parses to the same tree.
std::string print_rule(const RuleNode& node);
// The hosts named by Host(...) (v2: HostHeader too) anywhere in the rule, positive or negated (for TLS and advice);
// lower case, in order, each once.
std::vector<std::string> rule_hosts(const RuleNode& node);
// The same without those of negated calls: whom TLS options are for (catalogue 5.3).
std::vector<std::string> rule_positive_hosts(const RuleNode& node);
// Whether a TCP rule is HostSNI(`*`) alone, which is Traefik's catch-all (a negation in front of it makes no difference there).
bool is_catch_all(const RuleNode& node);
// The arguments of HostSNI(...) anywhere in the rule, positive or negated, in order, as written.
std::vector<std::string> rule_server_names(const RuleNode& node);
// The same of a text whose matchers may be wrong; empty if it cannot be parsed.
std::vector<std::string> written_server_names(std::string_view rule);
// Same shape, names, arguments and negations; places in the text do not count.
bool same_tree(const RuleNode& a, const RuleNode& b);

}  // namespace gateproof::rules
