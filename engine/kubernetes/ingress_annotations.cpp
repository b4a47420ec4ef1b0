#include "engine/kubernetes/ingress_annotations.h"

#include "engine/base/text.h"
#include "engine/config/schema.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr std::string_view prefix = "traefik.ingress.kubernetes.io/";

// Every annotation below `router.` or `service.`: the rest of its name in lower case, and its member.
using Each = std::function<bool(const std::string& name, const Value::Member& m)>;

class Annotations {
 public:
  Annotations(const Object& o, std::string_view part, std::string_view other_part,
              const Report& report)
      : object_(o), part_(part), other_part_(other_part), report_(report) {}

  // Calls `take` for each; false from it means: no such option.
  bool read(const Each& take, std::span<const std::string_view> names) {
    const Value* all = object_.at("metadata.annotations");
    if (!all) return true;
    for (const Value::Member& m : all->members) {
      if (!m.key.starts_with(prefix)) continue;
      const std::string key = text::to_lower(std::string_view(m.key).substr(prefix.size()));
      if (!key.starts_with(part_)) {
        no_effect(m, key);
        continue;
      }
      const std::string name = key.substr(part_.size());
      if (!take(name, m) && ok_) unknown(m, name, names);
    }
    return ok_;
  }

  template <class T>
  bool value(const Value::Member& m, T& out) {
    // Read aside: the finding's words are ours, the error Traefik's.
    config::Findings found;
    const std::string label = object_.label();
    config::DecodeContext c{found, label};
    Value v = m.value;
    v.quoted = true;  // an annotation is a text
    if (v.kind == Value::null) v.kind = Value::scalar;
    config::read_value(v, out, c);
    for (const config::Finding& f : found.list()) fail(m.value.span, f.message, f.remedy);
    return true;
  }

  void fail(const SourceSpan& at, const std::string& message, const std::string& remedy) {
    ok_ = false;
    report_("GP0726", at, message, remedy);
  }

 private:
  void unknown(const Value::Member& m, const std::string& name,
               std::span<const std::string_view> names) {
    const auto near = text::nearest(name, names);
    fail(m.key_span, "field not found, node: " + name.substr(0, name.find('.')),
         near ? "did you mean `" + std::string(prefix) + std::string(part_) + *near + "`?"
              : "remove the annotation");
  }

  void no_effect(const Value::Member& m, const std::string& key) {
    const bool misplaced = key.starts_with(other_part_);
    const bool for_service = other_part_ == "service.";
    report_.plain(
        "GP0727", m.key_span, "the annotation " + m.key + " has no effect on " + object_.kind,
        misplaced ? (for_service ? "put it on the Service" : "put it on the Ingress")
                  : "remove it: Traefik reads router.* of an Ingress and service.* of a Service");
  }

  const Object& object_;
  std::string_view part_, other_part_;
  const Report& report_;
  bool ok_ = true;
};

// "tls.domains.0.main": the number and what follows it.
struct Indexed {
  size_t index;
  std::string_view field;
};
std::optional<Indexed> indexed(std::string_view name, std::string_view before) {
  if (!name.starts_with(before)) return std::nullopt;
  const std::string_view rest = name.substr(before.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto n = text::parse_int(rest.substr(0, dot));
  constexpr int64_t domains_max = 1000;  // entries; a larger number is no index that anybody wrote
  if (!n || *n < 0 || *n >= domains_max) return std::nullopt;
  return Indexed{size_t(*n), rest.substr(dot + 1)};
}

}  // namespace

