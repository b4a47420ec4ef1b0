// The matchers of TCP routers, current and deprecated language (catalogue 1.9; texts and corners observed).
#include "engine/base/text.h"
#include "engine/rules/matchers.h"
#include "engine/rules/parser.h"
#include "engine/rules/regex.h"
#include "engine/rules/template.h"

namespace gateproof::rules {
namespace {

using Args = std::vector<std::string>;

// The protocol of ACME's TLS challenge: its connections never reach a router (RFC 8737).
constexpr std::string_view acme_protocol = "acme-tls/1";

Built failed(std::string error, std::string remedy = {}) {
  return {nullptr, std::move(error), std::move(remedy)};
}

// Letters, digits and `_.-:`; nothing else can stand in a server name or an address.
bool host_or_ip(std::string_view s) {
  for (char c : s) {
    if (!text::is_alnum(c) && std::string_view("_.-:").find(c) == std::string_view::npos)
      return false;
  }
  return !s.empty();
}

std::string name_remedy(std::string_view name) {
  if (!text::is_ascii(name)) return "write an internationalised name in punycode (xn--...)";
  if (name.find('*') != std::string_view::npos)
    return "an asterisk stands alone, or for the whole first label as in *.example.com";
  return "write a name such as example.com, or `*` for any";
}

// One argument or several, of which one must equal the server name.
struct ServerNamesMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (const HostPattern& n : names) {
      if (n.matches(f.host)) return true;
    }
    return false;
  }
  std::vector<IndexKey> index_keys() const override {
    std::vector<IndexKey> out;
    for (const HostPattern& n : names) out.push_back(n.key());
    return out;
  }
  std::vector<HostPattern> names;
};

Built server_name(std::string_view, const Args& a) {
  const std::string_view name = a[0];
  if (name != "*" && !host_or_ip(name.starts_with("*.") ? name.substr(2) : name)) {
    return failed(
        "invalid value for HostSNI matcher, " + text::quote(name) + " is not a valid hostname",
        name_remedy(name));
  }
  auto m = std::make_shared<ServerNamesMatcher>();
  m->names.emplace_back(name, true);
  return {std::move(m), {}, {}};
}

// v2: an asterisk behind other names is any name, but not no name; in the first place it is both (observed).
struct AnyNamedMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override { return !f.host.empty(); }
};

Built server_names_v2(std::string_view, const Args& args) {
  auto m = std::make_shared<ServerNamesMatcher>();
  for (const std::string& a : args) {
    if (a != "*" && !host_or_ip(a)) {
      return failed("invalid value for \"HostSNI\" matcher, " + text::quote(a) +
                        " is not a valid hostname or IP",
                    name_remedy(a));
    }
    m->names.emplace_back(a, a == "*");
  }
  const bool any = std::find(args.begin(), args.end(), "*") != args.end();
  if (any && args[0] != "*") return {std::make_shared<const AnyNamedMatcher>(), {}, {}};
  return {std::move(m), {}, {}};
}

struct ServerNameRegexpMatcher final : Matcher {
  explicit ServerNameRegexpMatcher(Regex r) : re(std::move(r)) {}
  bool matches(const RequestFacts& f) const override { return re.search(f.host); }
  Regex re;
};

Built server_name_regexp(std::string_view, const Args& a) {
  if (!text::is_ascii(a[0])) {
    return failed("invalid value for HostSNIRegexp matcher, " + text::quote(a[0]) +
                      " is not a valid hostname",
                  name_remedy(a[0]));
  }
  auto re = Regex::compile(a[0]);
  if (!re) return failed("compiling HostSNIRegexp matcher: " + re.error().message);
  return {std::make_shared<const ServerNameRegexpMatcher>(std::move(*re)), {}, {}};
}

struct ServerNameTemplatesMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (const Template& t : templates) {
      if (t.matches(f.host)) return true;
    }
    return false;
  }
  std::vector<Template> templates;
};

