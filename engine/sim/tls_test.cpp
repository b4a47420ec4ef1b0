// TLS that ends here, in virtual time: who gets which certificate and options, what is inside, and what becomes of those who do
// not come to an end (catalogue 1.10, 5.1-5.4).
#include <gtest/gtest.h>

#include "engine/base/crypto_x509.h"
#include "engine/base/text.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/client_hello.h"
#include "engine/sim/wire_client.h"
#include "engine/tls/stream.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using tls::testing::make_certificate;
using tls::testing::Pem;

std::string indented(const std::string& pem, const std::string& by) {
  return "|\n" + by + text::replace_all(pem, "\n", "\n" + by) + "\n";
}

std::string pair_yaml(const Pem& pem) {
  return "    - certFile: " + indented(pem.certificate, "        ") +
         "      keyFile: " + indented(pem.key, "        ");
}

std::string names_of(const std::string& der) {
  const auto told = crypto::parse_certificate(der);
  if (!told) return "?";
  return told->subject.common_name + text::join(told->dns_names, ",");
}

struct Client {
  std::string sni = "a.test";
  std::string max_version;
  std::vector<std::string> alpn;
  const Pem* certificate = nullptr;
  std::string before;  // plain bytes in front of TLS, and one byte of answer
};

struct Session {
  std::string failure;  // of the client's handshake
  std::string version, alpn;
  std::string names;  // of the server's certificate
  pipeline::ConnectionRecord record;
  std::unique_ptr<tls::TlsStream> stream;
};

class Terminated : public ::testing::Test {
 protected:
  std::unique_ptr<World> world;
  Pem root = make_certificate({.common_name = "root", .authority = true});
  Pem a = make_certificate({.common_name = "", .names = {"DNS:a.test"}}, &root);
  Pem b = make_certificate({.common_name = "", .names = {"DNS:*.b.test"}}, &root);
  std::vector<std::unique_ptr<Session>> sessions;

  void start(const std::string& dynamic,
             const std::string& statics = "entryPoints: {secure: {address: ':443'}}") {
    config::Findings findings;
    auto s = config::decode_static(
        *config::parse_document(statics, "static.yml", config::Format::yaml), findings);
    ASSERT_TRUE(s);
    world = std::make_unique<World>(1, std::make_shared<const config::StaticConfig>(*s));
    load(dynamic);
    TcpHost host;
    host.name = "h";
    host.greeting = "hello:";
    world->add_tcp_host("h.internal:1", host);
    Host http;
    http.name = "w";
    http.script = [](const HostRequest& r) {
      HostAnswer answer;
      answer.body = "served " + r.target;
      return answer;
    };
    world->add_host("w.internal:80", http);
  }
  void load(const std::string& dynamic) {
    config::Findings findings;
    auto doc = config::parse_document(dynamic, "dynamic.yml", config::Format::yaml);
    ASSERT_TRUE(doc.has_value()) << dynamic;
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d);
    world->engine().update("file", std::move(*d));
  }
  std::string certificates() { return "  certificates:\n" + pair_yaml(a) + pair_yaml(b); }

  static Task<void> shake(std::unique_ptr<Stream> plain, Client how, World* world, Session* out) {
    if (!how.before.empty()) {
      std::vector<std::string_view> pieces = {how.before};
      co_await write_all(*plain, std::move(pieces), instant_max);
      char answer = 0;
      const Result<size_t> n = co_await read_some(*plain, {&answer, 1}, instant_max);
      if (!n || *n != 1 || answer != 'S') out->failure = "no S";
    }
    tls::ClientSettings settings;
    settings.insecure_skip_verify = true;
    settings.max_version = how.max_version;
    settings.min_version = "VersionTLS10";
    if (how.certificate)
      settings.certificates = {{how.certificate->certificate, how.certificate->key}};
    out->stream = std::make_unique<tls::TlsStream>(
        std::move(plain), *tls::ClientContext::make(settings), how.sni, how.alpn, 0);
    Result<void> done = co_await out->stream->handshake(world->scheduler().now() + 60s);
    if (!done) {
      out->failure = done.error().message;
      co_return;
    }
    const http::TlsState state = out->stream->session().state();
    out->version = state.version;
    out->alpn = state.alpn;
    if (state.client_certificates) out->names = names_of(state.client_certificates->front());
  }
  Session& connect(const Client& how = {}) {
    sessions.push_back(std::make_unique<Session>());
    Session& s = *sessions.back();
    auto plain = world->open("secure", {IpAddress::v4(127, 0, 0, 1), 50000}, &s.record);
    world->run(shake(std::move(plain), how, world.get(), &s));
    return s;
  }
  std::string get(Session& s, const std::string& host, const std::string& path = "/") {
    if (!s.stream || !s.failure.empty()) return "no session: " + s.failure;
    Task<WireAnswer> asking =
        wire_exchange(*s.stream, "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n", false);
    WireAnswer answer;
    world->run(keep(std::move(asking), &answer));
    return std::to_string(answer.status) + " " + answer.body;
  }
  static Task<void> keep(Task<WireAnswer> task, WireAnswer* out) { *out = co_await task; }
};

