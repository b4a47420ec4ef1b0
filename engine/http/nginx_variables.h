// Variables of NGINX in annotations of ingress-nginx, as Traefik fills them in (catalogue 6.7).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/http/exchange.h"

namespace gateproof::http {

// `$host`, `${host}`, `$http_x_name`, `$arg_x`, `$cookie_x` and so on. `more` are further ones, by names without the dollar. What
// nobody knows stays as it is written.
std::string fill_nginx_variables(std::string_view text, const Exchange& x,
                                 const std::map<std::string, std::string>& more = {});

// What a snippet of NGINX configuration knows beside the request.
struct NginxScope {
  const std::map<std::string, std::string>& variables;  // without the dollar
  const Headers* upstream = nullptr;  // what `$upstream_http_NAME` is of; null: there is none yet
  size_t bytes_max = 0;               // of what comes out
};
// nullopt: more than bytes_max.
std::optional<std::string> fill_nginx_variables(std::string_view text, const Exchange& x,
                                                const NginxScope& scope);

}  // namespace gateproof::http
