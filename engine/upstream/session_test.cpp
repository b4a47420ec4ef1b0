#include "engine/upstream/session.h"

#include <gtest/gtest.h>

namespace gateproof::upstream {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> servers = {"http://10.0.0.1:80", "http://10.0.0.2:80"};

config::SessionConfig of(bool header) {
  config::SessionConfig c;
  c.header = header;
  c.name = "sid";
  return c;
}

Session session(const config::SessionConfig& c) { return Session(c, "rule", "app", servers); }

http::Request with_token(const std::string& token) {
  http::Request r;
  r.headers.add("SID", token);
  r.headers.add("Cookie", "a=b; sid=" + token);
  return r;
}

int64_t ns(Duration d) { return d.count(); }

// What the answer to `seen` tells, served by `server` at `at`; "" if nothing.
std::string told(const Session& s, const Session::Seen& seen, size_t server, Duration at = 0s,
                 bool secure = false) {
  http::Response r;
  s.tell(seen, server, ns(at), secure, r);
  return std::string(r.headers.get("sid")) + std::string(r.headers.get("Set-Cookie"));
}

TEST(Session, AFieldNamesTheServerAndHidesItsAddress) {
  const Session s = session(of(true));
  const std::string token = told(s, s.read({}, 0), 1);
  EXPECT_EQ(token.size(), 16u);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  const Session::Seen seen = s.read(with_token(token), 0);
  EXPECT_EQ(seen.server, 1u);
  EXPECT_EQ(told(s, seen, 1), "");  // the client knows
  EXPECT_NE(told(s, seen, 0), "");  // the server was down
  EXPECT_NE(told(s, seen, 0), token);
  // The same server of another backend is another session.
  EXPECT_FALSE(Session(of(true), "rule", "other", servers).read(with_token(token), 0).server);
}

TEST(Session, TokensThatNameNobody) {
  const Session s = session(of(true));
  const std::string token = told(s, s.read({}, 0), 0);
  for (const std::string& bad : std::vector<std::string>{
           "", "http://10.0.0.1:80", token.substr(1), token + "0", token + "-", token + "-x1",
           token + "-a", token + "-ag", token + "-a1-a1", token + "-A1", token + "-a1234567890abc",
           "0123456789abcdef", std::string(".-."), std::string(session_bytes_max + 1, '0'),
           "G" + token.substr(1)})
    EXPECT_FALSE(s.read(with_token(bad), 0).server) << bad;
  // At the limit of what is read.
  std::string padded = token + "." + std::string(session_bytes_max - 17, 'x');
  EXPECT_TRUE(s.read(with_token(padded), 0).server);
  EXPECT_FALSE(s.read(with_token(padded + "x"), 0).server);
}

TEST(Session, AbsoluteTimeoutEndsASession) {  // GEP-1619: also of cookies without Max-Age
  config::SessionConfig c = of(true);
  c.absolute = 10s;
  const Session s = session(c);
  const std::string token = told(s, s.read({}, 0), 1, 5s);
  EXPECT_EQ(token.substr(16), "-a3a98");  // 15,000 ms
  EXPECT_EQ(s.read(with_token(token), ns(15s) - 1).server, 1u);
  EXPECT_FALSE(s.read(with_token(token), ns(15s)).server);
  // It does not begin anew with each request.
  EXPECT_EQ(told(s, s.read(with_token(token), ns(14s)), 1, 14s), "");
  // Who leaves the end out, or writes one that the rule does not give, has no session.
  EXPECT_FALSE(s.read(with_token(token.substr(0, 16)), 0).server);
  const std::string far = token.substr(0, 16) + "-a";
  EXPECT_TRUE(s.read(with_token(far + "11170"), 0).server);   // 70,000 ms: limit and skew
  EXPECT_FALSE(s.read(with_token(far + "11171"), 0).server);  // one more
}

TEST(Session, IdleTimeoutIsPutOffByEachRequest) {
  config::SessionConfig c = of(true);
  c.idle = 2s;
  c.absolute = 3s;
  const Session s = session(c);
  const std::string first = told(s, s.read({}, 0), 0);
  EXPECT_EQ(first.substr(16), "-abb8-i7d0");
  EXPECT_FALSE(s.read(with_token(first), ns(2s)).server);
  const std::string second = told(s, s.read(with_token(first), ns(1s)), 0, 1s);
  EXPECT_EQ(second.substr(16), "-abb8-ibb8");  // the end stays where it was
  EXPECT_EQ(s.read(with_token(second), ns(3s) - 1).server, 0u);
  EXPECT_FALSE(s.read(with_token(second), ns(3s)).server);
}

TEST(Session, Cookies) {
  config::SessionConfig c = of(false);
  const Session plain = session(c);
  const std::string line = told(plain, plain.read({}, 0), 0);
  const std::string token = line.substr(4, 16);
  EXPECT_EQ(line, "sid=" + token + "; Path=/; HttpOnly");
  EXPECT_EQ(plain.read(with_token(token), 0).server, 0u);
  EXPECT_TRUE(told(plain, plain.read({}, 0), 0, 0s, true).ends_with("; HttpOnly; Secure"));
  c.path = "/shop";
  c.absolute = 1500ms;
  const Session limited = session(c);
  EXPECT_EQ(told(limited, limited.read({}, 0), 0),
            "sid=" + token + "-a5dc; Path=/shop; HttpOnly");  // a session cookie all the same
  c.permanent = true;
  const Session permanent = session(c);
  EXPECT_EQ(told(permanent, permanent.read({}, 0), 0),
            "sid=" + token + "-a5dc; Path=/shop; Max-Age=2; HttpOnly");
}

TEST(Session, SessionsWithOtherBackendsAreKept) {
  const Session s = session(of(true));
  const std::string other = "00000000000000ff-i1";
  std::string all = "rubbish." + other;
  EXPECT_EQ(told(s, s.read(with_token(all), 0), 0).substr(16), "." + other);
  for (size_t i = 1; i <= sessions_kept_max; ++i) all += "." + other;  // one too many
  const std::string token = told(s, s.read(with_token(all), 0), 0);
  EXPECT_EQ(token.size(), 16 + sessions_kept_max * (1 + other.size()));
  // 1.6: the session is with one backend, and no other one is remembered.
  config::SessionConfig c = of(true);
  c.keeps_backend = true;
  const Session one = session(c);
  EXPECT_EQ(told(one, one.read(with_token(all), 0), 0).size(), 16u);
}

TEST(Session, NamesAreMadeAndSanitized) {
  config::SessionConfig c;
  EXPECT_EQ(session(c).name().substr(0, 9), "_session_");
  c.header = true;
  EXPECT_EQ(session(c).name().substr(0, 10), "x-session-");
  EXPECT_NE(session(c).name(), Session(c, "another", "app", servers).name());
  c.name = "my id";
  EXPECT_EQ(session(c).name(), "my_id");
}

}  // namespace
}  // namespace gateproof::upstream
