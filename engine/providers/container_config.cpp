#include "engine/providers/container_config.h"

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/config/template.h"
#include "engine/config/template/case.h"
#include "engine/providers/container_merge.h"
#include "engine/providers/container_server.h"

namespace gateproof::providers {

using config::DynamicConfig;
using config::Text;

namespace {

constexpr std::string_view default_template = "Host(`{{ normalize .Name }}`)";

struct OfProvider {
  std::optional<Text> network;
  bool lb_swarm = false;
  bool allow_non_running = false;
};
struct OwnLabels {
  bool enable = true;
  std::optional<OfProvider> docker, swarm;
};

const config::Schema<OwnLabels>& own_schema() {
  static const config::Schema<OfProvider> docker = [] {
    config::Schema<OfProvider> s;
    s.field("network", &OfProvider::network, "string");
    s.field("lbSwarm", &OfProvider::lb_swarm, "bool", "false");
    s.field("allowNonRunning", &OfProvider::allow_non_running, "bool", "false");
    return s;
  }();
  static const config::Schema<OfProvider> swarm = [] {
    config::Schema<OfProvider> s;
    s.field("network", &OfProvider::network, "string");
    s.field("lbSwarm", &OfProvider::lb_swarm, "bool", "false");
    return s;
  }();
  static const config::Schema<OwnLabels> schema = [] {
    config::Schema<OwnLabels> s;
    s.field("enable", &OwnLabels::enable, "bool", "true");
    s.object("docker", &OwnLabels::docker, docker);
    s.object("swarm", &OwnLabels::swarm, swarm);
    return s;
  }();
  return schema;
}

bool has_any(const Container& c, std::span<const std::string_view> prefixes) {
  return std::any_of(c.labels.begin(), c.labels.end(), [&](const config::Label& l) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&l](std::string_view p) { return text::istarts_with(l.key, p); });
  });
}

class Builder {
 public:
  Builder(const ContainerOptions& options, const config::MiddlewareTypes& types,
          config::Findings& findings)
      : options_(options), types_(types), findings_(findings) {}

  void add(const Container& c) {
    container_ = &c;
    name_ = service_name_of(c);
    look_at_unread_labels();
    SpecificLabels own;
    if (!specific(own) || !wanted(own)) return;
    const auto doc = decoded(config::dynamic_label_filters());
    if (!doc) return;
    auto config = config::decode_dynamic(*doc, options_.provider, types_, findings_);
    if (!config) return dropped("its labels cannot be decoded", c.span, "correct its labels");
    if (!complete(*config, own)) return;
    auto labels = std::make_shared<const config::Value>(doc->root);
    made_.labels.push_back(labels);
    built_.push_back({name_ + "-" + c.id, std::move(*config), std::move(labels)});
  }

  ContainerConfig finish() {
    made_.objects = merge_containers(std::move(built_), types_, findings_);
    return std::move(made_);
  }

 private:
  std::string qualified(std::string_view name) const {
    return config::qualify(name, options_.provider);
  }

  void dropped(const std::string& why, const SourceSpan& at, const std::string& remedy,
               std::string_view code = "GP1201") {
    findings_.add(code, at, container_->object, why + ": nothing of this container is served",
                  remedy);
  }

  // ---- which labels, and whether the container counts ----

  void look_at_unread_labels() {
    static constexpr std::string_view read[] = {"traefik.enable",  "traefik.http",
                                                "traefik.tcp",     "traefik.udp",
                                                "traefik.docker.", "traefik.tls.stores.default"};
    for (const config::Label& l : container_->labels) {
      if (!text::istarts_with(l.key, "traefik.")) continue;
      const auto begins = [&l](std::string_view p) { return text::istarts_with(l.key, p); };
      if (std::any_of(std::begin(read), std::end(read), begins)) continue;
      if (options_.provider == "swarm" && begins("traefik.swarm.")) continue;
      const size_t dot = l.key.find('.', 8);
      const std::string head = l.key.substr(0, dot);
      constexpr std::string_view heads[] = {"traefik.enable", "traefik.http", "traefik.tcp",
                                            "traefik.udp", "traefik.docker"};
      const auto near = text::nearest(head, heads);
      findings_.add("GP1207", l.key_span, container_->object,
                    "no part of Traefik reads the label " + l.key,
                    near ? "did you mean `" + *near + "`?"
                         : "labels of routers begin with traefik.http.routers.NAME");
    }
  }

  std::optional<config::Document> decoded(std::span<const std::string_view> filters) {
    Result<config::Document> doc = config::document_from_labels(container_->labels, filters);
    if (doc) return std::move(*doc);
    const Error& e = doc.error();
    dropped(e.message, e.span, e.remedy);
    return std::nullopt;
  }

