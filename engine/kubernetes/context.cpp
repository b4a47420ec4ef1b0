#include "engine/kubernetes/context.h"

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/selectors.h"
#include "engine/kubernetes/gateway_config.h"

namespace gateproof::kubernetes {

void Report::operator()(std::string_view code, const SourceSpan& span, const std::string& message,
                        std::string remedy) const {
  plain(code, span, consequence_.empty() ? message : message + ": " + consequence_,
        std::move(remedy));
}

void Report::plain(std::string_view code, const SourceSpan& span, std::string message,
                   std::string remedy) const {
  findings_.add(code, span.known() ? span : object_.span, object_.label(), std::move(message),
                std::move(remedy));
}

bool Context::watched(std::string_view ns) const {
  if (options.namespaces.empty()) return true;
  return std::any_of(options.namespaces.begin(), options.namespaces.end(),
                     [ns](const Text& t) { return t.value == ns; });
}

namespace {

// The kinds that a provider looks for by `labelSelector`; an API server would not have told it of others.
bool chosen_by_labels(std::string_view provider, std::string_view group, std::string_view kind) {
  return (provider == crd_provider && group == traefik_group) ||
         (provider == ingress_provider && kind == "Ingress") ||
         (provider == gateway_provider && kind == "GatewayClass");
}

bool has_labels(const Object& o, const cluster::LabelSelector& selector) {
  cluster::Json labels;
  if (const config::Value* given = o.at("metadata.labels")) {
    for (const config::Value::Member& m : given->members)
      labels.set(m.key, cluster::Json(std::string(m.value.str())));
  }
  return selector.matches(labels);
}

}  // namespace

std::vector<const Object*> Context::list(std::string_view group, std::string_view kind) const {
  std::vector<const Object*> all = store.list(group, kind);
  if (!options.label_selector.empty() && chosen_by_labels(provider, group, kind)) {
    const auto selector = cluster::LabelSelector::parse(options.label_selector);
    // An API server refuses a selector that cannot be read: nothing is seen then.
    std::erase_if(all, [&](const Object* o) { return !selector || !has_labels(*o, *selector); });
  }
  const KindInfo* info = find_kind(group, kind);
  if (info && info->cluster_scoped) return all;
  std::erase_if(all, [this](const Object* o) { return !watched(o->ns); });
  return all;
}

const Object* Context::find(std::string_view group, std::string_view kind, std::string_view ns,
                            std::string_view name) const {
  if (asked) asked->push_back(lookup_key(kind, ns, name));
  return watched(ns) ? store.find(group, kind, ns, name) : nullptr;
}

const Object* Context::find_in_cluster(std::string_view group, std::string_view kind,
                                       std::string_view name) const {
  if (asked) asked->push_back(lookup_key(kind, "", name));
  return store.find(group, kind, "", name);
}

std::vector<EndpointSlice> Context::slices(const Service& service) const {
  if (asked)
    asked->push_back(lookup_key("EndpointSlice", service.object->ns, service.object->name));
  return endpoint_slices(store, service);
}

std::vector<const Object*> Context::nodes() const {
  if (options.disable_cluster_scope) return {};
  if (asked) asked->push_back(lookup_key("Node", "", ""));
  return store.list(core_group, "Node");
}

std::string lookup_key(std::string_view kind, std::string_view ns, std::string_view name) {
  std::string key;
  key.reserve(kind.size() + ns.size() + name.size() + 2);
  return key.append(kind).append("/").append(ns).append("/").append(name);
}

bool Context::cross_provider_allowed(std::string_view ns) const {
  const auto& allowed = options.cross_provider_namespaces;
  return !allowed || std::find(allowed->begin(), allowed->end(), ns) != allowed->end();
}

std::string where_else(const Context& c, std::string_view group, std::string_view kind,
                       std::string_view ns, std::string_view name) {
  const std::string what = std::string(kind) + " " + std::string(name);
  if (const Object* there = c.store.find(group, kind, ns, name)) {
    return "namespace " + std::string(ns) + " is not among " + c.option("namespaces") + "; " +
           there->label() + " is not seen";
  }
  std::vector<std::string_view> here;
  for (const Object* o : c.store.list(group, kind)) {
    if (o->ns == ns) here.push_back(o->name);
  }
  if (const auto near = text::nearest(name, here)) return "did you mean `" + *near + "`?";
  for (const Object* o : c.store.list(group, kind)) {
    if (o->name == name) {
      return "there is one in namespace " + o->ns + "; define " + what + " in namespace " +
             std::string(ns);
    }
  }
  return "define " + what + " in namespace " + std::string(ns);
}

std::optional<config::DynamicConfig::Certificate> tls_certificate(const Context& c,
                                                                  std::string_view ns,
                                                                  const Text& name,
                                                                  const Report& report) {
  const Object* o = c.find(core_group, "Secret", ns, name.value);
  const std::string path = std::string(ns) + "/" + name.value;
  if (!o) {
    report("GP0722", name.span, "secret " + path + " does not exist",
           where_else(c, core_group, "Secret", ns, name.value) + " with type kubernetes.io/tls");
    return std::nullopt;
  }
  const Secret secret = read_secret(*o, c.findings);
  std::string missing, empty;
  for (const char* key : {"tls.crt", "tls.key"}) {
    const auto entry = secret.data.find(key);
    if (entry == secret.data.end()) {
      missing += (missing.empty() ? "" : ", ") + std::string(key);
    } else if (entry->second.value.empty()) {
      empty += (empty.empty() ? "" : ", ") + std::string(key);
    }
  }
  if (!missing.empty() || !empty.empty()) {
    report("GP0723", name.span,
           "secret " + path +
               (missing.empty() ? " contains the following empty TLS data entries: " + empty
                                : " is missing the following TLS data entries: " + missing),
           "put the certificate into tls.crt and its key into tls.key");
    return std::nullopt;
  }
  const Secret::Entry& cert = secret.data.at("tls.crt");
  const Secret::Entry& key = secret.data.at("tls.key");
  return config::DynamicConfig::Certificate{{cert.value, cert.span}, {key.value, key.span}, {}};
}

}  // namespace gateproof::kubernetes
