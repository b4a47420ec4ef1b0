// The virtual world: direct and wire arms.
#include "engine/base/crypto_x509.h"
#include "engine/net/files.h"

#include "bindings/cpp/bindings.h"
#include "bindings/cpp/gateway_source.h"
#include "bindings/cpp/plugin_host.h"
#include "bindings/cpp/request_url.h"
#include "bindings/cpp/tcp_values.h"
#include "bindings/cpp/world_config.h"

namespace gateproof::bindings {
namespace {

// How a request runs and how much is recorded, as one number: what callers ask for again and again is put in words once.
enum : unsigned { mode_direct, mode_wire, mode_ask };
unsigned mode_of(const std::string& arm, const std::string& detail) {
  const unsigned how = arm == "ask" ? mode_ask : arm == "wire" ? mode_wire : mode_direct;
  const sim::Detail d = detail == "none"    ? sim::Detail::none
                        : detail == "trace" ? sim::Detail::trace
                                            : sim::Detail::candidates;
  return how << 4 | static_cast<unsigned>(d);
}

// A PEM text: the leaf first, then what it was issued by.
void add_client_certificates(sim::Request& r, const py::handle& pem) {
  if (pem.is_none()) return;
  if (!r.tls) throw py::value_error("client_cert is part of TLS: it needs an https URL");
  auto chain = crypto::certificates_from_pem(bytes_of(pem));
  if (!chain) throw py::value_error("client_cert: " + chain.error().message);
  r.client_certificates = std::move(*chain);
}

template <class T>
void take(const py::dict& from, const char* key, T& into) {
  if (from.contains(key)) into = from[key].cast<T>();
}

// How the client of the wire arm speaks TLS: server_name, min_version, max_version, cipher_suites, alpn, certificate, key.
void set_tls_client(sim::TlsClient& to, const py::dict& from) {
  take(from, "server_name", to.server_name);
  take(from, "min_version", to.min_version);
  take(from, "max_version", to.max_version);
  take(from, "cipher_suites", to.cipher_suites);
  take(from, "alpn", to.alpn);
  take(from, "certificate", to.certificate);
  take(from, "key", to.key);
}

class PyWorld {
 public:
  PyWorld(std::shared_ptr<check::ConfigSet> set, uint64_t seed, size_t assembly,
          const py::dict& plugins)
      : plugins_(plugins, errors_),
        config_(std::move(set), assembly),
        world_(seed, config_.statics()) {
    world_.engine().set_files(files_);
    world_.engine().set_plugins(plugins_);
    config_.apply(world_.engine());
    errors_->rethrow();
    doors_ = doors_of(*config_.statics());
  }

  // `tls`: certificate, key, client_authority, min_version, max_version; empty: a plain host.
  void add_host(const std::string& address, std::string name, py::object script,
                const py::dict& tls) {
    sim::Host host = python_host(std::move(name), std::move(script), errors_);
    if (!tls.empty()) {
      sim::HostTls how;
      take(tls, "certificate", how.certificate);
      take(tls, "key", how.key);
      take(tls, "client_authority", how.client_authority);
      take(tls, "min_version", how.min_version);
      take(tls, "max_version", how.max_version);
      host.tls = std::make_shared<const sim::HostTls>(std::move(how));
    }
    world_.add_host(address, std::move(host));
  }

  std::unique_ptr<sim::Outcome> send(const py::handle& method, const py::handle& target,
                                     const py::handle& host, const py::handle& headers,
                                     const py::handle& body, const std::string& entry_point,
                                     bool tls, const std::string& peer, const std::string& arm,
                                     const std::string& detail, bool http10, bool has_host,
                                     bool chunked, const py::bytes& raw,
                                     const py::handle& client_cert, const py::dict& tls_client) {
    sim::Request r;
    r.method = bytes_of(method);
    r.target = bytes_of(target);
    r.host = bytes_of(host);
    add_headers(r, headers);
    if (!body.is_none()) r.body = bytes_of(body);
    r.entry_point = entry_point;
    r.tls = tls;
    r.has_host = has_host;
    r.chunked = chunked;
    if (http10) r.version = http::Version::http10;
    if (!peer.empty()) {
      r.peer = peer_of(peer);
    }
    if (PyBytes_GET_SIZE(raw.ptr()) > 0) r.raw = raw;
    add_client_certificates(r, client_cert);
    set_tls_client(r.tls_client, tls_client);
    return run(r, mode_of(arm, detail));
  }

  // As send(), with an absolute URL: target, Host, TLS and entry point come from it. The status stands beside the outcome
  // because everybody looks at it: a property of ours costs ten times what a tuple's item does.
  py::tuple call(const py::handle& method, const py::handle& url, const py::handle& headers,
                 const py::handle& body, const py::handle& entry_point, const py::handle& peer,
                 unsigned mode, const py::handle& client_cert) {
    sim::Request r;
    r.method = bytes_of(method);
    split_url(bytes_of(url), entry_point.is_none() ? std::string() : bytes_of(entry_point), doors_,
              r);
    // The name of a handshake is the URL's, whatever the Host says.
    if (r.tls) r.tls_client.server_name = std::string(split_host_port(r.host).host);
    add_headers(r, headers);
    if (!body.is_none()) r.body = bytes_of(body);
    if (!peer.is_none()) r.peer = peer_of(bytes_of(peer));
    add_client_certificates(r, client_cert);
    std::unique_ptr<sim::Outcome> out = run(r, mode);
    const int status = out->status;
    return py::make_tuple(status, py::cast(std::move(out)));
  }