  bool specific(SpecificLabels& out) {
    static constexpr std::string_view docker[] = {"traefik.docker.", "traefik.enable"};
    static constexpr std::string_view swarm[] = {"traefik.docker.", "traefik.enable",
                                                 "traefik.swarm."};
    const bool in_swarm = options_.provider == "swarm";
    const auto doc = in_swarm ? decoded(swarm) : decoded(docker);
    if (!doc) return false;
    OwnLabels own;
    own.enable = options_.config.exposed_by_default;
    config::DecodeContext c{findings_, container_->object, false, config::Origin::labels};
    own_schema().decode(doc->root, &own, c);
    if (c.failed) {
      dropped("its labels for the provider cannot be decoded", container_->span,
              "correct traefik.enable and traefik.docker.*");
      return false;
    }
    if (in_swarm && own.docker && own.swarm) {
      dropped("both Docker and Swarm labels are defined", container_->span,
              "write traefik.swarm.* only");
      return false;
    }
    out.enable = own.enable;
    if (own.docker) out.network = own.docker->network;
    if (own.swarm) out.network = own.swarm->network;
    return true;
  }

  bool wanted(const SpecificLabels& own) {
    const bool says =
        std::any_of(container_->labels.begin(), container_->labels.end(),
                    [](const config::Label& l) { return text::iequals(l.key, "traefik.enable"); });
    if (!own.enable) {
      if (!says && has_any(*container_, config::dynamic_label_filters())) {
        findings_.add("GP1202", container_->span, container_->object,
                      "exposedByDefault is false and the container has no traefik.enable: its "
                      "labels take no effect",
                      "write the label traefik.enable=true");
      }
      return false;
    }
    if (options_.config.constraints.value.empty() || !options_.matches) return true;
    const Result<bool> kept = options_.matches(container_->label_map());
    if (kept) return *kept;
    findings_.add("GP1213", options_.config.constraints.span, "providers." + options_.provider,
                  kept.error().message + ": no container is served", "correct the expression");
    return false;
  }

  // ---- what labels leave out ----

  bool complete(DynamicConfig& d, const SpecificLabels& own) {
    ContainerServer server(*container_, own, options_, findings_);
    bool streams = false;
    if (!d.tcp.routers.empty() || !d.tcp.services.empty()) {
      streams = true;
      if (!tcp_services(d.tcp, server)) return false;
      link_tcp(d.tcp);
    }
    if (!d.udp.routers.empty() || !d.udp.services.empty()) {
      streams = true;
      if (!udp_services(d.udp, server)) return false;
      link(d.udp.routers, d.udp.services);
    }
    if (streams && d.routers.empty() && d.middlewares.empty() && d.services.empty()) return true;
    if (!http_services(d, server)) return false;
    http_routers(d);
    return true;
  }

  bool failed_service(const std::string& name, const std::string& why, const SourceSpan& at) {
    std::string remedy = "write the label loadbalancer.server.port";
    if (why.starts_with("load-balancer"))
      remedy = "write loadbalancer options; other kinds of services are written in files";
    if (why.starts_with("defining")) remedy = "write either server.url, or scheme and port";
    if (why.starts_with("unable")) remedy = "put the container into a network";
    dropped("service " + text::quote(config::bare_name(name)) + " error: " + why, at, remedy,
            "GP1203");
    return false;
  }

  template <class T>
  T& own_service(std::map<std::string, T>& services) {
    T& s = services[qualified(name_)];
    s.span = container_->span;
    return s;
  }

  bool tcp_services(config::TcpConfig& d, ContainerServer& server) {
    if (d.services.empty()) own_service(d.services).load_balancer.emplace();
    for (auto& [name, s] : d.services) {
      if (!s.load_balancer) return failed_service(name, "load-balancer is not defined", s.span);
      if (s.load_balancer->servers.empty()) s.load_balancer->servers.emplace_back();
      config::TcpServerConfig& one = s.load_balancer->servers.front();
      const Result<std::string> address = server.address(one.port);
      if (!address) return failed_service(name, address.error().message, s.span);
      one.address = {*address, one.port.span.known() ? one.port.span : s.span};
      one.port = {};
    }
    return true;
  }

  bool udp_services(config::UdpConfig& d, ContainerServer& server) {
    if (d.services.empty()) own_service(d.services).servers.emplace();
    for (auto& [name, s] : d.services) {
      if (!s.servers) return failed_service(name, "load-balancer is not defined", s.span);
      const Result<std::string> address = server.address(s.port);
      if (!address) return failed_service(name, address.error().message, s.span);
      if (s.servers->empty()) s.servers->emplace_back();
      s.servers->front() = {*address, s.port.span.known() ? s.port.span : s.span};
      s.port = {};
    }
    return true;
  }