constexpr const char* web =
    "  services: {w: {loadBalancer: {servers: [{url: 'http://w.internal:80'}]}}}\n";

TEST_F(Terminated, CertificatesGoByServerName) {  // 5.2
  start(std::string("http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: w, tls: {}}}\n") +
        web + "tls:\n" + certificates());
  EXPECT_EQ(connect({.sni = "a.test"}).names, "a.test");
  EXPECT_EQ(connect({.sni = "A.TEST"}).names, "a.test");
  EXPECT_EQ(connect({.sni = "x.b.test"}).names, "*.b.test");
  EXPECT_TRUE(connect({.sni = "x.y.b.test"}).names.starts_with("TRAEFIK DEFAULT CERT"));
  EXPECT_TRUE(connect({.sni = "10.0.0.1"}).names.starts_with("TRAEFIK DEFAULT CERT"));
  EXPECT_EQ(get(connect(), "a.test", "/x"), "200 served /x");
  Session& twice = connect();
  EXPECT_EQ(get(twice, "a.test", "/1"), "200 served /1");
  EXPECT_EQ(get(twice, "other.test", "/2"), "200 served /2");
}

TEST_F(Terminated, A4_OptionsGoByServerNameAndAreHeldAgainstTheHost) {  // 5.3
  start(std::string("http:\n  routers:\n"
                    "    a: {rule: 'Host(`a.test`)', service: w, tls: {options: old}}\n"
                    "    b: {rule: 'Host(`x.b.test`)', service: w, tls: {}}\n"
                    "    c: {rule: 'Host(`y.b.test`)', service: w, tls: {}}\n"
                    "    broken: {rule: 'Host(`z.test`)', service: w, tls: {options: zz}}\n") +
        web + "tls:\n  options: {old: {maxVersion: VersionTLS12}}\n" + certificates());
  EXPECT_EQ(connect({.sni = "a.test"}).version, "1.2");
  EXPECT_EQ(connect({.sni = "x.b.test"}).version, "1.3");
  EXPECT_EQ(get(connect({.sni = "a.test"}), "a.test"), "200 served /");
  EXPECT_EQ(get(connect({.sni = "a.test"}), "x.b.test"), "421 Misdirected Request\n");
  EXPECT_EQ(get(connect({.sni = "x.b.test"}), "a.test"), "421 Misdirected Request\n");
  EXPECT_EQ(get(connect({.sni = "x.b.test"}), "y.b.test"), "200 served /");
  EXPECT_EQ(get(connect({.sni = "a.test"}), "nobody.test"), "404 404 page not found\n");
  EXPECT_EQ(connect({.sni = "z.test"}).failure, "EOF");
  EXPECT_EQ(get(connect({.sni = "x.b.test"}), "z.test"), "404 404 page not found\n");
}

