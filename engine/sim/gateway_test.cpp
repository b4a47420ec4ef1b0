// HTTP listeners of Gateways: who takes a request, and what its rule does to it (Gateway API 1.6 and 1.7, HTTPRoute).
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace testing;

class GatewayHttp : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;

  void SetUp() override {
    for (int i = 1; i <= 5; ++i) {
      const std::string name = "s" + std::to_string(i);
      const std::string address = "10.0.0." + std::to_string(i) + ":80";
      rig.add_server(address, name);
      services[name] = {address};
    }
    services["empty"] = {};
  }
};

TEST_F(GatewayHttp, PrecedenceOfMatches) {
  rig.load(
      gateway(plain) +
          route("a",
                "hostnames: [a.test], rules: [" + rule(path("PathPrefix", "/"), "s1") + ", " +
                    rule(path("PathPrefix", "/foo"), "s2") + ", " +
                    rule(path("Exact", "/foo/bar"), "s3") + ", " + rule("method: POST", "s4") +
                    ", " +
                    rule(path("PathPrefix", "/foo") + ", headers: [{name: Version, value: two}]",
                         "s5") +
                    "]") +
          route("regex", "hostnames: [r.test], rules: [" +
                             rule(path("RegularExpression", "/x/[0-9]+"), "s1") + ", " +
                             rule(path("PathPrefix", "/x"), "s2") + "]") +
          route("q", "hostnames: [q.test], rules: [" +
                         rule("queryParams: [{name: a, value: '1'}]", "s1") + ", " +
                         rule("queryParams: [{name: a, value: '1'}, {name: b, value: '2'}]", "s2") +
                         ", " + rule("headers: [{name: h, value: v}]", "s3") + "]") +
          route("old",
                "hostnames: [tie.test], rules: [" + rule(path("PathPrefix", "/"), "s1") + "]") +
          route("young",
                "hostnames: [tie.test], rules: [" + rule(path("PathPrefix", "/"), "s2") + "]") +
          route("wild",
                "hostnames: ['*.w.test'], rules: [" + rule(path("Exact", "/"), "s1") + "]") +
          route("wilder",
                "hostnames: ['*.a.w.test'], rules: [" + rule(path("PathPrefix", "/"), "s2") + "]") +
          route("exact",
                "hostnames: [x.a.w.test], rules: [" + rule(path("PathPrefix", "/e"), "s3") + "]"),
      services);
  struct Row {
    std::string clause, host, target;
    FieldList headers;
    std::string method, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"prefix /", "a.test", "/", {}, "GET", "s1"},
           {"longest prefix", "a.test", "/foo/x", {}, "GET", "s2"},
           {"prefix is whole elements", "a.test", "/foobar", {}, "GET", "s1"},
           {"prefix itself", "a.test", "/foo", {}, "GET", "s2"},
           {"prefix with a query", "a.test", "/foo?x=1", {}, "GET", "s2"},
           {"exact before prefix", "a.test", "/foo/bar", {}, "GET", "s3"},
           {"exact is the whole path", "a.test", "/foo/bar/", {}, "GET", "s2"},
           {"method after path length", "a.test", "/foo", {}, "POST", "s2"},
           {"method", "a.test", "/x", {}, "POST", "s4"},
           {"header name in any case", "a.test", "/foo", {{"VERSION", "two"}}, "GET", "s5"},
           {"header value as it is", "a.test", "/foo", {{"version", "TWO"}}, "GET", "s2"},
           {"an escape of what needs none", "a.test", "/%66oo", {}, "GET", "s2"},
           {"the port of Host counts for nothing", "a.test:8080", "/foo", {}, "GET", "s2"},
           {"Host in any case", "A.Test", "/foo", {}, "GET", "s2"},
           {"another host", "b.test", "/", {}, "GET", "404"},
           {"an expression after prefixes", "r.test", "/x/12", {}, "GET", "s2"},
           {"one parameter", "q.test", "/?a=1", {}, "GET", "s1"},
           {"more parameters win", "q.test", "/?b=2&a=1", {}, "GET", "s2"},
           {"headers before parameters", "q.test", "/?b=2&a=1", {{"h", "v"}}, "GET", "s3"},
           {"nothing matches", "q.test", "/", {}, "GET", "404"},
           {"the older route", "tie.test", "/", {}, "GET", "s1"},
           {"wildcard: several labels", "p.q.w.test", "/", {}, "GET", "s1"},
           {"wildcard: not none", "w.test", "/", {}, "GET", "404"},
           {"the longer wildcard", "y.a.w.test", "/", {}, "GET", "s2"},
           {"exact host before wildcard", "x.a.w.test", "/e", {}, "GET", "s3"},
           {"the next host where no rule of the first matches", "x.a.w.test", "/", {}, "GET", "s2"},
       }) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      EXPECT_EQ(who(rig.send(row.host, row.target, row.headers, arm, row.method)), row.expected)
          << row.clause;
    }
  }
}

