#include <gtest/gtest.h>

#include "engine/middleware/plugin_host.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

struct Script {
  std::optional<size_t> request_max, response_max;
  std::function<Result<Flow>(Exchange&)> on_request = [](Exchange&) { return Flow::next; };
  std::function<Result<void>(Exchange&)> on_response = [](Exchange&) { return Result<void>(); };
};

class ScriptedPlugin final : public Plugin {
 public:
  explicit ScriptedPlugin(const Script& s) : script_(s) {
    request_body_bytes_max = s.request_max;
    response_body_bytes_max = s.response_max;
  }
  std::unique_ptr<PluginCall> begin() const override { return std::make_unique<Call>(script_); }

 private:
  struct Call final : PluginCall {
    explicit Call(const Script& s) : script(s) {}
    Result<Flow> on_request(Exchange& x) override { return script.on_request(x); }
    Result<void> on_response(Exchange& x) override { return script.on_response(x); }
    const Script& script;
  };
  const Script& script_;
};

class Host final : public PluginHost {
 public:
  Script script;
  mutable std::string options, middleware;
  bool knows(std::string_view plugin) const override { return plugin == "demo"; }
  Result<std::unique_ptr<Plugin>> build(std::string_view, const config::Value& given,
                                        std::string_view name) const override {
    middleware = name;
    if (const config::Value* fail = given.find("fail")) return Error(Code::invalid, fail->text);
    options = given.find("mode") ? given.find("mode")->text : "";
    return std::unique_ptr<Plugin>(std::make_unique<ScriptedPlugin>(script));
  }
};

struct PluginRig : testing::Rig {
  Host host;
  PluginRig() { plugins = &host; }
  // What the trace says of the plugin, one line for each step.
  std::string story(std::unique_ptr<Exchange>& x) {
    http::ExchangeTrace trace;
    x->trace = &trace;
    run(*x);
    std::string out;
    for (const auto& step : trace) out += step.action + ": " + step.detail + "\n";
    x->trace = nullptr;
    return out;
  }
};

std::string refusal(std::string_view options, const std::vector<config::Text>& declared = {}) {
  PluginRig rig;
  rig.declared_plugins = &declared;
  const auto made = rig.build("plugin", options);
  return made ? "" : made.error().message;
}

TEST(Plugin, UnknownNamesAreRefusedInTraefiksWords) {
  EXPECT_EQ(refusal("{Demo: {goes: [here, {and: there}]}}"), "plugin: unknown plugin type: Demo");
  EXPECT_EQ(refusal("{other: text}"), "plugin: unknown plugin type: other");
  // A name that is declared, whose sources are not there (observed).
  EXPECT_EQ(refusal("{other: {}}", {{"other", {}}}),
            "invalid middleware \"m@file\" configuration: invalid middleware type or middleware "
            "does not exist");
  testing::Rig nobody;
  EXPECT_EQ(nobody.build_error("plugin", "{demo: {a: b}}"), "plugin: unknown plugin type: demo");
}

TEST(Plugin, OnePerMiddleware) {
  EXPECT_EQ(refusal("{a: {x: 1}, b: {y: 2}}"),
            "plugin: invalid configuration: no configuration or too many plugin definition");
}

TEST(Plugin, OptionsReachTheFactoryAndItsReasonComesBack) {
  EXPECT_EQ(refusal("{demo: {fail: no such mode}}"), "no such mode");
  PluginRig rig;
  ASSERT_TRUE(rig.use("plugin", "{demo: {mode: fine}}"));
  EXPECT_EQ(rig.host.options, "fine");
  EXPECT_EQ(rig.host.middleware, "m@file");
}

TEST(Plugin, ChangesGoOnAndComeBack) {
  PluginRig rig;
  rig.host.script.on_request = [](Exchange& x) {
    x.request.headers.set("X-In", "1");
    x.request.method = "PUT";
    return Flow::next;
  };
  rig.host.script.on_response = [](Exchange& x) {
    x.response.headers.set("X-Out", "2");
    x.response.status = 202;
    return Result<void>();
  };
  ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
  auto x = rig.request("/a");
  EXPECT_EQ(rig.story(x),
            "method: GET -> PUT\nrequest header: + X-In: 1\n"
            "status: 200 -> 202\nresponse header: + X-Out: 2\n");
  EXPECT_EQ(rig.end->headers.get("X-In"), "1");
  EXPECT_EQ(x->response.status, 202);
}

