// ExtensionRef filters that name Middlewares, and ExternalAuth filters (GEP-1494), from manifests to answers.
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using namespace testing;

std::string middleware(const std::string& name, const std::string& spec) {
  return "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: " + name +
         "}\nspec: {" + spec + "}\n---\n";
}
std::string extension(const std::string& name, const std::string& group = "traefik.io",
                      const std::string& kind = "Middleware") {
  return "{type: ExtensionRef, extensionRef: {group: " + group + ", kind: " + kind +
         ", name: " + name + "}}";
}
std::string filtered(const std::string& filters, const std::string& rest = to("app")) {
  return "{filters: [" + filters + "], " + rest + "}";
}

class GatewayExtensions : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;
  std::vector<HostRequest> app, auth;  // what either heard
  HostAnswer says;                     // the authorization service

  void SetUp() override {
    rig.add_server("10.0.0.1:80", "app", [this](const HostRequest& r) {
      app.push_back(r);
      HostAnswer a;
      a.body = "app " + r.target;
      return a;
    });
    rig.add_server("10.0.0.2:80", "auth", [this](const HostRequest& r) {
      auth.push_back(r);
      return says;
    });
    services["app"] = {"10.0.0.1:80"};
    services["auth"] = {"10.0.0.2:80"};
  }
  void load(const std::string& rules, const std::string& more = "",
            const std::string& kind = "HTTPRoute") {
    rig.load(gateway(plain) + more + route("r", "rules: [" + rules + "]", kind), services);
  }
  static std::string external(const std::string& how = "http: {}", const std::string& to = "auth") {
    return "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: " + to +
           ", port: 80}, " + how + "}}";
  }
  std::string status_text() const {
    std::string out;
    for (const gw::StatusUpdate& u : rig.model.statuses) {
      if (u.object.kind.ends_with("Route")) out += u.status;
    }
    return out;
  }
};

TEST_F(GatewayExtensions, AMiddlewareOfTheRoutesNamespaceIsActedOn) {
  const std::string more =
      middleware("strip", "stripPrefix: {prefixes: [/api]}") +
      middleware("mark", "headers: {customResponseHeaders: {X-Mark: m}}") +
      middleware("both", "chain: {middlewares: [{name: strip}, {name: mark}]}");
  load(filtered(extension("strip")), more);
  EXPECT_EQ(rig.send("a.test", "/api/x").body, "app /x");
  load(filtered(extension("both")), more);
  const Outcome chained = rig.send("a.test", "/api/x");
  EXPECT_EQ(chained.body, "app /x");
  EXPECT_EQ(field(chained.headers, "X-Mark"), "m");
  // In the rule's order: the second one sees what the first has made.
  load(filtered(extension("strip") +
                ", {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, "
                "replacePrefixMatch: /y}}}, " +
                extension("mark")),
       more);
  EXPECT_EQ(rig.send("a.test", "/api/x").body, "app /y/x");
  // At a backendRef.
  load("{backendRefs: [{name: app, port: 80, filters: [" + extension("both") + "]}]}", more);
  const Outcome of_ref = rig.send("a.test", "/api/x");
  EXPECT_EQ(of_ref.body, "app /x");
  EXPECT_EQ(field(of_ref.headers, "X-Mark"), "m");
}

TEST_F(GatewayExtensions, ASecretOfAMiddlewareIsRead) {
  const std::string more =
      middleware("users", "basicAuth: {secret: users}") +
      "apiVersion: v1\nkind: Secret\nmetadata: {name: users}\nstringData: {users: "
      "'u:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs='}\n---\n";  // password 1
  load(filtered(extension("users")), more, "GRPCRoute");
  EXPECT_EQ(rig.send("a.test", "/a.B/C").status, 401);
  load(filtered(extension("users")), more);
  EXPECT_EQ(rig.send("a.test", "/").status, 401);
  EXPECT_EQ(rig.send("a.test", "/", {{"Authorization", "Basic dTox"}}).status, 200);
}

TEST_F(GatewayExtensions, AMiddlewareWithWrongOptionsIsNeverSkipped) {
  for (const std::string spec :
       {"", "basicAuth: {secret: none}", "stripPrefixRegex: {regex: ['(']}",
        "chain: {middlewares: [{name: none}]}", "chain: {middlewares: [{name: m}]}"}) {
    rig.quiet = true;  // a finding tells what is wrong
    load(filtered(extension("m")) + ", " + rule(path("Exact", "/ok"), "app"),
         middleware("m", spec));
    EXPECT_EQ(rig.send("a.test", "/").status, 500) << spec;
    EXPECT_EQ(rig.send("a.test", "/ok").status, 200) << spec;
  }
}