std::optional<RouterAnnotations> router_annotations(const Object& ingress, const Report& report) {
  static constexpr std::string_view names[] = {"entrypoints",
                                               "middlewares",
                                               "observability.accesslogs",
                                               "observability.metrics",
                                               "observability.tracing",
                                               "observability.traceverbosity",
                                               "pathmatcher",
                                               "priority",
                                               "rulesyntax",
                                               "tls",
                                               "tls.certresolver",
                                               "tls.domains.0.main",
                                               "tls.domains.0.sans",
                                               "tls.options"};
  RouterAnnotations r;
  Annotations all(ingress, "router.", "service.", report);
  const auto tls = [&r](const Value::Member& m) -> config::RouterTls& {
    if (!r.tls) r.tls.emplace().span = m.key_span;
    return *r.tls;
  };
  bool no_tls = false;  // `tls: "false"` wins over its options
  const bool ok = all.read(
      [&](const std::string& name, const Value::Member& m) {
        if (name == "entrypoints") return all.value(m, r.entry_points);
        if (name == "middlewares") return all.value(m, r.middlewares);
        if (name == "pathmatcher") return all.value(m, r.path_matcher);
        if (name == "priority") return all.value(m, r.priority);
        if (name == "rulesyntax") return all.value(m, r.rule_syntax);
        if (name == "tls.certresolver") return all.value(m, tls(m).cert_resolver);
        if (name == "tls.options") return all.value(m, tls(m).options);
        if (name.starts_with("observability.")) {
          r.has_observability = true;
          bool flag = false;
          std::string verbosity;
          if (name == "observability.traceverbosity") return all.value(m, verbosity);
          for (const char* known : {"accesslogs", "metrics", "tracing"}) {
            if (name == "observability." + std::string(known)) return all.value(m, flag);
          }
          return false;
        }
        if (name == "tls") {
          no_tls = text::iequals(m.value.str(), "false");
          if (m.value.str().empty() || text::iequals(m.value.str(), "true")) tls(m);
          return true;
        }
        const auto domain = indexed(name, "tls.domains.");
        if (!domain) return false;
        auto& domains = tls(m).domains;
        if (domains.size() <= domain->index) domains.resize(domain->index + 1);
        if (domain->field == "main") return all.value(m, domains[domain->index].main);
        if (domain->field == "sans") return all.value(m, domains[domain->index].sans);
        return false;
      },
      names);
  if (!ok) return std::nullopt;
  if (no_tls) r.tls.reset();
  if (r.tls)
    std::erase_if(r.tls->domains,
                  [](const config::TlsDomain& d) { return d.main.empty() && d.sans.empty(); });
  return r;
}

std::optional<ServiceAnnotations> service_annotations(const Object& service, const Report& report) {
  static constexpr std::string_view names[] = {"middlewares",
                                               "nativelb",
                                               "nodeportlb",
                                               "passhostheader",
                                               "serversscheme",
                                               "serverstransport",
                                               "sticky.cookie",
                                               "sticky.cookie.domain",
                                               "sticky.cookie.httponly",
                                               "sticky.cookie.maxage",
                                               "sticky.cookie.name",
                                               "sticky.cookie.path",
                                               "sticky.cookie.samesite",
                                               "sticky.cookie.secure"};
  ServiceAnnotations s;
  Annotations all(service, "service.", "router.", report);
  const auto cookie = [&s]() -> config::CookieConfig& {
    return s.sticky ? *s.sticky : s.sticky.emplace();
  };
  const bool ok = all.read(
      [&](const std::string& name, const Value::Member& m) {
        if (name == "serversscheme") return all.value(m, s.servers_scheme);
        if (name == "serverstransport") return all.value(m, s.servers_transport);
        if (name == "passhostheader") return all.value(m, s.pass_host_header);
        if (name == "middlewares") return all.value(m, s.middlewares);
        if (name == "nodeportlb") return all.value(m, s.node_port_lb);
        if (name == "nativelb") return all.value(m, s.native_lb.emplace());
        if (name == "sticky" || name == "sticky.cookie") {
          if (name == "sticky.cookie" &&
              (m.value.str().empty() || text::iequals(m.value.str(), "true")))
            cookie();
          return true;
        }
        if (name == "sticky.cookie.name") return all.value(m, cookie().name);
        if (name == "sticky.cookie.secure") return all.value(m, cookie().secure);
        if (name == "sticky.cookie.httponly") return all.value(m, cookie().http_only);
        if (name == "sticky.cookie.samesite") return all.value(m, cookie().same_site);
        if (name == "sticky.cookie.maxage") return all.value(m, cookie().max_age);
        if (name == "sticky.cookie.path") return all.value(m, cookie().path);
        if (name == "sticky.cookie.domain") return all.value(m, cookie().domain);
        return false;
      },
      names);
  if (!ok) return std::nullopt;
  return s;
}

}  // namespace gateproof::kubernetes
