// Middlewares, and options of middlewares, that a provider writes and no file can: what annotations of ingress-nginx become
// (catalogue 6.7). One line each, as in registry.cpp.
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

ProviderSpec app_root();
ProviderSpec auth_tls_pass_certificate();
ProviderSpec buffering_of_provider();
ProviderSpec errors_of_provider();
ProviderSpec redirect_regex_of_provider();
ProviderSpec redirect_scheme_of_provider();
ProviderSpec rewrite_target();
ProviderSpec snippet();
ProviderSpec upstream_vhost();

std::span<const ProviderSpec> provider_types() {
  static const std::vector<ProviderSpec> specs = {app_root(),
                                                  auth_tls_pass_certificate(),
                                                  buffering_of_provider(),
                                                  errors_of_provider(),
                                                  redirect_regex_of_provider(),
                                                  redirect_scheme_of_provider(),
                                                  rewrite_target(),
                                                  snippet(),
                                                  upstream_vhost()};
  return specs;
}

}  // namespace gateproof::middleware
