#include "engine/http/nginx_variables.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::http {
namespace {

TEST(NginxVariables, AreFilledIn) {
  gateproof::testing::FakeWorld world;
  Exchange x(world.env);
  x.request.method = "GET";
  x.request.host = "A.test:81";
  x.request.url = *UrlPath::parse("/a%20b");
  x.request.query = "q=1&r=%2F";
  x.request.has_query = true;
  x.request.headers.add("X-Two", "1");
  x.request.headers.add("X-Two", "2");
  x.request.headers.add("Cookie", "c=d");
  x.peer = {IpAddress::v4(127, 0, 0, 9), 1};
  const struct {
    const char *text, *filled;
  } rows[] = {
      {"$host", "a.test"},
      {"$best_http_host", "A.test:81"},
      {"$server_name:$server_port", "A.test:81"},
      {"$scheme", "http"},
      {"$request_uri", "/a%20b?q=1&r=%2F"},
      {"$escaped_request_uri", "%2Fa%2520b%3Fq%3D1%26r%3D%252F"},
      {"$uri$is_args$args", "/a b?q=1&r=%2F"},
      {"$arg_q-${arg_r}-$arg_s", "1-/-"},
      {"$http_x_two", "1,2"},
      {"$cookie_c$cookie_d", "d"},
      {"$remote_addr", "127.0.0.9"},
      {"$proxy_add_x_forwarded_for", "127.0.0.9"},
      {"$service_name.x", "shop.x"},
      {"$lost ${lost} $1 $ $$ a$", "$lost ${lost} $1 $ $$ a$"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(fill_nginx_variables(row.text, x,
                                   std::map<std::string, std::string>{{"service_name", "shop"}}),
              row.filled)
        << row.text;
  }
}

}  // namespace
}  // namespace gateproof::http
