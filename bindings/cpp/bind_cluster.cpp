// A cluster in the process: gateproof.Cluster.
#include "engine/kubernetes/cluster/manifests.h"
#include "engine/net/cluster_server.h"
#include "engine/net/gateway_host.h"
#include "engine/net/random.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

namespace cluster = kubernetes::cluster;

std::string_view to_string(cluster::Applied::Outcome outcome) {
  switch (outcome) {
    case cluster::Applied::created: return "created";
    case cluster::Applied::configured: return "configured";
    case cluster::Applied::unchanged: return "unchanged";
    case cluster::Applied::failed: break;
  }
  return "failed";
}

py::dict applied_info(const cluster::Applied& a) {
  py::dict d;
  d["outcome"] = std::string(to_string(a.outcome));
  d["resource"] = a.resource;
  d["namespace"] = a.ns;
  d["name"] = a.name;
  d["message"] = a.message;
  d["file"] = std::string(a.span.file_name());
  d["line"] = a.span.line;
  d["column"] = a.span.column;
  return d;
}

class PyCluster {
 public:
  PyCluster(const std::string& listen, const std::string& certificate, const std::string& key,
            const std::string& authority, const std::string& token) {
    net::ClusterOptions options;
    const std::optional<SocketAddress> at = SocketAddress::parse(listen);
    if (!at) throw py::value_error("not ip:port: " + listen);
    options.listen = *at;
    options.token = token;
    if (!certificate.empty()) options.tls = net::ClusterTls{certificate, key, authority};
    auto made = net::ClusterServer::make(std::move(options), random_, log_);
    if (!made) throw StartFailure{made.error().message};
    server_ = std::move(*made);
  }
  ~PyCluster() { stop(); }

  std::string address() const { return server_->address().to_string(); }
  void start() { server_->start(); }
  void stop() {
    const py::gil_scoped_release unlocked;
    server_->stop();  // first: nothing is written any more
    if (gateways_) gateways_->stop();
  }
  // The engine serves the cluster's Gateways from now on.
  void serve_gateways(kubernetes::gateway::Options options, size_t workers) {
    if (gateways_) throw StartFailure{"this cluster's Gateways are served already"};
    std::optional<Error> error;
    {
      const py::gil_scoped_release unlocked;
      server_->with_store([&](cluster::Store& store) {
        auto made = net::GatewayHost::make(store, random_, log_, std::move(options), workers);
        if (made) {
          gateways_ = std::move(*made);
          gateways_->follow_now(server_->server().env().offload);
        } else {
          error = made.error();
        }
      });
    }
    if (error) throw StartFailure{error->message};
  }
  // What the engine listens on for Gateways, by entry point.
  py::dict gateway_addresses() {
    py::dict out;
    if (!gateways_) return out;
    for (const net::Server::Bound& b : gateways_->addresses())
      out[py::str(b.entry_point)] = b.address.to_string();
    return out;
  }
  // Entry points that could not be listened on at the last change, with the reason.
  std::map<std::string, std::string> gateway_failures() {
    std::map<std::string, std::string> out;
    if (!gateways_) return out;
    const py::gil_scoped_release unlocked;
    server_->with_store([&](cluster::Store&) {
      for (const net::Server::Failure& f : gateways_->failures())
        out[f.entry_point] = f.error.message;
    });
    return out;
  }
  // What is wrong with the objects of Gateways and was not told yet.
  std::vector<config::Finding> gateway_findings() {
    config::Findings out;
    if (!gateways_) return {};
    const py::gil_scoped_release unlocked;
    server_->with_store([&](cluster::Store&) { out = gateways_->take_findings(); });
    return out.list();
  }
  // Texts with the names of their files, as one set of manifests.
  py::list apply(const std::vector<std::pair<std::string, std::string>>& texts,
                 const std::string& bundle_version) {
    std::vector<cluster::Applied> applied;
    {
      const py::gil_scoped_release unlocked;
      std::vector<config::Document> documents;
      for (const auto& [text, file] : texts) read(text, file, documents, applied);
      server_->with_store([&](cluster::Store& store) {
        for (cluster::Applied& a : apply_manifests(store, documents, bundle_version))
          applied.push_back(std::move(a));
      });
    }
    py::list out;
    for (const cluster::Applied& a : applied) out.append(applied_info(a));
    return out;
  }
  // The objects of a resource ("pods", "httproutes.gateway.networking.k8s.io") as JSON texts.
  std::vector<std::string> list(const std::string& resource, const std::string& ns) {
    std::vector<std::string> out;
    const py::gil_scoped_release unlocked;
    server_->with_store([&](cluster::Store& store) {
      const cluster::TypePtr type = type_of(store, resource);
      if (!type) return;
      for (const cluster::ObjectPtr& o : store.all(*type, ns)) out.push_back(o->text());
    });
    return out;
  }
  std::optional<std::string> get(const std::string& resource, const std::string& ns,
                                 const std::string& name) {
    std::optional<std::string> out;
    const py::gil_scoped_release unlocked;
    server_->with_store([&](cluster::Store& store) {
      const cluster::TypePtr type = type_of(store, resource);
      const cluster::ObjectPtr found =
          type ? store.find(*type, type->namespaced ? ns : "", name) : nullptr;
      if (found) out = found->text();
    });
    return out;
  }
  size_t connections() const { return server_->server().connections(); }

