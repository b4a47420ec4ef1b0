// Listeners of Gateways that speak TLS, TCP and UDP, and TLS to backends (Gateway API 1.6 and 1.7).
#include "engine/base/crypto_x509.h"
#include "engine/sim/gateway_rig_test.h"
#include "engine/tls/stream.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using tls::testing::make_certificate;
using tls::testing::Pem;

class GatewayTls : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;
  Pem root = make_certificate({.common_name = "root", .authority = true});
  Pem other_root = make_certificate({.common_name = "other", .authority = true});
  Pem org = make_certificate({.common_name = "", .names = {"DNS:*.org"}}, &root);
  Pem second = make_certificate({.common_name = "", .names = {"DNS:second.test"}}, &root);

  void SetUp() override {
    rig.add_secret("org", org.certificate, org.key);
    rig.add_secret("second", second.certificate, second.key);
    rig.add_authority("ca", root.certificate);
    rig.add_authority("other-ca", other_root.certificate);
    for (int i = 1; i <= 4; ++i) {
      const std::string name = "s" + std::to_string(i);
      const std::string ip = "10.0.0." + std::to_string(i);
      rig.add_server(ip + ":80", name);
      services[name] = {ip + ":80"};
      TcpHost host;
      host.name = "t" + std::to_string(i);
      host.greeting = host.name + " ";
      rig.world->add_tcp_host(ip + ":9000", host);
      services[host.name] = {ip + ":9000"};
    }
  }

  Outcome https(const std::string& sni, const std::string& host, const std::string& target = "/",
                const Pem* certificate = nullptr, const std::string& port = "127.80.0.1:443/tcp") {
    Request r;
    r.host = host;
    r.target = target;
    r.tls = true;
    r.tls_client.server_name = sni;
    if (certificate) {
      r.tls_client.certificate = certificate->certificate;
      r.tls_client.key = certificate->key;
    }
    r.entry_point = port;
    return rig.world->send(r, Arm::wire);
  }

  // What a client of bytes sees: its handshake's failure, or the certificate's name, and the first bytes inside.
  struct Seen {
    std::string failure, names, bytes, raw;
  };
  static Task<void> play(std::unique_ptr<Stream> plain, std::string sni, std::string says,
                         World* world, Seen* out) {
    tls::ClientSettings settings;
    settings.insecure_skip_verify = true;
    const std::vector<std::string> alpn;
    tls::TlsStream stream(std::move(plain), *tls::ClientContext::make(settings), sni, alpn, 0);
    const Result<void> done = co_await stream.handshake(world->scheduler().now() + 5s);
    if (!done) {
      out->failure = done.error().message;
      co_return;
    }
    const http::TlsState state = stream.session().state();
    if (state.client_certificates) {
      const auto told = crypto::parse_certificate(state.client_certificates->front());
      out->names = told ? text::join(told->dns_names, ",") : "?";
    }
    if (!says.empty()) {
      std::vector<std::string_view> pieces = {says};
      const Result<void> sent = co_await write_all(stream, std::move(pieces), instant_max);
      if (!sent) co_return;
    }
    std::vector<char> buffer(256);
    const Result<size_t> n = co_await read_some(stream, buffer, world->scheduler().now() + 5s);
    if (n) out->bytes.assign(buffer.data(), *n);
  }
  Seen connect(const std::string& sni, const std::string& port, const std::string& says = "") {
    Seen seen;
    auto plain = rig.world->open(port, {IpAddress::v4(127, 0, 0, 1), 50000});
    rig.world->run(play(std::move(plain), sni, says, rig.world.get(), &seen));
    return seen;
  }
};

std::string https_listener(const std::string& name, const std::string& hostname,
                           const std::string& certificate = "org") {
  return "{name: " + name + ", port: 443, protocol: HTTPS, " +
         (hostname.empty() ? "" : "hostname: '" + hostname + "', ") +
         "tls: {certificateRefs: [{name: " + certificate + "}]}}";
}
std::string all(const std::string& service) { return "rules: [{" + to(service) + "}]"; }

