#include "engine/http/h1_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/h1_parser.h"

namespace gateproof::http {
namespace {

using namespace std::string_literals;

std::string request(std::optional<uint64_t> length, bool expected, const Headers& headers = {}) {
  std::string out;
  write_request_head(out, "GET", "/a?b", "h.test", headers, length, expected);
  return out;
}

TEST(H1Writer, RequestFraming) {
  EXPECT_EQ(request(0, false), "GET /a?b HTTP/1.1\r\nHost: h.test\r\n\r\n");
  EXPECT_EQ(request(0, true), "GET /a?b HTTP/1.1\r\nHost: h.test\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(request(12, false), "GET /a?b HTTP/1.1\r\nHost: h.test\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(request(std::nullopt, true),
            "GET /a?b HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  // Framing fields that a layer above left behind are never sent beside ours.
  EXPECT_EQ(
      request(
          1, true,
          {{"content-length", "9"}, {"Transfer-Encoding", "chunked"}, {"Host", "x"}, {"A", "b"}}),
      "GET /a?b HTTP/1.1\r\nHost: h.test\r\nA: b\r\nContent-Length: 1\r\n\r\n");
}

std::string response(ResponseHead head, const Headers& headers = {}) {
  head.headers = &headers;
  std::string out;
  write_response_head(out, head);
  return out;
}

TEST(H1Writer, ResponseRules) {
  ResponseHead h;
  h.wall_ns = -1;
  h.framing = Framing::length;
  EXPECT_EQ(response(h), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  h.framing = Framing::chunked;
  EXPECT_EQ(response(h, {{"Content-Length", "3"}}),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  h.framing = Framing::none;  // HEAD and 304 keep what the answer would have had
  EXPECT_EQ(response(h, {{"Content-Length", "3"}}), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  h.status = 204;
  EXPECT_EQ(response(h, {{"Content-Length", "3"}, {"Transfer-Encoding", "x"}}),
            "HTTP/1.1 204 No Content\r\n\r\n");
  h.status = 103;
  EXPECT_EQ(response(h, {{"Link", "x"}}), "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  h.status = 599;
  EXPECT_EQ(response(h), "HTTP/1.1 599 status code 599\r\n\r\n");
  h.reason = "Odd";
  EXPECT_EQ(response(h), "HTTP/1.1 599 Odd\r\n\r\n");
}

TEST(H1Writer, ConnectionAndVersion) {
  ResponseHead h;
  h.wall_ns = -1;
  h.framing = Framing::close;
  h.close = true;
  EXPECT_EQ(response(h, {{"Connection", "x"}}), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  h.version = Version::http10;  // Go writes no Connection: close to an HTTP/1.0 client
  EXPECT_EQ(response(h), "HTTP/1.0 200 OK\r\n\r\n");
  h.close = false;
  h.keep_alive_10 = true;
  h.framing = Framing::length;
  EXPECT_EQ(response(h), "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(H1Writer, DateIsAddedOnce) {
  ResponseHead h;
  h.wall_ns = 784111777'000000000;
  EXPECT_EQ(response(h), "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
  EXPECT_EQ(response(h, {{"date", "x"}}), "HTTP/1.1 200 OK\r\ndate: x\r\n\r\n");
}

TEST(H1Writer, NothingCanBeInjected) {
  std::string out;
  write_request_head(out, "GE T\r\n", "/a b\r\nX: y", "h\r\nX: y",
                     {{"A", "b\r\nX: y"}, {"Bad name", "x"}, {"C:", "x"}, {"D", "a\0b\tc"s}}, 0,
                     false);
  EXPECT_EQ(out, "GET /abX:y HTTP/1.1\r\nHost: hX: y\r\nA: bX: y\r\nD: ab\tc\r\n\r\n");
  EXPECT_TRUE(rc::check("one field in, one line out",
                        [](const std::string& name, const std::string& value) {
                          std::string wire;
                          Headers headers;
                          headers.add(name, value);
                          write_request_head(wire, "GET", "/", "h", headers, 0, false);
                          const auto lines = std::count(wire.begin(), wire.end(), '\n');
                          RC_ASSERT(lines == (is_token(name) ? 4 : 3));
                          RC_ASSERT(std::count(wire.begin(), wire.end(), '\r') == lines);
                        }));
}

TEST(H1Writer, BlanksAroundValuesAreNotWritten) {  // RFC 9110, 5.5
  EXPECT_EQ(request(0, false, {{"A", " x y\t"}, {"B", "  "}}),
            "GET /a?b HTTP/1.1\r\nHost: h.test\r\nA: x y\r\nB: \r\n\r\n");
}

TEST(Headers, FieldValuesHoldNoControlCharacterButTab) {  // eight bytes at a time as one by one
  EXPECT_TRUE(rc::check("is_field_value", [] {
    const auto any = rc::gen::oneOf(rc::gen::elementOf("\x1f\x20\x7f\x7e\x80\x9f\xff\t a"s),
                                    rc::gen::arbitrary<char>());
    const auto value = *rc::gen::container<std::string>(any);
    const bool naive = std::all_of(value.begin(), value.end(), [](char c) {
      const auto u = static_cast<unsigned char>(c);
      return c == '\t' || (u >= 0x20 && u != 0x7f);
    });
    RC_ASSERT(is_field_value(value) == naive);
  }));
}

TEST(H1Writer, TextsOfEachLengthAreWrittenWhole) {  // short ones are copied by words that overlap
  std::string letters;
  for (int i = 0; i < 80; ++i) letters += static_cast<char>('a' + i % 26);
  for (size_t name = 1; name <= 40; ++name) {
    for (size_t value = 0; value <= 40; ++value) {
      const std::string n = letters.substr(0, name), v = letters.substr(40 - value, value);
      EXPECT_EQ(request(0, false, {{n, v}}),
                "GET /a?b HTTP/1.1\r\nHost: h.test\r\n" + n + ": " + v + "\r\n\r\n");
    }
  }
}

TEST(H1Writer, ChunksRoundTrip) {
  std::string wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  write_chunk_size(wire, 26);
  wire += "abcdefghijklmnopqrstuvwxyz\r\n";
  const Headers trailers{{"X", "y"}, {"Content-Length", "3"}};
  write_last_chunk(wire, &trailers);
  EXPECT_TRUE(wire.ends_with("\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n")) << wire;
  wire.clear();
  write_last_chunk(wire, nullptr);
  EXPECT_EQ(wire, "0\r\n\r\n");
}

}  // namespace
}  // namespace gateproof::http