TEST_F(GatewayHttp, ListenersAreIsolated) {
  rig.load(
      gateway("{name: any, port: 80, protocol: HTTP}, "
              "{name: wild, port: 80, protocol: HTTP, hostname: '*.example.com'}, "
              "{name: deep, port: 80, protocol: HTTP, hostname: '*.foo.example.com'}, "
              "{name: one, port: 80, protocol: HTTP, hostname: abc.foo.example.com}, "
              "{name: other, port: 8080, protocol: HTTP}") +
          route("a", "rules: [" + rule(path("PathPrefix", "/any"), "s1") + "]", "HTTPRoute",
                "any") +
          route("b", "rules: [" + rule(path("PathPrefix", "/wild"), "s2") + "]", "HTTPRoute",
                "wild") +
          route("c", "rules: [" + rule(path("PathPrefix", "/deep"), "s3") + "]", "HTTPRoute",
                "deep") +
          route("d", "rules: [" + rule(path("PathPrefix", "/one"), "s4") + "]", "HTTPRoute",
                "one") +
          route("e", "rules: [" + rule(path("PathPrefix", "/"), "s5") + "]", "HTTPRoute", "other"),
      services);
  struct Row {
    std::string host, target, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"bar.com", "/any", "s1"},
           {"bar.com", "/wild", "404"},
           {"bar.example.com", "/any", "404"},
           {"bar.example.com", "/wild", "s2"},
           {"a.bar.example.com", "/wild", "s2"},
           {"bar.foo.example.com", "/wild", "404"},
           {"bar.foo.example.com", "/deep", "s3"},
           {"abc.foo.example.com", "/deep", "404"},
           {"abc.foo.example.com", "/one", "s4"},
           {"example.com", "/any", "s1"},
       }) {
    for (const Arm arm : {Arm::direct, Arm::wire})
      EXPECT_EQ(who(rig.send(row.host, row.target, {}, arm)), row.expected)
          << row.host << row.target;
  }
  EXPECT_EQ(who(rig.send("x", "/", {}, Arm::wire, "GET", "127.80.0.1:8080/tcp")), "s5");
}

TEST_F(GatewayHttp, TheTargetIsPassedByteForByte) {
  rig.load(gateway(plain) + route("a", "rules: [{" + to("s1") + "}]"), services);
  for (const std::string target :
       {"/a//b/../c/./d", "/%41%2f%c3%a4?b=1;c=%zz&&a=+", "/x?", "/a|b", "//", "/a%20b/"}) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      const Outcome o = rig.send("h", target, {}, arm);
      ASSERT_EQ(o.status, 200) << target;
      EXPECT_EQ(o.upstream.front().target, target);
    }
  }
}

TEST_F(GatewayHttp, ATargetWithoutPathAndABrokenOne) {
  rig.load(gateway(plain) + route("a", "rules: [{" + to("s1") + "}]"), services);
  const Outcome o = rig.send("h", "http://h?a=b", {}, Arm::wire);
  ASSERT_EQ(o.status, 200);
  EXPECT_EQ(o.upstream.front().target, "/?a=b");
  for (const Arm arm : {Arm::direct, Arm::wire})
    EXPECT_EQ(rig.send("h", "/%zz", {}, arm).status, 400);
}

