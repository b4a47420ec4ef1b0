#include "engine/http/h1_plain.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/h1_codec.h"

namespace gateproof::http::h1 {
namespace {

using Field = boost::beast::http::field;

// What Beast makes of a head: the start line and the fields, as text.
template <bool isRequest>
struct Recorder {
  std::string said;
  bool start_line(std::string_view method, std::string_view target, int version) {
    said.append(method).append(" ").append(target).append(" ").append(std::to_string(version));
    return true;
  }
  bool start_line(int status, std::string_view reason, int version) {
    said += std::to_string(version) + " " + std::to_string(status) + " ";
    said.append(reason);
    return true;
  }
  bool field(Field f, std::string_view name, std::string_view value) {
    said += "\n" + std::to_string(static_cast<int>(f)) + " ";
    said.append(name).append(": ").append(value);
    return true;
  }
};

template <bool isRequest>
std::string beast_says(std::string_view head) {
  Recorder<isRequest> recorder;
  BeastParser<isRequest, Recorder<isRequest>> parser(recorder);
  boost::beast::error_code ec;
  const size_t n = parser.put({head.data(), head.size()}, ec);
  if (ec) return "error: " + ec.message();
  if (n != head.size()) return "not to its end";
  return recorder.said;
}

template <bool isRequest>
bool reads(std::string_view head, PlainHead& plain) {
  return isRequest ? read_plain_request(head, plain) : read_plain_response(head, plain);
}

template <bool isRequest>
std::string plain_says(std::string_view head) {
  PlainHead plain;
  if (!reads<isRequest>(head, plain)) return "odd";
  Recorder<isRequest> recorder;
  if constexpr (isRequest) {
    recorder.start_line(plain.method, plain.target, plain.version);
  } else {
    recorder.start_line(plain.status, plain.reason, plain.version);
  }
  for (size_t i = 0; i < plain.count; ++i) {
    const PlainHead::Line& l = plain.lines[i];
    recorder.field(l.known->field, l.name(), l.value());
  }
  return recorder.said;
}

using Texts = std::vector<std::string>;

const Texts usual_lines = {"Host: a.test\r\n",
                           "user-agent:x/1\r\n",
                           "X-One: \t b c \t\r\n",
                           "X-Empty:\r\n",
                           "X_Odd~Name!: \x80\xff\r\n",
                           "Connection: close\r\n",
                           "Content-Length: 12\r\n",
                           "Proxy-Connection: keep-alive\r\n",
                           "Upgrade: websocket\r\n",
                           "TE: trailers\r\n",
                           "Transfer-Encoding: Chunked\r\n"};
const Texts odd_lines = {"Connection: keep-alive, Upgrade\r\n",
                         "Connection: a b\r\n",
                         "Content-Length: 12, 12\r\n",
                         "content-length: 99999999999999999999\r\n",
                         "Transfer-Encoding: gzip, chunked\r\n",
                         "X-Folded: a\r\n b\r\n",
                         "X-Control: a\x01\r\n",
                         "No Name: 1\r\n",
                         ": 1\r\n",
                         "without colon\r\n"};
const Texts usual_requests = {"GET / HTTP/1.1\r\n", "POST /a?b#c HTTP/1.0\r\n",
                              "GET http://a/\x80 HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n"};
const Texts odd_requests = {"G{T / HTTP/1.1\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.2\r\n",
                            "GET / http/1.1\r\n", "GET /\r\n"};
const Texts usual_answers = {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 404 \r\n", "HTTP/1.1 099 x\r\n",
                             "HTTP/1.1 101 \tA\x80 b\r\n"};
const Texts odd_answers = {"HTTP/1.1 204\r\n", "HTTP/1.1 20x OK\r\n", "HTTP/1.1  200 OK\r\n",
                           "HTTP/2.0 200 OK\r\n"};

rc::Gen<std::string> mostly(const Texts& usual, const Texts& odd) {
  return rc::gen::weightedOneOf<std::string>(
      {{15, rc::gen::elementOf(usual)}, {1, rc::gen::elementOf(odd)}});
}

// A start line, a few lines, and perhaps some bytes of it written over.
std::string drawn(const Texts& usual, const Texts& odd) {
  std::string head = *mostly(usual, odd);
  for (int n = *rc::gen::inRange(0, 6); n > 0; --n) head += *mostly(usual_lines, odd_lines);
  head += "\r\n";
  for (int n = *rc::gen::inRange(0, 3); n > 0; --n) {
    const auto at = *rc::gen::inRange<size_t>(0, head.size() - 4);
    head[at] = *rc::gen::elementOf(std::string("\0\t\n\r !:-,;a0\x7f\x80\xff", 15));
  }
  // Parsers get a text to its first empty line.
  return head.substr(0, head.find("\r\n\r\n") + 4);
}

// Whether it was plain; checked then.
template <bool isRequest>
bool same(const std::string& head) {
  const std::string plain = plain_says<isRequest>(head);
  if (plain == "odd") return false;
  RC_ASSERT(plain == beast_says<isRequest>(head));
  return true;
}

TEST(PlainHead, IsWhatBeastSays) {
  EXPECT_TRUE(rc::check("requests", [] {
    int plain = 0;
    for (int i = 0; i < 20; ++i) plain += same<true>(drawn(usual_requests, odd_requests));
    RC_CLASSIFY(plain > 4, "more than four of twenty are plain");
  }));
  EXPECT_TRUE(rc::check("answers", [] {
    int plain = 0;
    for (int i = 0; i < 20; ++i) plain += same<false>(drawn(usual_answers, odd_answers));
    RC_CLASSIFY(plain > 4, "more than four of twenty are plain");
  }));
}

struct Row {
  const char* what;
  std::string line;
  bool plain;
};

const Row rows[] = {
    {"nothing", "", true},
    {"a name of no list", "X-Y: 1\r\n", true},
    {"high bytes and a tab inside", "X: a\t\xc3\r\n", true},
    {"one option", "Connection: keep-alive\r\n", true},
    {"two options", "Connection: keep-alive, x\r\n", false},
    {"no option", "Connection:\r\n", false},
    {"a length", "Content-Length: 123456789012345678\r\n", true},
    {"a longer one", "Content-Length: 1234567890123456789\r\n", false},
    {"two lengths", "Content-Length: 1\r\ncontent-length: 1\r\n", false},
    {"a list of lengths", "Content-Length: 1, 1\r\n", false},
    {"chunks", "transfer-encoding: chunked\r\n", true},
    {"chunks twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", false},
    {"another coding", "transfer-encoding: gzip\r\n", false},
    {"chunks with a length", "transfer-encoding: chunked\r\nContent-Length: 1\r\n", false},
    {"a length with chunks", "Content-Length: 1\r\ntransfer-encoding: chunked\r\n", false},
    {"folded", "X: a\r\n\tb\r\n", false},
    {"a control character", "X: a\x7f\r\n", false},
    {"a blank in a name", "X : a\r\n", false},
    {"no colon", "X\r\n", false},
    {"a bare CR", "X: a\rb\r\n", false},
};

TEST(PlainHead, WhatIsOddIsLeftToBeast) {
  for (const Row& r : rows) {
    PlainHead plain;
    EXPECT_EQ(read_plain_request("GET / HTTP/1.1\r\n" + r.line + "\r\n", plain), r.plain) << r.what;
    EXPECT_EQ(read_plain_response("HTTP/1.1 200 OK\r\n" + r.line + "\r\n", plain), r.plain)
        << r.what;
  }
}

TEST(PlainHead, SoManyLinesAndNoMore) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (size_t i = 0; i < plain_lines_max; ++i) head += "X: 1\r\n";
  PlainHead plain;
  EXPECT_TRUE(read_plain_request(head + "\r\n", plain));
  EXPECT_EQ(plain.count, plain_lines_max);
  EXPECT_FALSE(read_plain_request(head + "X: 1\r\n\r\n", plain));
}

TEST(PlainHead, KnowsTheFieldsOfBeast) {
  for (unsigned i = 1; i <= static_cast<unsigned>(Field::xref); ++i) {
    const auto f = static_cast<Field>(i);
    const auto text = boost::beast::http::to_string(f);
    const std::string name(text.data(), text.size());
    for (const std::string& spelling : {name, text::to_lower(name), text::to_upper(name)}) {
      EXPECT_EQ(known_field(HeaderName(spelling)).field, f) << spelling;
      EXPECT_EQ(boost::beast::http::string_to_field(spelling), f) << spelling;
    }
    EXPECT_EQ(known_field(f).name.text, canonical_name(name));
  }
  EXPECT_EQ(known_field("X-Of-Nobody").field, Field::unknown);
}

TEST(PlainBody, EndsWhereItsLengthSays) {
  PlainBody none, five{5, false}, all{0, true};
  EXPECT_TRUE(none.finished());
  EXPECT_EQ(five.take("ab"), "ab");
  EXPECT_FALSE(five.finished());
  EXPECT_EQ(five.take("cdefg"), "cde");
  EXPECT_TRUE(five.finished());
  EXPECT_EQ(all.take("abc"), "abc");
  EXPECT_FALSE(all.finished());
}

}  // namespace
}  // namespace gateproof::http::h1
