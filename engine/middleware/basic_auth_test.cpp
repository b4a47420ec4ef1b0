#include <gtest/gtest.h>

#include "engine/base/crypto.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

const std::string sha = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";  // "password"

std::string basic(const std::string& pair, const std::string& scheme = "Basic ") {
  return "Authorization: " + scheme + crypto::base64(pair);
}

TEST(BasicAuth, Requests) {
  const std::string users = "users: ['u:" + sha + "', 'plain:password', ':" + sha +
                            "', 'm:$apr1$lZL6Vci0$Idx0zekuXAbMeZL1IsxfP0', "
                            "'b:$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm']";
  struct Row {
    const char* clause;
    std::string line;
    int status;
  };
  const Row rows[] = {
      {"3.2 none", "X: y", 401},
      {"3.2 right", basic("u:password"), 200},
      {"3.2 apr1", basic("m:password"), 200},
      {"3.2 bcrypt", basic("b:password"), 200},
      {"3.2 wrong", basic("u:x"), 401},
      {"3.2 unknown user", basic("z:password"), 401},
      {"A3 other user, same text", basic("up:assword"), 401},
      {"9.24 plain text never matches", basic("plain:password"), 401},
      {"empty user", basic(":password"), 200},
      {"scheme in any case", basic("u:password", "bASIC "), 200},
      {"two blanks", basic("u:password", "Basic  "), 401},
      {"other scheme", basic("u:password", "Bearer "), 401},
      {"not base64", "Authorization: Basic zzz", 401},
      {"no padding", "Authorization: Basic dTpwYXNzd29yZA", 401},
      {"no colon", basic("password"), 401},
  };
  Rig rig;
  ASSERT_TRUE(rig.use("basicAuth", users)) << rig.why;
  for (int pass = 0; pass < 2; ++pass) {  // the second time from remembered verdicts
    for (const Row& row : rows) {
      const auto x = rig.send("/", {row.line});
      EXPECT_EQ(x->response.status, row.status) << row.clause;
      if (row.status == 200) {
        EXPECT_TRUE(rig.end->headers.has("Authorization")) << row.clause;
        continue;
      }
      EXPECT_EQ(rig.body_of(*x), "401 Unauthorized\n") << row.clause;
      EXPECT_EQ(x->response.headers.get("Content-Type"), "text/plain");
      EXPECT_EQ(x->response.headers.get("Www-Authenticate"), "Basic realm=\"traefik\"");
    }
  }
}

TEST(BasicAuth, Options) {
  Rig rig;
  ASSERT_TRUE(rig.use("basicAuth", "users: ['u:" + sha +
                                       "']\nrealm: 'my \"r\"'\nremoveHeader: true\n"
                                       "headerField: x-web_User"))
      << rig.why;
  auto x = rig.send("/", {"X-Web_User: spoof"});
  EXPECT_EQ(x->response.headers.get("Www-Authenticate"), "Basic realm=\"my \"r\"\"");
  x = rig.send("/", {basic("u:password"), "X-Web_User: spoof", "x-web_user: again"});
  EXPECT_EQ(x->response.status, 200);
  EXPECT_EQ(lines_of(rig.end->headers, "X-Web_User"), "u") << "F5";
  const auto field = std::find_if(rig.end->headers.begin(), rig.end->headers.end(),
                                  [](const auto& f) { return f.value == "u"; });
  EXPECT_EQ(field->name, "x-web_User") << "exact spelling";
  EXPECT_FALSE(rig.end->headers.has("Authorization"));
}

TEST(BasicAuth, TellsTheUserEvenOnFailure) {
  Rig rig;
  ASSERT_TRUE(rig.use("basicAuth", "users: ['u:" + sha + "']"));
  EXPECT_EQ(rig.send("/", {basic("who:x")})->user, "who");
  EXPECT_EQ(rig.send("/")->user, "");
}

TEST(BasicAuth, UsersFile) {
  Rig rig;
  rig.files.files["/etc/users"] = "# c\n\nf:" + sha + "\nu:{SHA}xxxx\n";
  ASSERT_TRUE(rig.use("basicAuth", "usersFile: /etc/users\nusers: ['u:" + sha + "']")) << rig.why;
  EXPECT_EQ(rig.send("/", {basic("f:password")})->response.status, 200);
  EXPECT_EQ(rig.send("/", {basic("u:password")})->response.status, 200) << "users override";
  EXPECT_EQ(rig.build_error("basicAuth", "usersFile: /nope"),
            "open /nope: no such file or directory");
  rig.files.files["/bad"] = "a:b\nbad\n";
  EXPECT_EQ(rig.build_error("basicAuth", "usersFile: /bad"), "error parsing BasicUser: bad");
  rig.files.files["/empty"] = "#\n";
  EXPECT_EQ(rig.build_error("basicAuth", "usersFile: /empty"), "no users found in /empty");
}

