// OCSP stapling in virtual time: when a responder is asked, what becomes of its answer, and of none.
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/middleware/middleware.h"
#include "engine/sim/world.h"
#include "engine/tls/testing/ocsp_responder.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using pipeline::OcspStapler;
using tls::testing::make_certificate;
using tls::testing::OcspWords;
using tls::testing::Pem;

std::string indented(const std::string& pem) {
  return "|\n        " + text::replace_all(pem, "\n", "\n        ") + "\n";
}

class Stapled : public testing::Test {
 protected:
  std::unique_ptr<World> world;
  Pem root = make_certificate({.common_name = "root", .authority = true});
  std::vector<HostRequest> asked;
  OcspWords::Status status = OcspWords::Status::good;
  int64_t lifetime_s = 7200;
  HostAnswer answer;

  Pem leaf(const std::string& name, const std::string& responder = "http://ocsp.test/x?y") {
    Pem made = make_certificate({.names = {"DNS:" + name}, .responder = responder}, &root);
    made.certificate += root.certificate;
    return made;
  }
  int64_t now_s() const { return world->scheduler().clock().wall_ns() / 1'000'000'000; }

  void start(const std::string& block = "ocsp: {}") {
    config::Findings findings;
    auto s = config::decode_static(
        *config::parse_document("entryPoints: {secure: {address: ':443'}}\n" + block, "static.yml",
                                config::Format::yaml),
        findings);
    ASSERT_TRUE(s);
    world = std::make_unique<World>(1, std::make_shared<const config::StaticConfig>(*s));
    Host host;
    host.name = "responder";
    host.script = [this](const HostRequest& r) {
      asked.push_back(r);
      HostAnswer a = answer;
      if (a.status != 200 || !a.body.empty()) return a;
      a.body = tls::testing::ocsp_response(
          r.body, root, {status, now_s() - 60, lifetime_s == 0 ? 0 : now_s() - 60 + lifetime_s});
      return a;
    };
    world->add_host("ocsp.test:80", host);
    world->add_host("other.test:8080", host);
  }
  void load(const std::vector<Pem>& pairs) {
    std::string text = "tls:\n  certificates:\n";
    for (const Pem& p : pairs)
      text += "    - certFile: " + indented(p.certificate) + "      keyFile: " + indented(p.key);
    config::Findings findings;
    auto doc =
        config::parse_document(pairs.empty() ? "tls: {}" : text, "d.yml", config::Format::yaml);
    ASSERT_TRUE(doc.has_value());
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d);
    world->engine().update("file", std::move(*d));
    world->advance(1ms);
  }
  std::string staple(size_t i = 0) const {
    const auto snapshot = world->engine().snapshot();
    if (snapshot->ocsp.size() <= i) return "nobody is asked";
    const auto found = snapshot->ocsp[i].identity->staple(world->scheduler().clock().wall_ns());
    return found ? found->der : "";
  }
};

TEST_F(Stapled, OnlyWithTheBlock) {
  start("");
  load({leaf("a.test")});
  world->advance(2h);
  EXPECT_TRUE(asked.empty());
  start("ocsp: {}");
  load({leaf("a.test"), make_certificate({.names = {"DNS:b.test"}}, &root)});
  ASSERT_EQ(asked.size(), 1u);  // b.test names no responder
  EXPECT_EQ(asked[0].method + " " + asked[0].target, "POST /x?y");
  EXPECT_NE(staple(), "");
}

TEST_F(Stapled, AnOverrideIsAskedInstead) {
  start("ocsp: {responderOverrides: {'http://ocsp.test/x?y': 'http://other.test:8080/z'}}");
  load({leaf("a.test")});
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].target, "/z");
  EXPECT_EQ(asked[0].headers.front().second, "other.test:8080");
  EXPECT_NE(staple(), "");
}

TEST_F(Stapled, RenewedHalfWayAndKeptOverReloads) {
  start();
  const Pem a = leaf("a.test");
  load({a});
  const std::string first = staple();
  load({a, leaf("b.test")});
  EXPECT_EQ(asked.size(), 2u);  // about b alone
  EXPECT_TRUE(staple(0) == first || staple(1) == first);
  world->advance(3539s);
  EXPECT_EQ(asked.size(), 2u);
  world->advance(3s);
  EXPECT_EQ(asked.size(), 4u);
  load({});
  world->advance(24h);
  EXPECT_EQ(asked.size(), 4u);
}

TEST_F(Stapled, RenewalLimits) {
  lifetime_s = 70;  // half of it is over when it comes
  start();
  load({leaf("a.test")});
  world->advance(OcspStapler::renewal_min - 10ms);
  EXPECT_EQ(asked.size(), 1u);
  world->advance(20ms);
  EXPECT_EQ(asked.size(), 2u);
  lifetime_s = 0;
  asked.clear();
  start();
  load({leaf("a.test")});
  world->advance(OcspStapler::renewal_default - 10ms);
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_NE(staple(), "");
  world->advance(20ms);
  EXPECT_EQ(asked.size(), 2u);
}

TEST_F(Stapled, NobodyAnswers) {
  answer.status = 500;
  start();
  load({leaf("a.test", "http://ocsp.test/1,OCSP;URI:http://other.test:8080/2")});
  EXPECT_EQ(asked.size(), 2u);  // one after the other
  EXPECT_EQ(staple(), "");
  world->advance(OcspStapler::retry_after - 10ms);
  EXPECT_EQ(asked.size(), 2u);
  answer.status = 200;
  world->advance(20ms);
  EXPECT_EQ(asked.size(), 3u);
  EXPECT_NE(staple(), "");
  answer.body = "no OCSP";  // what stands is kept until it expires
  world->advance(1h);
  EXPECT_NE(staple(), "");
  world->advance(1h);
  EXPECT_EQ(staple(), "");
}

TEST_F(Stapled, RequestsMaxAndTheirTime) {
  answer.action = HostAnswer::Action::silent;
  start();
  std::vector<Pem> many;
  for (size_t i = 0; i <= OcspStapler::requests_max; ++i)
    many.push_back(leaf("n" + std::to_string(i) + ".test"));
  load(many);
  EXPECT_EQ(asked.size(), OcspStapler::requests_max);
  world->advance(OcspStapler::request_time_max - 100ms);
  EXPECT_EQ(asked.size(), OcspStapler::requests_max);
  answer.action = HostAnswer::Action::answer;
  world->advance(OcspStapler::turn_pause + 200ms);
  EXPECT_EQ(asked.size(), OcspStapler::requests_max + 1);
}

TEST_F(Stapled, WhatTheResponderSaysIsStapled) {
  status = OcspWords::Status::revoked;
  start();
  load({leaf("a.test")});
  EXPECT_NE(staple(), "");
}

TEST_F(Stapled, ResponderThatCannotBeAsked) {
  start();
  load({leaf("a.test", "ldap://ocsp.test/x"), leaf("b.test", "nonsense")});
  world->advance(1h);
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(staple(0) + staple(1), "");
}

}  // namespace
}  // namespace gateproof::sim
