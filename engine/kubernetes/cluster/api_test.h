// An Api in a world without sockets: requests are objects, answers are texts.
#pragma once
#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/api.h"
#include "engine/kubernetes/cluster/controllers.h"

namespace gateproof::kubernetes::cluster::testing {

struct Answered {
  int status = 0;
  std::string type;  // Content-Type
  Json json;         // null when the body is no JSON
  std::string text;
};

// Answers what a kubelet says.
class ScriptedOrigin final : public http::Origin {
 public:
  std::string asked;
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override {
    asked = out.server->url + out.target;
    x.response = http::Response::make(200, "a line\n", "text/plain");
    co_return Result<void>();
  }
};

struct ApiWorld {
  explicit ApiWorld(ApiOptions options = {})
      : store(world.clock, world.random),
        controllers(store, world.clock, world.random),
        api(store, std::move(options)) {}

  using Fields = std::vector<std::pair<std::string, std::string>>;

  void fill(http::Exchange& x, std::string method, std::string target, std::string body,
            const Fields& fields) {
    x.request.method = std::move(method);
    const size_t question = target.find('?');
    x.request.url.raw = target.substr(0, question);
    x.request.has_query = question != std::string::npos;
    if (x.request.has_query) x.request.query = target.substr(question + 1);
    for (const auto& [name, value] : fields) x.request.headers.set(name, value);
    x.request.body = http::Body::text(std::move(body));
    x.origin = &origin;
  }
  Answered ask(std::string method, std::string target, std::string body = {}, Fields fields = {}) {
    http::Exchange x(world.env);
    fill(x, std::move(method), std::move(target), std::move(body), fields);
    Answered out;
    if (!world.run_void(api.handle(x))) return out;
    out.status = x.response.status;
    out.type = x.response.headers.get("Content-Type");
    warnings.clear();
    for (const std::string_view w : x.response.headers.values("Warning")) warnings.emplace_back(w);
    if (x.response.body.streaming()) return out;
    out.text = x.response.body.bytes();
    if (auto parsed = parse_json(out.text)) out.json = std::move(*parsed);
    return out;
  }
  Answered get(std::string target, std::string accept = {}) {
    return ask("GET", std::move(target), {}, {{"Accept", std::move(accept)}});
  }

  gateproof::testing::FakeWorld world;
  ScriptedOrigin origin;
  Store store;
  Controllers controllers;
  Api api;
  std::vector<std::string> warnings;  // of the last answer
};

}  // namespace gateproof::kubernetes::cluster::testing
