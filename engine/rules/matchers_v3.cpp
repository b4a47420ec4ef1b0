// The matchers of the current rule language (catalogue 1.2).
#include "engine/base/text.h"
#include "engine/rules/matchers.h"
#include "engine/rules/regex.h"

namespace gateproof::rules {
namespace {

using Args = std::vector<std::string>;

Built failed(std::string error, std::string remedy = {}) {
  return {nullptr, std::move(error), std::move(remedy)};
}
template <class M, class... A>
Built made(A&&... a) {
  return {std::make_shared<const M>(std::forward<A>(a)...), {}, {}};
}
Built not_ascii(std::string_view name, const std::string& value) {
  return failed("invalid value " + text::quote(value) + " for " + std::string(name) +
                    " matcher, non-ASCII characters are not allowed",
                "write an internationalised name in punycode (xn--...)");
}

struct HostMatcher final : Matcher {
  explicit HostMatcher(std::string_view h) : pattern(h, true) {}
  bool matches(const RequestFacts& f) const override { return pattern.matches(f); }
  std::vector<IndexKey> index_keys() const override { return {pattern.key()}; }
  HostPattern pattern;
};
Built host(std::string_view name, const Args& a) {
  if (!text::is_ascii(a[0])) return not_ascii(name, a[0]);
  return made<HostMatcher>(a[0]);
}

// Traefik also tries the CNAME-flattened name, which is the empty text while flattening is off: an expression that matches
// nothing at all, such as "^$" or ".*", matches every host (observed).
struct HostRegexpMatcher final : Matcher {
  explicit HostRegexpMatcher(Regex r) : re(std::move(r)), always(re.search("")) {}
  bool matches(const RequestFacts& f) const override {
    if (re.search(f.host)) return true;
    return f.flat_host.empty() ? always : re.search(f.flat_host);
  }
  Regex re;
  bool always;
};
Built host_regexp(std::string_view name, const Args& a) {
  if (!text::is_ascii(a[0])) return not_ascii(name, a[0]);
  auto re = Regex::compile(a[0]);
  if (!re) return failed("compiling HostRegexp matcher: " + re.error().message);
  return made<HostRegexpMatcher>(std::move(*re));
}

Built no_slash(const std::string& path) {
  return failed("path " + text::quote(path) + " does not start with a '/'",
                "did you mean `/" + path + "`?");
}

struct PathMatcher final : Matcher {
  explicit PathMatcher(std::string p) : path(std::move(p)) {}
  bool matches(const RequestFacts& f) const override { return f.path == path; }
  std::vector<IndexKey> index_keys() const override {
    return {{IndexKey::any_host, IndexKey::exact_path, {}, path}};
  }
  std::string path;
};
Built path(std::string_view, const Args& a) {
  if (!a[0].starts_with('/')) return no_slash(a[0]);
  return made<PathMatcher>(a[0]);
}

struct PathPrefixMatcher final : Matcher {
  explicit PathPrefixMatcher(std::string p) : prefix(std::move(p)) {}
  bool matches(const RequestFacts& f) const override { return f.path.starts_with(prefix); }
  std::vector<IndexKey> index_keys() const override {
    return {{IndexKey::any_host, IndexKey::path_prefix, {}, prefix}};
  }
  std::string prefix;
};
Built path_prefix(std::string_view, const Args& a) {
  if (!a[0].starts_with('/')) return no_slash(a[0]);
  return made<PathPrefixMatcher>(a[0]);
}

struct PathRegexpMatcher final : Matcher {
  explicit PathRegexpMatcher(Regex r) : re(std::move(r)) {}
  bool matches(const RequestFacts& f) const override { return re.search(f.path); }
  Regex re;
};
Built path_regexp(std::string_view, const Args& a) {
  auto re = Regex::compile(a[0]);
  if (!re)
    return failed("compiling PathPrefix matcher: " +
                  re.error().message);  // sic, Traefik's own slip
  return made<PathRegexpMatcher>(std::move(*re));
}

struct MethodMatcher final : Matcher {
  explicit MethodMatcher(std::string m) : method(std::move(m)) {}
  bool matches(const RequestFacts& f) const override { return f.method == method; }
  std::string method;
};
Built method(std::string_view, const Args& a) { return made<MethodMatcher>(text::to_upper(a[0])); }

template <class Holds>
bool any_line(const RequestFacts& f, const http::HeaderName& name, const Holds& holds) {
  if (!f.headers) return false;
  for (const http::Headers::Field& field : *f.headers) {
    if (field.is(name) && holds(field.value)) return true;
  }
  return false;
}

struct HeaderMatcher final : Matcher {
  HeaderMatcher(std::string k, std::string v)
      : key(std::move(k)),
        value(std::move(v)),
        hash(http::HeaderName(key).hash),
        visible(header_visible(key)) {}
  bool matches(const RequestFacts& f) const override {
    http::HeaderName name{std::string_view()};
    name.text = key;
    name.hash = hash;
    return visible && any_line(f, name, [this](std::string_view v) { return v == value; });
  }
  std::string key, value;
  uint32_t hash;
  bool visible;
};
Built header(std::string_view, const Args& a) { return made<HeaderMatcher>(a[0], a[1]); }

struct HeaderRegexpMatcher final : Matcher {
  HeaderRegexpMatcher(std::string k, Regex r)
      : key(std::move(k)), re(std::move(r)), visible(header_visible(key)) {}
  bool matches(const RequestFacts& f) const override {
    return visible && any_line(f, key, [this](std::string_view v) { return re.search(v); });
  }
  std::string key;
  Regex re;
  bool visible;
};
Built header_regexp(std::string_view, const Args& a) {
  auto re = Regex::compile(a[1]);
  if (!re) return failed("compiling HeaderRegexp matcher: " + re.error().message);
  return made<HeaderRegexpMatcher>(a[0], std::move(*re));
}

struct QueryMatcher final : Matcher {
  QueryMatcher(std::string k, std::string v) : key(std::move(k)), value(std::move(v)) {}
  bool matches(const RequestFacts& f) const override { return QueryKey::has_value(f, key, value); }
  std::string key, value;
};
// With one argument only an empty value counts: "?a" and "?a=", not "?a=1" (surprise 2).
Built query(std::string_view, const Args& a) {
  return made<QueryMatcher>(a[0], a.size() > 1 ? a[1] : std::string());
}

struct QueryRegexpMatcher final : Matcher {
  QueryRegexpMatcher(std::string k, Regex r) : key(std::move(k)), re(std::move(r)) {}
  bool matches(const RequestFacts& f) const override {
    for (const auto& [k, v] : f.query_pairs()) {
      if (k == key && re.search(v)) return true;
    }
    return false;
  }
  std::string key;
  Regex re;
};
Built query_regexp(std::string_view name, const Args& a) {
  if (a.size() == 1) return query(name, a);
  auto re = Regex::compile(a[1]);
  if (!re) return failed("compiling QueryRegexp matcher: " + re.error().message);
  return made<QueryRegexpMatcher>(a[0], std::move(*re));
}

struct ClientIpMatcher final : Matcher {
  explicit ClientIpMatcher(PeerNetwork n) : network(n) {}
  bool matches(const RequestFacts& f) const override { return network.contains(f.client_ip); }
  PeerNetwork network;
};
Built client_ip(std::string_view, const Args& a) {
  auto network = PeerNetwork::parse(a[0]);
  if (!network) {
    return failed(
        "initializing IP checker for ClientIP matcher: parsing CIDR trusted IPs <nil>: invalid "
        "CIDR address: " +
            a[0],
        "write an address or a network, such as 10.0.0.0/8");
  }
  return made<ClientIpMatcher>(*network);
}

}  // namespace

std::span<const MatcherSpec> matchers_v3() {
  static const std::array<MatcherSpec, 11> table = {{
      {"ClientIP", {1}, client_ip},
      {"Method", {1}, method},
      {"Host", {1}, host},
      {"HostRegexp", {1}, host_regexp},
      {"Path", {1}, path},
      {"PathRegexp", {1}, path_regexp},
      {"PathPrefix", {1}, path_prefix},
      {"Header", {2}, header},
      {"HeaderRegexp", {2}, header_regexp},
      {"Query", {1, 2}, query},
      {"QueryRegexp", {1, 2}, query_regexp},
  }};
  return table;
}

}  // namespace gateproof::rules