TEST_F(GatewayExtensions, AFilterThatDoesNotResolveIsNeverSkipped) {
  struct Row {
    std::string filter, reason;
  };
  for (const Row& row : std::vector<Row>{{extension("none"), "BackendNotFound"},
                                         {extension("m", "x.io"), "InvalidKind"},
                                         {extension("m", "traefik.io", "Magic"), "InvalidKind"},
                                         {extension("far"), "BackendNotFound"},
                                         {external("http: {}", "none"), "BackendNotFound"}}) {
    const std::string more =
        middleware("m", "stripPrefix: {prefixes: [/x]}") +
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: far, namespace: "
        "other}\nspec: {stripPrefix: {prefixes: [/x]}}\n---\n";
    // Not even a redirection in front of it is a way around it; other rules are served.
    load(filtered("{type: RequestRedirect, requestRedirect: {scheme: https}}, " + row.filter) +
             ", " + rule(path("Exact", "/ok"), "app"),
         more);
    EXPECT_EQ(rig.send("a.test", "/").status, 500) << row.filter;
    EXPECT_EQ(rig.send("a.test", "/ok").status, 200) << row.filter;
    EXPECT_NE(status_text().find("\"reason\":\"" + row.reason + "\""), std::string::npos)
        << status_text();
    if (row.filter.find("ExternalAuth") != std::string::npos) continue;
    load("{backendRefs: [{name: app, port: 80, filters: [" + row.filter + "]}]}", more);
    EXPECT_EQ(rig.send("a.test", "/").status, 500) << row.filter;
  }
}

TEST_F(GatewayExtensions, ExternalAuthAsksWithMethodPathHostAndAuthorization) {
  load(filtered(external()));
  says.headers = {{"X-User", "u"}, {"Content-Type", "text/x"}, {"Host", "evil"}};
  const Outcome o = rig.send("a.test", "/p%2Fq?a=b",
                             {{"Authorization", "Bearer t"}, {"X-Other", "o"}, {"Cookie", "c=1"}},
                             Arm::wire, "DELETE");
  EXPECT_EQ(o.status, 200);
  ASSERT_EQ(auth.size(), 1u);
  EXPECT_EQ(auth[0].method, "DELETE");
  EXPECT_EQ(auth[0].target, "/p%2Fq?a=b");
  EXPECT_EQ(field(auth[0].headers, "Host"), "a.test");
  EXPECT_EQ(field(auth[0].headers, "Authorization"), "Bearer t");
  EXPECT_EQ(auth[0].body, "");
  for (const char* name : {"X-Other", "Cookie", "X-Forwarded-For", "X-Forwarded-Host"})
    EXPECT_EQ(field(auth[0].headers, name), "") << name;
  ASSERT_EQ(app.size(), 1u);
  EXPECT_EQ(field(app[0].headers, "X-User"), "u");  // all fields of the answer
  EXPECT_EQ(field(app[0].headers, "X-Other"), "o");
  EXPECT_EQ(field(app[0].headers, "Content-Type"), "");  // but of the answer's body
  EXPECT_EQ(field(app[0].headers, "Host"), "a.test");
}

TEST_F(GatewayExtensions, ExternalAuthTakesAPrefixAndLists) {
  load(
      filtered(external("http: {path: /check/, allowedHeaders: [x-other, Upgrade], "
                        "allowedResponseHeaders: [X-User, X-Role, Content-Length]}")));
  says.headers = {{"X-User", "u"}, {"X-User", "v"}, {"X-Secret", "s"}};
  rig.send("a.test", "/p", {{"X-Other", "o"}, {"X-Role", "admin"}, {"X-Secret", "mine"}});
  ASSERT_EQ(auth.size(), 1u);
  EXPECT_EQ(auth[0].target, "/check/p");
  EXPECT_EQ(field(auth[0].headers, "X-Other"), "o");
  ASSERT_EQ(app.size(), 1u);
  EXPECT_EQ(field(app[0].headers, "X-User"), "u|v");
  EXPECT_EQ(field(app[0].headers, "X-Role"), "");  // a client cannot make it up
  EXPECT_EQ(field(app[0].headers, "X-Secret"), "mine");
}

