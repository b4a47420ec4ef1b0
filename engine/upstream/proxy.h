// The proxy stage: what a server is sent and what comes back from it, as Traefik's reverse proxy does it (catalogue 2.2, 4.7).
#pragma once
#include "engine/config/dynamic.h"
#include "engine/http/origin.h"

namespace gateproof::upstream {

// A server's URL taken apart. Errors are Traefik's: a URL without a scheme disables the service.
Result<http::OriginServer> make_origin_server(const config::ServerConfig& server,
                                              const config::ServersTransportConfig& transport);

// A URL that somebody asks for by itself: its server, and the target with its query; without a path the target is "/". Code::invalid:
// it is not the URL of a server.
struct WebAddress {
  http::OriginServer server;
  std::string target;
};
Result<WebAddress> web_address(const std::string& url);

// Sends the exchange's request to one server and fills the answer; failures become 502, 503, 504, 499 or 500.
Task<void> proxy_to(http::Exchange& x, const http::OriginServer& server, bool pass_host_header);

// The request as the server gets it; `asked_gzip` tells that Accept-Encoding was added here and a gzip answer is ours to open.
void build_outbound(http::Exchange& x, const http::OriginServer& server, bool pass_host_header,
                    http::Outbound& out, bool& asked_gzip);

}  // namespace gateproof::upstream