TEST_F(GatewayHttp, Redirects) {
  const auto redirect = [](const std::string& prefix, const std::string& how) {
    return "{matches: [{" + path("PathPrefix", prefix) +
           "}], filters: [{type: RequestRedirect, requestRedirect: {" + how + "}}]}";
  };
  rig.load(
      gateway("{name: http, port: 80, protocol: HTTP}, {name: alt, port: 8080, protocol: HTTP}") +
          route("a",
                "rules: [" + redirect("/host", "hostname: x.test") + ", " +
                    redirect("/status", "hostname: x.test, statusCode: 308") + ", " +
                    redirect("/scheme", "scheme: https") + ", " + redirect("/port", "port: 8083") +
                    ", " + redirect("/port80", "port: 80") + ", " +
                    redirect("/s-p", "scheme: https, port: 443, statusCode: 301") + ", " +
                    redirect("/full", "path: {type: ReplaceFullPath, replaceFullPath: /x/y}") +
                    ", " +
                    redirect("/prefix/a",
                             "path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}, "
                             "statusCode: 303") +
                    ", " +
                    redirect("/gone", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /}") +
                    "]"),
      services);
  struct Row {
    std::string target, port, location;
    int status = 302;
  };
  for (const Row& row : std::vector<Row>{
           {"/host/a?b=c", "80", "http://x.test/host/a?b=c"},
           {"/status", "80", "http://x.test/status", 308},
           {"/scheme", "80", "https://h.test/scheme"},
           {"/scheme", "8080", "https://h.test/scheme"},
           {"/port", "80", "http://h.test:8083/port"},
           {"/port80", "8080", "http://h.test/port80"},
           {"/host", "8080", "http://x.test:8080/host"},
           {"/s-p", "80", "https://h.test/s-p", 301},
           {"/full/z", "80", "http://h.test/x/y"},
           {"/prefix/a/c", "80", "http://h.test/b/c", 303},
           {"/gone/d", "80", "http://h.test/d"},
           {"/gone", "80", "http://h.test/"},
           {"/%67one//d", "80", "http://h.test//d"},
       }) {
    const Outcome o = rig.send("h.test:1234", row.target, {}, Arm::wire, "GET",
                               "127.80.0.1:" + row.port + "/tcp");
    EXPECT_EQ(o.status, row.status) << row.target;
    EXPECT_EQ(field(o.headers, "Location"), row.location) << row.target;
    EXPECT_EQ(field(o.headers, "Content-Type"), "");
  }
}

TEST_F(GatewayHttp, Rewrites) {
  const auto rewrite = [](const std::string& prefix, const std::string& how) {
    return "{matches: [{" + path("PathPrefix", prefix) +
           "}], filters: [{type: URLRewrite, urlRewrite: {" + how + "}}], " + to("s1") + "}";
  };
  rig.load(
      gateway(plain) +
          route("a",
                "rules: [" +
                    rewrite("/one", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}") +
                    ", " +
                    rewrite("/strip", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /}") +
                    ", " + rewrite("/full", "path: {type: ReplaceFullPath, replaceFullPath: /f}") +
                    ", " + rewrite("/host", "hostname: other.test") + ", {matches: [{" +
                    path("PathPrefix", "/back") +
                    "}], backendRefs: [{name: s2, port: 80, filters: [{type: URLRewrite, "
                    "urlRewrite: {hostname: b.test, path: {type: ReplacePrefixMatch, "
                    "replacePrefixMatch: /x}}}]}]}]"),
      services);
  struct Row {
    std::string target, sent, host = "h.test";
  };
  for (const Row& row : std::vector<Row>{
           {"/one", "/x"},
           {"/one/", "/x/"},
           {"/one/a?b", "/x/a?b"},
           {"/one/a%2Fb//c", "/x/a%2Fb//c"},
           {"/strip", "/"},
           {"/strip/", "/"},
           {"/strip/a", "/a"},
           {"/full/a?q=1", "/f?q=1"},
           {"/host/a", "/host/a", "other.test"},
           {"/back/a", "/x/a", "b.test"},
       }) {
    for (const Arm arm : {Arm::direct, Arm::wire}) {
      const Outcome o = rig.send("h.test", row.target, {}, arm);
      ASSERT_EQ(o.status, 200) << row.target;
      EXPECT_EQ(o.upstream.front().target, row.sent) << row.target;
      EXPECT_EQ(field(o.upstream.front().headers, "Host"), row.host) << row.target;
    }
  }
}

