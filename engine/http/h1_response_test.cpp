#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/h1_parser.h"

namespace gateproof::http::h1 {
namespace {

// One response; "~" marks that the peer closed afterwards.
std::string events_of(std::string_view wire, bool head_request,
                      const std::vector<size_t>& cuts = {}, const Limits& limits = {}) {
  ResponseParser parser(limits);
  parser.reset(head_request);
  std::string out, pending;
  const bool closes = wire.ends_with('~');
  if (closes) wire.remove_suffix(1);
  size_t at = 0, cut = 0;
  bool in_body = false;
  while (true) {
    const Step step = parser.parse(pending);
    if (step.event == Event::body) {
      if (!in_body) out += "[", in_body = true;
      out += step.data;
    } else if (in_body && step.event != Event::need_more) {
      out += "]", in_body = false;
    }
    pending.erase(0, step.consumed);
    if (step.event == Event::head) {
      const ResponseHead& h = parser.head();
      out += std::to_string(h.status) + " " + h.reason + (h.keep_alive ? "" : " close") +
             (h.upgrade ? " upgrade" : "") + "{";
      for (const auto& f : h.headers) out += std::string(f.name) + "=" + std::string(f.value) + ";";
      out += "}";
    }
    if (step.event == Event::error) return out + "!";
    if (step.event == Event::end) {
      for (const auto& f : parser.trailers())
        out += "+" + std::string(f.name) + "=" + std::string(f.value);
      out += "$";
      if (parser.head().status < 200 && !parser.head().upgrade) {  // interim: the answer follows
        parser.reset(head_request);
        continue;
      }
      return out + std::to_string(pending.size() + wire.size() - at);
    }
    if (step.event != Event::need_more) continue;
    if (at == wire.size()) {
      if (in_body) out += "]";
      if (!closes) return out + "...";
      return out + (parser.finish().event == Event::end ? "$0" : "!");
    }
    const size_t n = cuts.empty() ? wire.size() : std::max<size_t>(1, cuts[cut++ % cuts.size()]);
    pending += wire.substr(at, n);
    at = std::min(at + n, wire.size());
  }
}

struct Row {
  const char* clause;
  std::string wire;
  std::string events;
  bool head = false;
};

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string te = ok + "Transfer-Encoding: chunked\r\n\r\n";

const Row rows[] = {
    {"length", ok + "Content-Length: 3\r\n\r\nabc", "200 OK{Content-Length=3;}[abc]$0"},
    {"length zero", ok + "Content-Length: 0\r\n\r\n", "200 OK{Content-Length=0;}$0"},
    {"S4: bytes after the body", ok + "Content-Length: 1\r\n\r\nabc",
     "200 OK{Content-Length=1;}[a]$2"},
    {"chunked and trailers", te + "3\r\nabc\r\n0\r\nX: y\r\n\r\n", "200 OK{}[abc]+X=y$0"},
    {"padded sizes", te + "3  \r\nabc\r\n02\t\r\nde\r\n0 \r\n\r\n", "200 OK{}[abcde]$0"},
    {"padded size of the last, and trailers", te + "1\r\na\r\n0   \r\nX: y\r\n\r\n",
     "200 OK{}[a]+X=y$0"},
    {"a padded size and an extension", te + "1 \r\na\r\n1;b=c\r\nd\r\n0\r\n\r\n", "200 OK{}[ad]$0"},
    {"nothing but padding", te + "  \r\na\r\n", "200 OK{}!"},
    {"cut in the padding", te + "1  ~", "200 OK{}!"},
    {"until close", ok + "\r\nabc~", "200 OK close{}[abc]$0"},
    {"until close, empty", ok + "\r\n~", "200 OK close{}$0"},
    {"cut in the body", ok + "Content-Length: 3\r\n\r\nab~", "200 OK{Content-Length=3;}[ab]!"},
    {"cut in a chunk", te + "3\r\nab~", "200 OK{}[ab]!"},
    {"cut before the last chunk", te + "1\r\na\r\n~", "200 OK{}[a]!"},
    {"cut in the head", ok + "~", "!"},
    {"nothing at all", "~", "!"},
    {"HEAD", ok + "Content-Length: 3\r\n\r\n", "200 OK{Content-Length=3;}$0", true},
    {"HEAD, chunked", te, "200 OK{}$0", true},
    {"S4: body to HEAD", ok + "Content-Length: 3\r\n\r\nabc", "200 OK{Content-Length=3;}$3", true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", "204 No Content{}$0"},
    {"S4: body to 204", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
     "204 No Content{Content-Length=3;}$3"},
    {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
     "304 Not Modified{Content-Length=3;}$0"},
    {"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na",
     "103 Early Hints{Link=x;}$200 OK{Content-Length=1;}[a]$0"},
    {"101",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nraw",
     "101 Switching Protocols close upgrade{Upgrade=websocket;Connection=upgrade;}$3"},
    {"close", ok + "Connection: close\r\nContent-Length: 0\r\n\r\n",
     "200 OK close{Connection=close;Content-Length=0;}$0"},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK close{Content-Length=0;}$0"},
    {"1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
     "200 OK{Connection=keep-alive;Content-Length=0;}$0"},
    {"no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 {Content-Length=0;}$0"},
    {"no reason and no blank", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
     "200 {Content-Length=0;}$0"},
    {"odd status", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", "999 x{Content-Length=0;}$0"},
    {"blank before the colon removed", ok + "X : 1\r\nContent-Length : 1\r\n\r\na",
     "200 OK{X=1;Content-Length=1;}[a]$0"},
    {"status 099", "HTTP/1.1 099 x\r\n\r\n", "!"},
    {"status of four digits", "HTTP/1.1 2000 x\r\n\r\n", "!"},
    {"version 2", "HTTP/2.0 200 OK\r\n\r\n", "!"},
    {"not HTTP", "SSH-2.0-x\r\n\r\n", "!"},
    {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "!"},
    {"folding", ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", "!"},
    {"NUL in value", ok + std::string("X: a\0b\r\n\r\n", 10), "!"},
    {"TE and CL", ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "!"},
    {"CL and TE", ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "!"},
    {"TE unknown", ok + "Transfer-Encoding: gzip\r\n\r\n", "!"},
    {"blank behind the name of TE", ok + "Transfer-Encoding : chunked\r\n\r\n", "!"},
    {"tab behind the name of TE", ok + "transfer-encoding\t: chunked\r\nX : 1\r\n\r\n", "!"},
    {"TE in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "!"},
    {"CL bad", ok + "Content-Length: +3\r\n\r\n", "!"},
    {"CL twice", ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "!"},
    {"chunk garbage", te + "zz\r\n", "200 OK{}!"},
    {"chunk longer", te + "1\r\nab\r\n0\r\n\r\n", "200 OK{}[a]!"},
    {"TE in trailers", te + "0\r\nTransfer-Encoding: chunked\r\n\r\n", "200 OK{}!"},
};

TEST(H1Response, Table) {
  for (const Row& r : rows) EXPECT_EQ(events_of(r.wire, r.head), r.events) << r.clause;
}

TEST(H1Response, EventsDoNotDependOnTheCuts) {
  for (const Row& r : rows) {
    for (size_t n : {1, 2, 5})
      EXPECT_EQ(events_of(r.wire, r.head, {n}), r.events) << r.clause << " in pieces of " << n;
  }
  EXPECT_TRUE(rc::check("mutated rows, random cuts",
                        [](uint16_t row, uint16_t at, char byte, const std::vector<uint8_t>& cuts) {
                          std::string wire = rows[row % std::size(rows)].wire;
                          wire[at % wire.size()] = byte;
                          std::vector<size_t> sizes;
                          for (uint8_t c : cuts) sizes.push_back(c % 40 + 1);
                          RC_ASSERT(events_of(wire, false, sizes) == events_of(wire, false));
                        }));
}

TEST(H1Response, Limits) {
  const std::string wire = ok + "Content-Length: 0\r\n\r\n";
  Limits limits;
  limits.head_bytes_max = wire.size();
  limits.fields_max = 1;
  EXPECT_EQ(events_of(wire, false, {}, limits), "200 OK{Content-Length=0;}$0");
  limits.head_bytes_max = wire.size() - 1;
  EXPECT_EQ(events_of(wire, false, {}, limits), "!");
  limits = {};
  limits.fields_max = 0;
  EXPECT_EQ(events_of(wire, false, {}, limits), "!");
}

}  // namespace
}  // namespace gateproof::http::h1
