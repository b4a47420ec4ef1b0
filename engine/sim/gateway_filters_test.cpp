// CORS, mirrors, timeouts and retries of HTTPRoutes (Gateway API 1.6 and 1.7).
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class GatewayFilters : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;

  void SetUp() override {
    for (int i = 1; i <= 4; ++i) {
      const std::string name = "s" + std::to_string(i);
      const std::string address = "10.0.0." + std::to_string(i) + ":80";
      rig.add_server(address, name);
      services[name] = {address};
    }
  }
  // A server that answers its first calls so, then with its name.
  void add_scripted(const std::string& name, std::vector<HostAnswer> first) {
    const std::string address = "10.0.9." + std::to_string(++scripted_) + ":80";
    auto left = std::make_shared<std::vector<HostAnswer>>(std::move(first));
    rig.add_server(address, name, [left, name](const HostRequest& r) {
      HostAnswer a;
      a.body = name + " " + r.body;
      if (!left->empty()) {
        a = left->front();
        left->erase(left->begin());
      }
      return a;
    });
    services[name] = {address};
  }
  int scripted_ = 0;
  static HostAnswer status(int code) {
    HostAnswer a;
    a.status = code;
    return a;
  }
  static HostAnswer late(Duration by) {
    HostAnswer a;
    a.delay = by;
    a.body = "late ";
    return a;
  }
};

TEST_F(GatewayFilters, Cors) {
  const auto cors = [](const std::string& prefix, const std::string& how) {
    return "{matches: [{" + path("PathPrefix", prefix) + "}], filters: [{type: CORS, cors: {" +
           how + "}}], " + to("s1") + "}";
  };
  rig.load(gateway(plain) +
               route("a", "rules: [" +
                              cors("/1",
                                   "allowOrigins: ['https://www.foo.com', 'https://*.bar.com'], "
                                   "allowMethods: [GET, OPTIONS], allowHeaders: [x-1, x-2], "
                                   "exposeHeaders: [x-3, x-4], allowCredentials: true, maxAge: "
                                   "3600") +
                              ", " +
                              cors("/any",
                                   "allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: "
                                   "['*'], exposeHeaders: ['*']") +
                              ", " +
                              cors("/all",
                                   "allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: "
                                   "['*'], exposeHeaders: ['*'], allowCredentials: true") +
                              "]"),
           services);
  struct Row {
    std::string clause, target, origin;
    bool preflight;
    std::string origin_back, methods, headers, expose, credentials, age;
  };
  for (const Row& row : std::vector<Row>{
           {"exact origin", "/1", "https://www.foo.com", true, "https://www.foo.com",
            "GET, OPTIONS", "x-1, x-2", "x-3, x-4", "true", "3600"},
           {"wildcard origin", "/1", "https://a.b.bar.com", true, "https://a.b.bar.com",
            "GET, OPTIONS", "x-1, x-2", "x-3, x-4", "true", "3600"},
           {"the scheme's own port", "/1", "https://www.foo.com:443", true,
            "https://www.foo.com:443", "GET, OPTIONS", "x-1, x-2", "x-3, x-4", "true", "3600"},
           {"another port", "/1", "https://www.foo.com:444", true, "", "", "", "", "", ""},
           {"no label in front", "/1", "https://bar.com", true, "", "", "", "", "", ""},
           {"another scheme", "/1", "http://www.foo.com", true, "", "", "", "", "", ""},
           {"another origin", "/1", "https://foobar.com", true, "", "", "", "", "", ""},
           {"a request", "/1", "https://www.foo.com", false, "https://www.foo.com", "", "",
            "x-3, x-4", "true", ""},
           {"a request of another origin", "/1", "https://foobar.com", false, "", "", "", "", "",
            ""},
           {"asterisks", "/any", "https://z.test:1", true, "*", "PUT", "y-1, y-2", "*", "", "5"},
           {"asterisks, a request", "/any", "https://z.test:1", false, "*", "", "", "*", "", ""},
           {"asterisks with credentials", "/all", "https://z.test", true, "https://z.test", "PUT",
            "y-1, y-2", "", "true", "5"},
       }) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      FieldList fields = {{"Origin", row.origin}};
      if (row.preflight) {
        fields.emplace_back("Access-Control-Request-Method", "PUT");
        fields.emplace_back("Access-Control-Request-Headers", "y-1, y-2");
      }
      const Outcome o = rig.send("h", row.target, fields, arm, row.preflight ? "OPTIONS" : "GET");
      EXPECT_EQ(o.status, row.preflight ? 204 : 200) << row.clause;
      EXPECT_EQ(o.upstream.empty(), row.preflight) << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Allow-Origin"), row.origin_back) << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Allow-Methods"), row.methods) << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Allow-Headers"), row.headers) << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Expose-Headers"), row.expose) << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Allow-Credentials"), row.credentials)
          << row.clause;
      EXPECT_EQ(field(o.headers, "Access-Control-Max-Age"), row.age) << row.clause;
      EXPECT_EQ(field(o.headers, "Content-Type"), "") << row.clause;
    }
  }
  EXPECT_EQ(rig.send("h", "/1", {{"Origin", "https://www.foo.com"}}, Arm::direct, "OPTIONS").status,
            200)
      << "OPTIONS without a method that is asked for is no preflight";
}