TEST_F(GatewayHttp, HeaderModifiers) {
  rig.add_server("10.0.0.9:80", "s9", [](const HostRequest&) {
    HostAnswer a;
    a.headers = {{"X-Set", "old"}, {"X-Add", "old"}, {"X-Gone", "old"}};
    a.body = "s9 ";
    return a;
  });
  services["s9"] = {"10.0.0.9:80"};
  const std::string change =
      "{set: [{name: x-set, value: new}], add: [{name: X-Add, value: new}], remove: [x-gone]}";
  rig.load(
      gateway(plain) +
          route("a", "rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: " +
                         change + "}, {type: ResponseHeaderModifier, responseHeaderModifier: " +
                         change + "}], " + to("s9") + "}]") +
          route("b",
                "hostnames: [b.test], rules: [{backendRefs: [{name: s1, port: 80, filters: "
                "[{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: B, "
                "value: one}]}}]}, {name: s2, port: 80, weight: 0}]}]"),
      services);
  for (const Arm arm : {Arm::direct, Arm::wire}) {
    const Outcome o =
        rig.send("h", "/", {{"X-SET", "a"}, {"x-Set", "b"}, {"X-Add", "a"}, {"X-Gone", "a"}}, arm);
    ASSERT_EQ(o.status, 200);
    for (const FieldList& fields : {o.upstream.front().headers, o.headers}) {
      EXPECT_EQ(field(fields, "X-Set"), "new");
      EXPECT_EQ(field(fields, "X-Gone"), "");
    }
    EXPECT_EQ(field(o.upstream.front().headers, "X-Add"), "a|new");
    EXPECT_EQ(field(o.headers, "X-Add"), "old|new");
    const Outcome b = rig.send("b.test", "/", {{"b", "zero"}}, arm);
    EXPECT_EQ(field(b.upstream.front().headers, "B"), "one");
  }
}

TEST_F(GatewayHttp, BackendsByWeightAndTheirErrors) {
  rig.load(
      gateway(plain) +
          route("w",
                "hostnames: [w.test], rules: [{backendRefs: [{name: s1, port: 80, weight: "
                "7}, {name: s2, port: 80, weight: 3}, {name: s3, port: 80, weight: 0}]}]") +
          route("half",
                "hostnames: [half.test], rules: [{backendRefs: [{name: s1, port: 80}, "
                "{name: missing, port: 80}]}]") +
          route("none", "hostnames: [none.test], rules: [{}]") +
          route("empty", "hostnames: [empty.test], rules: [{" + to("empty") + "}]") +
          route("zero",
                "hostnames: [zero.test], rules: [{backendRefs: [{name: s1, port: 80, "
                "weight: 0}]}]") +
          route("bad", "hostnames: [bad.test], rules: [" + rule(path("Exact", "/bad"), "missing") +
                           ", " + rule(path("Exact", "/good"), "s1") + "]"),
      services);
  const auto count = [&](const std::string& host, int n) {
    std::map<std::string, int> seen;
    for (int i = 0; i < n; ++i) ++seen[who(rig.send(host, "/"))];
    return seen;
  };
  EXPECT_EQ(count("w.test", 100), (std::map<std::string, int>{{"s1", 70}, {"s2", 30}}));
  EXPECT_EQ(count("half.test", 10), (std::map<std::string, int>{{"s1", 5}, {"500", 5}}));
  EXPECT_EQ(count("none.test", 1), (std::map<std::string, int>{{"500", 1}}));
  EXPECT_EQ(count("empty.test", 1), (std::map<std::string, int>{{"503", 1}}));
  EXPECT_EQ(count("zero.test", 1), (std::map<std::string, int>{{"500", 1}}));
  EXPECT_EQ(who(rig.send("bad.test", "/bad")), "500");
  EXPECT_EQ(who(rig.send("bad.test", "/good")), "s1");
}