TEST_F(Terminated, A4_AHelloInPiecesOfOneByteHasItsOptions) {  // reliability A4
  start(std::string("http:\n  routers: {a: {rule: 'Host(`a.test`)', service: w, tls: {options: "
                    "old}}}\n") +
        web + "tls:\n  options: {old: {maxVersion: VersionTLS12}}\n" + certificates());
  world->transport().link.segment_bytes_max = 1;
  Session& s = connect({.sni = "A.Test"});
  EXPECT_EQ(s.version, "1.2");
  EXPECT_EQ(s.names, "a.test");
  EXPECT_EQ(get(s, "a.test"), "200 served /");
}

TEST_F(Terminated, SniStrictAndAlpn) {
  start(std::string("http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: w, tls: {}}}\n") +
        web + "tls:\n  options: {default: {sniStrict: true, alpnProtocols: [http/1.1, x]}}\n" +
        certificates());
  EXPECT_EQ(connect({.sni = "a.test"}).failure, "");
  EXPECT_EQ(connect({.sni = "nobody.test"}).failure, "remote error: tls: unrecognized name");
  EXPECT_EQ(connect({.alpn = {"x", "http/1.1"}}).alpn, "http/1.1");
  EXPECT_EQ(connect({.alpn = {"y"}}).failure, "remote error: tls: no application protocol");
}

TEST_F(Terminated, ClientCertificatesReachTheMiddlewares) {
  const Pem good = make_certificate({.common_name = "me", .usage = "clientAuth"}, &root);
  start(std::string("http:\n"
                    "  routers: {r: {rule: 'Host(`a.test`)', service: w, middlewares: [m], tls: "
                    "{options: both}}}\n"
                    "  middlewares: {m: {passTLSClientCert: {info: {subject: {commonName: "
                    "true}}}}}\n") +
        web + "tls:\n  options:\n    both:\n      clientAuth:\n        caFiles:\n          - " +
        indented(root.certificate, "            ") + certificates());
  EXPECT_NE(get(connect(), "a.test"), "200 served /");
  Session& s = connect({.certificate = &good});
  world->take_seen();
  EXPECT_EQ(get(s, "a.test"), "200 served /");
  std::string told;
  for (const HostRequest& r : world->take_seen()) {
    for (const auto& [name, value] : r.headers) {
      if (name == "X-Forwarded-Tls-Client-Cert-Info") told = value;
    }
  }
  EXPECT_EQ(told, "Subject%3D%22CN%3Dme%22");
}

constexpr const char* tcp_services =
    "  services: {s: {loadBalancer: {servers: [{address: 'h.internal:1'}]}}}\n";

std::string say(World& world, Stream& stream, const std::string& bytes) {
  const std::string_view pieces[] = {bytes};
  stream.try_write(pieces);
  world.advance(10ms);
  char buffer[100];
  std::string got;
  for (;;) {
    const IoResult r = stream.try_read(buffer);
    if (r.kind != IoResult::bytes) return got;
    got.append(buffer, r.n);
  }
}

TEST_F(Terminated, TcpRoutersGetWhatIsInside) {
  start(std::string("tcp:\n  routers:\n"
                    "    one: {rule: 'HostSNI(`a.test`)', service: s, tls: {}}\n"
                    "    two: {rule: 'HostSNI(`x.b.test`)', service: s, tls: {options: old}}\n") +
        tcp_services + "tls:\n  options: {old: {maxVersion: VersionTLS12}}\n" + certificates());
  Session& s = connect();
  EXPECT_EQ(s.names, "a.test");
  EXPECT_EQ(say(*world, *s.stream, "ping"), "hello:ping");
  EXPECT_EQ(s.record.router, "one@file");
  EXPECT_EQ(connect({.sni = "x.b.test"}).version, "1.2");
}

