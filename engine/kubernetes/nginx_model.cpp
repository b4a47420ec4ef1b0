#include "engine/kubernetes/nginx_model.h"

#include "engine/base/text.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";
constexpr std::string_view snippets[] = {"server-snippet", "configuration-snippet", "auth-snippet"};

const Value nothing;

const Value* service_of(const Value& backend) {
  const Value* service = member(&backend, "service");
  return service && service->kind == Value::mapping ? service : nullptr;
}

// A backend of which only the name is known.
Value service_named(std::string name, const SourceSpan& at) {
  Value::Member m;
  m.key = "name";
  m.value.kind = Value::scalar;
  m.value.quoted = true;
  m.value.text = std::move(name);
  m.value.span = at;
  Value service;
  service.kind = Value::mapping;
  service.members.push_back(std::move(m));
  return service;
}

const Value& backend_of(const Value& path) {
  const Value* backend = member(&path, "backend");
  return backend ? *backend : nothing;
}

std::string path_type(const Value& path) {
  const std::string type = text_at(&path, "pathType");
  return type.empty() ? "Prefix" : type;
}

bool is_plain_path(std::string_view path) {
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), [](char c) {
           return text::is_alnum(c) || std::string_view("._-/").find(c) != std::string_view::npos;
         });
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view p : parts) out += (out.empty() ? "" : "-") + std::string(p);
  return normalise(out);
}

class Build {
 public:
  explicit Build(const NginxContext& n) : n_(n) {}

  NginxModel all() {
    provider_default();
    for (const Object* o : sorted()) collect(*o);
    for (const Object* o : canaries_) canary(*o);
    for (const Object* o : regular_) one(*o);
    return std::move(m_);
  }

 private:
  struct Primary {
    const Value* service;
    NginxAnnotations a;
  };

  // The oldest first; of the same age the last by name (recorded).
  std::vector<const Object*> sorted() const {
    std::vector<const Object*> out = n_.c.list(networking_group, "Ingress");
    const auto key = [](const Object* o) { return o->ns + "/" + o->name; };
    const auto age = [](const Object* o) {
      return text_at(o->at("metadata"), "creationTimestamp");
    };
    std::stable_sort(out.begin(), out.end(), [&](const Object* a, const Object* b) {
      const std::string one = age(a), other = age(b);
      return one == other ? key(a) > key(b) : one < other;
    });
    return out;
  }

  void provider_default() {
    const Text& name = n_.options.default_backend;
    const size_t slash = name.value.find('/');
    if (slash == std::string::npos) return;
    const Value service = service_named(name.value.substr(slash + 1), name.span);
    const Report report(n_.c.findings, no_ingress(), "there is no default backend");
    auto servers = nginx_servers(n_, name.value.substr(0, slash), service,
                                 NginxAnnotations(no_ingress()), report);
    if (servers) m_.default_backend = std::move(*servers);
  }

  // First look at an Ingress: hosts, aliases and paths that the others have to know of.
  void collect(const Object& o) {
    if (!nginx_takes(n_, o) || !valid(o)) return;
    const NginxAnnotations a(o);
    if (a.flag("canary")) {
      canaries_.push_back(&o);
      return;
    }
    regular_.push_back(&o);
    for (const Text& alias : a.list("server-alias").value_or(std::vector<Text>()))
      aliases_.emplace(text::to_lower(alias.value), &o);
    for (const Value& rule : items_at(o.at("spec"), "rules")) {
      const std::string host = text_at(&rule, "host");
      hosts_.insert(host);
      if (a.flag("use-regex") || !a.text_or("rewrite-target").empty()) regex_hosts_.insert(host);
      if (const std::string root = app_root(a); !root.empty()) app_roots_.emplace(host, root);
      const std::string snippet = a.text_or("server-snippet");
      if (!snippet.empty()) snippets_.emplace(host, snippet);
      for (const Value& path : items_at(member(&rule, "http"), "paths")) {
        if (const Value* service = service_of(backend_of(path)))
          primaries_.insert_or_assign(path_key(o, host, path), Primary{service, a});
      }
    }
  }

