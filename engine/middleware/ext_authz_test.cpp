// Messages of ext_authz, byte by byte; calls are in sim/gateway_ext_authz_test.cpp, and against protobuf's own library in
// bindings/python/tests/test_ext_authz.py.
#include "engine/middleware/ext_authz.h"

#include <gtest/gtest.h>

#include "engine/base/protobuf.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using protobuf::Writer;

// Fields in order: "4.2.3{...}"; a message inside as deep as `depth` says.
std::string shown(std::string_view message, int depth) {
  protobuf::Reader r(message);
  protobuf::Field f;
  std::string out;
  while (r.next(f)) {
    out += std::to_string(f.number);
    if (f.wire != 2) {
      out += ":" + std::to_string(static_cast<int64_t>(f.value)) + " ";
    } else if (depth > 0) {
      out += "{" + shown(f.bytes, depth - 1) + "} ";
    } else {
      out += "=" + std::string(f.bytes) + " ";
    }
  }
  return r.bad() ? "bad" : out;
}

// The message that a path of field numbers leads to, the first one each.
std::string at(std::string_view message, std::initializer_list<uint32_t> path) {
  for (const uint32_t number : path) {
    protobuf::Reader r(message);
    protobuf::Field f;
    std::string_view found;
    while (r.next(f)) {
      if (f.number == number && found.empty()) found = f.bytes;
    }
    message = found;
  }
  return std::string(message);
}

class ExtAuthzRequest : public ::testing::Test {
 protected:
  testing::Rig rig;
  std::vector<std::string> listed;
  std::string body;

  std::string http_of(const http::Exchange& x) {
    return at(check_request({x, x.request, x.raw_target, body, listed}), {1, 4, 2});
  }
  // All headers, "name=value;" each.
  std::string headers_of(const http::Exchange& x) {
    const std::string message = http_of(x);
    protobuf::Reader r(message);
    protobuf::Field f;
    std::string out;
    while (r.next(f)) {
      if (f.number == 3) out += at(f.bytes, {1}) + "=" + at(f.bytes, {2}) + ";";
    }
    return out;
  }
};

TEST_F(ExtAuthzRequest, WhoAsksAndWhom) {
  auto x = rig.request("/");
  x->peer = {IpAddress::v4(192, 0, 2, 7), 4711};
  x->local = {*IpAddress::parse("::1"), 443};
  const std::string message = check_request({*x, x->request, false, "", listed});
  EXPECT_EQ(shown(at(message, {1, 1, 1, 1}), 0), "2=192.0.2.7 3:4711 ");
  EXPECT_EQ(shown(at(message, {1, 2, 1, 1}), 0), "2=::1 3:443 ");
  EXPECT_EQ(at(message, {1, 12, 1}), "");
  auto session = std::make_shared<http::TlsState>();
  session->server_name = "sni.test";
  x->tls_state = session;
  EXPECT_EQ(at(check_request({*x, x->request, false, "", listed}), {1, 12, 1}), "sni.test");
}

TEST_F(ExtAuthzRequest, TheRequestAsItCame) {
  auto x = rig.request("/a", {"X-Request-Id: id", "Content-Length: 5"}, "POST");
  x->raw_target = true;
  x->request.url.raw = "/%61;b";
  x->request.has_query = true;
  x->request.query = "q=%20";
  x->request.body = http::Body::text("12345");
  x->tls = true;
  listed = {"none"};
  EXPECT_EQ(shown(http_of(*x), 0), "1=id 2=POST 4=/%61;b?q=%20 5=x.test 6=https 9:5 10=HTTP/1.1 ");
  x->request.version = http::Version::http2;
  x->tls = false;
  body = "12345";
  x->request.body = http::Body::untold("12345");
  EXPECT_EQ(shown(http_of(*x), 0),
            "1=id 2=POST 4=/%61;b?q=%20 5=x.test 6=http 9:5 10=HTTP/2 11=12345 ");
  body = "\xff";
  EXPECT_EQ(at(http_of(*x), {12}), "\xff");  // no text of UTF-8
  EXPECT_EQ(at(http_of(*x), {11}), "");
  body = "";
  x->request.version = http::Version::http10;
  EXPECT_EQ(shown(http_of(*x), 0), "1=id 2=POST 4=/%61;b?q=%20 5=x.test 6=http 9:-1 10=HTTP/1.0 ");
}

