// The matchers of the deprecated language, `ruleSyntax: v2` (catalogue 1.3; texts and corners observed).
#include "engine/base/text.h"
#include "engine/rules/matchers.h"
#include "engine/rules/template.h"

namespace gateproof::rules {
namespace {

using Args = std::vector<std::string>;

Built failed(std::string error, std::string remedy = {}) {
  return {nullptr, std::move(error), std::move(remedy)};
}

struct HostsMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (const HostPattern& h : hosts) {
      if (h.matches(f)) return true;
    }
    return false;
  }
  std::vector<IndexKey> index_keys() const override {
    std::vector<IndexKey> out;
    for (const HostPattern& h : hosts) out.push_back(h.key());
    return out;
  }
  std::vector<HostPattern> hosts;
};
Built host(std::string_view, const Args& args) {
  auto m = std::make_shared<HostsMatcher>();
  for (const std::string& a : args) {
    if (!text::is_ascii(a)) {
      return failed("invalid value " + text::quote(a) +
                        " for \"Host\" matcher, non-ASCII characters are not allowed",
                    "write an internationalised name in punycode (xn--...)");
    }
    m->hosts.emplace_back(a, false);
  }
  return {std::move(m), {}, {}};
}

struct TemplatesMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    const std::string_view subject = kind == Template::host ? f.host : f.path;
    for (const Template& t : templates) {
      if (t.matches(subject)) return true;
    }
    return false;
  }
  std::vector<IndexKey> index_keys() const override {
    std::vector<IndexKey> out;
    if (kind == Template::host) return out;
    for (const Template& t : templates) {
      const bool exact = t.plain && kind == Template::path;
      out.push_back({IndexKey::any_host,
                     exact ? IndexKey::exact_path : IndexKey::path_prefix,
                     {},
                     t.literal});
    }
    return out;
  }
  Template::Kind kind = Template::path;
  std::vector<Template> templates;
};
Built templates(Template::Kind kind, const Args& args) {
  auto m = std::make_shared<TemplatesMatcher>();
  m->kind = kind;
  for (const std::string& a : args) {
    if (kind == Template::host && !text::is_ascii(a)) {
      return failed("invalid value " + text::quote(a) +
                        " for HostRegexp matcher, non-ASCII characters are not allowed",
                    "write an internationalised name in punycode (xn--...)");
    }
    if (kind != Template::host && !a.starts_with('/')) {
      return failed("mux: path must start with a slash, got " + text::quote(a),
                    "did you mean `/" + a + "`?");
    }
    auto t = Template::compile(a, kind);
    if (!t) return failed(t.error().message);
    m->templates.push_back(std::move(*t));
  }
  return {std::move(m), {}, {}};
}
Built host_regexp(std::string_view, const Args& a) { return templates(Template::host, a); }
Built path(std::string_view, const Args& a) { return templates(Template::path, a); }
Built path_prefix(std::string_view, const Args& a) { return templates(Template::path_prefix, a); }

struct MethodsMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    return std::find(methods.begin(), methods.end(), f.method) != methods.end();
  }
  std::vector<std::string> methods;
};
Built method(std::string_view, const Args& args) {
  auto m = std::make_shared<MethodsMatcher>();
  for (const std::string& a : args) m->methods.push_back(text::to_upper(a));
  return {std::move(m), {}, {}};
}

std::string odd(const Args& args) {
  return "mux: number of parameters must be multiple of 2, got [" + text::join(args, " ") + "]";
}

// Header pairs, all of which must hold. A name written twice in one spelling keeps its last value (a map in Traefik).
struct HeadersMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!f.headers || !header_visible(names[i]) || !line(*f.headers, i)) return false;
    }
    return true;
  }
  bool line(const http::Headers& headers, size_t i) const {
    const http::HeaderName name(names[i]);
    for (const http::Headers::Field& field : headers) {
      if (!field.is(name)) continue;
      if (expressions.empty() ? field.value == values[i] : expressions[i].search(field.value))
        return true;
    }
    return false;
  }
  std::vector<std::string> names, values;
  std::vector<Regex> expressions;
};
Built headers(std::string_view name, const Args& args) {
  if (args.size() % 2) return failed(odd(args), "give names and values in pairs");
  auto m = std::make_shared<HeadersMatcher>();
  for (size_t i = 0; i < args.size(); i += 2) {
    const auto at = std::find(m->names.begin(), m->names.end(), args[i]);
    if (at != m->names.end()) {
      m->values[static_cast<size_t>(at - m->names.begin())] = args[i + 1];
      continue;
    }
    m->names.push_back(args[i]);
    m->values.push_back(args[i + 1]);
  }
  if (name != "HeadersRegexp") return {std::move(m), {}, {}};
  for (const std::string& v : m->values) {
    auto re = Regex::compile(v);
    if (!re) return failed(re.error().message);
    m->expressions.push_back(std::move(*re));
  }
  return {std::move(m), {}, {}};
}

// Each pair is a template "key=value" laid against the first value of the key.
struct QueriesMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!holds(f, i)) return false;
    }
    return true;
  }
  bool holds(const RequestFacts& f, size_t i) const {
    for (const auto& [k, v] : f.query_pairs()) {
      if (k == keys[i]) return templates[i].matches(k + "=" + v);
    }
    return templates[i].matches("");
  }
  std::vector<std::string> keys;
  std::vector<Template> templates;
};
Built query(std::string_view, const Args& args) {
  Args flat;  // Traefik cuts each argument at its first '=' and then counts
  for (const std::string& a : args) {
    const size_t eq = a.find('=');
    flat.push_back(a.substr(0, eq));
    if (eq != std::string::npos) flat.push_back(a.substr(eq + 1));
  }
  if (flat.size() % 2) return failed(odd(flat), "write key=value");
  auto m = std::make_shared<QueriesMatcher>();
  for (size_t i = 0; i < flat.size(); i += 2) {
    const std::string text = flat[i] + "=" + flat[i + 1];
    auto t = Template::compile(text, Template::query);
    if (!t) return failed(t.error().message);
    m->keys.push_back(text.substr(0, text.find('=')));
    m->templates.push_back(std::move(*t));
  }
  return {std::move(m), {}, {}};
}

struct ClientIpsMatcher final : Matcher {
  bool matches(const RequestFacts& f) const override {
    for (const PeerNetwork& n : networks) {
      if (n.contains(f.client_ip)) return true;
    }
    return false;
  }
  std::vector<PeerNetwork> networks;
};
Built client_ip(std::string_view, const Args& args) {
  auto m = std::make_shared<ClientIpsMatcher>();
  for (const std::string& a : args) {
    auto network = PeerNetwork::parse(a);
    if (!network) {
      return failed(
          "could not initialize IP Checker for \"ClientIP\" matcher: parsing CIDR trusted IPs "
          "<nil>: invalid CIDR "
          "address: " +
              a,
          "write addresses or networks, such as 10.0.0.0/8");
    }
    m->networks.push_back(*network);
  }
  return {std::move(m), {}, {}};
}

}  // namespace

std::span<const MatcherSpec> matchers_v2() {
  static const std::array<MatcherSpec, 10> table = {{
      {"Host", {}, host},
      {"HostHeader", {}, host},
      {"HostRegexp", {}, host_regexp},
      {"ClientIP", {}, client_ip},
      {"Path", {}, path},
      {"PathPrefix", {}, path_prefix},
      {"Method", {}, method},
      {"Headers", {}, headers},
      {"HeadersRegexp", {}, headers},
      {"Query", {}, query},
  }};
  return table;
}

}  // namespace gateproof::rules