  bool valid(const Object& o) const {
    const NginxAnnotations a(o);
    const Report report(n_.c.findings, o, "the Ingress is skipped");
    for (const std::string_view name : snippets) {
      const auto snippet = a.text(name);
      if (n_.options.snippets || !snippet || snippet->value.empty()) continue;
      report("GP0726", snippet->span,
             "snippet annotations are not allowed when allowSnippetAnnotations is disabled",
             "remove the annotation, or set " + n_.c.option("allowSnippetAnnotations"));
      return false;
    }
    if (!n_.options.strict_path_type) return true;
    for (const Value& rule : items_at(o.at("spec"), "rules")) {
      for (const Value& path : items_at(member(&rule, "http"), "paths")) {
        const Text text = located_at(&path, "path");
        const std::string type = path_type(path);
        if (text.value.empty() || type == "ImplementationSpecific" || is_plain_path(text.value))
          continue;
        report("GP0726", text.span,
               "regex characters not allowed for pathType " + type +
                   " when strictValidatePathType is enabled",
               "write pathType: ImplementationSpecific");
        return false;
      }
    }
    return true;
  }

  static std::string path_key(const Object& o, const std::string& host, const Value& path) {
    return o.ns + "/" + host + text_at(&path, "path") + "/" + path_type(path);
  }
  static std::string primary_key(const Object& o, const Value& service) {
    return o.ns + "/" + text_at(&service, "name") + "/" + nginx_port_text(member(&service, "port"));
  }

  void canary(const Object& o) {
    const NginxAnnotations a(o);
    const Report report(n_.c.findings, o, "it takes no share of this path");
    for (const Value& rule : items_at(o.at("spec"), "rules")) {
      const std::string host = text_at(&rule, "host");
      for (const Value& path : items_at(member(&rule, "http"), "paths")) {
        const std::string key = path_key(o, host, path);
        const auto primary = primaries_.find(key);
        const Value* service = service_of(backend_of(path));
        if (primary == primaries_.end()) {
          report("GP0728", path.span, "Canary ingress does not match any Ingress rule",
                 "give it host, path and pathType of a path without canary");
          continue;
        }
        if (!service || taken_.contains(key)) continue;
        if (primary_key(o, *service) == primary_key(o, *primary->second.service)) continue;
        auto servers = nginx_servers(n_, o.ns, *service, primary->second.a, report);
        if (!servers || servers->empty()) continue;
        taken_.insert(key);
        m_.served.insert(&o);
        share(o, a, *service, *primary->second.service, std::move(*servers));
      }
    }
  }

  void share(const Object& o, const NginxAnnotations& a, const Value& service, const Value& primary,
             NginxModel::Servers servers) {
    NginxCanary c;
    c.total = std::max<int64_t>(a.number("canary-weight-total").value_or(0), 100);
    c.weight = std::clamp<int64_t>(a.number("canary-weight").value_or(0), 0, c.total);
    c.header = a.text_or("canary-by-header");
    c.header_value = a.text_or("canary-by-header-value");
    c.header_pattern = a.text_or("canary-by-header-pattern");
    c.cookie = a.text_or("canary-by-cookie");
    c.backend =
        joined({o.ns, text_at(&service, "name"), nginx_port_text(member(&service, "port"))});
    m_.backends.emplace(c.backend, std::move(servers));
    shares_[primary_key(o, primary)] = std::move(c);
  }

  void one(const Object& o) {
    const NginxAnnotations a(o);
    const Report report(n_.c.findings, o, "the Ingress is skipped");
    NginxLocation base{.ingress = &o, .a = a};
    // Requests without TLS are served all the same (recorded).
    base.plain_only = a.flag("ssl-passthrough");
    if (base.plain_only) {
      certificates(o);
      passthrough(o, a);
    }
    base.transport = joined({o.ns, o.name});
    auto transport = nginx_transport(n_, o, a, report);
    if (!transport) return;
    base.has_tls = !items_at(o.at("spec"), "tls").empty();
    certificates(o);
    if (const auto secret = a.text("auth-tls-secret")) {
      base.tls_options = joined({o.ns, o.name, secret->value});
      auto options = nginx_tls_options(n_, o, a, *secret, report);
      if (!options) return;
      if (options->client_auth_type.value == "RequestClientCert")
        base.client_authority = options->ca_files.front().value;
      m_.tls_options.emplace(base.tls_options, std::move(*options));
    }
    transports_.insert_or_assign(base.transport, std::move(*transport));
    const std::vector<Value>& rules = items_at(o.at("spec"), "rules");
    for (size_t r = 0; r < rules.size(); ++r) {
      const std::vector<Value>& paths = items_at(member(&rules[r], "http"), "paths");
      for (size_t p = 0; p < paths.size(); ++p) path(base, rules[r], paths[p], r, p);
    }
    const Value* backend = member(o.at("spec"), "defaultBackend");
    const Value* service = backend ? service_of(*backend) : nullptr;
    if (service) default_backend(base, *service);
  }

