#include "engine/providers/container_merge.h"

#include <set>

#include "engine/base/text.h"
#include "engine/config/canonical.h"
#include "engine/config/dynamic_schemas.h"

namespace gateproof::providers {

using config::DynamicConfig;
using config::Value;

namespace {

const Value* object_of(const Value& labels, std::string_view section, std::string_view kind,
                       std::string_view name) {
  const Value* s = labels.find_nocase(section);
  const Value* k = s ? s->find_nocase(kind) : nullptr;
  return k ? k->find_nocase(name) : nullptr;
}

class Merger {
 public:
  Merger(const config::MiddlewareTypes& types, config::Findings& findings)
      : types_(types), findings_(findings) {}

  void add(ContainerObjects& c) {
    const auto linked = [](const auto& r) { return r.rule.value + "\n" + r.service.value; };
    const auto nothing = [](const auto&) { return std::string(); };
    at_ = &c;
    map("http", "routers", "HTTP router", into.routers, c.config.routers, linked, nullptr);
    map("http", "middlewares", "HTTP middleware", into.middlewares, c.config.middlewares, nothing,
        nullptr);
    map("http", "services", "HTTP service", into.services, c.config.services, nothing,
        [](config::ServiceConfig& a, config::ServiceConfig& b) {
          if (a.load_balancer && b.load_balancer)
            more(a.load_balancer->servers, b.load_balancer->servers,
                 [](const config::ServerConfig& s) { return s.url.value; });
        });
    map("tcp", "routers", "TCP router", into.tcp.routers, c.config.tcp.routers, linked, nullptr);
    map("tcp", "middlewares", "TCP middleware", into.tcp.middlewares, c.config.tcp.middlewares,
        nothing, nullptr);
    map("tcp", "services", "TCP service", into.tcp.services, c.config.tcp.services, nothing,
        [](config::TcpServiceConfig& a, config::TcpServiceConfig& b) {
          if (a.load_balancer && b.load_balancer)
            more(a.load_balancer->servers, b.load_balancer->servers,
                 [](const config::TcpServerConfig& s) { return s.address.value; });
        });
    map(
        "udp", "routers", "UDP router", into.udp.routers, c.config.udp.routers,
        [](const config::UdpRouterConfig& r) { return r.service.value; }, nullptr);
    map("udp", "services", "UDP service", into.udp.services, c.config.udp.services, nothing,
        [](config::UdpServiceConfig& a, config::UdpServiceConfig& b) {
          if (a.servers && b.servers)
            more(*a.servers, *b.servers, [](const config::Text& s) { return s.value; });
        });
  }

  DynamicConfig finish() {
    for (const auto& [key, origins] : conflicts_) erase(key);
    return std::move(into);
  }

 private:
  DynamicConfig into;
  struct Seen {
    std::string text;  // everything that must be equal
    std::string origins;
    SourceSpan span;
  };

  template <class Servers, class Key>
  static void more(Servers& a, Servers& b, Key key) {
    std::set<std::string> known;
    for (const auto& s : a) known.insert(key(s));
    for (auto& s : b) {
      if (!known.contains(key(s))) a.push_back(std::move(s));
    }
  }

  const config::ObjectSchema* middleware_schema(const std::string& type) const {
    const config::MiddlewareSchema* schema = types_.find(type);
    return schema ? schema->schema : nullptr;
  }

  std::string settings(std::string_view section, std::string_view kind, const std::string& name) {
    const Value* v = object_of(*at_->labels, section, kind, config::bare_name(name));
    if (!v) return "{}";
    if (section == "http" && kind == "middlewares") {
      std::map<std::string, std::string> types;
      for (const Value::Member& m : v->members)
        types[text::to_lower(m.key)] =
            config::canonical(m.value, middleware_schema(m.key), config::Origin::labels);
      std::string out;
      for (const auto& [type, options] : types) out += type + options;
      return out;
    }
    // A load balancer that is not written is one with the defaults.
    std::string out =
        config::canonical(*v, config::object_schema(section, kind), config::Origin::labels);
    return kind == "services" && out == "{loadBalancer:{},}" ? "{}" : out;
  }

  template <class T, class Also, class Join>
  void map(std::string_view section, std::string_view kind, std::string_view words,
           std::map<std::string, T>& all, std::map<std::string, T>& one, Also also, Join join) {
    for (auto& [name, object] : one) {
      const std::string key = std::string(section) + " " + std::string(kind) + " " + name;
      const std::string text = settings(section, kind, name) + "\n" + also(object);
      const auto [seen, fresh] = seen_.try_emplace(key, Seen{text, at_->origin, object.span});
      if (fresh) {
        all.emplace(name, std::move(object));
        continue;
      }
      seen->second.origins += ", " + at_->origin;
      if (seen->second.text == text) {
        if constexpr (!std::is_null_pointer_v<Join>) join(all.at(name), object);
        continue;
      }
      if (conflicts_.insert({key, seen->second.origins}).second) {
        findings_.add("GP1206", object.span, std::string(words) + " " + name,
                      std::string(words) +
                          " defined multiple times with different configurations, in " +
                          seen->second.origins + " (first at " + seen->second.span.to_string() +
                          "): it is deleted",
                      "give each container's object a name of its own, or equal labels");
      }
    }
  }

  void erase(const std::string& key) {
    const std::string name = key.substr(key.rfind(' ') + 1);
    const bool http = key.starts_with("http"), tcp = key.starts_with("tcp");
    if (key.find(" routers ") != key.npos) {
      http  ? into.routers.erase(name)
      : tcp ? into.tcp.routers.erase(name)
            : into.udp.routers.erase(name);
    } else if (key.find(" services ") != key.npos) {
      http  ? into.services.erase(name)
      : tcp ? into.tcp.services.erase(name)
            : into.udp.services.erase(name);
    } else {
      http ? into.middlewares.erase(name) : into.tcp.middlewares.erase(name);
    }
  }

  const config::MiddlewareTypes& types_;
  config::Findings& findings_;
  ContainerObjects* at_ = nullptr;
  std::map<std::string, Seen> seen_;
  std::map<std::string, std::string> conflicts_;
};

}  // namespace

DynamicConfig merge_containers(std::vector<ContainerObjects> all,
                               const config::MiddlewareTypes& types, config::Findings& findings) {
  std::stable_sort(
      all.begin(), all.end(),
      [](const ContainerObjects& a, const ContainerObjects& b) { return a.origin < b.origin; });
  Merger merger(types, findings);
  for (ContainerObjects& c : all) merger.add(c);
  return merger.finish();
}

}  // namespace gateproof::providers
