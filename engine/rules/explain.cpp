#include "engine/rules/explain.h"

#include "engine/base/text.h"
#include "engine/rules/matchers.h"

namespace gateproof::rules {
namespace {

// Values from outside are shown, not trusted: shortened, control bytes escaped.
std::string shown(std::string_view s) {
  constexpr size_t shown_bytes_max = 120;
  const bool long_text = s.size() > shown_bytes_max;
  const std::string_view part = s.substr(0, shown_bytes_max);
  bool plain = !part.empty();
  for (char c : part) plain = plain && static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
  return (plain ? std::string(part) : text::quote(part)) + (long_text ? "..." : "");
}

std::string values_of(const std::vector<std::string>& values) {
  if (values.empty()) return " is absent";
  std::string out = " is ";
  for (size_t i = 0; i < values.size() && i < 4; ++i)
    out += (i ? ", " : "") + text::quote(shown(values[i]));
  return out + (values.size() > 4 ? ", ..." : "");
}

std::string header_state(std::string_view name, const RequestFacts& facts) {
  if (!header_visible(name)) return "header " + shown(name) + " is never visible to rules";
  std::vector<std::string> values;
  if (facts.headers) {
    for (const auto& f : *facts.headers) {
      if (text::iequals(f.name, name)) values.emplace_back(f.value);
    }
  }
  return "header " + shown(name) + values_of(values);
}

std::string query_state(std::string_view key, const RequestFacts& facts) {
  std::vector<std::string> values;
  for (const auto& [k, v] : facts.query_pairs()) {
    if (k == key) values.push_back(v);
  }
  return "query parameter " + shown(key) + values_of(values);
}

// What the matcher looked at, as "path /api" or "header X is absent".
std::string state(const RuleNode& n, const RequestFacts& facts) {
  const std::string_view name = n.name;
  if (name.starts_with("Path")) return "path " + shown(facts.path);
  if (name == "Host" || name == "HostHeader" || name == "HostRegexp") {
    const bool flattened = !facts.flat_host.empty() && facts.flat_host != facts.host;
    return "host " + shown(facts.host) +
           (flattened ? " (CNAME " + std::string(facts.flat_host) + ")" : "");
  }
  if (name == "Method") return "method " + shown(facts.method);
  if (name.starts_with("HostSNI"))
    return facts.host.empty() ? std::string("a connection without a server name")
                              : "server name " + shown(facts.host);
  if (name == "ALPN") {
    std::string offered;
    for (const std::string& p : facts.alpn) offered += (offered.empty() ? "" : ", ") + shown(p);
    return offered.empty() ? "a connection that offers no protocols"
                           : "the offered protocols " + offered;
  }
  if (name == "ClientIP") return "client address " + facts.client_ip.unmapped().to_string();
  if (n.args.empty()) return "the request";
  const std::string_view first = n.args[0];
  if (name.starts_with("Header")) {
    std::string out;
    const size_t step = name.starts_with("Headers") ? 2 : n.args.size();
    for (size_t i = 0; i < n.args.size(); i += step)
      out += (i ? "; " : "") + header_state(n.args[i], facts);
    return out;
  }
  return query_state(first.substr(0, first.find('=')), facts);
}

}  // namespace

std::string explain_failure(const RuleNode& call, const RequestFacts& facts) {
  const std::string what = state(call, facts);
  const std::string text = print_rule(call);
  const bool sentence = what.find(" is ") != std::string::npos &&
                        (what.starts_with("header ") || what.starts_with("query "));
  if (call.negated) return text + " does not hold: " + (sentence ? what : what + " matches");
  return text + (sentence ? " does not match: " : " does not match ") + what;
}

std::string explain_defeat(const Route& loser, const Route& winner) {
  const std::string mine = std::to_string(loser.priority), theirs = std::to_string(winner.priority);
  if (loser.priority != winner.priority)
    return "priority " + mine + " < " + theirs + " of " + winner.name;
  const std::string tie = "priority " + mine + " = " + theirs + " of " + winner.name;
  if (loser.precedence != winner.precedence)
    return tie + ", whose provider comes first in providers.precedence";
  if (loser.order != winner.order)
    return winner.name + " comes first in the Gateway API's order of matches";
  return tie + ", whose name sorts first (Traefik leaves the order of equals open)";
}

}  // namespace gateproof::rules
