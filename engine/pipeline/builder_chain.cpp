#include <charconv>

#include "engine/base/crypto.h"
#include "engine/middleware/route_filters.h"
#include "engine/pipeline/builder.h"

namespace gateproof::pipeline {
namespace {

// Routers whose rule a provider made: a request that comes back to the same router is refused (catalogue 1.8).
class LoopGuard final : public middleware::SyncFilter {
 public:
  explicit LoopGuard(std::string_view router) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, crypto::fnv1_64(router), 16).ptr;
    mark_.assign(digits, end);
  }
  middleware::Flow on_request(http::Exchange& x) override {
    if (x.request.headers.get(header) == mark_) {
      x.response = http::Response::make(400, "");
      return middleware::Flow::answer;
    }
    x.request.headers.set(header, mark_);
    return middleware::Flow::next;
  }

 private:
  static constexpr std::string_view header = "X-Traefik-Router";
  std::string mark_;  // hexadecimal FNV-1 of the router's name, without leading zeros
};

std::string arrow_path(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& p : path) out += (out.empty() ? "middleware:" : "->middleware:") + p;
  return out;
}

}  // namespace

HandlerPtr Builder::router_end(RouterInfo& info, Node& node, const std::string& provider) {
  const config::Text& written = node.config->service;
  if (!node.children.empty()) return child_routes(info, node);
  if (written.value.empty()) {
    info.fail("router has no service and no child routers");
    info.fail("router must have either a service or child routers");
    finding("GP0309", node.config->span, info.label(),
            "the router names no service, so it is disabled", "add `service: name`");
    return nullptr;
  }
  const std::string name = config::qualify(written.value, provider);
  HandlerPtr end = service(name);
  if (!out_.services.contains(name)) {
    const std::string problem = service_problem(name);
    info.fail(problem);
    finding("GP0305", written.span, info.label(),
            problem + ": the router is disabled" +
                (strict() ? "" : ", and a broader router, if there is one, serves its requests"),
            "define the service, or name one that exists");
    return nullptr;
  }
  ObjectInfo& known = out_.services.edit(name);
  known.used_by.push_back(info.name);
  node.user = true;
  if (!end) {
    info.fail(text::join(known.errors, ", "));
    finding("GP0306", written.span, info.label(),
            "the service \"" + name + "\" is disabled, and so is the router", "mend the service");
  }
  return end;
}

HandlerPtr Builder::router_handler(RouterInfo& info, Node& node) {
  const std::string provider(config::provider_of(node.original));
  HandlerPtr end = router_end(info, node, provider);
  std::vector<config::Text> names;
  if (node.where.model) names = node.where.model->middlewares;
  names.insert(names.end(), node.config->middlewares.begin(), node.config->middlewares.end());
  Steps steps;
  if (node.config->default_rule) {
    steps.push_back(std::make_unique<LoopGuard>(info.name));
    steps.back()->stage = "loop guard of " + info.name;
  }
  HandlerPtr instead;
  // Those of the service come first, and alone.
  const std::vector<std::string> of_service = end ? std::vector<std::string>() : info.errors;
  const size_t told = info.errors.size();
  for (const config::Text& n : names) {
    const std::string qualified = config::qualify(n.value, provider);
    info.middlewares.push_back(qualified);
    std::vector<std::string> path;
    append_steps(steps, qualified, n.span, info, instead, path);
  }
  if (node.config->filters && !node.config->filters->empty())
    append_filters(steps, *node.config->filters, info.name, info);
  info.keep_last_error(told);
  if (!end) info.errors = of_service;
  if (info.status == Status::disabled || !end) return nullptr;
  note_later_service(config::qualify(node.config->service.value, provider),
                     node.config->service.span, info);
  if (steps.empty() && !instead) return end;
  return std::make_shared<middleware::Chain>(std::move(steps), instead ? instead : std::move(end));
}

bool Builder::refuse_middleware(const std::string& name, const config::MiddlewareConfig& m,
                                ObjectInfo& user, const std::string& error, std::string_view code,
                                const std::string& remedy, const SourceSpan& at) {
  out_.middlewares.edit(name).fail(error);
  user.fail(error);
  finding(code, at.known() ? at : m.span, "middleware " + name,
          error + ": the middleware and every router that uses it are disabled", remedy);
  return false;
}

void Builder::append_filters(Steps& steps, const config::RouteFilters& filters,
                             const std::string& owner, ObjectInfo& user) {
  const middleware::BuildContext context{
      owner,
      user.name,
      in_.clock,
      in_.random,
      strict(),
      in_.files,
      [this, &owner](const std::string& written) { return named_service(written, owner); }};
  // No request passes a filter that cannot be honoured (Gateway API: "MUST NOT be skipped").
  const auto extension = [&](const config::MiddlewareFilter& f) {
    Steps made;
    HandlerPtr instead;
    std::vector<std::string> path;
    ObjectInfo asks;
    asks.kind = user.kind;
    asks.name = user.name;
    if (f.needed) {
      append_steps(made, f.name.value, f.name.span, user, instead, path);
      return made;
    }
    if (!append_steps(made, f.name.value, f.name.span, asks, instead, path) || instead) {
      made.clear();
      made.push_back(middleware::route_refusal(500));
      made.back()->stage = "filter ExtensionRef " + f.name.value;
    }
    return made;
  };
  auto made = middleware::route_steps(filters, context, extension);
  if (!made) {
    user.fail(made.error().message);
    finding("GP0305", user.span, user.label(), made.error().message + ": it is disabled",
            "name a service that exists");
    return;
  }
  for (auto& step : *made) steps.push_back(std::move(step));
}

