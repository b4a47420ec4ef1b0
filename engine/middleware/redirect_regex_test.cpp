#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

struct Row {
  const char *clause, *regex, *replacement, *host, *url;
  bool tls;
  int status;
  const char* location;
};

const Row rows[] = {
    {"9.21", "^http://old.test/(.*)", "https://new.test/$1", "old.test", "/a?b=c", false, 302,
     "https://new.test/a?b=c"},
    {"9.21 port", "^http://old.test/(.*)", "https://new.test/$1", "old.test:81", "/a", false, 200,
     ""},
    {"3.2 host as sent", "^http://old.test/(.*)", "https://new.test/$1", "OLD.test", "/a", false,
     200, ""},
    {"3.2 escapes", "^http://old.test/(.*)", "https://new.test/$1", "old.test",
     "/a%2fb%20c?d=%zz;e", false, 302, "https://new.test/a%2Fb%20c?d=%zz;e"},
    {"9.21 equal", "^(.*)$", "$1", "x.test", "/x", false, 200, ""},
    {"3.2 parts", "/old", "/new", "x.test", "/old/old?x=/old", false, 302,
     "http://x.test/new/new?x=/new"},
    {"3.2 unparsable", ".*", "http://[::1", "x.test", "/", false, 502, ""},
    {"bad escape", "^http://x.test/(.*)", "https://n.test/%zz$1", "x.test", "/", false, 502, ""},
    {"bad port", "^http://x.test/(.*)", "https://n.test:abc/", "x.test", "/", false, 502, ""},
    {"relative", "^http://x.test/(.*)", "/to/${1}", "x.test", "/x?y=1", false, 302, "/to/x?y=1"},
    {"empty result", "^.*$", "", "x.test", "/x", false, 302, ""},
    {"matches nothing", "", "", "x.test", "/x", false, 200, ""},
    {"re-encoded", "^.*$", "http://a.test/é x?y= z#f g", "x.test", "/", false, 302,
     "http://a.test/%C3%A9%20x?y= z#f%20g"},
    {"scheme and dots", "^http://x.test/(.*)", "HTTPS://n.test/../$1", "x.test", "/a%20b%2f?c",
     false, 302, "https://n.test/../a%20b%2F?c"},
    {"3.2 TLS decides the scheme", "^https?://(.*)", "https://$1", "x.test", "/x", true, 200, ""},
    {"3.2 plain", "^https?://(.*)", "https://$1", "x.test", "/?", false, 302, "https://x.test/?"},
};

TEST(RedirectRegex, Requests) {
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("redirectRegex", "regex: '" + std::string(row.regex) + "'\nreplacement: '" +
                                             row.replacement + "'"))
        << rig.why;
    auto x = rig.request(row.url, {"Host: " + std::string(row.host)});
    x->tls = row.tls;
    x->request.headers.add("X-Forwarded-Proto", "https");  // not looked at
    rig.run(*x);
    EXPECT_EQ(x->response.status, row.status) << row.clause;
    EXPECT_EQ(x->response.headers.get("Location"), row.location) << row.clause;
    if (row.status != 200) {
      EXPECT_EQ(rig.body_of(*x), http::status_text(row.status)) << row.clause;
    }
  }
}

TEST(RedirectRegex, Codes) {
  struct Code {
    const char* method;
    bool permanent;
    int status;
  };
  for (const Code& c : {Code{"GET", false, 302},
                        {"GET", true, 301},
                        {"HEAD", false, 307},
                        {"HEAD", true, 308},
                        {"POST", false, 307},
                        {"get", true, 308}}) {
    Rig rig;
    ASSERT_TRUE(rig.use("redirectRegex", std::string("regex: '.*'\nreplacement: /x\npermanent: ") +
                                             (c.permanent ? "true" : "false")));
    EXPECT_EQ(rig.send("/", {}, c.method)->response.status, c.status) << c.method;
  }
}

TEST(RedirectRegex, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("redirectRegex", "{regex: '(', replacement: x}"),
            "error parsing regexp: missing closing ): `(`");
}

}  // namespace
}  // namespace gateproof::middleware