TEST(Plugin, AnAnswerStopsTheWay) {
  PluginRig rig;
  rig.host.script.on_request = [](Exchange& x) {
    x.response = http::Response::make(403, "no");
    return Flow::answer;
  };
  ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
  auto x = rig.request("/a");
  EXPECT_EQ(rig.story(x), "answer: 403\n");
  EXPECT_EQ(rig.end->calls, 0);
  // Whoever asks learns what lies behind it, too.
  x = rig.request("/a");
  x->look_beyond = true;
  rig.story(x);
  EXPECT_EQ(rig.end->calls, 1);
  EXPECT_EQ(x->stopped_with->status, 403);
}

TEST(Plugin, AFaultIsAnsweredAsTraefikAnswersAPanic) {
  const auto fault = [](Exchange&) { return Error(Code::invalid, "boom"); };
  PluginRig rig;
  rig.host.script.on_request = fault;
  ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
  auto x = rig.request("/a");
  EXPECT_EQ(rig.story(x), "answer: 500: the plugin failed: boom\n");
  EXPECT_EQ(rig.body_of(*x), "Internal Server Error\n");
  EXPECT_EQ(testing::lines_of(x->response.headers, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(rig.end->calls, 0);

  rig.host.script = {};
  rig.host.script.on_response = fault;
  ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
  x = rig.send("/a");
  EXPECT_EQ(x->response.status, 500);
  EXPECT_EQ(rig.end->calls, 1);
}

// At the limit, one over, and zero; nothing asked for: the body stays a stream.
TEST(Plugin, BodiesAreReadUpToTheirLimits) {
  struct Row {
    std::optional<size_t> limit;
    size_t size;
    int request_status, response_status;
  };
  const Row rows[] = {{4, 4, 200, 200},
                      {4, 5, 413, 500},
                      {0, 0, 200, 200},
                      {0, 1, 413, 500},
                      {std::nullopt, 9, 200, 200},
                      {plugin_body_bytes_max + 9, plugin_body_bytes_max, 200, 200},
                      {plugin_body_bytes_max + 9, plugin_body_bytes_max + 1, 413, 500}};
  for (const Row& row : rows) {
    for (const bool told : {true, false}) {
      const auto body = [&](PluginRig& rig) {
        return http::Body::stream(
            std::make_unique<testing::Pieces>(rig.world.scheduler,
                                              std::vector<std::string>{std::string(row.size, 'x')},
                                              Duration(0)),
            told ? std::optional<uint64_t>(row.size) : std::nullopt);
      };
      PluginRig rig;
      bool in_memory = false;
      rig.host.script.request_max = row.limit;
      rig.host.script.on_request = [&](Exchange& x) {
        in_memory = !x.request.body.streaming() && x.request.body.bytes().size() == row.size;
        return Flow::next;
      };
      ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
      auto x = rig.request("/a", {}, "POST");
      x->request.body = body(rig);
      ASSERT_TRUE(rig.run(*x));
      EXPECT_EQ(x->response.status, row.request_status) << row.size;
      EXPECT_EQ(in_memory, row.limit && row.request_status == 200) << row.size;

      PluginRig back;
      back.host.script.response_max = row.limit;
      back.end->answer = [&](Exchange& e) {
        e.response.status = 200;
        e.response.body = body(back);
      };
      ASSERT_TRUE(back.use("plugin", "{demo: {}}"));
      x = back.send("/a");
      EXPECT_EQ(x->response.status, row.response_status) << row.size;
      EXPECT_EQ(x->response.body.streaming(), !row.limit) << row.size;
    }
  }
}

TEST(Plugin, AnUpgradeIsLeftAlone) {
  PluginRig rig;
  rig.host.script.on_response = [](Exchange&) { return Error(Code::invalid, "not to be called"); };
  rig.end->answer = [](Exchange& x) {
    x.response.status = 101;
    x.tunnel = std::make_unique<http::Tunnel>();
  };
  ASSERT_TRUE(rig.use("plugin", "{demo: {}}"));
  EXPECT_EQ(rig.send("/a")->response.status, 101);
}

}  // namespace
}  // namespace gateproof::middleware