TEST_F(ExtAuthzRequest, Headers) {
  auto x = rig.request("/p", {"X-A: 1", "x-a: 2", "Cookie: a=b", "Cookie: c=d", "Connection: X-Hop",
                              "X-Hop: h", "Te: trailers", "X-Bad: \xff"});
  const std::string own = "cookie=a=b; c=d;x-a=1,2;x-bad=!;x-forwarded-for=127.0.0.1;";
  EXPECT_EQ(headers_of(*x), ":authority=x.test;:method=GET;:path=/p;:scheme=http;" + own);
  x->append_forwarded_for = false;
  listed = {"X-A", "HOST", "X-Forwarded-For", "x-none"};
  EXPECT_EQ(headers_of(*x), "host=x.test;x-a=1,2;");
  x->append_forwarded_for = true;
  x->request.headers.add("X-Forwarded-For", "10.0.0.1");
  EXPECT_EQ(headers_of(*x), "host=x.test;x-a=1,2;x-forwarded-for=10.0.0.1, 127.0.0.1;");
  x->suppress_forwarded_for = true;
  EXPECT_EQ(headers_of(*x), "host=x.test;x-a=1,2;");
}

// ---- answers

std::string written(uint32_t field, const Writer& inner) {
  Writer out;
  out.message(field, inner);
  return out.written();
}
Writer option(const std::string& name, const std::string& value, int append = -1,
              uint64_t action = 0) {
  Writer header, out;
  header.bytes(1, name);
  header.bytes(2, value);
  out.message(1, header);
  if (append >= 0) {
    Writer wrapped;
    wrapped.number(1, static_cast<uint64_t>(append));
    out.message(2, wrapped);
  }
  out.number(3, action);
  return out;
}
Writer number(uint64_t n) {
  Writer out;
  out.number(1, n);
  return out;
}

std::string kind_of(const std::string& message) {
  const Result<CheckAnswer> a = read_check_response(message);
  if (!a) return "!" + a.error().message;
  static constexpr const char* kinds[] = {"none", "denied", "ok", "error"};
  return std::string(a->passes() ? "pass " : "stop ") + std::to_string(a->code) + " " +
         kinds[static_cast<int>(a->kind)] + " " + std::to_string(a->status) + " " + a->body;
}

TEST(ExtAuthzAnswer, WhatPasses) {
  Writer denied, ok;
  denied.message(1, number(401));
  denied.bytes(3, "who");
  const std::string refused = written(2, denied), passed = written(3, ok);
  const std::string status_ok = written(1, Writer()), status_7 = written(1, number(7));
  struct Row {
    std::string message, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", "pass 0 none 0 "},  // as proto3 leaves a status of 0 out
           {status_ok, "pass 0 none 0 "},
           {status_ok + passed, "pass 0 ok 0 "},
           {status_7, "stop 7 none 0 "},
           {status_7 + passed, "stop 7 ok 0 "},
           {status_7 + refused, "stop 7 denied 401 who"},
           {refused + status_7, "stop 7 denied 401 who"},
           {status_ok + refused, "stop 0 denied 401 who"},  // says two things at once
           {refused + passed, "pass 0 ok 0 "},              // the last of a oneof counts
           {status_7 + written(5, denied), "stop 7 error 401 who"},
           {written(4, number(1)), "pass 0 none 0 "},  // metadata
           {written(77, number(1)), "pass 0 none 0 "},
           {written(1, number(static_cast<uint64_t>(-1))), "stop -1 none 0 "},
           {"\x08\x01", "!the message cannot be read"},  // a number where a message belongs
           {"\x1a\x05", "!the message cannot be read"},
           {"\x0a\x01\x08", "!a status that cannot be read"},
           {"\x12\x01\x08", "!a denied response that cannot be read"},
           {"\x1a\x01\x08", "!an ok response that cannot be read"},
       })
    EXPECT_EQ(kind_of(row.message), row.expected);
}