bool Builder::append_steps(Steps& steps, const std::string& name, const SourceSpan& at,
                           ObjectInfo& user, HandlerPtr& instead, std::vector<std::string>& path) {
  asked(middleware_key(name));
  const auto found = objects_.middlewares.find(name);
  if (found == objects_.middlewares.end()) {
    user.fail("middleware \"" + name + "\" does not exist");
    finding("GP0307", at, user.label(),
            "middleware \"" + name + "\" does not exist: the router is disabled" +
                (strict() ? ""
                          : ", and a broader router, if there is one, serves its requests without "
                            "it"),
            "define the middleware, or correct the name");
    return false;
  }
  const config::MiddlewareConfig& m = found->second;
  ObjectInfo& info = out_.middlewares.edit(name);
  if (path.empty()) info.used_by.push_back(user.name);
  const auto refuse = [&](const std::string& error, std::string_view code,
                          const std::string& remedy) {
    return refuse_middleware(name, m, user, error, code, remedy);
  };
  if (std::find(path.begin(), path.end(), name) != path.end()) {
    too_far_ = true;  // see Builder::service
    path.push_back(name);
    const std::string text = "recursion detected in " + arrow_path(path);
    path.pop_back();
    return refuse(text, "GP0403", "take the middleware out of its own chain");
  }
  if (!m.extra_types.empty()) {
    return refuse(
        "cannot create middleware: multi-types middleware not supported, consider declaring two "
        "different pieces of "
        "middleware instead",
        "GP0402", "declare one middleware for each type");
  }
  const middleware::MiddlewareSpec* spec = middleware::find_middleware(m.type);
  if (!spec || !m.options) {
    return refuse("invalid middleware \"" + name +
                      "\" configuration: invalid middleware type or middleware does not exist",
                  "GP0401", "give the middleware one of the known types");
  }
  if (spec->schema.refs) {
    path.push_back(name);
    bool ok = true;
    for (const config::Text& ref : m.refs) {
      const std::string inner = config::qualify(ref.value, config::provider_of(name));
      depends(name, middleware_key(inner));
      ok = append_steps(steps, inner, ref.span, user, instead, path) && ok;
    }
    path.pop_back();
    if (!ok) info.fail(user.errors.empty() ? "invalid chain" : user.errors.back());
    return ok;
  }
  return append_built(steps, name, m, *spec, user, instead);
}

Result<HandlerPtr> Builder::named_service(const std::string& written,
                                          const std::string& middleware) {
  const std::string name = config::qualify(written, config::provider_of(middleware));
  const std::string mine = "middleware:" + middleware;
  depends(middleware, service_key(name));
  if (std::find(building_.begin(), building_.end(), name) != building_.end()) {
    too_far_ = true;
    return Error(Code::invalid, "could not instantiate middleware " + middleware +
                                    ": recursion detected in " + mine + "->service:" + name + "->" +
                                    mine);
  }
  if (HandlerPtr handler = service(name)) return handler;
  return Error(Code::invalid, service_problem(name));
}

bool Builder::append_built(Steps& steps, const std::string& name, const config::MiddlewareConfig& m,
                           const middleware::MiddlewareSpec& spec, ObjectInfo& user,
                           HandlerPtr& instead) {
  ObjectInfo& info = out_.middlewares.edit(name);
  const middleware::BuildContext context{
      name,
      user.name,
      in_.clock,
      in_.random,
      strict(),
      in_.files,
      [this, &name](const std::string& written) { return named_service(written, name); },
      in_.plugins,
      &in_.statics->declared_plugins,
      [this](const config::TransportTlsConfig& how) { return tls_.connector(how); }};
  Result<std::unique_ptr<middleware::Middleware>> built = spec.build(m.options.get(), context);
  if (built) {
    if (strict() && !spec.strict_meaning.empty()) {
      finding("GP1301", m.span, "middleware " + name,
              "strict, other than Traefik: " + std::string(spec.strict_meaning),
              "nothing to mend: without gateproof.strict it means what it means in Traefik");
    }
    (*built)->stage = "middleware " + name;
    steps.push_back(std::move(*built));
    return true;
  }
  if (built.error().code == Code::unsupported) {
    // Nothing behind a protection that cannot be acted on is served unprotected.
    info.fail(built.error().message, Status::warning);
    finding("GP1108", m.span, "middleware " + name,
            built.error().message + "; routers that use it answer 501",
            "leave it out of what you ask, or run the real proxy for it");
    if (!instead) instead = fixed_answer(501, built.error().message + "\n");
    return true;
  }
  // Right in a Traefik that has the plugin's sources, so nothing to correct.
  const bool not_brought = built.error().code == Code::not_found && spec.schema.type == "plugin";
  return refuse_middleware(
      name, m, user, built.error().message, not_brought ? "GP1110" : "GP0401",
      built.error().remedy.empty() ? "correct the options" : built.error().remedy,
      built.error().span);
}

void Builder::check_middleware(const std::string& name) {
  if (!out_.middlewares.at(name).used_by.empty()) return;
  const Building building(*this, middleware_key(name));
  ObjectInfo& info = out_.middlewares.edit(name);
  Steps steps;
  HandlerPtr instead;
  std::vector<std::string> path;
  ObjectInfo nobody;
  nobody.kind = "middleware";
  nobody.name = name;
  append_steps(steps, name, info.span, nobody, instead, path);
  info.used_by.clear();
}

}  // namespace gateproof::pipeline