TEST_F(GatewayTls, TheListenerOfTheNameAndOfTheHostMustBeOne) {  // HTTPS listeners, 421
  rig.load(
      gateway(https_listener("any", "") + ", " + https_listener("second", "second.test", "second") +
              ", " + https_listener("wild", "*.wild.org") + ", " +
              https_listener("four", "four.wild.org")) +
          route("a", "hostnames: [example.org], " + all("s1"), "HTTPRoute", "any") +
          route("b", all("s2"), "HTTPRoute", "second") +
          route("c", all("s3"), "HTTPRoute", "wild") + route("d", all("s4"), "HTTPRoute", "four"),
      services);
  struct Row {
    std::string sni, host, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"example.org", "example.org", "s1"},
           {"example.org", "second.test", "421"},
           {"example.org", "unknown.org", "404"},
           {"second.test", "second.test", "s2"},
           {"second.test", "example.org", "421"},
           {"second.test", "unknown.org", "421"},
           {"third.wild.org", "third.wild.org", "s3"},
           {"third.wild.org", "fifth.wild.org", "s3"},
           {"third.wild.org", "four.wild.org", "421"},
           {"third.wild.org", "second.test", "421"},
           {"four.wild.org", "four.wild.org", "s4"},
           {"four.wild.org", "fifth.wild.org", "421"},
           {"unknown.org", "example.org", "s1"},
           {"unknown.org", "unknown.org", "404"},
       }) {
    EXPECT_EQ(who(https(row.sni, row.host)), row.expected) << row.sni << " " << row.host;
  }
  EXPECT_EQ(connect("second.test", "127.80.0.1:443/tcp").names, "second.test");
  EXPECT_EQ(connect("x.wild.org", "127.80.0.1:443/tcp").names, "*.org");
}

TEST_F(GatewayTls, NoListenerIsNoAlert) {
  rig.load(gateway(https_listener("second", "second.test", "second")) +
               route("b", all("s2"), "HTTPRoute", "second"),
           services);
  EXPECT_EQ(connect("nobody.test", "127.80.0.1:443/tcp").failure, "EOF");
  EXPECT_EQ(connect("second.test", "127.80.0.1:443/tcp").failure, "");
  EXPECT_EQ(rig.send("second.test", "/", {}, Arm::wire, "GET", "127.80.0.1:443/tcp").status, 0)
      << "plain bytes on a port of TLS";
}

TEST_F(GatewayTls, ClientCertificates) {  // spec.tls.frontend
  const Pem good = make_certificate({.common_name = "me", .usage = "clientAuth"}, &root);
  const Pem bad = make_certificate({.common_name = "me", .usage = "clientAuth"}, &other_root);
  for (const bool insecure : {false, true}) {
    const std::string mode = insecure ? ", mode: AllowInsecureFallback" : "";
    rig.load(
        gateway(https_listener("any", ""),
                "tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: "
                "ConfigMap, name: ca}]" +
                    mode + "}}}}") +
            route("a", all("s1")),
        services);
    EXPECT_EQ(who(https("a.org", "a.org", "/", &good)), "s1");
    EXPECT_EQ(who(https("a.org", "a.org", "/", &bad)), insecure ? "s1" : "0");
    EXPECT_EQ(who(https("a.org", "a.org")), insecure ? "s1" : "0");
  }
}

TEST_F(GatewayTls,
       TcpRoutes) {  // TCPRoute: the server speaks first; the oldest route has the listener
  rig.load(
      gateway("{name: tcp, port: 9300, protocol: TCP}, {name: idle, port: 9301, protocol: TCP}") +
          route("old",
                "rules: [{backendRefs: [{name: t1, port: 1, weight: 3}, {name: t2, "
                "port: 1}, {name: t3, port: 1, weight: 0}]}]",
                "TCPRoute", "tcp") +
          route("young", all("t4"), "TCPRoute", "tcp"),
      services);
  const auto call = [&](const std::string& port) {
    TcpCall c;
    c.entry_point = port;
    return rig.world->connect(c);
  };
  std::map<std::string, int> seen;
  for (int i = 0; i < 8; ++i) ++seen[call("127.80.0.1:9300/tcp").received];
  EXPECT_EQ(seen, (std::map<std::string, int>{{"t1 ", 6}, {"t2 ", 2}}));
  const TcpOutcome idle = call("127.80.0.1:9301/tcp");
  EXPECT_TRUE(idle.closed && idle.received.empty()) << "a listener without route";
}