TEST(BasicAuth, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("basicAuth", yaml); };
  EXPECT_EQ(error("users: []"), "no users found in ");
  EXPECT_EQ(error("realm: x"), "no users found in ");
  EXPECT_EQ(error("users: [noc]"), "error parsing BasicUser: noc");
  EXPECT_EQ(error("users: ['a:b:c']"), "error parsing BasicUser: a:b:c");
}

// User and password that join to the same text, under the same hash: the verdict about one is none about the other.
TEST(BasicAuth, A3_VerdictsAreKeptByLengthsToo) {
  const std::string hash = "$apr1$lZL6Vci0$Idx0zekuXAbMeZL1IsxfP0";  // "password"
  Rig rig;
  ASSERT_TRUE(rig.use("basicAuth",
                      "users: ['u:" + hash + "', 'up:" + hash + "', 'upassword:" + hash + "']"));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(rig.send("/", {basic("u:password")})->response.status, 200);
    EXPECT_EQ(rig.send("/", {basic("up:assword")})->response.status, 401);
    EXPECT_EQ(rig.send("/", {basic("upassword:")})->response.status, 401);
    EXPECT_EQ(rig.send("/", {basic("up:password")})->response.status, 200);
  }
}

// Takes work, or says that there is too much, as told; counts it.
class CountingOffload final : public Offload {
 public:
  bool full = false;
  int taken = 0;
  bool start(std::function<void()> work, std::function<void()> done) override {
    if (full) return false;
    ++taken;
    return inline_offload().start(std::move(work), std::move(done));
  }
};

TEST(BasicAuth, A1_BcryptIsHashedElsewhereOnceForUnknownUsersToo) {
  Rig rig;
  CountingOffload offload;
  gateproof::testing::FakeWorld& w = rig.world;
  Env env{w.scheduler, w.clock, w.random, w.transport, w.resolver, "fake-host", offload};
  const std::string bcrypt = "'b:$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm'";
  ASSERT_TRUE(rig.use("basicAuth", "users: [" + bcrypt + ", 'u:" + sha + "']")) << rig.why;
  const auto status = [&](const std::string& line) {
    const auto x = rig.request("/", {line});
    x->env = &env;
    rig.run(*x);
    return x->response.status;
  };
  EXPECT_EQ(status(basic("b:password")), 200);
  EXPECT_EQ(status(basic("b:password")), 200);
  EXPECT_EQ(offload.taken, 1) << "the verdict is remembered";
  EXPECT_EQ(status(basic("b:wrong")), 401);
  EXPECT_EQ(status(basic("who:password")), 401);
  EXPECT_EQ(offload.taken, 3) << "an unknown user costs the same";
  EXPECT_EQ(status(basic("u:password")), 200);
  EXPECT_EQ(status("X: y"), 401);
  EXPECT_EQ(offload.taken, 3) << "what is quick is done here";
  offload.full = true;
  EXPECT_EQ(status(basic("b:other")), 503);
  EXPECT_EQ(status(basic("b:password")), 200) << "known clients notice nothing";
  offload.full = false;
  EXPECT_EQ(status(basic("b:other")), 401) << "no verdict was kept";
}

// More verdicts than are remembered: each is right, and a known user is still let in.
TEST(BasicAuth, ManyGuesses) {
  Rig rig;
  ASSERT_TRUE(rig.use("basicAuth", "users: ['u:$1$abcdefgh$G//4keteveJp0qb8z2DxG/']"));
  EXPECT_EQ(rig.send("/", {basic("u:password")})->response.status, 200);
  for (int i = 0; i < 520; ++i) {
    EXPECT_EQ(rig.send("/", {basic("u:" + std::to_string(i))})->response.status, 401);
  }
  EXPECT_EQ(rig.send("/", {basic("u:password")})->response.status, 200);
  EXPECT_EQ(rig.send("/", {basic("u:0")})->response.status, 401);
}

}  // namespace
}  // namespace gateproof::middleware