  std::unique_ptr<sim::Outcome> run(const sim::Request& r, unsigned mode) {
    const auto detail = static_cast<sim::Detail>(mode & 0xF);
    const unsigned arm = mode >> 4;
    auto out = std::make_unique<sim::Outcome>(
        arm == mode_ask
            ? world_.ask(r, detail)
            : world_.send(r, arm == mode_wire ? sim::Arm::wire : sim::Arm::direct, detail));
    errors_->rethrow();
    if (!out->stuck.empty()) throw StuckRun{out->stuck, out->budget_exceeded};
    return out;
  }

  void add_alias(const std::string& name, const std::string& target, int64_t ttl_ns) {
    world_.add_alias(name, target, Duration(ttl_ns));
  }
  void add_tcp_host(const std::string& address, const std::string& name,
                    const std::string& greeting, const std::string& reply, bool silent,
                    size_t close_after, py::object react) {
    sim::TcpHost host;
    if (!react.is_none()) host.react = python_reactions(std::move(react), errors_);
    host.name = name;
    host.greeting = greeting;
    host.reply = reply;
    host.silent = silent;
    host.close_after = close_after;
    world_.add_tcp_host(address, std::move(host));
  }
  py::dict connect(const std::string& entry_point, const std::vector<py::bytes>& sends,
                   const std::string& peer, bool half_close, int64_t patience_ns, bool hold) {
    const sim::TcpCall call = tcp_call(entry_point, peer, sends, half_close, patience_ns, hold);
    const sim::TcpOutcome out = world_.connect(call);
    errors_->rethrow();
    return tcp_outcome(out);
  }
  void add_redis(const std::string& address, const std::string& name, const std::string& username,
                 const std::string& password, int64_t delay_ns) {
    world_.add_redis(address, {name, username, password, Duration(delay_ns)});
  }
  void add_udp_host(const std::string& address, const std::string& name, const std::string& reply,
                    bool silent) {
    world_.add_udp_host(address, {name, reply, silent});
  }
  std::vector<py::bytes> datagram(const std::string& entry_point, const py::bytes& bytes,
                                  const std::string& peer, int64_t patience_ns) {
    std::vector<py::bytes> out;
    for (const std::string& got :
         world_.datagram(entry_point, peer_of(peer), bytes, Duration(patience_ns)))
      out.emplace_back(got);
    return out;
  }
  py::list take_datagrams() {
    py::list out;
    for (const sim::UdpSeen& seen : world_.take_udp_seen())
      out.append(py::make_tuple(seen.host, seen.from.to_string(), py::bytes(seen.bytes)));
    return out;
  }
  py::dict ask_connection(const std::string& entry_point, const std::string& kind,
                          const std::string& server_name, const std::vector<std::string>& alpn,
                          const std::string& peer) {
    const auto snapshot = world_.engine().snapshot();
    if (kind == "udp") return datagram_answer(*snapshot, entry_point);
    return connection_answer(*snapshot, entry_point, kind, server_name, alpn, peer);
  }
  py::dict stream_objects() { return stream_objects_of(*world_.engine().snapshot()); }

  void advance(int64_t ns) {
    world_.advance(Duration(ns));
    errors_->rethrow();
  }
  int64_t now_ns() { return world_.scheduler().now().time_since_epoch().count(); }
  std::string digest() const { return world_.digest(); }
  std::vector<sim::HostRequest> take_seen() { return world_.take_seen(); }
  std::string tasks() { return world_.scheduler().dump(); }
  py::list routers() { return routers_of(*world_.engine().snapshot()); }
  py::list services() { return services_of(*world_.engine().snapshot()); }
  py::list middlewares() { return objects_of(world_.engine().snapshot()->middlewares); }
  py::list entry_points() { return config_.entry_points(); }
  std::vector<config::Finding> update(const std::map<std::string, std::string>& files) {
    auto found = config_.update_files(world_.engine(), files);
    errors_->rethrow();
    return found;
  }
  py::list load_gateway(const std::string& text, const std::string& version,
                        const std::string& controller, const std::vector<std::string>& usable) {
    py::list out =
        gateway_.load(world_.engine(), text, gateway_options(version, controller, usable));
    doors_ = doors_of(*config_.statics());
    doors_.insert(doors_.end(), gateway_.doors().begin(), gateway_.doors().end());
    errors_->rethrow();
    return out;
  }
  void remove_matcher(const std::string& name) {
    matchers_ = matchers_.without(name);
    world_.engine().set_matchers(matchers_);
  }
  std::string entry_point_of(const std::string& url) const {
    sim::Request r;
    split_url(url, {}, doors_, r);
    return r.entry_point;
  }
  void set_events_max(uint64_t events) { world_.events_max = events; }
  void set_link(int64_t latency_ns, size_t segment_bytes) {
    world_.transport().link.latency = Duration(latency_ns);
    world_.transport().link.segment_bytes_max = std::max<size_t>(segment_bytes, 1);
  }

