// ExternalAuth of the Gateway API over HTTP (GEP-1494): a service is asked with the request's method, path and fields; 200 lets the
// request pass with fields of the answer, everything else is what the client hears.
#include <algorithm>

#include "engine/middleware/external_auth.h"

namespace gateproof::middleware {
namespace {

constexpr size_t answer_bytes_max = 64u << 20;

bool is_listed(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](const std::string& n) { return text::iequals(n, name); });
}

// What says how to read the answer's body, which the request does not get.
bool describes_body(std::string_view name) { return text::istarts_with(name, "Content-"); }

class HttpAuth final : public ExternalAuth {
 public:
  HttpAuth(const config::ExternalAuthFilter& f, std::shared_ptr<http::Handler> service)
      : ExternalAuth(f, std::move(service), answer_bytes_max), prefix_(f.prefix) {
    while (prefix_.ends_with('/')) prefix_.pop_back();
  }

 private:
  // Path and fields as the filter has them. Host, method and the length of the body go with every request.
  void fill(const Exchange&, Exchange& sub) const override {
    http::Request& r = sub.request;
    const bool raw = sub.raw_target && !r.url.raw.empty();
    const std::string path = prefix_ + (raw ? r.url.raw : r.url.escaped());
    if (auto url = http::UrlPath::parse(path)) r.url = std::move(*url);
    if (raw) r.url.raw = path;
    r.headers.remove_if([this](const http::Headers::Field& f) {
      const bool passes =
          text::iequals(f.name, "Authorization") || is_listed(filter().headers, f.name);
      return !passes || is_message_framing(f.name);
    });
    sub.append_forwarded_for =
        sub.append_forwarded_for && is_listed(filter().headers, "X-Forwarded-For");
  }

  Verdict judge(Exchange& x, const http::Response& r, std::string body) const override {
    if (x.trace) x.note(stage, "asked", std::to_string(r.status));
    if (r.status == 200) {
      take_headers(x, r.headers);
      Verdict passes;
      passes.passes = true;
      return passes;
    }
    // "Any other code is considered an authorization failure", also those that would tell a client of success.
    if (r.status < 300) return refuse(x, 403, "an answer other than 200 lets nothing pass");
    x.response = http::Response::make(r.status);
    x.response.headers = r.headers;
    if (http::body_allowed(r.status)) x.response.body = http::Body::text(std::move(body));
    return {};
  }

  // A listed field that the answer lacks goes from the request: a client cannot make it up.
  void take_headers(Exchange& x, const http::Headers& answer) const {
    http::Headers& h = x.request.headers;
    for (const std::string& name : filter().taken) {
      if (!is_message_framing(name)) h.remove(name);
    }
    std::vector<std::string_view> done;
    for (const auto& f : answer) {
      const bool listed = is_listed(filter().taken, f.name);
      if (is_message_framing(f.name) || (filter().taken.empty() ? describes_body(f.name) : !listed))
        continue;
      const bool again = std::any_of(done.begin(), done.end(),
                                     [&](std::string_view d) { return text::iequals(d, f.name); });
      if (!again) h.remove(f.name);
      done.push_back(f.name);
      h.add(f.name, f.value);
      if (x.trace) x.note(stage, "request header", "+ " + std::string(f.name));
    }
  }

  std::string prefix_;
};

}  // namespace

std::unique_ptr<Middleware> route_external_auth(const config::ExternalAuthFilter& filter,
                                                std::shared_ptr<http::Handler> service) {
  if (filter.grpc) return route_ext_authz(filter, std::move(service));
  return std::make_unique<HttpAuth>(filter, std::move(service));
}

}  // namespace gateproof::middleware
