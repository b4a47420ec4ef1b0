#include <gtest/gtest.h>

#include "engine/base/crypto.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

std::string md5_hex(const std::string& text) { return crypto::hex(crypto::md5(text)); }

std::string users() { return "users: ['u:traefik:" + md5_hex("u:traefik:pw") + "']"; }

std::string part(std::string_view challenge, const std::string& name) {
  const size_t at = challenge.find(name + "=\"");
  if (at == std::string_view::npos) return "";
  const size_t from = at + name.size() + 2;
  return std::string(challenge.substr(from, challenge.find('"', from) - from));
}

struct Client {
  testing::Rig rig;
  std::string nonce, opaque;

  std::string challenge(const char* url = "/") {
    const auto x = rig.send(url);
    EXPECT_EQ(x->response.status, 401);
    const std::string line(x->response.headers.get("Www-Authenticate"));
    nonce = part(line, "nonce");
    opaque = part(line, "opaque");
    return line;
  }
  std::string line(const std::string& nc, const std::string& uri = "/",
                   const std::string& user = "u", const std::string& secret = "") const {
    const std::string ha1 = secret.empty() ? md5_hex(user + ":traefik:pw") : secret;
    const std::string response =
        md5_hex(ha1 + ":" + nonce + ":" + nc + ":c:auth:" + md5_hex("GET:" + uri));
    return "Authorization: Digest username=\"" + user + "\", nonce=\"" + nonce + "\", uri=\"" +
           uri + "\", qop=auth, nc=" + nc + ", cnonce=\"c\", response=\"" + response +
           "\", opaque=\"" + opaque + "\"";
  }
};

TEST(DigestAuth, ChallengeAndAcceptance) {
  Client c;
  ASSERT_TRUE(c.rig.use("digestAuth", "{" + users() + ", headerField: X-User, removeHeader: true}"))
      << c.rig.why;
  const std::string line = c.challenge();
  EXPECT_EQ(line, "Digest realm=\"traefik\", nonce=\"" + c.nonce + "\", opaque=\"" + c.opaque +
                      "\", algorithm=\"MD5\", qop=\"auth\"");
  EXPECT_EQ(c.nonce.size(), 16u);
  EXPECT_EQ(c.rig.end->calls, 0);
  const auto x = c.rig.send("/", {c.line("00000001"), "x-user: evil"});
  EXPECT_EQ(x->response.status, 200);
  EXPECT_EQ(x->user, "u");
  EXPECT_EQ(testing::lines_of(c.rig.end->headers, "X-User"), "u");
  EXPECT_EQ(testing::lines_of(c.rig.end->headers, "Authorization"), "-");
}

TEST(DigestAuth, ALowerCountIsStaleTheSameIsNot) {
  Client c;
  ASSERT_TRUE(c.rig.use("digestAuth", "{" + users() + "}"));
  c.challenge();
  EXPECT_EQ(c.rig.send("/", {c.line("5")})->response.status, 200);
  const auto same = c.rig.send("/", {c.line("5")});
  EXPECT_EQ(same->response.status, 401);
  EXPECT_EQ(same->response.headers.get("Www-Authenticate").find("stale"), std::string::npos);
  const auto lower = c.rig.send("/", {c.line("4")});
  EXPECT_NE(lower->response.headers.get("Www-Authenticate")
                .find(c.opaque + "\", stale=\"true\", algorithm"),
            std::string::npos);
  EXPECT_EQ(lower->user, "u");  // who tried, for the access log
}

// With the library's empty secret for an unknown user, anybody could compute an answer.
TEST(DigestAuth, A2_AnUnknownUserNeverPasses) {
  Client c;
  ASSERT_TRUE(c.rig.use("digestAuth", "{users: ['e:traefik:', 'u:other:00']}"));
  c.challenge();
  const std::string empty_secret = md5_hex(":" + c.nonce + ":1:c:auth:" + md5_hex("GET:/"));
  for (const char* user : {"evil", "e", "u", ""}) {
    std::string line = c.line("1", "/", user);
    const size_t at = line.find("response=\"") + 10;
    line.replace(at, 32, empty_secret);
    EXPECT_EQ(c.rig.send("/", {line})->response.status, 401) << user;
    EXPECT_EQ(c.rig.send("/", {c.line("1", "/", user)})->response.status, 401) << user;
  }
  EXPECT_EQ(c.rig.end->calls, 0);
}