TEST_F(GatewayTls, TcpBackendsThatCannotBeAskedCloseTheirShare) {
  rig.load(gateway("{name: tcp, port: 9300, protocol: TCP}") +
               route("r", "rules: [{backendRefs: [{name: t1, port: 1}, {name: missing, port: 1}]}]",
                     "TCPRoute"),
           services);
}

TEST_F(GatewayTls, UdpRoutes) {
  for (int i = 1; i <= 3; ++i) {
    UdpHost host;
    host.name = "u" + std::to_string(i);
    host.reply = host.name;
    const std::string address = "10.0.1." + std::to_string(i) + ":53";
    rig.world->add_udp_host(address, host);
    services[host.name] = {address};
  }
  rig.load(
      gateway("{name: udp, port: 5300, protocol: UDP}, {name: tcp, port: 5300, protocol: TCP}") +
          route("old",
                "rules: [{backendRefs: [{name: u1, port: 53, weight: 3}, {name: u2, "
                "port: 53}, {name: u3, port: 53, weight: 0}]}]",
                "UDPRoute") +
          route("young", all("u3"), "UDPRoute") + route("t", all("t1"), "TCPRoute"),
      services);
  std::map<std::string, int> seen;
  for (uint16_t i = 0; i < 8; ++i) {
    const SocketAddress peer{IpAddress::v4(127, 0, 0, 1), static_cast<uint16_t>(20000 + i)};
    for (const std::string& reply : rig.world->datagram("127.80.0.1:5300/udp", peer, "q"))
      ++seen[reply];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"u1", 6}, {"u2", 2}}));
  TcpCall c;
  c.entry_point = "127.80.0.1:5300/tcp";
  EXPECT_EQ(rig.world->connect(c).received, "t1 ");
}

TEST_F(GatewayTls, TlsRoutesPassOrEnd) {  // TLSRoute: both modes on one port
  rig.load(gateway("{name: ends, port: 8883, protocol: TLS, hostname: '*.ends.test', tls: {mode: "
                   "Terminate, certificateRefs: [{name: second}]}}, {name: passes, port: 8883, "
                   "protocol: TLS, hostname: '*.pass.test', tls: {mode: Passthrough}}") +
               route("wild", "hostnames: ['*.ends.test'], " + all("t1"), "TLSRoute") +
               route("exact", "hostnames: [x.ends.test], " + all("t2"), "TLSRoute") +
               route("pass", "hostnames: [a.pass.test], " + all("t3"), "TLSRoute"),
           services);
  const std::string port = "127.80.0.1:8883/tcp";
  EXPECT_EQ(connect("a.ends.test", port).bytes, "t1 ");
  EXPECT_EQ(connect("a.b.ends.test", port).bytes, "t1 ");
  EXPECT_EQ(connect("x.ends.test", port).bytes, "t2 ");
  EXPECT_EQ(connect("x.ends.test", port).names, "second.test");
  EXPECT_EQ(connect("b.pass.test", port).failure, "EOF");
  EXPECT_EQ(connect("nobody.test", port).failure, "EOF");
  EXPECT_NE(connect("a.pass.test", port).failure, "") << "the server speaks no TLS";
  EXPECT_NE(connect("a.pass.test", port).failure, "EOF");
}

class GatewayBackendTls : public GatewayTls {
 protected:
  Pem server = make_certificate(
      {.common_name = "",
       .names = {"DNS:abc.example.com", "DNS:other.example.com", "URI:spiffe://x/y"}},
      &root);
  Pem client = make_certificate({.common_name = "gw", .usage = "clientAuth"}, &root);