  bool http_services(DynamicConfig& d, ContainerServer& server) {
    if (d.services.empty()) {
      config::ServiceConfig& s = own_service(d.services);
      s.load_balancer.emplace();
      s.types = {"loadBalancer"};
    }
    for (auto& [name, s] : d.services) {
      if (!s.load_balancer) return failed_service(name, "load-balancer is not defined", s.span);
      if (s.load_balancer->servers.empty()) s.load_balancer->servers.emplace_back();
      config::ServerConfig& one = s.load_balancer->servers.front();
      if (!one.url.value.empty()) {
        if (one.scheme.value.empty() && one.port.value.empty()) continue;
        return failed_service(name, "defining scheme or port is not allowed when URL is defined",
                              one.url.span);
      }
      const Result<std::string> address = server.address(one.port);
      if (!address) return failed_service(name, address.error().message, s.span);
      const std::string scheme = one.scheme.value.empty() ? "http" : one.scheme.value;
      one.url = {scheme + "://" + *address, one.port.span.known() ? one.port.span : s.span};
      one.port = {};
      one.scheme = {};
    }
    return true;
  }

  // Traefik logs the error and goes on without the router.
  template <class Routers, class Services>
  void link(Routers& routers, const Services& services) {
    for (auto r = routers.begin(); r != routers.end();) {
      if (r->second.service.value.empty() && services.size() > 1) {
        std::string names;
        for (const auto& [name, s] : services)
          names += (names.empty() ? "" : " ") + text::quote(config::bare_name(name));
        findings_.add(
            "GP1205", r->second.span, "router " + r->first,
            "Router " + std::string(config::bare_name(r->first)) +
                " cannot be linked automatically with multiple Services: [" + names +
                "]: the router does not exist",
            "write the label routers." + std::string(config::bare_name(r->first)) + ".service");
        r = routers.erase(r);
        continue;
      }
      if (r->second.service.value.empty() && !services.empty())
        r->second.service = {std::string(config::bare_name(services.begin()->first)),
                             services.begin()->second.span};
      ++r;
    }
  }

  void link_tcp(config::TcpConfig& d) {
    std::erase_if(d.routers, [this](const auto& r) {
      if (!r.second.rule.value.empty()) return false;
      findings_.add("GP1204", r.second.span, "TCP router " + r.first,
                    "Empty rule: the router does not exist",
                    "write the label rule, such as HostSNI(`*`)");
      return true;
    });
    link(d.routers, d.services);
  }

  void http_routers(DynamicConfig& d) {
    if (d.routers.empty()) {
      if (d.services.size() > 1) {
        findings_.add("GP1205", container_->span, container_->object,
                      "Could not create a router for the container: too many services",
                      "write a router with its service in labels");
      } else {
        d.routers[qualified(name_)].span = container_->span;
      }
    }
    for (auto r = d.routers.begin(); r != d.routers.end();)
      r = r->second.rule.value.empty() && !make_rule(r->first, r->second) ? d.routers.erase(r)
                                                                          : std::next(r);
    link(d.routers, d.services);
  }

  bool make_rule(const std::string& name, config::RouterConfig& router) {
    const Text& written = options_.config.default_rule;
    const std::string source = written.span.known() ? written.value : std::string(default_template);
    const std::map<std::string, std::string> labels = container_->label_map();
    const config::TemplateData data{{{"Name", name_, nullptr},
                                     {"ContainerName", container_->name, nullptr},
                                     {"Labels", "", &labels}}};
    const Result<config::RenderedText> made =
        config::render_template(source, "defaultRule", empty_environment(), {}, &data);
    if (made && !made->text.empty()) {
      router.rule.value = made->text;
      router.default_rule = true;
      return true;
    }
    findings_.add(
        "GP1204", written.span.known() ? written.span : container_->span, "router " + name,
        (made ? "Undefined rule" : "Error while parsing default rule: " + made.error().message) +
            ": the router does not exist",
        made ? "write a defaultRule that gives every container a rule"
             : "correct providers." + options_.provider + ".defaultRule");
    return false;
  }

  const ContainerOptions& options_;
  const config::MiddlewareTypes& types_;
  config::Findings& findings_;
  const Container* container_ = nullptr;
  std::string name_;
  std::vector<ContainerObjects> built_;
  ContainerConfig made_;
};

}  // namespace

std::string normalized_name(std::string_view name) { return config::tmpl::normalize_name(name); }

std::string service_name_of(const Container& c) {
  const config::Label* project = c.label("com.docker.compose.project");
  const config::Label* service = c.label("com.docker.compose.service");
  if (project && service && !project->value.empty() && !service->value.empty())
    return normalized_name(service->value + "_" + project->value);
  return normalized_name(c.service_name);
}

ContainerConfig config_of_containers(const std::vector<Container>& containers,
                                     const ContainerOptions& options,
                                     const config::MiddlewareTypes& types,
                                     config::Findings& findings) {
  Builder builder(options, types, findings);
  for (const Container& c : containers) builder.add(c);
  return builder.finish();
}

}  // namespace gateproof::providers
