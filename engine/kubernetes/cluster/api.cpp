#include "engine/kubernetes/cluster/api.h"

#include "engine/base/crypto.h"
#include "engine/base/crypto_x509.h"
#include "engine/base/text.h"
#include "engine/http/url.h"
#include "engine/kubernetes/cluster/discovery.h"

namespace gateproof::kubernetes::cluster {

namespace {

bool is_health(std::string_view path) {
  return path.starts_with("/healthz") || path.starts_with("/livez") || path.starts_with("/readyz");
}

Status unauthorized() { return refusal(401, "Unauthorized", "Unauthorized"); }

Status not_acceptable() {
  return refusal(406, "NotAcceptable",
                 "only the following media types are accepted: application/json, application/yaml");
}

void set_text(http::Response& response, int status, std::string_view text) {
  response = http::Response::make(status, text, "text/plain; charset=utf-8");
}

bool asks_watch(const ApiCall& call) { return call.path.watch || call.query.flag("watch"); }

}  // namespace

Api::Api(Store& store, ApiOptions options)
    : store_(store), options_(std::move(options)), openapi_(store.registry()) {
  store_.on_commit([this] { watches_.wake(); });
}

std::optional<Caller> Api::caller_of(const http::Exchange& x) const {
  if (!options_.authenticates) {
    return Caller{"system:admin", {"system:masters", "system:authenticated"}};
  }
  if (x.client_certificates && !x.client_certificates->empty()) {
    const auto certificate = crypto::parse_certificate(x.client_certificates->front());
    if (!certificate) return std::nullopt;
    Caller caller{certificate->subject.common_name, certificate->subject.organizations};
    caller.groups.emplace_back("system:authenticated");
    return caller;
  }
  const std::string_view authorization = x.request.headers.get("Authorization");
  if (!text::istarts_with(authorization, "Bearer ") || options_.token.empty()) return std::nullopt;
  const std::string_view token = text::trim(authorization.substr(7));
  if (!crypto::equal_constant_time(token, options_.token)) return std::nullopt;
  return Caller{"admin", {"system:masters", "system:authenticated"}};
}

bool Api::answer_groups(std::string_view path, http::Response& response) const {
  std::vector<std::string_view> parts;
  for (const std::string_view p : text::split(path, '/')) {
    if (!p.empty()) parts.push_back(p);
  }
  Json found;
  if (parts.size() == 2 && parts[0] == "api") {
    found = api_resource_list(store_.registry(), "", parts[1]);
  } else if (parts.size() == 2 && parts[0] == "apis") {
    found = api_group(store_.registry(), parts[1]);
  } else if (parts.size() == 3 && parts[0] == "apis") {
    found = api_resource_list(store_.registry(), parts[1], parts[2]);
  } else {
    return false;
  }
  if (found.is_null()) {
    set_text(response, 404, "404 page not found\n");
  } else {
    set_json(response, 200, to_text(found));
  }
  return true;
}

bool Api::answer_about(const http::Exchange& x, const Form& form, http::Response& response) {
  const std::string_view path = x.request.url.path;
  const bool core = path == "/api" || path == "/api/";
  if (core || path == "/apis" || path == "/apis/") {
    if (form.kind == Form::discovery) {
      set_json(response, 200, to_text(aggregated_discovery(store_.registry(), core, form.version)));
      response.headers.set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=" +
                                               form.version + ";as=APIGroupDiscoveryList");
    } else {
      set_json(
          response, 200,
          to_text(core ? api_versions(x.local.to_string()) : api_group_list(store_.registry())));
    }
    return true;
  }
  if (path == "/version" || path == "/version/") {
    set_json(response, 200, to_text(version_info()));
    return true;
  }
  if (is_health(path)) {
    set_text(response, 200, "ok");
    return true;
  }
  if (path == "/") {
    set_json(
        response, 200,
        to_text(json_object(
            {{"paths", json_array({Json("/api"), Json("/api/v1"), Json("/apis"), Json("/healthz"),
                                   Json("/livez"), Json("/openapi/v2"), Json("/openapi/v3"),
                                   Json("/readyz"), Json("/version")})}})));
    return true;
  }
  return openapi_.answer(x.request, response) || answer_groups(path, response);
}

