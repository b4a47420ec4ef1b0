// sessionPersistence of HTTPRoutes and GRPCRoutes (GEP-1619; the members of 1.6 and those of 1.7), from manifests to answers.
#include "engine/config/route_filters.h"
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class GatewaySessions : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;

  void SetUp() override {
    for (int i = 1; i <= 4; ++i) {
      const std::string name = "s" + std::to_string(i);
      rig.add_server("10.0.0." + std::to_string(i) + ":80", name);
    }
    services["two"] = {"10.0.0.1:80", "10.0.0.2:80"};
    services["more"] = {"10.0.0.3:80", "10.0.0.4:80"};
  }
  void load(const std::string& session, const std::string& backends = to("two")) {
    rig.load(gateway(plain) +
                 route("r", "rules: [{sessionPersistence: {" + session + "}, " + backends + "}]"),
             services);
  }
  Outcome ask(const std::string& token = {}) {
    FieldList fields;
    if (!token.empty()) fields.emplace_back("X-Session", token);
    return rig.send("a.test", "/", fields);
  }
  static std::string token_of(const Outcome& o) { return field(o.headers, "X-Session"); }

  static inline const std::string both =
      "backendRefs: [{name: two, port: 80}, {name: more, port: 80}]";
};

TEST_F(GatewaySessions, AFieldKeepsAClientWithItsServer) {
  for (const std::string form :
       {"type: Header, sessionName: X-Session", "type: Header, header: {name: X-Session}"}) {
    load(form);
    std::set<std::string> seen;
    for (int i = 0; i < 4; ++i) {
      const Outcome first = ask();
      const std::string token = token_of(first);
      seen.insert(who(first));
      ASSERT_FALSE(token.empty()) << form;
      EXPECT_EQ(token.find("10.0"), std::string::npos);
      EXPECT_EQ(field(first.headers, "Set-Cookie"), "");
      for (int k = 0; k < 5; ++k) {
        const Outcome next = ask(token);
        EXPECT_EQ(who(next), who(first)) << form;
        EXPECT_EQ(token_of(next), "");  // the client knows it
      }
    }
    EXPECT_EQ(seen.size(), 2u) << form;  // who brings none goes where the turn is
  }
}

TEST_F(GatewaySessions, ATokenOfAServerThatIsGoneIsReplaced) {
  load("type: Header, sessionName: X-Session");
  Outcome first = ask();
  if (who(first) != "s2") first = ask();
  ASSERT_EQ(who(first), "s2");
  services["two"] = {"10.0.0.1:80"};
  load("type: Header, sessionName: X-Session");
  const Outcome next = ask(token_of(first));
  EXPECT_EQ(who(next), "s1");
  EXPECT_FALSE(token_of(next).empty());
  EXPECT_NE(token_of(next), token_of(first));
  EXPECT_EQ(token_of(ask(token_of(next))), "");
  // Whatever else a client makes up.
  for (const std::string bad : {"http://10.0.0.1:80", "x", "0123456789abcdef"})
    EXPECT_FALSE(token_of(ask(bad)).empty()) << bad;
}

TEST_F(GatewaySessions, TheServerIsTheOneAskedAndHearsTheToken) {  // GEP-1619: SHOULD be forwarded
  std::string heard;
  rig.add_server("10.0.0.9:80", "s9", [&heard](const HostRequest& r) {
    heard = field(r.headers, "X-Session");
    HostAnswer a;
    a.body = "s9 ";
    return a;
  });
  services["two"] = {"10.0.0.9:80"};
  load("type: Header, sessionName: X-Session");
  const std::string token = token_of(ask());
  ask(token);
  EXPECT_EQ(heard, token);
}

TEST_F(GatewaySessions, OfSeveralBackendsTheSessionKeepsItsOwnIn16) {
  load("type: Header, sessionName: X-Session", both);
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    const Outcome first = ask();
    seen.insert(who(first));
    for (int k = 0; k < 4; ++k) EXPECT_EQ(who(ask(token_of(first))), who(first));
  }
  EXPECT_EQ(seen.size(), 4u);
}

TEST_F(GatewaySessions, OfSeveralBackendsWeightsChooseIn17) {
  load("type: Header, header: {name: X-Session}", both);
  std::string token;
  std::map<std::string, int> turns;
  for (int i = 0; i < 10; ++i) {
    const Outcome o = ask(token);
    ++turns[who(o)];
    if (const std::string told = token_of(o); !told.empty()) token = told;
  }
  // Half of the requests each, and of either backend the server of the session.
  ASSERT_EQ(turns.size(), 2u);
  for (const auto& [server, times] : turns) EXPECT_EQ(times, 5) << server;
}