  void add_secure(const std::string& name, const std::string& address, bool asks_client = false) {
    Host host;
    host.name = name;
    host.script = [name](const HostRequest&) {
      HostAnswer a;
      a.body = name + " ";
      return a;
    };
    auto how = std::make_shared<HostTls>();
    how->certificate = server.certificate;
    how->key = server.key;
    if (asks_client) how->client_authority = root.certificate;
    host.tls = std::move(how);
    rig.world->add_host(address, std::move(host));
    services[name] = {address};
  }
  // A BackendTLSPolicy for Service b.
  static std::string policy(const std::string& hostname, const std::string& sans = "",
                            const std::string& ca = "ca") {
    return "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p}\n"
           "spec: {targetRefs: [{group: '', kind: Service, name: b}], validation: {hostname: " +
           hostname + ", caCertificateRefs: [{group: '', kind: ConfigMap, name: " + ca + "}]" +
           (sans.empty() ? "" : ", subjectAltNames: [" + sans + "]") + "}}\n---\n";
  }
  std::string ask(const std::string& policy, const std::string& more = "") {
    rig.load(gateway(plain, more) + policy + route("a", all("b")), services);
    return who(rig.send("h", "/", {}, Arm::wire));
  }
};

TEST_F(GatewayBackendTls, WhoTheServerMustBe) {  // BackendTLSPolicy
  add_secure("b", "10.0.0.9:443");
  const std::string dns = "{type: Hostname, hostname: ", uri = "{type: URI, uri: '";
  struct Row {
    std::string clause, policy;
    bool served;
  };
  for (const Row& row : std::vector<Row>{
           {"hostname", policy("abc.example.com"), true},
           {"another hostname", policy("nope.example.com"), false},
           {"another authority", policy("abc.example.com", "", "other-ca"), false},
           {"an authority that does not exist", policy("abc.example.com", "", "nope"), false},
           {"a DNS name in place of the hostname",
            policy("nope.example.com", dns + "other.example.com}"), true},
           {"a URI", policy("nope.example.com", uri + "spiffe://x/y'}"), true},
           {"one of several", policy("abc.example.com", dns + "z.test}, " + uri + "spiffe://x/y'}"),
            true},
           {"none of them, though the hostname fits",
            policy("abc.example.com", dns + "z.test}, " + uri + "spiffe://z'}"), false},
       }) {
    const std::string answer = ask(row.policy);
    EXPECT_EQ(answer == "b", row.served) << row.clause << ": " << answer;
    if (!row.served)
      EXPECT_TRUE(answer == "500" || answer == "502") << row.clause << ": " << answer;
  }
}

TEST_F(GatewayBackendTls, TheGatewaysOwnCertificate) {  // spec.tls.backend.clientCertificateRef
  add_secure("b", "10.0.0.9:443", true);
  rig.add_secret("client", client.certificate, client.key);
  EXPECT_NE(ask(policy("abc.example.com")), "b");
  EXPECT_EQ(
      ask(policy("abc.example.com"), "tls: {backend: {clientCertificateRef: {name: client}}}"),
      "b");
}

TEST_F(GatewayBackendTls, TlsRoutesThatEndHereAreEncryptedAgain) {  // 1.7
  add_secure("b", "10.0.0.9:443");
  services["b"] = {"10.0.0.9:443"};
  rig.load(gateway("{name: ends, port: 8883, protocol: TLS, hostname: '*.ends.test', tls: {mode: "
                   "Terminate, certificateRefs: [{name: second}]}}") +
               policy("abc.example.com") +
               route("r", "hostnames: [x.ends.test], " + all("b"), "TLSRoute"),
           services);
  EXPECT_EQ(connect("x.ends.test", "127.80.0.1:8883/tcp", "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                .bytes.substr(0, 12),
            "HTTP/1.1 200");
}

}  // namespace
}  // namespace gateproof::sim
