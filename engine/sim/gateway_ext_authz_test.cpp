// ExternalAuth filters over gRPC, from manifests to answers: what the service hears, and what each of its answers does.
#include "engine/base/protobuf.h"
#include "engine/http/grpc.h"
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using protobuf::Writer;

Writer header(const std::string& name, const std::string& value) {
  Writer pair, out;
  pair.bytes(1, name);
  pair.bytes(2, value);
  out.message(1, pair);
  return out;
}
Writer number(uint64_t n) {
  Writer out;
  out.number(1, n);
  return out;
}

class GatewayExtAuthz : public ::testing::Test {
 protected:
  GatewayRig rig;
  GatewayRig::Endpoints services;
  std::vector<HostRequest> app, auth;
  HostAnswer says;

  void SetUp() override {
    rig.add_server("10.0.0.1:80", "app", [this](const HostRequest& r) {
      app.push_back(r);
      HostAnswer a;
      a.headers = {{"X-App", "1"}, {"Set-Cookie", "app=1"}};
      a.body = "app " + r.target;
      return a;
    });
    Host host;
    host.name = "auth";
    host.http2 = true;
    host.script = [this](const HostRequest& r) {
      auth.push_back(r);
      return says;
    };
    rig.world->add_host("10.0.0.2:80", std::move(host));
    services["app"] = {"10.0.0.1:80"};
    services["auth"] = {"10.0.0.2:80"};
    say(Writer());
  }
  // A CheckResponse, with the status of the call behind it.
  void say(const Writer& message, const std::string& status = "0") {
    says = HostAnswer();
    says.headers = {{"Content-Type", "application/grpc"}};
    says.body = http::grpc_frame(message.written());
    says.trailers = {{"Grpc-Status", status}};
  }
  static std::string external(const std::string& how = "grpc: {}") {
    return "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: auth, port: "
           "80}, " +
           how + "}}";
  }
  void load(const std::string& filter, const std::string& rest = to("app")) {
    rig.load(gateway(plain) + route("r", "rules: [{filters: [" + filter + "], " + rest + "}]"),
             services);
  }
  Outcome send(const std::string& target = "/", FieldList headers = {}, Arm arm = Arm::wire) {
    app.clear();
    auth.clear();
    return rig.send("a.test", target, std::move(headers), arm);
  }
  // What the request is told as, fields 4.2 of the attributes.
  std::string told(uint32_t field) const {
    const auto inner = [](std::string_view message, uint32_t number) {
      protobuf::Reader r(message);
      protobuf::Field f;
      std::string out;
      while (r.next(f)) {
        if (f.number == number) out = f.bytes;
      }
      return out;
    };
    if (auth.empty()) return "(not asked)";
    const auto message = http::grpc_message(auth.front().body);
    if (!message) return message.error().message;
    std::string at(*message);
    for (const uint32_t n : {1u, 4u, 2u, field}) at = inner(at, n);
    return at;
  }
};

TEST_F(GatewayExtAuthz, TheServiceIsAskedByACallOfItsOwn) {
  load(external());
  for (const Arm arm : {Arm::wire, Arm::direct}) {
    const Outcome o = send("/p%2Fq?a=b", {{"X-Other", "o"}, {"Authorization", "t"}}, arm);
    EXPECT_EQ(o.status, 200);
    EXPECT_EQ(o.body, "app /p%2Fq?a=b");
    ASSERT_EQ(auth.size(), 1u);
    EXPECT_EQ(auth[0].method, "POST");
    EXPECT_EQ(auth[0].target, "/envoy.service.auth.v3.Authorization/Check");
    EXPECT_EQ(field(auth[0].headers, "Content-Type"), "application/grpc");
    EXPECT_EQ(field(auth[0].headers, "Te"), "trailers");
    EXPECT_EQ(field(auth[0].headers, "Grpc-Timeout"), "30S");
    EXPECT_EQ(field(auth[0].headers, "Host"), "10.0.0.2:80");
    for (const char* name : {"X-Other", "Authorization", "X-Forwarded-For", "X-Forwarded-Host"})
      EXPECT_EQ(field(auth[0].headers, name), "") << name;
    EXPECT_EQ(told(2), "GET");
    EXPECT_EQ(told(4), "/p%2Fq?a=b");
    EXPECT_EQ(told(5), "a.test");
    ASSERT_EQ(app.size(), 1u);
    EXPECT_EQ(field(app[0].headers, "X-Other"), "o");
  }
}

TEST_F(GatewayExtAuthz, AnAnswerChangesRequestAndResponse) {
  load(external());
  Writer ok, answer, parameter;
  ok.message(2, header("x-user", "u"));
  ok.bytes(5, "authorization");
  ok.message(6, header("set-cookie", "auth=1"));
  parameter.bytes(1, "b");
  parameter.bytes(2, "2");
  ok.message(7, parameter);
  ok.bytes(8, "a");
  answer.message(3, ok);
  say(answer);
  const Outcome o = send("/p?a=1&c", {{"X-User", "admin"}, {"Authorization", "t"}});
  EXPECT_EQ(o.status, 200);
  ASSERT_EQ(app.size(), 1u);
  EXPECT_EQ(app[0].target, "/p?c&b=2");
  EXPECT_EQ(field(app[0].headers, "X-User"), "u");
  EXPECT_EQ(field(app[0].headers, "Authorization"), "");
  EXPECT_EQ(field(o.headers, "Set-Cookie"), "app=1|auth=1");
}