Built server_name_templates_v2(std::string_view, const Args& args) {
  auto m = std::make_shared<ServerNameTemplatesMatcher>();
  for (const std::string& a : args) {
    auto t = Template::compile(a, Template::server_name);
    if (!t) {
      const std::string& why = t.error().message;
      return failed(why.starts_with("mux: ")
                        ? "invalid pattern value for \"HostSNIRegexp\" matcher, " + text::quote(a) +
                              " is not a valid pattern: " + why
                        : why);
    }
    m->templates.push_back(std::move(*t));
  }
  return {std::move(m), {}, {}};
}

struct PeersMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (const PeerNetwork& n : networks) {
      if (n.contains(f.client_ip)) return true;
    }
    return false;
  }
  std::vector<PeerNetwork> networks;
};

Built peers(const Args& args, std::string_view problem) {
  auto m = std::make_shared<PeersMatcher>();
  for (const std::string& a : args) {
    auto network = PeerNetwork::parse(a);
    if (!network) {
      return failed(
          std::string(problem) + ": parsing CIDR trusted IPs <nil>: invalid CIDR address: " + a,
          "write an address or a network, such as 10.0.0.0/8");
    }
    m->networks.push_back(*network);
  }
  return {std::move(m), {}, {}};
}
Built client_ip(std::string_view, const Args& a) {
  return peers(a, "initializing IP checker for ClientIP matcher");
}
Built client_ips_v2(std::string_view, const Args& a) {
  return peers(a, "could not initialize IP Checker for \"ClientIP\" matcher");
}

struct AlpnMatcher final : Matcher {
  explicit AlpnMatcher(Args p) : protocols(std::move(p)) {}
  bool matches(const RequestFacts& f) const override {
    for (const std::string& p : protocols) {
      if (std::find(f.alpn.begin(), f.alpn.end(), p) != f.alpn.end()) return true;
    }
    return false;
  }
  Args protocols;
};

Built protocols(const Args& args, std::string_view shown_name) {
  for (const std::string& a : args) {
    if (a == acme_protocol) {
      return failed("invalid protocol value for " + std::string(shown_name) + " matcher, " +
                        text::quote(a) + " is not allowed",
                    "connections of the ACME TLS challenge never reach a router");
    }
  }
  return {std::make_shared<const AlpnMatcher>(args), {}, {}};
}
Built alpn(std::string_view, const Args& a) { return protocols(a, "ALPN"); }
Built alpn_v2(std::string_view, const Args& a) { return protocols(a, "\"ALPN\""); }

void collect(const Expression& e, std::vector<std::string>& out) {
  const bool named = e.kind == Expression::call && text::iequals(e.parts[0].lexeme, "HostSNI");
  for (const Expression& part : e.parts) {
    if (named && part.kind == Expression::literal && part.literal_kind == Token::text) {
      out.push_back(string_value(part.lexeme));
    } else {
      collect(part, out);
    }
  }
}

}  // namespace

std::vector<std::string> written_server_names(std::string_view rule) {
  std::vector<std::string> out;
  if (const auto e = parse_expression(rule)) collect(*e, out);
  return out;
}

std::span<const MatcherSpec> matchers_tcp_v3() {
  static const std::array<MatcherSpec, 4> table = {{
      {"HostSNI", {1}, server_name},
      {"HostSNIRegexp", {1}, server_name_regexp},
      {"ClientIP", {1}, client_ip},
      {"ALPN", {1}, alpn},
  }};
  return table;
}

std::span<const MatcherSpec> matchers_tcp_v2() {
  static const std::array<MatcherSpec, 4> table = {{
      {"HostSNI", {}, server_names_v2},
      {"HostSNIRegexp", {}, server_name_templates_v2},
      {"ClientIP", {}, client_ips_v2},
      {"ALPN", {}, alpn_v2},
  }};
  return table;
}

}  // namespace gateproof::rules
