#include "engine/check/assemble.h"

#include "engine/check/cluster.h"
#include "engine/check/flat_inputs.h"
#include "engine/check/helm_values.h"
#include "engine/check/paths.h"
#include "engine/config/file_set.h"
#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/nginx.h"
#include "engine/middleware/middleware.h"

namespace gateproof::check {

using config::DynamicConfig;
using config::StaticConfig;

namespace {

const config::Text* named_path(const StaticConfig& s) {
  if (!s.file) return nullptr;
  const config::Text& path = s.file->directory.value.empty() ? s.file->filename : s.file->directory;
  return path.value.empty() ? nullptr : &path;
}

class Assembler {
 public:
  Assembler(const ConfigSet& set, bool supply) : set_(set), supply_(supply) {}

  std::vector<Assembly> run() {
    for (const auto& s : set_.statics) add(s, false, "");
    for (const LoadedFile& f : set_.files) {
      if (f.kind != FileKind::helm_values) continue;
      RenderedChart chart = render_chart(f.documents.front().root, f.path);
      config::Findings ignored;
      config::complete_static(chart.statics, ignored);
      add(std::make_shared<const StaticConfig>(std::move(chart.statics)), true,
          chart.ingress_class);
    }
    if (out_.empty()) add_synthetic();
    return std::move(out_);
  }

 private:
  void add(std::shared_ptr<const StaticConfig> s, bool helm, const std::string& ingress_class) {
    Assembly a;
    a.statics = std::move(s);
    a.helm = helm;
    a.file = a.statics->file_name;
    const bool part = !has_provider(*a.statics);
    add_file(a, part);
    add_flat_inputs(a, set_, part);
    add_kubernetes(a, part, ingress_class);
    out_.push_back(std::move(a));
  }

  void add_synthetic() {
    Assembly a;
    a.synthetic = true;
    a.statics = std::make_shared<const StaticConfig>();
    add_file(a, true);
    add_flat_inputs(a, set_, true);
    add_kubernetes(a, true, "");
    a.statics = std::make_shared<const StaticConfig>(made_up_static(a.providers, set_.objects));
    out_.push_back(std::move(a));
  }

  // Files given by path are served with every static file; those that a static file names, with that one.
  void add_file(Assembly& a, bool part) {
    // In a check the file provider serves what it would; for `ask`, a file given by path is meant to be served.
    if (supply_ && !part && !a.statics->file) return;
    DynamicConfig all;
    bool any = false;
    for (const LoadedFile& f : set_.files) {
      const auto decoded = set_.dynamics.find(f.path);
      if (decoded == set_.dynamics.end()) continue;
      if (f.followed && !part && !followed_by(*a.statics, f.path)) continue;
      config::merge_dynamic(all, decoded->second, a.findings);
      any = true;
    }
    if (any) a.providers["file"] = std::move(all);
  }

  bool followed_by(const StaticConfig& s, const std::string& file) const {
    const config::Text* path = named_path(s);
    return path && (reaches(plain_path(path->value), file) ||
                    reaches(plain_path(join_path(directory_of(s.file_name), path->value)), file));
  }

  void add_kubernetes(Assembly& a, bool part, const std::string& ingress_class) {
    if (set_.objects.empty()) return;
    auto store = std::make_shared<kubernetes::ObjectStore>(set_.objects);
    if (supply_ || !ingress_class.empty()) *store = as_in_a_cluster(*store, supply_, ingress_class);
    a.store = store;
    StaticConfig all_on = *a.statics;
    if (part) {
      all_on.kubernetes_crd.emplace();
      all_on.kubernetes_ingress.emplace();
      all_on.kubernetes_gateway.emplace();
    }
    kubernetes::Translation t = kubernetes::translate(*store, a.synthetic ? nullptr : &all_on,
                                                      middleware::middleware_types(), a.findings);
    a.gateway = std::move(t.gateway);
    a.users = std::move(t.users);
    split(std::move(t.config), a.providers);
    config::DynamicConfig& gateways = t.gateway_config;
    if (!gateways.routers.empty() || !gateways.tcp.routers.empty() ||
        !gateways.certificates.empty())
      a.providers[std::string(kubernetes::gateway_provider)] = std::move(gateways);
  }

  // By the provider in each name, as Traefik receives them.
  static void split(DynamicConfig all, std::map<std::string, DynamicConfig>& out) {
    const auto each = [&out](auto& from, auto DynamicConfig::*member) {
      for (auto& [name, object] : from) {
        std::string provider(config::provider_of(name));
        if (provider.empty())
          provider = kubernetes::crd_provider;  // `default` of TLS options and stores
        (out[provider].*member).emplace(name, std::move(object));
      }
    };
    each(all.routers, &DynamicConfig::routers);
    each(all.middlewares, &DynamicConfig::middlewares);
    each(all.services, &DynamicConfig::services);
    each(all.servers_transports, &DynamicConfig::servers_transports);
    each(all.tls_options, &DynamicConfig::tls_options);
    each(all.tls_stores, &DynamicConfig::tls_stores);
    // What a name says whose it is goes there; Kubernetes objects of streams are otherwise the CRD provider's alone.
    nginx_streams(all.tcp, out);
    if (!all.tcp.routers.empty() || !all.tcp.services.empty() || !all.tcp.middlewares.empty() ||
        !all.tcp.servers_transports.empty())
      out[std::string(kubernetes::crd_provider)].tcp = std::move(all.tcp);
    if (!all.udp.routers.empty() || !all.udp.services.empty())
      out[std::string(kubernetes::crd_provider)].udp = std::move(all.udp);
    if (!all.certificates.empty())
      out[std::string(kubernetes::crd_provider)].certificates = std::move(all.certificates);
  }

  // Hosts that ingress-nginx' annotations pass through.
  static void nginx_streams(config::TcpConfig& tcp, std::map<std::string, DynamicConfig>& out) {
    const auto take = [&out](auto& from, auto config::TcpConfig::*member) {
      for (auto i = from.begin(); i != from.end();) {
        const auto at = i++;
        if (config::provider_of(at->first) != kubernetes::nginx_provider) continue;
        (out[std::string(kubernetes::nginx_provider)].tcp.*member).insert(from.extract(at));
      }
    };
    take(tcp.routers, &config::TcpConfig::routers);
    take(tcp.services, &config::TcpConfig::services);
  }

  const ConfigSet& set_;
  bool supply_;
  std::vector<Assembly> out_;
};

}  // namespace

bool has_provider(const StaticConfig& s) {
  return s.file || s.kubernetes_crd || s.kubernetes_ingress || s.kubernetes_gateway ||
         s.kubernetes_nginx || !s.other_providers.empty();
}

bool reaches(const std::string& target, const std::string& file) {
  const std::string plain = plain_path(file);
  return plain == target || plain.starts_with(target + "/") ||
         (target == "." && !plain.starts_with('/'));
}

Followed follow_target(const StaticConfig& statics, Files& files) {
  const config::Text* path = named_path(statics);
  if (!path) return {};
  for (const std::string& candidate :
       {plain_path(path->value),
        plain_path(join_path(directory_of(statics.file_name), path->value))}) {
    if (files.stamp(candidate) || files.list(candidate)) return {candidate, false};
  }
  // An absolute path is one of the machine or container that Traefik runs in: nothing can be said of it from here.
  return {"", !path->value.starts_with('/')};
}

std::vector<Assembly> assemble(const ConfigSet& set, bool supply) {
  return Assembler(set, supply).run();
}

}  // namespace gateproof::check