TEST_F(GatewayExtAuthz, ADeniedRequestHearsTheServicesAnswer) {
  load(external());
  struct Row {
    uint64_t status;
    int heard;
  };
  for (const Row& row :
       std::vector<Row>{{0, 403}, {401, 401}, {302, 302}, {200, 200}, {100, 403}, {600, 403}}) {
    Writer denied, answer;
    denied.message(1, number(row.status));
    denied.message(2, header("x-why", "w"));
    denied.bytes(3, "no");
    answer.message(1, number(7));
    answer.message(2, denied);
    say(answer);
    const Outcome o = send();
    EXPECT_EQ(o.status, row.heard) << row.status;
    EXPECT_EQ(o.body, "no");
    EXPECT_EQ(field(o.headers, "X-Why"), "w");
    EXPECT_EQ(field(o.headers, "Content-Type"), "text/plain");
    EXPECT_TRUE(app.empty());
  }
  Writer bare, error;
  bare.message(1, number(16));
  say(bare);
  EXPECT_EQ(send().status, 403);
  bare.message(5, error);
  say(bare);
  EXPECT_EQ(send().status, 500);
  EXPECT_TRUE(app.empty());
}

TEST_F(GatewayExtAuthz, WhateverGoesWrongLetsNothingPass) {
  load(external());
  const HostAnswer good = says;
  struct Row {
    std::function<void(HostAnswer&)> change;
    int status;
  };
  for (const Row& row : std::vector<Row>{
           {[](HostAnswer& a) {
              a.trailers = {{"Grpc-Status", "14"}};
            },
            503},
           {[](HostAnswer& a) {
              a.trailers = {{"Grpc-Status", "7"}};
            },
            403},
           {[](HostAnswer& a) {
              a.trailers = {{"Grpc-Status", "16"}};
            },
            403},
           {[](HostAnswer& a) {
              a.trailers = {{"Grpc-Status", "2"}};
            },
            500},
           {[](HostAnswer& a) {
              a.trailers = {{"X-Other", "0"}};
            },
            500},
           {[](HostAnswer& a) { a.status = 404; }, 500},
           {[](HostAnswer& a) { a.status = 503; }, 503},
           {[](HostAnswer& a) { a.body = ""; }, 500},
           {[](HostAnswer& a) { a.body = http::grpc_frame("\x08"); }, 500},
           {[](HostAnswer& a) { a.body[0] = 1; }, 500},
           {[](HostAnswer& a) { a.body = std::string((4u << 20) + 1, 'x'); }, 500},
           {[](HostAnswer& a) { a.action = HostAnswer::Action::close; }, 500},
           {[](HostAnswer& a) { a.action = HostAnswer::Action::silent; }, 500},
           {[](HostAnswer& a) { a.delay = 30s; }, 500},
       }) {
    says = good;
    row.change(says);
    EXPECT_EQ(send().status, row.status) << says.status << says.body.substr(0, 9);
    EXPECT_TRUE(app.empty());
  }
  says = good;
  says.delay = 29s;
  EXPECT_EQ(send().status, 200);
  load(external(), "timeouts: {request: 2s}, " + to("app"));
  EXPECT_EQ(send().status, 504);
  services["auth"] = {"10.0.9.9:80"};  // where nobody listens
  load(external());
  EXPECT_EQ(send().status, 500);
  services["auth"] = {};
  load(external());
  EXPECT_EQ(send().status, 503);
  EXPECT_TRUE(app.empty());
}

TEST_F(GatewayExtAuthz, BodiesUpToMaxSize) {
  const auto post = [this](const std::string& body) {
    app.clear();
    auth.clear();
    return rig.post(body);
  };
  load(external("grpc: {}, forwardBody: {maxSize: 4}"));
  EXPECT_EQ(post("1234").status, 200);
  EXPECT_EQ(told(11), "1234");
  ASSERT_EQ(app.size(), 1u);
  EXPECT_EQ(app[0].body, "1234");
  EXPECT_EQ(post("12345").status, 413);
  EXPECT_TRUE(auth.empty() && app.empty());
  load(external());
  EXPECT_EQ(post("12345").status, 200);
  EXPECT_EQ(told(11), "");
  EXPECT_EQ(app[0].body, "12345");
}

TEST_F(GatewayExtAuthz, TheServicesPortMaySayThatItIsGrpc) {
  for (const std::string protocol : {"grpc", "kubernetes.io/h2c", ""}) {
    rig.protocols["auth"] = protocol;
    if (protocol.empty()) rig.protocols.clear();
    load(external());
    EXPECT_EQ(send().status, 200) << protocol;
  }
}

}  // namespace
}  // namespace gateproof::sim