 private:
  static void read(const std::string& text, const std::string& file,
                   std::vector<config::Document>& documents,
                   std::vector<cluster::Applied>& applied) {
    auto found =
        config::parse_documents(text, file, config::format_of(file).value_or(config::Format::yaml));
    if (found) {
      for (config::Document& d : *found) documents.push_back(std::move(d));
      return;
    }
    cluster::Applied a;
    a.message = found.error().message;
    a.span = found.error().span;
    applied.push_back(std::move(a));
  }
  // By plural, with the group behind a dot; a plural alone is the first one of that name, the core group before others.
  static cluster::TypePtr type_of(const cluster::Store& store, const std::string& resource) {
    const size_t dot = resource.find('.');
    if (dot != std::string::npos) {
      return store.registry().find_plural(resource.substr(dot + 1), resource.substr(0, dot));
    }
    for (const auto& [key, type] : store.registry().all()) {
      if (key.second == resource) return type;
    }
    return nullptr;
  }

  net::RealRandom random_;
  net::Log log_;
  std::unique_ptr<net::ClusterServer> server_;
  std::unique_ptr<net::GatewayHost> gateways_;  // ends before the store that it follows
};

kubernetes::gateway::Options gateway_options(const std::string& controller_name,
                                             const std::string& bundle_version,
                                             const std::set<std::string>& usable_addresses) {
  kubernetes::gateway::Options o;
  o.controller_name = controller_name;
  o.bundle_version = bundle_version;
  o.usable_addresses = usable_addresses;
  return o;
}

}  // namespace

void bind_cluster(py::module_& m) {
  py::class_<PyCluster>(m, "Cluster", "A Kubernetes API server with simulated controllers.")
      .def(py::init<const std::string&, const std::string&, const std::string&, const std::string&,
                    const std::string&>(),
           py::arg("listen") = "127.0.0.1:0", py::arg("certificate") = "", py::arg("key") = "",
           py::arg("authority") = "", py::arg("token") = "")
      .def_property_readonly("address", &PyCluster::address)
      .def("start", &PyCluster::start)
      .def("stop", &PyCluster::stop)
      .def("apply", &PyCluster::apply, py::arg("texts"), py::arg("bundle_version") = "")
      .def("list", &PyCluster::list, py::arg("resource"), py::arg("namespace") = "")
      .def("get", &PyCluster::get, py::arg("resource"), py::arg("namespace"), py::arg("name"))
      .def(
          "serve_gateways",
          [](PyCluster& c, const std::string& controller_name, const std::string& bundle_version,
             const std::set<std::string>& usable_addresses, size_t workers) {
            c.serve_gateways(gateway_options(controller_name, bundle_version, usable_addresses),
                             workers);
          },
          py::arg("controller_name") = kubernetes::gateway::Options().controller_name,
          py::arg("bundle_version") = kubernetes::gateway::Options().bundle_version,
          py::arg("usable_addresses") = std::set<std::string>{}, py::arg("workers") = 1)
      .def_property_readonly("gateway_addresses", &PyCluster::gateway_addresses)
      .def("gateway_failures", &PyCluster::gateway_failures)
      .def("gateway_findings", &PyCluster::gateway_findings)
      .def_property_readonly("connections", &PyCluster::connections);
}

}  // namespace gateproof::bindings