void Api::watch(const ApiCall& call, http::Exchange& x) {
  const Reply<Target> at = target_of(store_.registry(), call.path);
  if (!at) return set_status(x.response, at.error());
  if (watches_.size() >= watches_max) {
    Status s = bad_request("too many watches are open: " + std::to_string(watches_max));
    s.code = 429;
    s.reason = "TooManyRequests";
    s.retry_after_seconds = 1;
    return set_status(x.response, s);
  }
  ListOptions options = list_options_of(call);
  if (!call.path.name.empty()) {
    if (!options.field_selector.empty()) options.field_selector += ',';
    options.field_selector += "metadata.name=" + call.path.name;
  }
  WatchTerms terms;
  terms.shape = shape_of(call, *at);
  terms.bookmarks = call.query.flag("allowWatchBookmarks");
  if (call.query.flag("sendInitialEvents")) {
    options.resource_version.clear();
    terms.says_initial_end = terms.bookmarks;
  }
  if (const auto seconds = text::parse_int(call.query.get("timeoutSeconds"));
      seconds && *seconds > 0) {
    terms.time = std::min<Duration>(watch_time_max,
                                    std::chrono::seconds(std::min<int64_t>(*seconds, 1'000'000)));
  }
  Reply<Watch> found = store_.watch(at->type, at->version, at->ns, options);
  if (!found) return set_status(x.response, found.error());
  x.response.status = 200;
  x.response.headers.set("Content-Type", "application/json");
  x.response.body = http::Body::stream(
      std::make_unique<WatchBody>(store_, watches_, std::move(*found), std::move(terms), *x.env),
      std::nullopt);
}

Task<void> Api::answer(http::Exchange& x) {
  const std::string_view path = x.request.url.path;
  const std::optional<Caller> caller = caller_of(x);
  if (!caller && !is_health(path) && path != "/version") {
    set_status(x.response, unauthorized());
    co_return;
  }
  const bool openapi = path.starts_with("/openapi/");
  const std::optional<Form> form = openapi ? Form{} : negotiate(x.request.headers.joined("Accept"));
  const std::optional<ResourcePath> resource = parse_resource_path(path);
  if (!form && !(resource && resource->sub == "log")) {
    set_status(x.response, not_acceptable());
    co_return;
  }
  std::string body;
  if (x.request.method != "GET" && x.request.method != "HEAD") {
    Result<std::string> read = co_await http::read_all(x.request.body, api_body_bytes_max);
    if (!read) {
      set_status(x.response, read.error().code == Code::limit
                                 ? too_large("Request entity too large: limit is " +
                                             std::to_string(api_body_bytes_max))
                                 : bad_request(read.error().message));
      co_return;
    }
    body = std::move(*read);
  }
  if (!resource) {
    if (!answer_about(x, *form, x.response)) set_text(x.response, 404, "404 page not found\n");
    co_return;
  }
  const Query query(x.request.query);
  ApiCall call{.method = x.request.method,
               .path = *resource,
               .query = query,
               .form = form.value_or(Form{}),
               .content_type = x.request.headers.get("Content-Type"),
               .body = body,
               .user_agent = x.request.headers.get("User-Agent"),
               .wall_ns = x.env->clock.wall_ns()};
  if (answer_review(call, *caller, options_.token, x.response)) co_return;
  if (call.path.sub == "log" && call.path.plural == "pods" && call.method == "GET") {
    co_await give_log(call, x);
  } else if (call.method == "GET" && asks_watch(call) && call.path.sub.empty()) {
    watch(call, x);
  } else {
    answer_resource(store_, call, x.response);
  }
}

Task<void> Api::handle(http::Exchange& x) {
  // Straight from a connection there is the escaped path alone.
  http::UrlPath& url = x.request.url;
  if (url.path.empty()) url.path = http::unescape_path(url.raw).value_or("");
  co_await answer(x);
  x.response.headers.set("Cache-Control", "no-cache, private");
  if (options_.on_request) {
    const std::string target = x.request.target();
    options_.on_request(
        {x.request.method, target, x.request.headers.get("User-Agent"), x.response.status});
  }
}

}  // namespace gateproof::kubernetes::cluster