TEST(DigestAuth, TheUriIsTheTargetOrAPrefixOfThePath) {
  Client c;
  ASSERT_TRUE(c.rig.use("digestAuth", "{" + users() + "}"));
  c.challenge();
  const std::tuple<const char*, const char*, int> rows[] = {
      {"/a?q", "/a?q", 200},     {"/a/b", "/a", 200}, {"/a", "/ab", 401}, {"/a?x", "/a?y", 200},
      {"/a", "http://h/a", 200}, {"/a", "%zz", 401},  {"/a", "", 200},    {"/a", "/b", 401},
  };
  int nc = 1;
  for (const auto& [url, uri, want] : rows) {
    EXPECT_EQ(c.rig.send(url, {c.line(std::to_string(nc++), uri)})->response.status, want)
        << url << " " << uri;
  }
}

TEST(DigestAuth, ALoneQuoteFailsAsInTraefikAndIsRefusedWhenStrict) {
  testing::Rig rig;
  ASSERT_TRUE(rig.use("digestAuth", "{" + users() + "}"));
  EXPECT_EQ(rig.send("/", {"Authorization: Digest a=\""})->response.status, 500);
  rig.strict = true;
  ASSERT_TRUE(rig.use("digestAuth", "{" + users() + "}"));
  EXPECT_EQ(rig.send("/", {"Authorization: Digest a=\""})->response.status, 401);
}

// Same seed: the same nonces; after a reload (a later time) other ones, so that nothing can be played back.
TEST(DigestAuth, NoncesRepeatWithTheWorldAndNotAfterAReload) {
  Client one, two;
  ASSERT_TRUE(one.rig.use("digestAuth", "{" + users() + "}"));
  ASSERT_TRUE(two.rig.use("digestAuth", "{" + users() + "}"));
  const std::string first = one.challenge();
  EXPECT_EQ(first, two.challenge());
  EXPECT_NE(one.challenge(), first);
  two.rig.world.clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(two.rig.use("digestAuth", "{" + users() + "}"));
  EXPECT_NE(two.challenge(), first);
}

TEST(DigestAuth, OldNoncesAreForgotten) {
  Client c;
  ASSERT_TRUE(c.rig.use("digestAuth", "{" + users() + "}"));
  c.challenge();
  const std::string line = c.line("1");
  for (int i = 0; i < 1100; ++i) c.rig.send("/");
  EXPECT_EQ(c.rig.send("/", {line})->response.status, 200);  // 1101 are known: the limit
  Client d;
  ASSERT_TRUE(d.rig.use("digestAuth", "{" + users() + "}"));
  d.challenge();
  for (int i = 0; i < 1101; ++i) d.rig.send("/");
  EXPECT_EQ(d.rig.send("/", {d.line("1")})->response.status, 401);
}

TEST(DigestAuth, Building) {
  testing::Rig rig;
  rig.files.files["/users"] = "# x\n\n v:traefik:" + md5_hex("v:traefik:pw") + " \r\n";
  EXPECT_EQ(rig.build_error("digestAuth", "{users: ['a:b']}"), "error parsing DigestUser: a:b");
  EXPECT_EQ(rig.build_error("digestAuth", "{users: ['a:b:c:d']}"),
            "error parsing DigestUser: a:b:c:d");
  EXPECT_EQ(rig.build_error("digestAuth", "{usersFile: /gone}"),
            "open /gone: no such file or directory");
  EXPECT_EQ(rig.build_error("digestAuth", "{realm: x}"), "");  // nobody can pass
  Client c;
  c.rig.files.files = rig.files.files;
  ASSERT_TRUE(c.rig.use("digestAuth", "{usersFile: /users}")) << c.rig.why;
  c.challenge();
  EXPECT_EQ(c.rig.send("/", {c.line("1", "/", "v")})->response.status, 200);
}

}  // namespace
}  // namespace gateproof::middleware
