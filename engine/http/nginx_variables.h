// Variables of NGINX in annotations of ingress-nginx, as Traefik fills them in (catalogue 6.7).
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "engine/http/exchange.h"

namespace gateproof::http {

// `$host`, `${host}`, `$http_x_name`, `$arg_x`, `$cookie_x` and so on. `more` are further ones, by names without the dollar. What
// nobody knows stays as it is written.
std::string fill_nginx_variables(std::string_view text, const Exchange& x,
                                 const std::map<std::string, std::string>& more = {});

}  // namespace gateproof::http