TEST_F(GatewaySessions, TimeoutsEndASession) {
  load("type: Header, sessionName: X-Session, absoluteTimeout: 10s, idleTimeout: 4s");
  const auto wait = [this](Duration d) { rig.world->advance(d); };
  const Outcome first = ask();
  std::string token = token_of(first);
  for (int i = 0; i < 3; ++i) {
    wait(3s);
    const Outcome o = ask(token);
    EXPECT_EQ(who(o), who(first)) << i;
    ASSERT_FALSE(token_of(o).empty());  // not idle
    EXPECT_EQ(token_of(o).substr(0, 16), token.substr(0, 16));
    token = token_of(o);
  }
  wait(1s);  // ten seconds after the first
  EXPECT_NE(who(ask(token)), who(first));
  const Outcome again = ask();
  wait(4s);
  const std::string other = token_of(ask(token_of(again)));
  EXPECT_NE(other.substr(0, 16), token_of(again).substr(0, 16));
}

TEST_F(GatewaySessions, Cookies) {
  struct Row {
    std::string session, attributes;
  };
  for (const Row& row : std::vector<Row>{
           {"sessionName: sid", "; Path=/; HttpOnly"},
           {"sessionName: sid, cookieConfig: {lifetimeType: Permanent}, absoluteTimeout: 1h",
            "; Path=/; Max-Age=3600; HttpOnly"},
           {"type: Cookie, cookie: {name: sid, path: /shop}", "; Path=/shop; HttpOnly"},
           {"type: Cookie, cookie: {name: sid, lifetimeType: Permanent}, absoluteTimeout: 5m",
            "; Path=/; Max-Age=300; HttpOnly"},
           {"type: Cookie, cookie: {name: sid}, absoluteTimeout: 5m", "; Path=/; HttpOnly"},
       }) {
    for (const std::string& backends : {to("two"), both}) {
      load(row.session, backends);
      const Outcome first = rig.send("a.test", "/");
      const std::string line = field(first.headers, "Set-Cookie");
      EXPECT_EQ(line.substr(0, 4), "sid=") << row.session;
      EXPECT_EQ(line.substr(line.find(';')), row.attributes) << row.session;
      const std::string cookie = line.substr(0, line.find(';'));
      // Weights choose between backends with the members of 1.7: then every second request is the session's.
      const bool weights = row.session.starts_with("type") && backends == both;
      for (int k = 0; k < 6; ++k) {
        const Outcome o = rig.send("a.test", "/", {{"Cookie", "other=1; " + cookie}});
        if (weights && k % 2 == 0) continue;
        EXPECT_EQ(who(o), who(first)) << row.session << k;
        EXPECT_EQ(field(o.headers, "Set-Cookie"), "") << row.session;
      }
    }
  }
}

TEST_F(GatewaySessions, FiltersOfTheBackendRefStay) {
  load("type: Header, header: {name: X-Session}",
       "backendRefs: [{name: two, port: 80, filters: [{type: ResponseHeaderModifier, "
       "responseHeaderModifier: {set: [{name: X-Seen, value: seen}]}}]}]");
  const Outcome first = ask();
  ASSERT_FALSE(token_of(first).empty());
  EXPECT_EQ(field(first.headers, "X-Seen"), "seen");
  for (int k = 0; k < 4; ++k) EXPECT_EQ(who(ask(token_of(first))), who(first));
}

TEST_F(GatewaySessions, OfGrpcRoutesToo) {
  rig.load(gateway(plain) +
               route("g",
                     "rules: [{sessionPersistence: {type: Header, header: {name: X-Session}}, " +
                         to("two") + "}]",
                     "GRPCRoute"),
           services);
  std::vector<std::string> names;
  for (const auto& [name, s] : rig.config.services) {
    if (!s.weighted) continue;
    for (const config::WeightedChild& c : s.weighted->services) {
      if (c.filters && c.filters->session) names.push_back(c.filters->session->name);
    }
  }
  EXPECT_EQ(names, std::vector<std::string>{"X-Session"});
  EXPECT_EQ(token_of(ask()), "");  // these servers speak no HTTP/2: no session begins
}

TEST_F(GatewaySessions, WhatCannotBeActedOnIsAnsweredWith500) {
  for (const std::string session :
       {"type: Header, sessionName: Content-Length", "type: Header, header: {name: ''}",
        "type: Magic", "absoluteTimeout: soon", "cookieConfig: {lifetimeType: Permanent}",
        "cookie: {path: 'x;y'}"}) {
    rig.load(
        gateway(plain) + route("r", "rules: [{sessionPersistence: {" + session + "}, " + to("two") +
                                        "}, " + rule(path("Exact", "/ok"), "two") + "]"),
        services);
    EXPECT_EQ(rig.send("a.test", "/").status, 500) << session;
    EXPECT_EQ(rig.send("a.test", "/ok").status, 200) << session;
  }
}

}  // namespace
}  // namespace gateproof::sim