  // Of the first Secret that cannot be used the rest of the list is not looked at.
  void certificates(const Object& o) {
    const Report report(n_.c.findings, o, "clients get another certificate");
    for (const Value& tls : items_at(o.at("spec"), "tls")) {
      const Text secret = located_at(&tls, "secretName");
      if (secret.value.empty() || !secrets_.insert(o.ns + "/" + secret.value).second) continue;
      auto pair = tls_certificate(n_.c, o.ns, secret, report);
      if (!pair) return;
      m_.certificates.push_back(std::move(*pair));
    }
  }

  void passthrough(const Object& o, const NginxAnnotations& a) {
    const Report report(n_.c.findings, o, "the host is not passed through");
    for (const Value& rule : items_at(o.at("spec"), "rules")) {
      const Text host = located_at(&rule, "host");
      const Value* backend = nullptr;
      if (const Value* http = member(&rule, "http")) {
        for (const Value& path : items_at(http, "paths")) {
          if (text_at(&path, "path") != "/") continue;
          backend = &backend_of(path);
          break;
        }
      } else {
        backend = member(o.at("spec"), "defaultBackend");
      }
      const Value* service = backend ? service_of(*backend) : nullptr;
      if (host.value.empty() || !service) {
        report("GP0728", rule.span, "ssl-passthrough needs a host, and a backend for path /",
               "write both");
        continue;
      }
      auto servers = nginx_servers(n_, o.ns, *service, a, report);
      if (!servers) continue;
      NginxPassthrough p{
          joined({o.ns, o.name, host.value}),
          joined({o.ns, text_at(service, "name"), nginx_port_text(member(service, "port"))}),
          host.value, host.span};
      m_.backends.emplace(p.backend, std::move(*servers));
      m_.served.insert(&o);
      m_.passthroughs.push_back(std::move(p));
    }
  }

  void path(const NginxLocation& base, const Value& rule, const Value& path, size_t rule_index,
            size_t path_index) {
    const Value* service = service_of(backend_of(path));
    if (!service) return;
    const Object& o = *base.ingress;
    const Report report(n_.c.findings, o, "the path answers 503");
    NginxLocation l = base;
    l.span = path.span;
    l.host = text_at(&rule, "host");
    l.path_text = located_at(&path, "path");
    l.path = l.path_text.value;
    l.exact = path_type(path) == "Exact";
    l.service = text_at(service, "name");
    l.port = nginx_port_text(member(service, "port"));
    l.backend = joined({o.ns, o.name, l.service, l.port});
    l.router = joined(
        {o.ns, o.name, "rule", std::to_string(rule_index), "path", std::to_string(path_index)});
    auto servers = nginx_servers(n_, o.ns, *service, l.a, report);
    const auto at =
        m_.backends.emplace(l.backend, servers ? std::move(*servers) : NginxModel::Servers());
    l.servers = at.first->second.size();
    if (const auto share = shares_.find(primary_key(o, *service)); share != shares_.end())
      l.canary = share->second;
    complete(std::move(l));
  }

  // What annotations name elsewhere. A location whose users cannot be had is left out.
  void complete(NginxLocation l) {
    if (!named_elsewhere(l)) return;
    finish(l);
    m_.transports.emplace(l.transport, transports_.at(l.transport));
    m_.served.insert(l.ingress);
    m_.locations.push_back(std::move(l));
  }

  bool named_elsewhere(NginxLocation& l) {
    const Report skipped(n_.c.findings, *l.ingress, "the path is skipped");
    const Report refused(n_.c.findings, *l.ingress, "the path answers 503");
    if (l.a.text("auth-type")) {
      auto users = nginx_users(n_, l, skipped);
      if (!users) return false;
      l.users = std::move(*users);
    }
    if (const auto name = l.a.text("custom-headers")) {
      auto headers = nginx_custom_headers(n_, l, *name, refused);
      l.error = !headers;
      if (headers) l.custom_headers = std::move(*headers);
    }
    error_backend(l, refused);
    return true;
  }

