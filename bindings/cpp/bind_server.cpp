// The socket arm: the same engine on real loopback sockets, in this process.
#include "engine/net/clock.h"
#include "engine/net/files.h"
#include "engine/net/random.h"
#include "engine/net/server.h"

#include "bindings/cpp/bindings.h"
#include "bindings/cpp/plugin_host.h"
#include "bindings/cpp/tcp_values.h"
#include "bindings/cpp/world_config.h"

namespace gateproof::bindings {
namespace {

class PyServer {
 public:
  PyServer(std::shared_ptr<check::ConfigSet> set, size_t assembly, size_t workers,
           const std::map<std::string, std::string>& addresses, const py::dict& plugins)
      : plugins_(plugins, std::make_shared<PythonErrors>()),
        config_(std::move(set), assembly, addresses),
        engine_(config_.statics(), clock_, random_, net::machine_name()),
        server_(engine_, random_, log_, options(workers, detours_)) {
    engine_.set_files(files_);
    engine_.set_plugins(plugins_);
    config_.apply(engine_);
    const Result<void> bound = server_.bind();
    if (!bound) {
      throw StartFailure{bound.error().message + (bound.error().remedy.empty() ? "" : "; ") +
                         bound.error().remedy};
    }
    server_.start();
  }
  ~PyServer() { stop(); }

  py::dict addresses() const {
    py::dict out;
    for (const auto& b : server_.addresses()) out[py::str(b.entry_point)] = b.address.to_string();
    return out;
  }
  void stop() {
    const py::gil_scoped_release unlocked;
    server_.stop();
    server_.wait();
  }
  std::vector<config::Finding> update(const std::map<std::string, std::string>& files) {
    // Event loops that run a plugin meanwhile need the interpreter's lock.
    const py::gil_scoped_release unlocked;
    std::vector<config::Finding> found = config_.update_files(engine_, files);
    server_.configuration_changed();
    return found;
  }
  void remove_matcher(const std::string& name) {
    const py::gil_scoped_release unlocked;
    matchers_ = matchers_.without(name);
    engine_.set_matchers(matchers_);
    server_.configuration_changed();
  }
  // Connections for host:port of the configuration go to the address `real`.
  void add_detour(const std::string& host, uint16_t port, const std::string& real) {
    const auto address = SocketAddress::parse(real);
    if (!address) throw py::value_error("not ip:port: " + real);
    detours_.add(host, port, *address);
  }
  py::list routers() { return routers_of(*engine_.snapshot()); }
  py::list services() { return services_of(*engine_.snapshot()); }
  py::list middlewares() { return objects_of(engine_.snapshot()->middlewares); }
  py::dict stream_objects() { return stream_objects_of(*engine_.snapshot()); }
  py::list entry_points() const { return config_.entry_points(); }
  size_t connections() const { return server_.connections(); }

 private:
  static net::ServeOptions options(size_t workers, const net::Detours& detours) {
    net::ServeOptions o;
    o.workers = workers;
    o.detours = &detours;
    return o;
  }

  net::Detours detours_;
  rules::MatcherSet matchers_ = rules::MatcherSet::standard();
  net::RealClock clock_;
  net::RealRandom random_;
  net::Log log_;
  net::RealFiles files_;
  PythonPlugins plugins_;
  WorldConfig config_;
  pipeline::Engine engine_;
  net::Server server_;
};

}  // namespace

void bind_server(py::module_& m) {
  py::class_<PyServer>(m, "Server", "The engine on real sockets.")
      .def(py::init<std::shared_ptr<check::ConfigSet>, size_t, size_t,
                    const std::map<std::string, std::string>&, const py::dict&>(),
           py::arg("config"), py::arg("assembly") = 0, py::arg("workers") = 1,
           py::arg("addresses") = std::map<std::string, std::string>{},
           py::arg("plugins") = py::dict())
      .def_property_readonly("addresses", &PyServer::addresses)
      .def("stop", &PyServer::stop)
      .def("update", &PyServer::update, py::arg("files"))
      .def("entry_points", &PyServer::entry_points)
      .def("add_detour", &PyServer::add_detour, py::arg("host"), py::arg("port"), py::arg("real"))
      .def("remove_matcher", &PyServer::remove_matcher, py::arg("name"))
      .def("routers", &PyServer::routers)
      .def("services", &PyServer::services)
      .def("stream_objects", &PyServer::stream_objects)
      .def("middlewares", &PyServer::middlewares)
      .def_property_readonly("connections", &PyServer::connections);
}

}  // namespace gateproof::bindings
