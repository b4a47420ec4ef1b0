// The tls option of forwardAuth and of rateLimit.redis: what can be told before TLS is spoken (catalogue 3.2; texts of Traefik).
#include "engine/middleware/client_tls.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::middleware {
namespace {

const std::string certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
const std::string key = "-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\n";

struct World {
  testing::FakeWorld world;
  testing::FakeFiles files;
  BuildContext context{"m@file", "r@file", world.clock, world.random, false, &files};
  std::string problem(const ClientTls& tls) {
    const Result<void> checked = check_client_tls(tls, context);
    return checked ? "" : checked.error().message;
  }
};

TEST(ClientTls, WhatCannotBeUsed) {
  World w;
  w.files.files = {{"/ca", certificate}, {"/cert", certificate}, {"/key", key}, {"/text", "text"}};
  const std::string start = "unable to create client TLS configuration: ";
  struct Row {
    ClientTls tls;
    std::string problem;
  };
  for (const Row& row : std::vector<Row>{
           {{}, ""},
           {{.ca = "/ca"}, ""},
           {{.ca = certificate}, ""},
           {{.ca = "/text"}, start + "failed to parse CA"},
           {{.ca = "/nope"}, start + "failed to parse CA"},
           {{.ca = key}, start + "failed to parse CA"},
           {{.cert = "/cert"}, start + "both TLS cert and key must be defined"},
           {{.key = "/key"}, start + "both TLS cert and key must be defined"},
           {{.cert = "/cert", .key = "/key"}, ""},
           {{.cert = certificate, .key = key}, ""},
           {{.cert = certificate, .key = "/key"}, start + "cert file does not exist"},
           {{.cert = "/cert", .key = "/nope"}, start + "key file does not exist"},
           {{.cert = "/nope", .key = "/key"}, start + "cert file does not exist"},
       })
    EXPECT_EQ(w.problem(row.tls), row.problem) << row.tls.ca << row.tls.cert << row.tls.key;
}

TEST(ClientTls, PemFileBytesMax) {
  World w;
  std::string& ca = w.files.files["/ca"] = certificate;
  ca.resize(pem_file_bytes_max, '\n');
  EXPECT_EQ(w.problem({.ca = "/ca"}), "");
  ca += '\n';
  EXPECT_NE(w.problem({.ca = "/ca"}), "") << "a larger file is not read, and its name is no PEM";
  ca.clear();
  EXPECT_NE(w.problem({.ca = "/ca"}), "");
}

TEST(ClientTls, TheConnectorIsMadeOfTheOptions) {
  World w;
  EXPECT_EQ(make_connector(nullptr, w.context).error().code, Code::unsupported);
  config::TransportTlsConfig seen;
  w.context.tls = [&seen](const config::TransportTlsConfig& how) {
    seen = how;
    return Result<std::shared_ptr<TlsConnector>>(std::shared_ptr<TlsConnector>());
  };
  ASSERT_TRUE(make_connector(nullptr, w.context));
  EXPECT_TRUE(seen.root_cas.empty() && seen.certificates.empty());
  EXPECT_FALSE(seen.insecure_skip_verify);
  const ClientTls all{.ca = "/ca", .cert = "/cert", .key = "/key", .insecure_skip_verify = true};
  ASSERT_TRUE(make_connector(&all, w.context));
  ASSERT_EQ(seen.root_cas.size(), 1u);
  ASSERT_EQ(seen.certificates.size(), 1u);
  EXPECT_EQ(seen.root_cas[0].value, "/ca");
  EXPECT_EQ(seen.certificates[0].cert_file.value + seen.certificates[0].key_file.value,
            "/cert/key");
  EXPECT_TRUE(seen.insecure_skip_verify);
}

}  // namespace
}  // namespace gateproof::middleware