TEST_F(GatewayExtensions, ExternalAuthRefusesWithTheServicesAnswer) {
  load(filtered(external()));
  struct Row {
    int told, heard;
    std::string body;
  };
  for (const Row& row : std::vector<Row>{{401, 401, "who are you"},
                                         {403, 403, "no"},
                                         {302, 302, "there"},
                                         {500, 500, "oh"},
                                         {201, 403, ""},
                                         {204, 403, ""}}) {
    app.clear();
    says.status = row.told;
    says.headers = {{"X-Why", "w"}};
    says.body = row.told == 204 ? "" : row.body.empty() ? "made" : row.body;
    const Outcome o = rig.send("a.test", "/");
    EXPECT_EQ(o.status, row.heard) << row.told;
    EXPECT_EQ(o.body, row.body) << row.told;
    EXPECT_EQ(field(o.headers, "X-Why"), row.told == row.heard ? "w" : "") << row.told;
    EXPECT_TRUE(app.empty()) << row.told;
  }
}

TEST_F(GatewayExtensions, ExternalAuthFailsClosed) {
  load(filtered(external()));
  for (const auto action : {HostAnswer::Action::close, HostAnswer::Action::silent}) {
    says.action = action;
    EXPECT_EQ(rig.send("a.test", "/").status, 500);
  }
  says = HostAnswer();
  says.delay = 29s;
  EXPECT_EQ(rig.send("a.test", "/").status, 200);
  app.clear();
  says.delay = 30s;
  EXPECT_EQ(rig.send("a.test", "/").status, 500);
  // Within the time that the request has.
  load(filtered(external(), "timeouts: {request: 2s}, " + to("app")));
  const Outcome late = rig.send("a.test", "/");
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(late.finished_ns - late.started_ns, 2'000'000'000);
  services["auth"] = {"10.0.9.9:80"};  // where nobody listens
  load(filtered(external()));
  EXPECT_EQ(rig.send("a.test", "/").status, 500);
  services["auth"] = {};
  load(filtered(external()));
  EXPECT_EQ(rig.send("a.test", "/").status, 503);  // nobody to ask
  EXPECT_TRUE(app.empty());
}

TEST_F(GatewayExtensions, ExternalAuthForwardsBodiesUpToMaxSize) {
  const auto post = [this](const std::string& body) {
    app.clear();
    auth.clear();
    return rig.post(body);
  };
  load(filtered(external("http: {}, forwardBody: {maxSize: 4}")));
  EXPECT_EQ(post("1234").status, 200);
  ASSERT_EQ(auth.size(), 1u);
  EXPECT_EQ(auth[0].body, "1234");
  EXPECT_EQ(field(auth[0].headers, "Content-Length"), "4");
  ASSERT_EQ(app.size(), 1u);
  EXPECT_EQ(app[0].body, "1234");
  EXPECT_EQ(post("12345").status, 413);
  EXPECT_TRUE(auth.empty() && app.empty());
  for (const std::string none : {"http: {}, forwardBody: {maxSize: 0}", "http: {}"}) {
    load(filtered(external(none)));
    EXPECT_EQ(post("12345").status, 200) << none;
    ASSERT_EQ(auth.size(), 1u);
    EXPECT_EQ(auth[0].body, "");
    EXPECT_EQ(field(auth[0].headers, "Content-Length"), "0");
    ASSERT_EQ(app.size(), 1u);
    EXPECT_EQ(app[0].body, "12345");
  }
}

TEST_F(GatewayExtensions, ExternalAuthStandsInTheRulesOrderBehindCors) {
  says.status = 401;
  const std::string redirect = "{type: RequestRedirect, requestRedirect: {scheme: https}}";
  load(filtered(redirect + ", " + external()));
  EXPECT_EQ(rig.send("a.test", "/").status, 302);
  load(filtered(external() + ", " + redirect));
  EXPECT_EQ(rig.send("a.test", "/").status, 401);
  load(filtered(external() + ", {type: CORS, cors: {allowOrigins: ['*'], allowMethods: [GET]}}"));
  const FieldList preflight = {{"Origin", "https://o.test"},
                               {"Access-Control-Request-Method", "GET"}};
  EXPECT_LT(rig.send("a.test", "/", preflight, Arm::direct, "OPTIONS").status, 300);
}

TEST_F(GatewayExtensions, ExternalAuthOverAnotherProtocolIsRefused) {
  load(filtered("{type: ExternalAuth, externalAuth: {protocol: SPOE, backendRef: {name: auth, "
                "port: 80}}}") +
       ", " + rule(path("Exact", "/ok"), "app"));
  EXPECT_EQ(rig.send("a.test", "/").status, 500);
  EXPECT_EQ(rig.send("a.test", "/ok").status, 200);
  EXPECT_NE(status_text().find("UnsupportedValue"), std::string::npos) << status_text();
}

}  // namespace
}  // namespace gateproof::sim