TEST_F(GatewayFilters, Mirrors) {
  rig.load(gateway(plain) +
               route("a",
                     "hostnames: [a.test], rules: [{filters: [{type: RequestMirror, "
                     "requestMirror: {backendRef: {name: s2, port: 80}}}, {type: "
                     "RequestHeaderModifier, requestHeaderModifier: {set: [{name: X, value: y}]}}, "
                     "{type: RequestMirror, requestMirror: {backendRef: {name: s3, port: 80}, "
                     "percent: 50}}], " +
                         to("s1") + "}]") +
               route("b",
                     "hostnames: [b.test], rules: [{filters: [{type: RequestMirror, "
                     "requestMirror: {backendRef: {name: missing, port: 80}}}], " +
                         to("s1") + "}]"),
           services);
  for (const Arm arm : {Arm::direct, Arm::wire}) {
    std::map<std::string, int> seen;
    for (int i = 0; i < 10; ++i) {
      Request r;
      r.method = "POST";
      r.target = "/a//b?c";
      r.host = "a.test";
      r.body = "body";
      r.chunked = i % 2 == 1;
      r.entry_point = "127.80.0.1:80/tcp";
      const Outcome o = rig.world->send(r, arm);
      EXPECT_EQ(o.body, "s1 /a//b?c");
      std::vector<HostRequest> all = o.upstream;
      for (HostRequest& late : rig.world->take_seen()) all.push_back(std::move(late));
      for (const HostRequest& got : all) {
        ++seen[got.host];
        EXPECT_EQ(got.target, "/a//b?c");
        EXPECT_EQ(got.body, "body") << got.host;
        EXPECT_EQ(field(got.headers, "X"), "y") << got.host;
      }
    }
    EXPECT_EQ(seen, (std::map<std::string, int>{{"s1", 10}, {"s2", 10}, {"s3", 5}}));
  }
  EXPECT_EQ(who(rig.send("b.test", "/")), "s1") << "a mirror that cannot be resolved harms nobody";
}

TEST_F(GatewayFilters, Timeouts) {
  for (const char* name : {"request", "backendRequest"}) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      add_scripted("slow", {late(1s), late(1s), late(400ms)});
      const std::string r = "rules: [{timeouts: {" + std::string(name) + ": ";
      rig.load(gateway(plain) +
                   route("a", "hostnames: [a.test], " + r + "500ms}, " + to("slow") + "}]") +
                   route("b", "hostnames: [b.test], " + r + "0s}, " + to("slow") + "}]"),
               services);
      const Outcome o = rig.send("a.test", "/", {}, arm);
      EXPECT_EQ(o.status, 504) << name;
      EXPECT_EQ(o.finished_ns - o.started_ns, 500'000'000) << name;
      EXPECT_EQ(who(rig.send("b.test", "/", {}, arm)), "late") << name;
      EXPECT_EQ(who(rig.send("a.test", "/", {}, arm)), "late") << name;
    }
  }
}

TEST_F(GatewayFilters, Retries) {
  HostAnswer broken;
  broken.action = HostAnswer::Action::close;
  struct Row {
    std::string clause, retry;
    std::vector<HostAnswer> first;
    int status;
    size_t calls;
    std::string method = "GET";
  };
  for (const Row& row : std::vector<Row>{
           {"a code of the list",
            "codes: [500, 503], attempts: 2",
            {status(500), status(503)},
            200,
            3},
           {"attempts are further tries",
            "codes: [500], attempts: 2",
            {status(500), status(500), status(500)},
            500,
            3},
           {"another code", "codes: [500], attempts: 2", {status(502)}, 502, 1},
           {"none", "codes: [500], attempts: 0", {status(500)}, 500, 1},
           {"one where nothing is said", "codes: [500]", {status(500), status(500)}, 500, 2},
           {"a method that changes something",
            "codes: [500], attempts: 1",
            {status(500)},
            200,
            2,
            "POST"},
           {"a broken connection", "attempts: 1", {broken}, 200, 2},
           {"a broken connection of POST", "attempts: 1", {broken}, 502, 1, "POST"},
           {"a broken connection whose code is listed",
            "codes: [502], attempts: 1",
            {broken},
            200,
            2,
            "POST"},
           {"a try that takes too long", "attempts: 1", {late(3s)}, 200, 2},
           {"every try takes too long", "attempts: 1", {late(3s), late(3s)}, 504, 2},
       }) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      add_scripted("flaky", row.first);
      rig.load(gateway(plain) + route("a", "rules: [{timeouts: {backendRequest: 1s}, retry: {" +
                                               row.retry + "}, " + to("flaky") + "}]"),
               services);
      Request r;
      r.method = row.method;
      r.host = "h";
      r.body = row.method == "POST" ? "body" : "";
      r.entry_point = "127.80.0.1:80/tcp";
      const Outcome o = rig.world->send(r, arm);
      EXPECT_EQ(o.status, row.status) << row.clause;
      EXPECT_EQ(o.upstream.size(), row.calls) << row.clause;
      for (const HostRequest& got : o.upstream) EXPECT_EQ(got.body, r.body) << row.clause;
    }
  }
}

TEST_F(GatewayFilters, RetriesOfConnectionsAndWithinTheRequestTimeout) {
  services["half"] = {"10.0.0.1:80", "10.0.0.77:80"};  // nobody listens at the second
  add_scripted("slow", {status(500), status(500), status(500), status(500)});
  rig.load(
      gateway(plain) +
          route("a", "hostnames: [a.test], rules: [{retry: {attempts: 100}, " + to("half") + "}]") +
          route("b",
                "hostnames: [b.test], rules: [{timeouts: {request: 500ms}, retry: {codes: "
                "[500], attempts: 3, backoff: 300ms}, " +
                    to("slow") + "}]"),
      services);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(who(rig.send("a.test", "/")), "s1");
  const Outcome o = rig.send("b.test", "/");
  EXPECT_EQ(o.status, 504);
  EXPECT_EQ(o.finished_ns - o.started_ns, 500'000'000);
}

}  // namespace
}  // namespace gateproof::sim
