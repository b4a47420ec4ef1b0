#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/h1_parser.h"

namespace gateproof::http::h1 {
namespace {

using namespace std::string_literals;

// Everything a parser says about a byte string, as text; fed in pieces of the given sizes (cyclic), all at once if none.
std::string events_of(std::string_view wire, const std::vector<size_t>& cuts = {},
                      const Limits& limits = {}) {
  RequestParser parser(limits);
  std::string out, pending;
  size_t at = 0, cut = 0;
  bool in_body = false;
  while (true) {
    const Step step = parser.parse(pending);
    pending.erase(0, step.event == Event::body ? 0 : step.consumed);
    if (step.event != Event::body && step.event != Event::need_more && in_body)
      out += "]", in_body = false;
    switch (step.event) {
      case Event::head: {
        const RequestHead& h = parser.head();
        out += h.method + " " + h.target + " @" + h.host +
               (h.version == Version::http10 ? " 1.0" : "") + (h.keep_alive ? "" : " close") +
               (h.upgrade ? " upgrade" : "") +
               (h.expect == Expect::continue_100 ? " expect"
                : h.expect == Expect::other      ? " expect?"
                                                 : "") +
               "{";
        for (const auto& f : h.headers)
          out += std::string(f.name) + "=" + std::string(f.value) + ";";
        out += "}";
        break;
      }
      case Event::body:
        if (!in_body) out += "[", in_body = true;
        out += step.data;
        pending.erase(0, step.consumed);
        break;
      case Event::end:
        for (const auto& f : parser.trailers())
          out += "+" + std::string(f.name) + "=" + std::string(f.value);
        out += "$";
        parser.reset();
        break;
      case Event::error:
        return out + "!" + std::to_string(parser.error().status) + std::string(parser.error().text);
      case Event::need_more: {
        if (at == wire.size())
          return out + (in_body ? "]..." : "...") + std::to_string(pending.size());
        const size_t n =
            cuts.empty() ? wire.size() : std::max<size_t>(1, cuts[cut++ % cuts.size()]);
        pending += wire.substr(at, n);
        at = std::min(at + n, wire.size());
        break;
      }
    }
  }
}

struct Row {
  const char* clause;
  std::string wire;
  std::string events;
};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
const std::string te = post + "Transfer-Encoding: chunked\r\n\r\n";

const Row accepted[] = {
    {"small", get + "\r\n", "GET / @a{}$...0"},
    {"canonical names", get + "x-aB: 1\r\nETAG: 2\r\nwww-authenticate:3\r\n\r\n",
     "GET / @a{X-Ab=1;Etag=2;Www-Authenticate=3;}$...0"},
    {"blanks trimmed", get + "X: \t a b \t\r\nY:\r\n\r\n", "GET / @a{X=a b;Y=;}$...0"},
    {"high bytes pass", get + "X: \xff\xc3\r\n\r\n", "GET / @a{X=\xff\xc3;}$...0"},
    {"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET / @ 1.0 close{}$...0"},
    {"1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
     "GET / @ 1.0{Connection=Keep-Alive;}$...0"},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / @{}$...0"},
    {"close", get + "Connection: x, Close\r\n\r\n", "GET / @a close{Connection=x, Close;}$...0"},
    {"upgrade", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     "GET / @a upgrade{Connection=Upgrade;Upgrade=websocket;}$...0"},
    {"higher minor version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / @a{}$...0"},
    {"methods as sent", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / @a{}$...0"},
    {"odd method", "FOO-BAR / HTTP/1.1\r\nHost: a\r\n\r\n", "FOO-BAR / @a{}$...0"},
    {"absolute form wins", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET http://b/x @b{}$...0"},
    {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * @a{}$...0"},
    {"asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "GET * @a{}$...0"},
    {"connect", "CONNECT h:1 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT h:1 @h:1{}$...0"},
    {"leading CRLF", "\r\n" + get + "\r\n", "GET / @a{}$...0"},
    {"length", post + "Content-Length: 3\r\n\r\nabc", "POST / @a{Content-Length=3;}[abc]$...0"},
    {"length zero", post + "Content-Length: 0\r\n\r\n", "POST / @a{Content-Length=0;}$...0"},
    {"leading zeros", post + "Content-Length: 03\r\n\r\nabc",
     "POST / @a{Content-Length=03;}[abc]$...0"},
    {"expect", post + "Expect: 100-Continue\r\n\r\n",
     "POST / @a expect{Expect=100-Continue;}$...0"},
    {"expect other", post + "Expect: x\r\n\r\n", "POST / @a expect?{Expect=x;}$...0"},
    {"pragma", get + "Pragma: no-cache\r\n\r\n",
     "GET / @a{Pragma=no-cache;Cache-Control=no-cache;}$...0"},
    {"chunked", te + "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
     "POST / @a{}[abc0123456789]$...0"},
    {"chunked, empty", te + "0\r\n\r\n", "POST / @a{}$...0"},
    {"chunked, many zeros", te + "000\r\n\r\n", "POST / @a{}$...0"},
    {"chunk extensions ignored", te + "3;a;b=c;d=\"e f\"\r\nabc\r\n0;x\r\n\r\n",
     "POST / @a{}[abc]$...0"},
    {"trailers apart", te + "1\r\nx\r\n0\r\nX-T: v\r\nx-u: w\r\n\r\n",
     "POST / @a{}[x]+X-T=v+X-U=w$...0"},
    {"TE upper case", post + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", "POST / @a{}$...0"},
    {"pipelined", get + "\r\n" + te + "1\r\nx\r\n0\r\n\r\n" + get + "\r\n",
     "GET / @a{}$POST / @a{}[x]$GET / @a{}$...0"},
    {"line ends after POST", post + "Content-Length: 1\r\n\r\nx\r\n" + get + "\r\n",
     "POST / @a{Content-Length=1;}[x]$GET / @a{}$...0"},
    {"incomplete head", get, "...25"},
    {"incomplete body", post + "Content-Length: 3\r\n\r\nab",
     "POST / @a{Content-Length=3;}[ab]...0"},
};

// Refusals. The texts are those of the running Traefik; where it is lenient, RFC 9112 holds (decision 7).
const Row refused[] = {
    {"1.4: no Host", "GET / HTTP/1.1\r\n\r\n", "!400missing required Host header"},
    {"no Host, absolute", "GET http://a/ HTTP/1.1\r\n\r\n", "!400missing required Host header"},
    {"two Hosts", get + "Host: a\r\n\r\n", "!400"},
    {"bad Host blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "!400malformed Host header"},
    {"bad Host slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "!400malformed Host header"},
    {"bad Host userinfo", "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", "!400malformed Host header"},
    {"bad Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "!400malformed Host header"},
    {"bad Host port", "GET / HTTP/1.1\r\nHost: a:bc\r\n\r\n", "!400malformed Host header"},
    {"bad Host high byte", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", "!400malformed Host header"},
    {"bad Host behind absolute", "GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n",
     "!400malformed Host header"},
    {"blank before colon", get + "X : b\r\n\r\n", "!400invalid header name"},
    {"blank in name", get + "X Y: b\r\n\r\n", "!400invalid header name"},
    {"bad name", get + "X@: b\r\n\r\n", "!400"},
    {"high byte in name", get + "X\xe9: b\r\n\r\n", "!400"},
    {"empty name", get + ": b\r\n\r\n", "!400"},
    {"no colon", get + "Xb\r\n\r\n", "!400"},
    {"NUL in value", get + "X: a\0b\r\n\r\n"s, "!400"},
    {"CTL in value",
     get + "X: a\x01"
           "b\r\n\r\n",
     "!400"},
    {"DEL in value",
     get + "X: a\x7f"
           "b\r\n\r\n",
     "!400"},
    {"bare CR in value", get + "X: a\rb\r\n\r\n", "!400"},
    {"folding", get + "X: a\r\n b\r\n\r\n", "!400"},
    {"folding of an empty line", get + "X:\r\n b\r\n\r\n", "!400"},
    {"folding to nothing", get + "X: a\r\n \r\nY: b\r\n\r\n", "!400"},
    {"empty folding", get + "X:\r\n \r\n\r\n", "!400"},
    {"folded first line", "GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", "!400"},
    {"bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", "!400"},
    {"bare LF in a field line", get + "X: a\nY: b\r\n\r\n", "!400"},
    {"two leading CRLFs", "\r\n\r\n" + get + "\r\n", "!400"},
    {"leading LF", "\n" + get + "\r\n", "!400"},
    {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"trailing blank", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "!400"},
    {"tabs", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"no target", "GET\r\n\r\n", "!400"},
    {"HTTP/0.9", "GET /\r\n\r\n", "!400"},
    {"bad method", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"bad target escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"NUL in target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, "!400"},
    {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "!505unsupported protocol version"},
    {"version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "!505unsupported protocol version"},
    {"version 1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "!400"},
    {"version lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", "!400"},
    {"TE unknown", post + "Transfer-Encoding: gzip\r\n\r\n", "!501"},
    {"TE list", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", "!501"},
    {"TE not last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", "!501"},
    {"TE twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "!501"},
    {"TE twice in one", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", "!501"},
    {"TE two lines", post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
     "!501"},
    {"TE comma", post + "Transfer-Encoding: ,chunked\r\n\r\n", "!501"},
    {"TE empty", post + "Transfer-Encoding:\r\n\r\n", "!501"},
    {"TE identity", post + "Transfer-Encoding: identity\r\n\r\n", "!501"},
    {"TE prefix", post + "Transfer-Encoding: xchunked\r\n\r\n", "!501"},
    {"TE vertical tab",
     post + "Transfer-Encoding: \x0b"
            "chunked\r\n\r\n",
     "!400"},
    {"TE then CL", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "!400"},
    {"CL then TE", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "!400"},
    {"TE in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "!400"},
    {"CL word", post + "Content-Length: abc\r\n\r\n", "!400"},
    {"CL plus", post + "Content-Length: +3\r\n\r\n", "!400"},
    {"CL minus", post + "Content-Length: -3\r\n\r\n", "!400"},
    {"CL hex", post + "Content-Length: 0x3\r\n\r\n", "!400"},
    {"CL underscore", post + "Content-Length: 1_0\r\n\r\n", "!400"},
    {"CL empty", post + "Content-Length:\r\n\r\n", "!400"},
    {"CL list", post + "Content-Length: 3, 3\r\n\r\n", "!400"},
    {"CL list with hole", post + "Content-Length: 3,\r\n\r\n", "!400"},
    {"CL twice, equal", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", "!400"},
    {"CL twice, different", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "!400"},
    {"CL overflow", post + "Content-Length: 9223372036854775808\r\n\r\n", "!400"},
    {"CL huge", post + "Content-Length: 99999999999999999999999\r\n\r\n", "!400"},
    {"chunk garbage", te + "zz\r\n", "POST / @a{}!400"},
    {"chunk 0x", te + "0x3\r\nabc\r\n", "POST / @a{}!400"},
    {"chunk plus", te + "+3\r\nabc\r\n", "POST / @a{}!400"},
    {"chunk blank", te + " 3\r\nabc\r\n", "POST / @a{}!400"},
    {"chunk empty line", te + "\r\nabc\r\n", "POST / @a{}!400"},
    {"chunk bare LF", te + "3\nabc\r\n0\r\n\r\n", "POST / @a{}!400"},
    {"chunk bare CR", te + "3\rx\r\nabc\r\n", "POST / @a{}!400"},
    {"chunk overflow", te + "10000000000000000\r\n", "POST / @a{}!400"},
    {"chunk of 2^63", te + "8000000000000000\r\nabc", "POST / @a{}!400"},
    {"chunk of 2^63-1", te + "7fffffffffffffff\r\nabc", "POST / @a{}[abc]...0"},
    {"chunk longer than said", te + "3\r\nabcd\r\n0\r\n\r\n", "POST / @a{}[abc]!400"},
    {"chunk shorter than said", te + "3\r\nab\r\n0\r\n\r\n", "POST / @a{}[ab\r]!400"},
    {"extra CRLF between chunks", te + "1\r\na\r\n\r\n0\r\n\r\n", "POST / @a{}[a]!400"},
    {"bare LF in an extension", te + "3;a=\"\n\"\r\nabc\r\n", "POST / @a{}!400"},
    {"CL in trailers", te + "0\r\nContent-Length: 3\r\n\r\n", "POST / @a{}!400"},
    {"bare LF ends the trailers", te + "0\r\n\n", "POST / @a{}!400"},
    {"bare LF in the trailers", te + "0\r\nX: a\nY", "POST / @a{}!400"},
    {"TE in trailers", te + "0\r\nTransfer-Encoding: chunked\r\n\r\n", "POST / @a{}!400"},
    {"Host in trailers", te + "0\r\nHost: b\r\n\r\n", "POST / @a{}!400"},
    {"folded trailer", te + "0\r\nX: b\r\n c\r\n\r\n", "POST / @a{}!400"},
    {"trailer without colon", te + "0\r\nabc\r\n\r\n", "POST / @a{}!400"},
    {"connect to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "!400"},
};

TEST(H1Request, Accepts) {
  for (const Row& r : accepted) EXPECT_EQ(events_of(r.wire), r.events) << r.clause;
}

TEST(H1Request, Refuses) {
  for (const Row& r : refused) EXPECT_EQ(events_of(r.wire), r.events) << r.clause;
}

TEST(H1Request, EventsDoNotDependOnTheCuts) {
  const auto check = [](const Row& r) {
    for (size_t n : {1, 2, 3, 7, 16})
      EXPECT_EQ(events_of(r.wire, {n}), r.events) << r.clause << " in pieces of " << n;
  };
  for (const Row& r : accepted) check(r);
  for (const Row& r : refused) check(r);
  EXPECT_TRUE(rc::check("mutated rows, random cuts", [](uint16_t row, uint16_t at, char byte,
                                                        const std::vector<uint8_t>& cuts) {
    const size_t n = std::size(accepted) + std::size(refused);
    std::string wire = row % n < std::size(accepted) ? accepted[row % n].wire
                                                     : refused[row % n - std::size(accepted)].wire;
    wire[at % wire.size()] = byte;
    std::vector<size_t> sizes;
    for (uint8_t c : cuts) sizes.push_back(c % 40 + 1);
    RC_ASSERT(events_of(wire, sizes) == events_of(wire));
  }));
}

// Every limit: at it, one over, zero.
TEST(H1Request, HeadBytesLimit) {
  const auto head_of = [](size_t n) {
    return get + "X: " + std::string(n - get.size() - 7, 'x') + "\r\n\r\n";
  };
  Limits limits;
  limits.head_bytes_max = 1000 + head_bytes_slack;
  EXPECT_TRUE(events_of(head_of(5096), {}, limits).ends_with("$...0"));
  EXPECT_EQ(events_of(head_of(5097), {}, limits), "!431");
  EXPECT_EQ(events_of(head_of(5097), {1}, limits), "!431");
  EXPECT_EQ(events_of(std::string(5097, 'a'), {}, limits), "!431");
  EXPECT_EQ(events_of(std::string(5096, 'a'), {}, limits), "...5096");
  limits.head_bytes_max = 0;
  EXPECT_EQ(events_of("G", {}, limits), "!431");
}

TEST(H1Request, FieldsLimit) {
  Limits limits;
  limits.fields_max = 3;
  EXPECT_EQ(events_of(get + "A: 1\r\nB: 2\r\n\r\n", {}, limits), "GET / @a{A=1;B=2;}$...0");
  EXPECT_EQ(events_of(get + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", {}, limits), "!431");
  limits.fields_max = 0;
  EXPECT_EQ(events_of(get + "\r\n", {}, limits), "!431");
  EXPECT_EQ(events_of("GET / HTTP/1.0\r\n\r\n", {}, limits), "GET / @ 1.0 close{}$...0");
}

TEST(H1Request, StartLineLimit) {
  Limits limits;
  limits.start_line_bytes_max = 14;
  EXPECT_EQ(events_of(get + "\r\n", {}, limits), "GET / @a{}$...0");
  EXPECT_EQ(events_of("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", {}, limits), "!414");
  limits.start_line_bytes_max = 0;
  EXPECT_EQ(events_of(get + "\r\n", {}, limits), "!414");
}

TEST(H1Request, ChunkLineAndTrailerLimits) {
  Limits limits;
  limits.chunk_line_bytes_max = 8;
  EXPECT_EQ(events_of(te + "1;abcd\r\nx\r\n0\r\n\r\n", {}, limits), "POST / @a{}[x]$...0");
  EXPECT_EQ(events_of(te + "1;abcde\r\nx\r\n0\r\n\r\n", {}, limits), "POST / @a{}!400");
  EXPECT_EQ(events_of(te + "1;abcdefgh", {1}, limits), "POST / @a{}!400");
  limits = {};
  limits.trailer_bytes_max = 6;
  EXPECT_EQ(events_of(te + "0\r\nA: b\r\n\r\n", {}, limits), "POST / @a{}+A=b$...0");
  for (size_t cut : {1, 1000}) {
    EXPECT_EQ(events_of(te + "0\r\nA: bc\r\n\r\n", {cut}, limits), "POST / @a{}!400");
    EXPECT_EQ(events_of(te + "0\r\n" + std::string(9, 'x'), {cut}, limits), "POST / @a{}!400");
  }
  limits.trailer_bytes_max = 0;
  EXPECT_EQ(events_of(te + "0\r\n\r\n", {}, limits), "POST / @a{}$...0");
}

// 16 bytes a line and twice the data are free: four lines of 4,096 bytes leave 64 of chunk_excess_bytes_max.
TEST(H1Request, ChunkLinesBesideTheirData) {
  const auto chunk = [](size_t line_bytes, const std::string& data) {
    return "1;" + std::string(line_bytes - 4, 'a') + "\r\n" + data + "\r\n";
  };
  std::string wire = te;
  for (int i = 0; i < 4; ++i) wire += chunk(4096, "x");
  const std::string last = "0\r\n\r\n";
  for (size_t cut : {7, 100'000}) {
    EXPECT_EQ(events_of(wire + chunk(80, "x") + last, {cut}), "POST / @a{}[xxxxx]$...0");
    EXPECT_EQ(events_of(wire + chunk(81, "x") + last, {cut}), "POST / @a{}[xxxx]!400");
  }
  // Data makes up for lines that came before.
  const std::string much(8192, 'y');
  EXPECT_EQ(events_of(wire + "2000\r\n" + much + "\r\n" + chunk(4096, "x") + last),
            "POST / @a{}[xxxx" + much + "x]$...0");
}

TEST(H1Request, AnswersAreGoes) {  // bytes seen on the wire from the running Traefik
  const std::string rest =
      "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
  const auto answer = [](std::string_view wire) {
    RequestParser p;
    p.parse(wire);
    return p.error().answer();
  };
  EXPECT_EQ(answer("GET / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400 Bad Request: missing required Host header" + rest +
                "400 Bad Request: missing required Host header");
  EXPECT_EQ(answer(get + "Host: b\r\n\r\n"), "HTTP/1.1 400 Bad Request" + rest + "400 Bad Request");
  EXPECT_EQ(answer(post + "Transfer-Encoding: x\r\n\r\n"),
            "HTTP/1.1 501 Not Implemented" + rest + "Unsupported transfer encoding");
  EXPECT_EQ(answer("GET / HTTP/3.0\r\n\r\n"),
            "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version" + rest +
                "505 HTTP Version Not Supported: unsupported protocol version");
  EXPECT_EQ((Failure{431, {}, {}}).answer(), "HTTP/1.1 431 Request Header Fields Too Large" + rest +
                                                 "431 Request Header Fields Too Large");
}

TEST(H1Request, ReuseKeepsNothingOfTheLastRequest) {
  RequestParser p;
  p.parse(post + "X: 1\r\nExpect: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  p.parse("0\r\nT: 1\r\n\r\n");
  p.reset();
  EXPECT_EQ(p.parse("GET / HTTP/1.0\r\n\r\n").event, Event::head);
  EXPECT_TRUE(p.head().headers.empty() && p.head().host.empty() && !p.head().has_host &&
              p.trailers().empty());
  EXPECT_EQ(p.head().expect, Expect::none);
  EXPECT_EQ(p.head().body, BodyKind::none);
}

}  // namespace
}  // namespace gateproof::http::h1