TEST(ExtAuthzAnswer, ChangesOfFields) {
  struct Row {
    Writer change;
    std::string absent,
        present;  // what X-A is afterwards, where it was not there and where it was "old"
  };
  for (const Row& row : std::vector<Row>{
           {option("x-a", "n"), "n", "n"},  // a client's own does not stay beside it
           {option("x-a", "n", 1), "n", "old | n"},
           {option("x-a", "n", 0), "n", "n"},
           {option("x-a", "n", 0, 1), "n", "n"},  // append comes first
           {option("x-a", "n", -1, 1), "n", "old"},
           {option("x-a", "n", -1, 2), "n", "n"},
           {option("x-a", "n", -1, 3), "-", "n"},
           {option("x-a", ""), "", ""},
           {option(":path", "/x"), "-", "old"},
           {option("content-length", "7"), "-", "old"},
       }) {
    Writer ok;
    ok.message(2, row.change);
    const Result<CheckAnswer> a = read_check_response(written(3, ok));
    ASSERT_TRUE(a);
    for (const bool there : {false, true}) {
      http::Request r;
      if (there) r.headers.add("X-A", "old");
      change_request(r, *a);
      EXPECT_EQ(testing::lines_of(r.headers, "X-A"), there ? row.present : row.absent);
      EXPECT_FALSE(r.headers.has("Content-Length"));
    }
  }
  for (const Writer& bad : {option("", "v"), option("a b", "v"), option("x-a", "a\nb"),
                            option("x-a", "v", -1, 4), Writer()}) {
    Writer ok;
    ok.message(2, bad);
    EXPECT_FALSE(read_check_response(written(3, ok)));
    EXPECT_FALSE(read_check_response(written(2, ok)));
  }
}

TEST(ExtAuthzAnswer, FieldsThatGo) {
  Writer ok;
  for (const char* name : {"authorization", "Host", ":path", "x-none"}) ok.bytes(5, name);
  const Result<CheckAnswer> a = read_check_response(written(3, ok));
  ASSERT_TRUE(a);
  http::Request r;
  r.host = "x.test";
  r.headers.add("Authorization", "t");
  r.headers.add("X-A", "a");
  change_request(r, *a);
  EXPECT_EQ(r.headers.size(), 1u);
  EXPECT_EQ(r.host, "x.test");
}

TEST(ExtAuthzAnswer, TwoCookiesOfAnAnswerStayTwo) {
  Writer ok, denied;
  for (const char* cookie : {"a=1", "b=2"}) {
    ok.message(6, option("set-cookie", cookie));
    denied.message(2, option("set-cookie", cookie));
  }
  for (const std::string& message : {written(3, ok), written(2, denied)}) {
    const Result<CheckAnswer> a = read_check_response(message);
    ASSERT_TRUE(a);
    http::Headers h;
    change_headers(h, a->kind == CheckAnswer::Kind::ok ? a->response_headers : a->headers);
    EXPECT_EQ(testing::lines_of(h, "Set-Cookie"), "a=1 | b=2");
  }
}

TEST(ExtAuthzAnswer, Query) {
  struct Row {
    std::vector<std::pair<std::string, std::string>> set;
    std::vector<std::string> remove;
    std::string query, expected;  // "-": none
  };
  for (const Row& row : std::vector<Row>{
           {{}, {}, "a=%2F&&b", "a=%2F&&b"},
           {{}, {"none"}, "a=%2F&&b", "a=%2F&&b"},
           {{{"n", "v w&"}}, {}, "", "n=v+w%26"},
           {{{"b", "2"}}, {}, "a=%2F&b=1&c&b=0", "a=%2F&b=2&c"},
           {{{"a b", "1"}}, {}, "%61+b=0", "a+b=1"},
           {{}, {"b"}, "%62=1&B=2&b", "B=2"},
           {{}, {"a"}, "a=1", "-"},
           {{{"a", "1"}}, {"a"}, "x", "x"},  // set first, then removed
           {{}, {"%zz"}, "%zz=1&y", "y"},
       }) {
    CheckAnswer a;
    a.set_query = row.set;
    a.remove_query = row.remove;
    http::Request r;
    r.query = row.query;
    r.has_query = !row.query.empty();
    change_request(r, a);
    EXPECT_EQ(r.has_query ? r.query : "-", row.expected) << row.query;
  }
}

}  // namespace
}  // namespace gateproof::middleware