TEST_F(Terminated, PostgresStartTls) {  // 1.10 step 2
  start(std::string("tcp:\n  routers: {one: {rule: 'HostSNI(`a.test`)', service: s, tls: {}}}\n") +
        tcp_services + "tls:\n" + certificates());
  Session& s = connect({.before = std::string(pipeline::postgres_ssl_request)});
  EXPECT_EQ(s.names, "a.test");
  EXPECT_EQ(say(*world, *s.stream, "startup"), "hello:startup");  // no SSLRequest for the server
}

TEST_F(Terminated, R1_SilenceInTheMiddleOfAHandshakeEnds) {  // reliability R1
  start(
      std::string("http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: w, tls: {}}}\n") + web,
      "entryPoints: {secure: {address: ':443', transport: {respondingTimeouts: {readTimeout: "
      "7s}}}}");
  sessions.push_back(std::make_unique<Session>());
  Session& s = *sessions.back();
  auto plain = world->open("secure", {IpAddress::v4(127, 0, 0, 1), 50000}, &s.record);
  // A whole hello, and then nothing: as if the client's Finished were lost.
  auto lost = make_pair(world->scheduler(), {}, {}, {});
  tls::ClientSettings settings;
  settings.insecure_skip_verify = true;
  tls::TlsStream client(std::move(lost.first), *tls::ClientContext::make(settings), "a.test", {},
                        0);
  Task<Result<void>> shaking = client.handshake(instant_max);
  shaking.start_root(world->scheduler(), "client");
  char hello[4096];
  const IoResult r = lost.second->try_read(hello);
  ASSERT_EQ(r.kind, IoResult::bytes);
  const std::string_view pieces[] = {{hello, r.n}};
  plain->try_write(pieces);
  world->advance(6900ms);
  EXPECT_FALSE(plain->ended());
  world->advance(200ms);
  EXPECT_TRUE(plain->ended());
  EXPECT_EQ(s.record.failure, "tls: the handshake was not complete in time");
}

TEST_F(Terminated, PairsThatDoNotFitAndCurvesThatNobodyHasAreTold) {
  const std::string http = std::string(
                               "http:\n  routers: {r: {rule: 'Host(`a.test`)', service: w, "
                               "tls: {options: far}}}\n") +
                           web;
  start(http + "tls:\n  options: {far: {curvePreferences: [X25519MLKEM768]}}\n  certificates:\n" +
        pair_yaml({a.certificate, b.key}) + pair_yaml(b));
  std::string told;
  for (const config::Finding& f : world->engine().snapshot()->findings.list())
    told += std::string(f.code) + " " + f.message + "\n";
  EXPECT_EQ(told,
            "GP0602 nothing of these options is known to this build's OpenSSL: connections to "
            "names that have them are closed\nGP0604 tls: private key does not match public key: "
            "an error is logged and the certificate left out\n");
  EXPECT_EQ(connect({.sni = "a.test"}).failure, "EOF");
  EXPECT_EQ(connect({.sni = "x.b.test"}).names, "*.b.test");
}

TEST_F(Terminated, NewHandshakesUseTheNewSnapshot) {
  const std::string http =
      std::string("http:\n  routers: {r: {rule: 'PathPrefix(`/`)', service: w, tls: {}}}\n") + web;
  start(http + "tls:\n" + certificates());
  Session& before = connect();
  EXPECT_EQ(before.names, "a.test");
  const Pem other = make_certificate({.common_name = "new", .names = {"DNS:a.test"}}, &root);
  load(http + "tls:\n  certificates:\n" + pair_yaml(other));
  EXPECT_EQ(connect().names, "newa.test");
  EXPECT_EQ(get(before, "a.test"), "200 served /");  // and the old one goes on
}

}  // namespace
}  // namespace gateproof::sim