  void error_backend(NginxLocation& l, const Report& report) {
    const auto codes = l.a.list("custom-http-errors");
    const auto name = l.a.text("default-backend");
    if (!codes || !name || name->value.empty()) return;
    l.error_backend = "default-backend-" + l.ingress->ns + "-" + name->value;
    if (m_.backends.contains(l.error_backend)) return;
    const Value service = service_named(name->value, name->span);
    auto servers = nginx_servers(n_, l.ingress->ns, service, l.a, report);
    if (servers) m_.backends.emplace(l.error_backend, std::move(*servers));
  }

  static std::string app_root(const NginxAnnotations& a) {
    const std::string root = a.text_or("app-root");
    return root.starts_with('/') ? root : "";
  }

  void finish(NginxLocation& l) const {
    l.app_root = app_root(l.a);
    l.has_app_root = !l.app_root.empty();
    if (const auto of_host = app_roots_.find(l.host);
        l.app_root.empty() && of_host != app_roots_.end())
      l.app_root = of_host->second;
    for (const Text& alias : l.a.list("server-alias").value_or(std::vector<Text>())) {
      const std::string low = text::to_lower(alias.value);
      const auto owner = aliases_.find(low);
      if (!hosts_.contains(low) && (owner == aliases_.end() || owner->second == l.ingress))
        l.aliases.push_back(alias.value);
    }
    l.use_regex = regex_hosts_.contains(l.host);
    if (const auto s = snippets_.find(l.host); s != snippets_.end()) l.server_snippet = s->second;
    if (!l.a.flag("from-to-www-redirect") || l.host.starts_with("*.")) return;
    const bool www = l.host.starts_with("www.");
    const std::string other = www ? l.host.substr(4) : "www." + l.host;
    if (!hosts_.contains(other)) l.www = other;
  }

  void default_backend(const NginxLocation& base, const Value& service) {
    const Object& o = *base.ingress;
    const Report report(n_.c.findings, o, "the default backend answers 503");
    auto servers = nginx_servers(n_, o.ns, service, base.a, report);
    if (!servers) servers.emplace();
    NginxLocation l = base;
    l.span = service.span;
    l.service = text_at(&service, "name");
    l.port = nginx_port_text(member(&service, "port"));
    l.servers = servers->size();
    if (items_at(o.at("spec"), "rules").empty()) {
      if (m_.default_backend || !named_elsewhere(l)) return;
      l.error = false;  // fields that cannot be had are left out (recorded)
      m_.default_backend = std::move(*servers);
      l.backend = "default-backend";
      l.has_tls = false;
      l.app_root = app_root(l.a);
      l.tls_options.clear();
      m_.transports.emplace(l.transport, transports_.at(l.transport));
      m_.served.insert(&o);
      m_.default_location = std::move(l);
      return;
    }
    l.backend = l.router = joined({o.ns, o.name, "default-backend"});
    m_.backends.emplace(l.backend, std::move(*servers));
    std::set<std::string> seen;
    for (const Value& rule : items_at(o.at("spec"), "rules")) {
      l.host = text_at(&rule, "host");
      l.aliases.clear();
      l.www.clear();
      if (seen.insert(l.host).second) complete(l);
    }
  }

  const NginxContext& n_;
  NginxModel m_;
  std::vector<const Object*> regular_, canaries_;
  std::set<std::string> hosts_, regex_hosts_, secrets_, taken_;
  std::map<std::string, const Object*> aliases_;
  std::map<std::string, std::string> snippets_, app_roots_;
  std::map<std::string, Primary> primaries_;
  std::map<std::string, NginxCanary> shares_;
  std::map<std::string, config::ServersTransportConfig> transports_;
};

}  // namespace

const Object& no_ingress() {
  static const Object none = [] {
    Object o;
    o.root = &nothing;
    return o;
  }();
  return none;
}

bool nginx_takes(const NginxContext& n, const Object& ingress) {
  const config::NginxProviderConfig& o = n.options;
  std::set<std::string_view> classes;
  for (const Object* c : n.c.store.list(networking_group, "IngressClass")) {
    if (o.class_by_name && c->name == o.ingress_class) {
      classes.insert(c->name);
      break;
    }
    if (text_at(c->at("spec"), "controller") == o.controller_class) classes.insert(c->name);
  }
  const Value* spec_class = ingress.at("spec.ingressClassName");
  if (!classes.empty() && spec_class && spec_class->kind == Value::scalar)
    return classes.contains(spec_class->str());
  if (const Value* annotation = ingress.annotation(class_annotation))
    return annotation->str() == o.ingress_class;
  return o.without_class;
}

NginxModel nginx_model(const NginxContext& n) { return Build(n).all(); }

}  // namespace gateproof::kubernetes
