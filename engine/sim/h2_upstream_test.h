// A client of HTTP/2, the proxy stage and a server, all over bytes in memory.
#pragma once
#include "engine/sim/h2_rig_test.h"

namespace gateproof::sim {

class Through final : public pipeline::ExchangeHandler {
 public:
  Through(http::Origin& origin, const http::OriginServer& server)
      : origin_(origin), server_(server) {}
  Task<void> handle(http::Exchange& x) override {
    x.origin = &origin_;
    x.request.url = *http::canonical_path(x.request.url.raw);
    co_await upstream::proxy_to(x, server_, true);
  }

 private:
  http::Origin& origin_;
  const http::OriginServer& server_;
};

class H2Upstream : public H2Rig {
 protected:
  static http::OriginServer server_at(std::string url) {
    config::ServerConfig c;
    c.url.value = std::move(url);
    return *upstream::make_origin_server(c, {});
  }
  const SocketAddress there{IpAddress::v4(10, 0, 0, 1), 81};
  http::OriginServer server = server_at("h2c://10.0.0.1:81");
  upstream::H2Origin origin{env};
  Through proxy{origin, server};
  pipeline::ServerOptions server_options;
  int accepted = 0;

  void SetUp() override {
    transport.serve(there, [this](std::unique_ptr<gateproof::Stream> stream) {
      ++accepted;
      scheduler.spawn("server",
                      pipeline::serve_http(env, std::move(stream), behind, server_options));
    });
    connect(proxy);
  }
  void TearDown() override {
    client.reset();
    scheduler.cancel_all();
  }
  static h2::testing::Fields call(const h2::testing::Fields& more = {}) {
    h2::testing::Fields f = {{":method", "POST"},
                             {":scheme", "http"},
                             {":path", "/pkg.Service/Method"},
                             {":authority", "a.test"},
                             {"content-type", "application/grpc"},
                             {"te", "trailers"}};
    f.insert(f.end(), more.begin(), more.end());
    return f;
  }
};

}  // namespace gateproof::sim