 private:
  rules::MatcherSet matchers_ = rules::MatcherSet::standard();
  std::shared_ptr<PythonErrors> errors_ = std::make_shared<PythonErrors>();
  PythonPlugins plugins_;
  net::RealFiles files_;
  WorldConfig config_;
  GatewaySource gateway_;
  std::vector<Door> doors_;
  sim::World world_;
};

}  // namespace

void bind_world(py::module_& m) {
  m.def(
      "mode", &mode_of, py::arg("arm"), py::arg("detail"),
      "What World.call takes: an arm (direct, wire, ask) and a detail (none, trace, candidates).");
  py::class_<PyWorld>(m, "World",
                      "An engine with virtual time, seeded randomness and a virtual network.")
      .def(py::init<std::shared_ptr<check::ConfigSet>, uint64_t, size_t, const py::dict&>(),
           py::arg("config"), py::arg("seed") = 1, py::arg("assembly") = 0,
           py::arg("plugins") = py::dict())
      .def("add_host", &PyWorld::add_host, py::arg("address"), py::arg("name"), py::arg("script"),
           py::arg("tls") = py::dict())
      .def("add_alias", &PyWorld::add_alias, py::arg("name"), py::arg("target"), py::arg("ttl_ns"))
      .def("send", &PyWorld::send, py::arg("method"), py::arg("target"), py::arg("host"),
           py::arg("headers") = py::none(), py::arg("body") = py::none(),
           py::arg("entry_point") = "", py::arg("tls") = false, py::arg("peer") = "",
           py::arg("arm") = "direct", py::arg("detail") = "candidates", py::arg("http10") = false,
           py::arg("has_host") = true, py::arg("chunked") = false, py::arg("raw") = py::bytes(),
           py::arg("client_cert") = py::none(), py::arg("tls_client") = py::dict())
      .def("call", &PyWorld::call, py::arg("method"), py::arg("url"), py::arg("headers"),
           py::arg("body"), py::arg("entry_point"), py::arg("peer"), py::arg("mode"),
           py::arg("client_cert") = py::none())
      .def("add_redis", &PyWorld::add_redis, py::arg("address"), py::arg("name"),
           py::arg("username") = "", py::arg("password") = "", py::arg("delay_ns") = 0)
      .def("add_tcp_host", &PyWorld::add_tcp_host, py::arg("address"), py::arg("name"),
           py::arg("greeting") = "", py::arg("reply") = "", py::arg("silent") = false,
           py::arg("close_after") = 0, py::arg("react") = py::none())
      .def("connect", &PyWorld::connect, py::arg("entry_point"), py::arg("sends"),
           py::arg("peer") = "", py::arg("half_close") = false,
           py::arg("patience_ns") = 1'000'000'000, py::arg("hold") = false)
      .def("add_udp_host", &PyWorld::add_udp_host, py::arg("address"), py::arg("name"),
           py::arg("reply") = "", py::arg("silent") = false)
      .def("datagram", &PyWorld::datagram, py::arg("entry_point"), py::arg("data"),
           py::arg("peer") = "127.0.0.1:50000", py::arg("patience_ns") = 100'000'000)
      .def("take_datagrams", &PyWorld::take_datagrams)
      .def("ask_connection", &PyWorld::ask_connection, py::arg("entry_point"), py::arg("kind"),
           py::arg("server_name") = "", py::arg("alpn") = std::vector<std::string>{},
           py::arg("peer") = "127.0.0.1")
      .def("stream_objects", &PyWorld::stream_objects)
      .def("advance", &PyWorld::advance, py::arg("ns"))
      .def_property_readonly("now_ns", &PyWorld::now_ns)
      .def("digest", &PyWorld::digest)
      .def("take_seen", &PyWorld::take_seen)
      .def("tasks", &PyWorld::tasks)
      .def("routers", &PyWorld::routers)
      .def("services", &PyWorld::services)
      .def("middlewares", &PyWorld::middlewares)
      .def("entry_points", &PyWorld::entry_points)
      .def("update", &PyWorld::update, py::arg("files"))
      .def("load_gateway", &PyWorld::load_gateway, py::arg("text"), py::arg("version"),
           py::arg("controller"), py::arg("usable"),
           "Serves Gateway API manifests instead of the last; the statuses that a controller "
           "writes.")
      .def("remove_matcher", &PyWorld::remove_matcher, py::arg("name"))
      .def("set_events_max", &PyWorld::set_events_max, py::arg("events"))
      .def("entry_point_of", &PyWorld::entry_point_of, py::arg("url"))
      .def("set_link", &PyWorld::set_link, py::arg("latency_ns") = 0,
           py::arg("segment_bytes") = 65536);
}

}  // namespace gateproof::bindings
