// `plugin` (catalogue 3.2): a middleware by the name of a plugin, with whatever options that one takes. Traefik loads plugins
// from Go sources, which this engine cannot run; here a PluginHost brings them (Python: docs/python.md). A name that nobody
// brings is refused in Traefik's words, and so are its routers.
#include <algorithm>

#include "engine/middleware/answers.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/plugin_host.h"
#include "engine/middleware/replay.h"
#include "engine/middleware/watch.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<config::Value::Member> types;
};

const config::ObjectSchema& schema() {
  static const config::ObjectSchema s{.fields = {},
                                      .other = [](const config::Value::Member& m, void* object) {
                                        static_cast<Options*>(object)->types.push_back(m);
                                      }};
  return s;
}

size_t most(std::optional<size_t> asked) {
  return std::min(asked.value_or(0), plugin_body_bytes_max);
}

class PluginMiddleware final : public WaitingMiddleware {
 public:
  explicit PluginMiddleware(std::unique_ptr<Plugin> plugin) : plugin_(std::move(plugin)) {}

  Task<void> handle(Exchange& x, Next next) override {
    if (!co_await read_request(x)) co_return;
    const std::unique_ptr<PluginCall> call = plugin_->begin();
    Flow flow = ask(x, *call);
    if (flow == Flow::answer && x.look_beyond) {
      look_beyond(x, *this);
    } else if (flow == Flow::answer) {
      co_return;
    }
    co_await next(x);
    // Asking ends where the server would answer, and an upgraded connection has no answer to edit.
    if (x.look_beyond || x.tunnel) co_return;
    if (!co_await read_response(x)) co_return;
    finish(x, *call);
  }

 private:
  // False: answered.
  Task<bool> read_request(Exchange& x) const {
    if (!plugin_->request_body_bytes_max) co_return true;
    std::string bytes;
    const size_t bytes_max = most(plugin_->request_body_bytes_max);
    const std::optional<uint64_t> length = x.request.body.length();
    Result<void> read = Error(Code::limit, body_too_large(bytes_max));
    if (!length || *length <= bytes_max)
      read = co_await read_up_to(x.request.body, bytes_max, bytes);
    if (!read) {
      const int status = answer_unread_request(x, read.error());
      if (x.trace)
        x.note(stage, "answer", std::to_string(status) + ": request " + read.error().message);
      co_return false;
    }
    if (x.trace) x.note(stage, "request body", std::to_string(bytes.size()) + " bytes in memory");
    x.request.body = http::Body::text(std::move(bytes));
    co_return true;
  }

  Flow ask(Exchange& x, PluginCall& call) const {
    std::optional<Watch> watch;
    const size_t notes = x.trace ? x.trace->size() : 0;
    if (x.trace) watch.emplace(x);
    const Result<Flow> flow = call.on_request(x);
    if (!flow) {
      fault(x, flow.error());
      return Flow::answer;
    }
    if (!watch) return *flow;
    watch->note_request(x, stage);
    if (*flow == Flow::answer) {
      x.note(stage, "answer", std::to_string(x.response.status));
    } else if (x.trace->size() == notes) {
      x.note(stage, "pass", "nothing changed");
    }
    return *flow;
  }

  // False: there is no answer left to edit.
  Task<bool> read_response(Exchange& x) const {
    const bool none = x.request.method == "HEAD" || !http::body_allowed(x.response.status);
    if (!plugin_->response_body_bytes_max || none) co_return true;
    http::Response& r = x.response;
    const size_t bytes_max = most(plugin_->response_body_bytes_max);
    std::string bytes;
    Result<void> read = Error(Code::limit, body_too_large(bytes_max));
    if (const auto length = r.body.length(); !length || *length <= bytes_max)
      read = co_await read_up_to(r.body, bytes_max, bytes);
    if (!read) {
      if (x.trace) x.note(stage, "answer", "500: answer's " + read.error().message);
      answer_error(x, 500, http::status_text(500));
      co_return false;
    }
    if (x.trace) x.note(stage, "response body", std::to_string(bytes.size()) + " bytes in memory");
    const http::Headers* trailers = r.body.trailers();
    if (trailers && !r.trailers) r.trailers = std::make_unique<http::Headers>(*trailers);
    r.body = http::Body::text(std::move(bytes));
    co_return true;
  }

  void finish(Exchange& x, PluginCall& call) const {
    std::optional<Watch> watch;
    if (x.trace) {
      watch.emplace(x);
      watch->look_at_answer(x);
    }
    const Result<void> done = call.on_response(x);
    if (!done) fault(x, done.error());
    if (watch) watch->note_response(x, stage);
  }

  // Traefik's recovery: whatever went on inside, the client learns nothing of it.
  void fault(Exchange& x, const Error& error) const {
    answer_error(x, 500, http::status_text(500));
    if (x.trace) x.note(stage, "answer", "500: the plugin failed: " + error.message);
  }

  const std::unique_ptr<Plugin> plugin_;
};

// Nobody brings it. A declared plugin whose sources cannot be loaded is a disabled feature to Traefik, any other a typing error.
Error unknown(const std::string& plugin, const BuildContext& context) {
  const bool declared =
      context.declared_plugins &&
      std::any_of(context.declared_plugins->begin(), context.declared_plugins->end(),
                  [&](const config::Text& name) { return name.value == plugin; });
  if (!declared) {
    return Error(Code::invalid, "plugin: unknown plugin type: " + plugin, SourceSpan(),
                 "declare it under `experimental.plugins` of the static configuration, or correct "
                 "the name");
  }
  return Error(Code::not_found,
               "invalid middleware \"" + std::string(context.name) +
                   "\" configuration: invalid middleware type or middleware does not exist",
               SourceSpan(),
               "Go plugins are not run here: bring a counterpart in Python, `--plugin " + plugin +
                   "=MODULE:NAME` or World(plugins=...)");
}

Result<std::unique_ptr<Middleware>> make(const void* options, const BuildContext& context) {
  const auto& types = static_cast<const Options*>(options)->types;
  if (types.size() != 1) {
    return Error(Code::invalid,
                 "plugin: invalid configuration: no configuration or too many plugin definition");
  }
  const config::Value::Member& chosen = types.front();
  if (!context.plugins || !context.plugins->knows(chosen.key)) return unknown(chosen.key, context);
  auto built = context.plugins->build(chosen.key, chosen.value, context.name);
  if (!built) return built.error();
  return std::unique_ptr<Middleware>(std::make_unique<PluginMiddleware>(std::move(*built)));
}

}  // namespace

MiddlewareSpec plugin() { return {{"plugin", &schema(), make_options<Options>, false}, make}; }

}  // namespace gateproof::middleware
