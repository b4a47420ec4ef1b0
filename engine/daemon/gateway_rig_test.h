// A provider of Gateways over an API server in virtual time that takes statuses.
#pragma once
#include "engine/daemon/cluster_source.h"
#include "engine/daemon/provider_outcome.h"
#include "engine/providers/kube_json.h"
#include "engine/sim/kube_host_test.h"

namespace gateproof::daemon {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

inline const std::string api = "/apis/gateway.networking.k8s.io/v1";
inline const std::string classes = api + "/gatewayclasses", gateways = api + "/gateways",
                         routes = api + "/httproutes", services = "/api/v1/services";
inline const std::string of_gateway =
    R"("spec":{"gatewayClassName":"traefik","listeners":[{"name":"web","protocol":"HTTP","port":80}]})";
inline const std::string of_route = R"("spec":{"parentRefs":[{"name":"g"}],"rules":[{}]})";

class GatewayRig : public ::testing::Test {
 protected:
  sim::KubeRig rig;
  config::StaticConfig statics;
  std::unique_ptr<ClusterSource> source;
  config::Findings findings;
  Texts written;  // "gateways/g": statuses that the server has taken
  Texts log;
  size_t patches = 0;
  config::DynamicConfig shown;
  std::vector<size_t> routers;  // of each configuration

  struct Served {
    ClusterSource::Listener changed;
    std::function<ProviderOutcome(config::Findings&)> make;
  };
  template <class Gateway>
  static Served served_by(std::shared_ptr<Gateway> g) {
    return {[g](const auto& changes) { g->changed(changes); },
            [g](config::Findings& findings) { return g->make(findings); }};
  }
  // Who is tested.
  virtual Served serve(ClusterSource& from) = 0;
  virtual std::string controller() const = 0;

  void SetUp() override {
    for (const std::string& path : {classes, gateways, routes, services}) rig.host.kinds[path];
    rig.host.script = [this](const sim::KubeHost::Seen& seen, std::string& answer) {
      return take_status(seen, answer);
    };
    statics.kubernetes_gateway.emplace();
    statics.entry_points["web"].address.value = ":80";
  }
  void TearDown() override {
    rig.scheduler.cancel_all();
    source.reset();
  }

  void start() {
    const ClusterProvider provider = cluster_providers(statics).at(0);
    const std::vector<ClusterKind> kinds = {{"gateway.networking.k8s.io", "GatewayClass"},
                                            {"gateway.networking.k8s.io", "Gateway"},
                                            {"gateway.networking.k8s.io", "HTTPRoute"},
                                            {"", "Service"}};
    std::vector<providers::KubeSelection> what;
    for (const ClusterKind& kind : kinds) what.emplace_back().resource = resource_of(kind);
    ClusterSource::Hooks hooks;
    hooks.client = rig.hooks;
    hooks.log = [this](providers::KubeLevel, const std::string& line) { log.push_back(line); };
    hooks.report = [](const config::Findings&) {};
    source = std::make_unique<ClusterSource>(rig.env, std::move(what), std::move(hooks));
    const Served served = serve(*source);
    source->add_listener(served.changed);
    ClusterSource::Unit unit;
    unit.name = provider.name;
    unit.kinds = kinds;
    unit.show = [this, served] {
      ProviderOutcome made = served.make(findings);
      if (made.changes) {
        change(*made.changes);
      } else {
        shown = std::move(made.config);
      }
      routers.push_back(shown.routers.size());
      if (made.afterwards) made.afterwards();
    };
    source->add(std::move(unit));
    source->start();
  }
  void change(const config::ConfigPatch& patch) {
    for (const auto& [name, router] : patch.routers) {
      shown.routers.erase(name);
      if (router) shown.routers.emplace(name, *router);
    }
    ++patches;
  }
  void put_all() {
    rig.host.put(classes, "", "traefik", R"("spec":{"controllerName":")" + controller() + "\"}");
    rig.host.put(gateways, "shop", "g", of_gateway);
    rig.host.put(routes, "shop", "r", of_route);
  }

  // PUT /apis/GROUP/v1[/namespaces/NS]/PLURAL/NAME/status
  bool take_status(const sim::KubeHost::Seen& seen, std::string& answer) {
    if (!seen.line.starts_with("PUT ") || !seen.line.ends_with("/status")) return false;
    std::string path = seen.line.substr(4, seen.line.size() - 4 - std::string("/status").size());
    std::string ns;
    if (const size_t at = path.find("/namespaces/"); at != std::string::npos) {
      const size_t from = at + std::string("/namespaces/").size(), to = path.find('/', from);
      ns = path.substr(from, to - from);
      path.erase(at, to - at);
    }
    const size_t slash = path.rfind('/');
    const std::string name = path.substr(slash + 1), kind = path.substr(0, slash);
    const auto body = providers::read_kube_json(seen.body, "a body");
    EXPECT_TRUE(body);
    rig.host.put(kind, ns, name,
                 "\"spec\":" + providers::json_of(*body->find("spec")) +
                     ",\"status\":" + providers::json_of(*body->find("status")));
    written.push_back(kind.substr(kind.rfind('/') + 1) + "/" + name);
    answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    return true;
  }
  Texts take() {
    std::sort(written.begin(), written.end());
    return std::exchange(written, {});
  }
  std::string told(const std::string& kind, const std::string& name, const char* path) {
    const auto now = providers::read_kube_json(
        "{" + rig.host.kinds.at(kind).objects.at({"shop", name}).json + "}", "an object");
    const config::Value* v = now ? now->at(path) : nullptr;
    return v ? providers::json_of(*v) : "";
  }
};

}  // namespace gateproof::daemon
