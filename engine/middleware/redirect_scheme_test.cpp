#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/redirect.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

struct Row {
  const char *clause, *options, *method, *host, *url;
  bool tls;
  const char* proto;  // X-Forwarded-Proto, null: none
  int status;         // 200: went on
  const char* location;
};

constexpr const char* https = "scheme: https";
constexpr const char* with_port = "{scheme: https, port: '8443'}";
constexpr const char* permanent = "{scheme: https, permanent: true}";
constexpr const char* plain = "scheme: http";

const Row rows[] = {
    {"9.20", https, "GET", "x.test", "/a%2fb%20c?d=%zz", false, nullptr, 302,
     "https://x.test/a%2Fb%20c?d=%zz"},
    {"9.20 permanent", permanent, "GET", "x.test", "/", false, nullptr, 301, "https://x.test/"},
    {"9.20 HEAD", https, "HEAD", "x.test", "/", false, nullptr, 307, "https://x.test/"},
    {"9.20 HEAD permanent", permanent, "HEAD", "x.test", "/", false, nullptr, 308,
     "https://x.test/"},
    {"9.20 POST", permanent, "POST", "x.test", "/", false, nullptr, 308, "https://x.test/"},
    {"9.20 OPTIONS", https, "OPTIONS", "x.test", "/", false, nullptr, 307, "https://x.test/"},
    {"bare question mark", https, "GET", "x.test", "/?", false, nullptr, 302, "https://x.test/?"},
    {"3.2 own port dropped", https, "GET", "x.test:8080", "/", false, nullptr, 302,
     "https://x.test/"},
    {"3.2 default port", https, "GET", "x.test:80", "/", false, nullptr, 302, "https://x.test/"},
    {"3.2 port", with_port, "GET", "x.test:99", "/x", false, nullptr, 302, "https://x.test:8443/x"},
    {"3.2 port there already", with_port, "GET", "x.test:8443", "/x", true, nullptr, 200, ""},
    {"3.2 port, other", with_port, "GET", "x.test", "/", true, nullptr, 302,
     "https://x.test:8443/"},
    {"3.2 default port is not shown", "{scheme: https, port: '443'}", "GET", "x.test", "/", false,
     nullptr, 302, "https://x.test/"},
    {"3.2 TLS", https, "GET", "x.test", "/", true, nullptr, 200, ""},
    {"3.2 TLS, other port", https, "GET", "x.test:99", "/", true, nullptr, 302, "https://x.test/"},
    {"what is told counts over TLS, too", https, "GET", "x.test", "/", true, "http", 302,
     "https://x.test/"},
    {"what tells no scheme", https, "GET", "x.test", "/", true, "ftp", 200, ""},
    {"3.2 to http", plain, "GET", "x.test", "/", true, nullptr, 302, "http://x.test/"},
    {"3.2 same", plain, "GET", "x.test:80", "/", false, nullptr, 200, ""},
    {"3.2 same, other port", plain, "GET", "x.test:8080", "/", false, nullptr, 302,
     "http://x.test/"},
    {"9.22 terminator", https, "GET", "x.test", "/", false, "https", 200, ""},
    {"9.22 any case", https, "GET", "x.test", "/", false, "HTTPS", 200, ""},
    {"9.22 wss", https, "GET", "x.test", "/", false, "wss", 200, ""},
    {"9.22 ws", https, "GET", "x.test", "/", false, "ws", 302, "https://x.test/"},
    {"9.22 list", https, "GET", "x.test", "/", false, "https, http", 302, "https://x.test/"},
    {"9.22 other", https, "GET", "x.test", "/", false, "bogus", 302, "https://x.test/"},
    {"9.22 port", https, "GET", "x.test:443", "/", false, "https", 200, ""},
    {"scheme is lowered", "scheme: HTTPS", "GET", "x.test", "/", false, nullptr, 302,
     "https://x.test/"},
    {"any scheme", "{scheme: ftp, port: '21'}", "GET", "x.test", "/", false, nullptr, 302,
     "ftp://x.test:21/"},
    {"bad scheme", "scheme: ht tp", "GET", "x.test", "/", false, nullptr, 502, ""},
    {"bad port", "{scheme: https, port: abc}", "GET", "x.test", "/", false, nullptr, 502, ""},
    {"IPv6", with_port, "GET", "[::1]", "/x", false, nullptr, 302, "https://[::1]:8443/x"},
    {"IPv6 with port", with_port, "GET", "[::1]:99", "/x", false, nullptr, 502, ""},
    {"IPv6 to the same scheme", plain, "GET", "[::1]:80", "/x", false, nullptr, 502, ""},
    {"IPv6 to the same, no port", plain, "GET", "[::1]", "/x", false, nullptr, 200, ""},
    {"IPv6 to wss", "scheme: wss", "GET", "[::1]:81", "/x", false, nullptr, 302, "wss://::1:81/x"},
    {"odd host", with_port, "GET", "a!b.test", "/", false, nullptr, 502, ""},
    {"underscore", with_port, "GET", "a_b-c.test", "/", false, nullptr, 302,
     "https://a_b-c.test:8443/"},
    {"odd port", with_port, "GET", "a:b", "/", false, nullptr, 502, ""},
    {"no host", with_port, "GET", "", "/x", false, nullptr, 302, "https://:8443/x"},
};

TEST(RedirectScheme, Requests) {
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("redirectScheme", row.options)) << rig.why;
    auto x = rig.request(row.url, {"Host: " + std::string(row.host)}, row.method);
    x->tls = row.tls;
    if (row.proto) x->request.headers.add("X-Forwarded-Proto", row.proto);
    rig.run(*x);
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(x->response.headers.get("Location"), row.location) << row.clause;
    EXPECT_EQ(rig.end->calls, row.status == 200 ? 1 : 0) << row.clause;
    if (row.status == 200) continue;
    EXPECT_FALSE(x->response.headers.has("Content-Type")) << row.clause;
    EXPECT_EQ(rig.body_of(*x), http::status_text(row.status)) << row.clause;
  }
}

TEST(RedirectScheme, OptionsWithGroups) {
  Rig rig;
  ASSERT_TRUE(rig.use("redirectScheme", "{scheme: https, port: '1${3}'}")) << rig.why;
  auto x = rig.request("/", {"Host: x.test:99"}, "GET");
  rig.run(*x);
  EXPECT_EQ(x->response.status, 502);  // "https://x.test:1:99/"
}

// The division by hand is that of the expression.
TEST(RedirectScheme, UrlsAreDividedAsByTraefiksExpression) {
  const auto regex = rules::Regex::compile(url_pattern);
  ASSERT_TRUE(regex.has_value());
  rc::check([&] {
    const auto piece = rc::gen::elementOf(std::vector<std::string>{
        "a", "Z", "_", "-", ".", ":", "[", "]", "0", "99", "/", "?", "%2f", "\xc3\xa9", "\n", "!"});
    const std::string scheme = *rc::gen::elementOf(std::vector<std::string>{"http://", "https://"});
    std::string url = scheme;
    for (const std::string& p : *rc::gen::container<std::vector<std::string>>(piece)) url += p;
    const std::optional<KeptOfUrl> kept = kept_of_url(url);
    RC_ASSERT(kept.has_value() == regex->search(url));
    if (!kept) return;
    RC_ASSERT(regex->replace_all(url, "<${2}|${4}>") ==
              "<" + std::string(kept->host) + "|" + std::string(kept->rest) + ">");
  });
}

TEST(RedirectScheme, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("redirectScheme", "scheme: ''"), "you must provide a target scheme");
}

}  // namespace
}  // namespace gateproof::middleware
