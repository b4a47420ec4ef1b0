// What the tests, fuzz targets and benchmarks of this layer share: a middleware from YAML text, and a chain around it.
#pragma once
#include "engine/config/document.h"
#include "engine/env/testing/fake.h"
#include "engine/middleware/chain.h"

namespace gateproof::middleware::testing {

// The end of a chain: keeps what arrived, answers what it is told.
class ScriptedEnd final : public http::Handler {
 public:
  std::function<void(Exchange&)> answer = [](Exchange& x) {
    x.response = http::Response::make(200, "ok");
  };
  int calls = 0;
  std::string target, host;
  http::Headers headers;
  Task<void> handle(Exchange& x) override {
    ++calls;
    target = x.request.target();
    host = x.request.host;
    headers = x.request.headers;
    answer(x);
    co_return;
  }
};

// Pieces of a body, as a source that would block between them when told so.
class Pieces final : public http::BodySource {
 public:
  Pieces(Scheduler& s, std::vector<std::string> pieces, Duration pause)
      : scheduler_(s), pieces_(std::move(pieces)), pause_(pause) {}
  std::optional<Error> fail_at_end;
  std::optional<Result<http::Chunk>> try_read() override {
    if (pause_ > Duration(0)) return std::nullopt;
    return next();
  }
  Task<Result<http::Chunk>> read() override {
    if (pause_ > Duration(0)) co_await sleep_for(scheduler_, pause_);
    co_return next();
  }

 private:
  Result<http::Chunk> next() {
    if (at_ >= pieces_.size()) {
      if (fail_at_end) return *fail_at_end;
      return http::Chunk{{}, true};
    }
    return http::Chunk{pieces_[at_++], false};
  }
  Scheduler& scheduler_;
  std::vector<std::string> pieces_;
  size_t at_ = 0;
  Duration pause_;
};

class Rig {
 public:
  gateproof::testing::FakeWorld world;
  gateproof::testing::FakeFiles files;
  std::shared_ptr<ScriptedEnd> end = std::make_shared<ScriptedEnd>();
  std::unique_ptr<Chain> chain;
  bool strict = false;
  std::function<Result<std::shared_ptr<http::Handler>>(const std::string&)> service;
  const PluginHost* plugins = nullptr;
  const std::vector<config::Text>* declared_plugins = nullptr;

  // Options through the type's own schema, then its build. "schema: ..." when the options do not decode.
  Result<std::unique_ptr<Middleware>> build(std::string_view type, std::string_view yaml) {
    const MiddlewareSpec* spec = find_middleware(type);
    if (!spec) return Error(Code::not_found, "no such type");
    auto doc = config::parse_document(yaml, "t.yml", config::Format::yaml);
    if (!doc) return Error(Code::invalid, "schema: " + doc.error().message);
    config::Findings findings;
    config::DecodeContext context{findings, "middleware m@file"};
    const std::shared_ptr<void> options = spec->schema.make();
    spec->schema.schema->decode(doc->root, options.get(), context);
    if (context.failed) return Error(Code::invalid, "schema: " + findings.list().front().message);
    const BuildContext build{"m@file", "r@file", world.clock, world.random,    strict,
                             &files,   service,  plugins,     declared_plugins};
    auto made = spec->build(options.get(), build);
    if (made) (*made)->stage = "middleware m@file";
    return made;
  }
  std::string build_error(std::string_view type, std::string_view yaml) {
    const auto made = build(type, yaml);
    return made ? "" : made.error().message;
  }

  // A chain of one middleware. False (and `why`) when it does not build.
  std::string why;
  bool use(std::string_view type, std::string_view yaml) {
    auto made = build(type, yaml);
    if (!made) {
      why = made.error().message;
      return false;
    }
    std::vector<std::unique_ptr<Middleware>> steps;
    steps.push_back(std::move(*made));
    chain = std::make_unique<Chain>(std::move(steps), end);
    end->calls = 0;
    return true;
  }

  // A request for `url` (path and query), with lines "Name: value"; Host is x.test unless a line says otherwise.
  std::unique_ptr<Exchange> request(std::string_view url,
                                    const std::vector<std::string>& lines = {},
                                    std::string_view method = "GET") {
    auto x = std::make_unique<Exchange>(world.env);
    x->request.method = method;
    const size_t mark = url.find('?');
    if (auto path = http::canonical_path(url.substr(0, mark))) x->request.url = *path;
    x->request.has_query = mark != std::string_view::npos;
    if (x->request.has_query) x->request.query = url.substr(mark + 1);
    x->request.host = "x.test";
    x->peer = {IpAddress::v4(127, 0, 0, 1), 5000};
    for (const std::string& line : lines) {
      const size_t colon = line.find(':');
      const std::string name = http::canonical_name(line.substr(0, colon));
      const std::string value(text::trim(line.substr(colon + 1)));
      if (name == "Host") {
        x->request.host = value;
      } else {
        x->request.headers.add(name, value);
      }
    }
    return x;
  }
  bool run(Exchange& x) { return world.run_void(chain->handle(x)); }
  std::unique_ptr<Exchange> send(std::string_view url, const std::vector<std::string>& lines = {},
                                 std::string_view method = "GET") {
    auto x = request(url, lines, method);
    run(*x);
    return x;
  }
  std::string body_of(Exchange& x) {
    auto text = world.run(http::read_all(x.response.body, 64u << 20));
    return text && *text ? **text : "(no body)";
  }
};

// All values of a name, joined with " | "; "-" when there is none.
inline std::string lines_of(const http::Headers& h, std::string_view name) {
  std::string out;
  bool any = false;
  for (std::string_view v : h.values(name)) {
    out += (any ? " | " : "") + std::string(v);
    any = true;
  }
  return any ? out : "-";
}

}  // namespace gateproof::middleware::testing
