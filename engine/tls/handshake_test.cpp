// What a handshake ends in, for every switch of both sides: each has a peer that passes and one that fails (reliability A6).
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/tls/context_parts.h"
#include "engine/tls/session.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::tls {
namespace {

using tls::testing::make_certificate;
using tls::testing::Pem;
using tls::testing::Wanted;

// One end of a wire that holds what was said until the other end takes it.
class Wire final : public Ciphertext {
 public:
  Wire* other = nullptr;
  std::string in;
  IoResult take(std::span<char> into) override {
    if (in.empty()) return {};
    const size_t n = std::min(into.size(), in.size());
    std::copy_n(in.data(), n, into.data());
    in.erase(0, n);
    return {IoResult::bytes, n};
  }
  void put(std::string_view records) override { other->in += records; }
};

constexpr int64_t wall = 1'700'000'000'000'000'000;

struct Facts {
  std::string client, server;  // errors; "" when the side is content
  http::TlsState state;        // of the server
  std::string alpn;            // of the client
};

struct Case {
  ServerSettings server;
  ClientSettings client;
  Pem leaf;
  std::string name = "a.test";
  std::vector<std::string> alpn;
  bool with_identity = true;
};

const Pem& root() {
  static const Pem pem = make_certificate({.common_name = "root", .authority = true});
  return pem;
}
const Pem& other_root() {
  static const Pem pem = make_certificate({.common_name = "other", .authority = true});
  return pem;
}
Pem signed_by(const Pem& issuer, Wanted wanted) { return make_certificate(wanted, &issuer); }

Facts shake(const Case& c) {
  Wire a, b;
  a.other = &b;
  b.other = &a;
  const auto identity = *Identity::load(c.leaf.certificate, c.leaf.key);
  const auto server_context = ServerContext::make(c.server);
  const auto client_context = ClientContext::make(c.client);
  EXPECT_TRUE(server_context && client_context);
  Session client(a, *client_context, c.name, c.alpn, wall);
  Session server(b, *server_context, c.with_identity ? identity.get() : nullptr, wall);
  Progress pc = Progress::wants_input, ps = Progress::wants_input;
  for (int turn = 0; turn < 10; ++turn) {
    if (pc == Progress::wants_input) pc = client.handshake();
    if (ps == Progress::wants_input) ps = server.handshake();
  }
  char byte[8];
  size_t n = 0;
  if (pc == Progress::done) pc = client.read(byte, n);  // TLS 1.3: a refusal comes behind it
  Facts f;
  if (pc == Progress::failed) f.client = client.error().message;
  if (ps == Progress::failed) f.server = server.error().message;
  if (ps == Progress::done) f.state = server.state();
  f.alpn = client.alpn();
  return f;
}

Case usual() {
  Case c;
  c.leaf = signed_by(root(),
                     {.names = {"DNS:a.test", "DNS:*.w.test", "IP:10.0.0.7", "URI:spiffe://x/y"}});
  c.client.roots = {root().certificate};
  return c;
}

TEST(Handshake, A6_NamesInTheCertificateAreChecked) {
  struct Row {
    std::string name, error;
  };
  const std::string bad = "tls: failed to verify certificate: x509: hostname mismatch";
  const std::string bad_ip = "tls: failed to verify certificate: x509: IP address mismatch";
  for (const Row& row : std::vector<Row>{{"a.test", ""},
                                         {"A.TEST", ""},
                                         {"b.test", bad},
                                         {"x.w.test", ""},
                                         {"x.y.w.test", bad},
                                         {"w.test", bad},
                                         {"10.0.0.7", ""},
                                         {"10.0.0.8", bad_ip}}) {
    Case c = usual();
    c.name = row.name;
    EXPECT_EQ(shake(c).client, row.error) << row.name;
    c.client.insecure_skip_verify = true;
    EXPECT_EQ(shake(c).client, "") << row.name;
    c.client.insecure_skip_verify = false;
    c.client.server_name = "a.test";  // serverName comes before what is dialled
    EXPECT_EQ(shake(c).client, "") << row.name;
  }
  Case nameless = usual();  // who is not named cannot be checked
  nameless.name.clear();
  EXPECT_EQ(shake(nameless).client,
            "tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config");
  Case common = usual();  // a CN is no name of a server
  common.leaf = signed_by(root(), {.common_name = "a.test"});
  EXPECT_EQ(shake(common).client, bad);
}

TEST(Handshake, A6_ChainsOfServersAreChecked) {
  Case c = usual();
  c.client.roots = {other_root().certificate};
  EXPECT_EQ(shake(c).client,
            "tls: failed to verify certificate: x509: unable to get local issuer certificate");
  EXPECT_EQ(shake(c).server, "remote error: tls: unknown CA");
  c.client.roots = {other_root().certificate, root().certificate};
  EXPECT_EQ(shake(c).client, "");
  c.client.roots = {c.leaf.certificate};  // as in Go: whoever is in the pool is trusted
  EXPECT_EQ(shake(c).client, "");
  c.client.roots = {"no certificate"};
  EXPECT_NE(shake(c).client, "");
  Case old = usual();
  old.leaf = signed_by(root(), {.names = {"DNS:a.test"}, .end_s = 1'650'000'000});
  EXPECT_EQ(shake(old).client, "tls: failed to verify certificate: x509: certificate has expired");
  Case young = usual();
  young.leaf = signed_by(root(), {.names = {"DNS:a.test"}, .begin_s = 1'800'000'000});
  EXPECT_EQ(shake(young).client,
            "tls: failed to verify certificate: x509: certificate is not yet valid");
}

TEST(Handshake, A6_PeerCertUri) {
  Case c = usual();
  c.client.peer_cert_uri = "spiffe://x/y";
  EXPECT_EQ(shake(c).client, "");
  c.client.peer_cert_uri = "spiffe://x/z";
  EXPECT_EQ(shake(c).client, "no SAN URI in peer certificate matches spiffe://x/z");
  c.client.insecure_skip_verify = true;  // does not switch this one off
  EXPECT_NE(shake(c).client, "");
  c.client.peer_cert_uri = "spiffe://x/y";
  EXPECT_EQ(shake(c).client, "");
  c.client.roots = {other_root().certificate};
  EXPECT_NE(shake(c).client, "");
}

TEST(Handshake, Versions) {
  struct Row {
    std::string min, max, client_min, client_max, version;
  };
  for (const Row& r : std::vector<Row>{{"", "", "", "", "1.3"},
                                       {"", "VersionTLS12", "", "", "1.2"},
                                       {"VersionTLS13", "", "", "VersionTLS12", ""},
                                       {"", "", "VersionTLS10", "VersionTLS11", ""},
                                       {"VersionTLS10", "", "VersionTLS10", "VersionTLS10", "1.0"},
                                       {"VersionTLS11", "", "VersionTLS10", "VersionTLS11", "1.1"},
                                       {"VersionTLS11", "", "VersionTLS10", "VersionTLS10", ""},
                                       {"nonsense", "", "", "VersionTLS12", "1.2"}}) {
    Case c = usual();
    c.server.min_version = r.min;
    c.server.max_version = r.max;
    c.client.min_version = r.client_min;
    c.client.max_version = r.client_max;
    const Facts f = shake(c);
    EXPECT_EQ(f.state.version, r.version) << r.min << " " << r.max << " " << f.server;
    EXPECT_EQ(f.client.empty(), !r.version.empty());
  }
}

TEST(Handshake, CipherSuites) {
  Case c = usual();
  c.client.max_version = "VersionTLS12";
  EXPECT_EQ(shake(c).state.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  c.server.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  EXPECT_EQ(shake(c).state.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  c.client.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"};
  EXPECT_EQ(shake(c).state.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA");
  c.client.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_EQ(shake(c).client, "remote error: tls: handshake failure");
  c.server.cipher_suites = {"TLS_AES_128_GCM_SHA256"};  // nothing below TLS 1.3
  EXPECT_EQ(shake(c).client, "remote error: tls: protocol version");
  c.client.max_version.clear();
  EXPECT_EQ(shake(c).state.cipher, "TLS_AES_128_GCM_SHA256");
  Case keys = usual();  // RSA key exchange is not among the usual ones
  keys.leaf = signed_by(root(), {.names = {"DNS:a.test"}, .rsa = true});
  keys.client.max_version = "VersionTLS12";
  keys.client.cipher_suites = {"TLS_RSA_WITH_AES_128_CBC_SHA"};
  EXPECT_NE(shake(keys).client, "");
  keys.server.cipher_suites = keys.client.cipher_suites;
  EXPECT_EQ(shake(keys).state.cipher, "TLS_RSA_WITH_AES_128_CBC_SHA");
}

TEST(Handshake, Alpn) {
  struct Row {
    std::vector<std::string> server, client;
    std::string chosen, error;
  };
  const std::string none = "remote error: tls: no application protocol";
  for (const Row& r : std::vector<Row>{{{"h2", "http/1.1"}, {"http/1.1", "h2"}, "h2", ""},
                                       {{"h2", "http/1.1"}, {"http/1.1"}, "http/1.1", ""},
                                       {{"h2", "http/1.1"}, {}, "", ""},
                                       {{"h2"}, {"http/1.1"}, "", ""},
                                       {{"h2"}, {"spdy"}, "", none},
                                       {{"http/1.1"}, {"h2"}, "", none},
                                       {{}, {"h2"}, "", ""}}) {
    Case c = usual();
    c.server.alpn = r.server;
    c.alpn = r.client;
    const Facts f = shake(c);
    EXPECT_EQ(f.state.alpn, r.chosen);
    EXPECT_EQ(f.alpn, r.chosen);
    EXPECT_EQ(f.client, r.error);
  }
}

TEST(Handshake, ANameWithoutCertificateIsRefused) {  // sniStrict
  Case c = usual();
  c.with_identity = false;
  EXPECT_EQ(shake(c).client, "remote error: tls: unrecognized name");
}

TEST(Handshake, A6_ClientCertificates) {
  const Pem good = signed_by(root(), {.common_name = "good", .usage = "clientAuth"});
  const Pem plain = signed_by(root(), {.common_name = "plain"});
  const Pem server_only = signed_by(root(), {.common_name = "s", .usage = "serverAuth"});
  const Pem foreign = signed_by(other_root(), {.common_name = "foreign", .usage = "clientAuth"});
  const Pem old = signed_by(root(), {.common_name = "old", .end_s = 1'650'000'000});
  struct Row {
    ClientAuth auth;
    const Pem* client;
    bool passes;
  };
  using enum ClientAuth;
  for (const Row& r : std::vector<Row>{{none, nullptr, true},
                                       {none, &foreign, true},
                                       {request, nullptr, true},
                                       {request, &foreign, true},
                                       {request, &old, true},
                                       {require_any, nullptr, false},
                                       {require_any, &foreign, true},
                                       {verify_if_given, nullptr, true},
                                       {verify_if_given, &good, true},
                                       {verify_if_given, &plain, true},
                                       {verify_if_given, &foreign, false},
                                       {verify_if_given, &old, false},
                                       {require_and_verify, nullptr, false},
                                       {require_and_verify, &good, true},
                                       {require_and_verify, &foreign, false},
                                       {require_and_verify, &server_only, false}}) {
    for (const char* version : {"VersionTLS12", "VersionTLS13"}) {
      Case c = usual();
      c.client.max_version = version;
      c.server.client_auth = r.auth;
      c.server.client_authorities = {root().certificate};
      if (r.client) c.client.certificates = {{r.client->certificate, r.client->key}};
      const Facts f = shake(c);
      const std::string what =
          std::string(version) + " " + std::to_string(static_cast<int>(r.auth)) + " " + f.server;
      EXPECT_EQ(f.server.empty(), r.passes) << what;
      EXPECT_EQ(f.client.empty(), r.passes) << what << f.client;
      const bool told = r.passes && r.client && r.auth != none;
      EXPECT_EQ(f.state.client_certificates != nullptr, told) << what;
    }
  }
}

TEST(Handshake, BadInputsAreErrors) {
  const Pem a = make_certificate({.common_name = "a"}), b = make_certificate({.common_name = "b"});
  EXPECT_EQ(Identity::load("", "").error().message,
            "tls: failed to find any PEM data in certificate input");
  EXPECT_EQ(Identity::load(a.certificate, "x").error().message,
            "tls: failed to find any PEM data in key input");
  EXPECT_EQ(Identity::load(a.certificate, b.key).error().message,
            "tls: private key does not match public key");
  EXPECT_TRUE(Identity::load(a.certificate, a.key));
  ServerSettings s;
  s.curves = {"X25519MLKEM768"};
  EXPECT_EQ(ServerContext::make(s).error().code, Code::unsupported);
  s.curves = {"X25519MLKEM768", "CurveP384"};
  EXPECT_TRUE(ServerContext::make(s));
}

// What could be wrong is tried with the configuration; what cannot be waits for the first connection.
TEST(Handshake, AContextIsMadeWhenItIsNeeded) {
  ServerSettings s;
  s.min_version = "VersionTLS13";
  s.alpn = {"h2"};
  const auto kept = *ServerContext::make(s);
  EXPECT_FALSE(kept->parts().context);
  SSL_CTX* const made = kept->parts().openssl();
  ASSERT_TRUE(made);
  EXPECT_EQ(kept->parts().openssl(), made);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(made), TLS1_3_VERSION);
  const Pem authority = make_certificate({.common_name = "a"});
  const auto with = [](auto set) {
    ServerSettings o;
    set(o);
    return o;
  };
  for (const ServerSettings& o : {
           with([](auto& o) { o.cipher_suites = {"TLS_RSA_WITH_AES_128_CBC_SHA"}; }),
           with([](auto& o) { o.curves = {"CurveP384"}; }),
           with([](auto& o) { o.max_version = "VersionTLS12"; }),
           with([](auto& o) { o.min_version = "VersionTLS10"; }),
           with([&](auto& o) { o.client_authorities = {authority.certificate}; }),
       }) {
    const auto made_now = ServerContext::make(o);
    ASSERT_TRUE(made_now);
    EXPECT_TRUE((*made_now)->parts().context);
  }
}

}  // namespace
}  // namespace gateproof::tls