TEST_F(GatewayHttp, EntryPointsComeAndGo) {
  rig.load(gateway(plain) + route("a", "rules: [{" + to("s1") + "}]"), services);
  EXPECT_EQ(rig.config.entry_points.size(), 1u);
  EXPECT_EQ(who(rig.send("h", "/")), "s1");
  rig.load(gateway("{name: http, port: 8080, protocol: HTTP}") +
               route("a", "rules: [{" + to("s2") + "}]"),
           services);
  EXPECT_EQ(rig.config.entry_points.count("127.80.0.1:80/tcp"), 0u);
  EXPECT_EQ(who(rig.send("h", "/")), "404");
  EXPECT_EQ(who(rig.send("h", "/", {}, Arm::wire, "GET", "127.80.0.1:8080/tcp")), "s2");
}

TEST_F(GatewayHttp, TheOriginalHostnameCountsBeforeTheIntersection) {  // 1.7
  rig.load(gateway("{name: http, port: 80, protocol: HTTP, hostname: very.specific.com}") +
               route("old", "hostnames: ['*.specific.com'], rules: [" +
                                rule(path("Exact", "/x"), "s1") + "]") +
               route("new", "hostnames: [very.specific.com], rules: [" +
                                rule(path("PathPrefix", "/"), "s2") + "]"),
           services);
  EXPECT_EQ(who(rig.send("very.specific.com", "/x")), "s2");
}

TEST_F(GatewayHttp, NoRouteIsUnimplementedToGrpc) {
  rig.load(gateway(plain) + route("g",
                                  "hostnames: [g.test], rules: [{matches: [{method: {service: "
                                  "a.B, method: C}}], " +
                                      to("s1") +
                                      "}, {matches: [{method: "
                                      "{service: a.D}}], " +
                                      to("s2") + "}]",
                                  "GRPCRoute"),
           services);
  struct Row {
    std::string host, target;
  };
  for (const Row& row :
       std::vector<Row>{{"g.test", "/a.B/X"}, {"g.test", "/a.DD/X"}, {"x", "/a.B/C"}}) {
    const Outcome o =
        rig.send(row.host, row.target, {{"Content-Type", "application/grpc"}}, Arm::wire, "POST");
    EXPECT_EQ(o.status, 200) << row.target;
    EXPECT_EQ(field(o.headers, "Grpc-Status"), "12") << row.target;
  }
  EXPECT_EQ(rig.send("g.test", "/a.B/X").status, 404);
  const auto asked = [&](const std::string& target) {
    Request r;
    r.method = "POST";
    r.target = target;
    r.host = "g.test";
    r.entry_point = "127.80.0.1:80/tcp";
    return rig.world->ask(r).server;
  };
  EXPECT_EQ(asked("/a.B/C"), "h2c://10.0.0.1:80");
  EXPECT_EQ(asked("/a.D/any"), "h2c://10.0.0.2:80");
}

TEST_F(GatewayHttp, AppProtocolsOfBackends) {
  struct Row {
    std::string protocol, scheme;
  };
  for (const Row& row : std::vector<Row>{{"", "http"},
                                         {"http", "http"},
                                         {"kubernetes.io/ws", "http"},
                                         {"kubernetes.io/h2c", "h2c"},
                                         {"https", "https"},
                                         {"kubernetes.io/wss", "https"}}) {
    rig.protocols["s1"] = row.protocol;
    if (row.protocol.empty()) rig.protocols.clear();
    rig.load(gateway(plain) + route("a", "rules: [{" + to("s1") + "}]"), services);
    Request r;
    r.host = "h";
    r.entry_point = "127.80.0.1:80/tcp";
    EXPECT_EQ(rig.world->ask(r).server, row.scheme + "://10.0.0.1:80") << row.protocol;
  }
}

TEST_F(GatewayHttp, StrictSanitisesPaths) {  // DESIGN decision 7
  GatewayRig strict(true);
  strict.add_server("10.0.0.1:80", "s1");
  strict.load(gateway(plain) + route("a", "rules: [" + rule(path("PathPrefix", "/b"), "s1") + "]"),
              services);
  const Outcome o = strict.send("h", "/a/..//b");
  ASSERT_EQ(o.status, 200);
  EXPECT_EQ(o.upstream.front().target, "/b");
  EXPECT_EQ(strict.send("h", "/b/../a").status, 404);
}

}  // namespace
}  // namespace gateproof::sim
