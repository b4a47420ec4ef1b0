// Filters that name an object or a service: ExtensionRef and ExternalAuth. "If a reference to a custom filter type cannot be
// resolved, the filter MUST NOT be skipped": its requests are answered with 500.
#include <cctype>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/resolve_rules.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

bool Rules::extension(const Value& f) {
  const Value* ref = member(&f, "extensionRef");
  const std::string group = text_at(ref, "group"), kind = text_at(ref, "kind");
  const std::string name = text_at(ref, "name");
  if (group != traefik_group || kind != "Middleware") {
    not_resolved({"GP0815", "InvalidKind",
                  "a filter of group \"" + group + "\" and kind " + kind +
                      " is not known; requests are answered with 500",
                  "name a Middleware of group traefik.io, or use the filters of the Gateway API",
                  span_of(f, "type")});
    return false;
  }
  if (index_.store.find(traefik_group, kind, route_->ns, name)) return true;
  not_resolved(
      {"GP0815", "BackendNotFound",
       "Middleware " + route_->ns + "/" + name + " does not exist; requests are answered with 500",
       "create it in the route's namespace, or name another", span_of(*ref, "name")});
  return false;
}

namespace {

// As the API's pattern has it: what stands in front of a request's path must be a path itself.
bool is_prefix(std::string_view path) {
  constexpr std::string_view marks = "-/._~!$&'()*+,;=:@";
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (text::is_alpha(c) || text::is_digit(c) || marks.find(c) != std::string_view::npos) continue;
    const auto hex = [&](size_t at) {
      return at < path.size() && std::isxdigit(static_cast<unsigned char>(path[at])) != 0;
    };
    if (c != '%' || !hex(i + 1) || !hex(i + 2)) return false;
  }
  return path.empty() || path.starts_with('/');
}

}  // namespace

bool Rules::external_auth(const Value& f, const Value& options, Rule& rule) {
  const auto refuse = [this](const Value& at, std::string_view key, const std::string& what,
                             const std::string& remedy) {
    invalid({"GP0815", "UnsupportedValue",
             "ExternalAuth: " + what + "; requests are answered with 500", remedy,
             span_of(at, key)});
    return false;
  };
  const std::string protocol = text_at(&options, "protocol");
  if (protocol != "HTTP" && protocol != "GRPC")
    return refuse(options, "protocol", "there is no protocol " + protocol, "write HTTP or GRPC");
  const Value* http = member(&options, "http");
  if (const std::string path = text_at(http, "path"); !is_prefix(path))
    return refuse(*http, "path", "\"" + path + "\" is no path", "write a path such as /check");
  const Value* forward = member(&options, "forwardBody");
  if (integer_at(forward, "maxSize") < 0)
    return refuse(*forward, "maxSize", "maxSize is negative", "write a number of bytes");
  const Value* ref = member(&options, "backendRef");
  if (!ref) return refuse(f, "type", "there is no backendRef", "write backendRef");
  ExternalAuth auth;
  auth.filter = &f;
  if (const auto problem = backends_.resolve(*route_, *ref, auth.backend, protocol == "GRPC")) {
    not_resolved(*problem);
    return false;
  }
  // Its policy says what is wrong.
  if (auth.backend.tls && !auth.backend.tls->valid) return false;
  rule.auths.push_back(std::move(auth));
  return true;
}

}  // namespace gateproof::kubernetes::gateway
