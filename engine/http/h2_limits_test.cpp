// Every limit of the HTTP/2 session at the limit and one over (reliability rows H1 to H4).
#include "engine/http/h2_peer_test.h"

namespace gateproof::http::h2 {
namespace {

using namespace testing;

std::string ping() { return frame(FrameType::ping, 0, 0, "12345678"); }
std::string priority(uint32_t id) {
  return frame(FrameType::priority, 0, id, u32(0) + std::string(1, '\x10'));
}
std::string cancel(uint32_t id) { return frame(FrameType::rst_stream, 0, id, u32(8)); }

Limits small() {
  Limits l;
  l.resets_max = 10;
  l.idle_frames_max = 100;
  return l;
}

const char calm[] = "ENHANCE_YOUR_CALM\n";

TEST(H2Limits, H1_RapidReset) {  // CVE-2023-44487
  ServerSession s({}, small());
  uint32_t id = 1;
  for (int i = 0; i < 10; ++i, id += 2) s.feed(headers(id, get()) + cancel(id));
  EXPECT_FALSE(s.session.failed());
  EXPECT_EQ(s.session.streams(), 0u);
  EXPECT_TRUE(s.feed(headers(id, get()) + cancel(id)).ends_with(calm));
  EXPECT_EQ(s.session.failure(), ErrorCode::enhance_your_calm);
}

TEST(H2Limits, ResetsAreForgivenAsTimeGoesBy) {
  ServerSession s({}, small());
  uint32_t id = 1;
  for (int i = 0; i < 100; ++i, id += 2) {
    s.now += std::chrono::milliseconds(40);  // 25 a second, and 33 are forgiven
    s.feed(headers(id, get()) + cancel(id));
  }
  EXPECT_FALSE(s.session.failed());
}

TEST(H2Limits, H1_ResetsThatThePeerProvokes) {  // CVE-2025-8671
  ServerSession s({}, small());
  std::string out;
  uint32_t id = 1;
  for (int i = 0; i < 10; ++i, id += 2)
    out = s.feed(headers(id, get()) + frame(FrameType::window_update, 0, id, u32(0)));
  EXPECT_EQ(out, "RST_STREAM 19 PROTOCOL_ERROR\n");
  EXPECT_TRUE(
      s.feed(headers(id, get()) + frame(FrameType::window_update, 0, id, u32(0))).ends_with(calm));
  ServerSession malformed({}, small());
  for (id = 1; id < 21; id += 2) malformed.feed(headers(id, get({{"te", "x"}})));
  EXPECT_FALSE(malformed.session.failed());
  EXPECT_TRUE(malformed.feed(headers(id, get({{"te", "x"}}))).ends_with(calm));
}

TEST(H2Limits, StreamsThatEndWellCostNothing) {
  ServerSession s({}, small());
  s.owner.answer_with = &s.session;
  for (uint32_t id = 1; id < 2001; id += 2) s.feed(headers(id, get()));
  EXPECT_FALSE(s.session.failed());
  EXPECT_EQ(s.session.streams(), 0u);
}

TEST(H2Limits, H4_FramesThatCarryNothing) {  // reliability H4
  const std::string empty = frame(FrameType::data, 0, 1, "");
  const std::string window = frame(FrameType::window_update, 0, 0, u32(1));
  const std::string unknown = frame(static_cast<FrameType>(0x42), 0, 0, "x");
  for (const std::string& one : {ping(), priority(1), empty, window, unknown}) {
    ServerSession s({}, small());
    s.feed(headers(1, get(), false));
    int n = 0;
    for (; n < 1000 && !s.session.failed(); ++n) s.feed(one);
    // SETTINGS cost 10 of 100, and the request gave them back.
    EXPECT_EQ(n, 101) << told(one);
    EXPECT_EQ(s.session.failure(), ErrorCode::enhance_your_calm);
  }
}

TEST(H2Limits, H4_SettingsCostMore) {
  ServerSession s({}, small());
  int n = 1;  // the first one
  for (; n < 1000 && !s.session.failed(); ++n) s.feed(settings());
  EXPECT_EQ(n, 11);
}

TEST(H2Limits, WorkAndTimeForgiveFramesThatCarryNothing) {
  ServerSession s({}, small());
  s.feed(headers(1, get(), false));
  for (int i = 0; i < 1000; ++i) s.feed(data(1, "x") + ping() + ping() + ping());
  EXPECT_FALSE(s.session.failed());
  for (int i = 0; i < 1000; ++i) {
    s.now += std::chrono::milliseconds(10);
    s.feed(ping());
  }
  EXPECT_FALSE(s.session.failed());
}

TEST(H2Limits, H4_AnswersThatNobodyTakes) {
  Limits l;
  l.answers_waiting_max = 10;
  ServerSession s({}, l);
  for (int i = 0; i < 10; ++i) s.session.receive(ping(), s.now);
  EXPECT_FALSE(s.session.failed());
  s.taken();
  for (int i = 0; i < 10; ++i) s.session.receive(ping(), s.now);
  EXPECT_FALSE(s.session.failed());
  s.session.receive(ping(), s.now);
  EXPECT_EQ(s.session.failure(), ErrorCode::enhance_your_calm);
}

TEST(H2Limits, H2_Continuations) {  // CVE-2024-27919
  Limits l;
  l.continuations_max = 5;
  ServerSession s({}, l);
  s.feed(frame(FrameType::headers, flag::end_stream, 1, block(get())));
  for (int i = 0; i < 5; ++i) s.feed(frame(FrameType::continuation, 0, 1, literal("x-a", "b")));
  EXPECT_FALSE(s.session.failed());
  EXPECT_TRUE(s.feed(frame(FrameType::continuation, 0, 1, literal("x-a", "b"))).ends_with(calm));
}

TEST(H2Limits, H2_UndecodedBlocksCount) {
  Limits l;
  l.block.list_bytes_max = 1000;
  ServerSession s({}, l);
  // One field of which the end never comes.
  const std::string endless = std::string("\x00\x01x\x7f\xff\x0f", 6);
  s.feed(frame(FrameType::headers, flag::end_stream, 1, endless));
  s.feed(frame(FrameType::continuation, 0, 1, std::string(1994, 'y')));  // undecoded_lists_max
  EXPECT_FALSE(s.session.failed());
  EXPECT_TRUE(s.feed(frame(FrameType::continuation, 0, 1, "y")).ends_with(calm));
}

TEST(H2Limits, BytesOfAHeaderList) {
  Limits l;
  const size_t base =
      4 * 32 + std::string_view(":methodGET:schemehttp:path/:authoritya.test").size();
  l.block.list_bytes_max = base + 32 + 3 + 10;
  ServerSession s({}, l);
  s.feed(headers(1, get({{"x-a", std::string(10, 'b')}})));
  EXPECT_EQ(s.events(), "request 1 GET / X-A=bbbbbbbbbb\n");
  s.feed(headers(3, get({{"x-a", std::string(11, 'b')}})));
  EXPECT_EQ(s.events(), "request 3 GET / too large\n");
}

TEST(H2Limits, H3_NumberOfFieldsCrumbsIncluded) {  // reliability H3
  for (const std::string name : {"x-a", "cookie"}) {
    Limits l;
    l.block.fields_max = 6;
    ServerSession s({}, l);
    const std::pair<std::string, std::string> one(name, "b");
    s.feed(headers(1, get({one, one})));
    EXPECT_EQ(s.events().find("too large"), std::string::npos);
    s.feed(headers(3, get({one, one, one})));
    EXPECT_NE(s.events().find("too large"), std::string::npos);
  }
}

TEST(H2Limits, H3_OneTableEntryReferencedWithoutEnd) {  // HPACK bomb
  Limits l;
  l.block.list_bytes_max = 20'000;
  ServerSession s({}, l);
  std::string bomb = block(get());
  const std::string value(3000, 'v');  // indexed, then one byte a reference
  std::string entry = literal("x-a", value);
  entry[0] = '\x40';
  bomb += entry + std::string(60, '\xbe');
  EXPECT_TRUE(s.feed(frame(FrameType::headers, flag::end_headers | flag::end_stream, 1, bomb))
                  .ends_with(calm));
  EXPECT_EQ(s.events(), "");
}

TEST(H2Limits, AFrameOfTheLargestSizeAndOneMore) {
  ServerSession s;
  s.feed(headers(1, get(), false));
  EXPECT_EQ(s.feed(data(1, std::string(frame_bytes_max, 'x'))), "");
  EXPECT_EQ(s.feed(data(1, std::string(frame_bytes_max + 1, 'x'))), "GOAWAY 1 FRAME_SIZE_ERROR\n");
}

TEST(H2Limits, OutputWaitsForTheClient) {
  Limits l;
  l.output_bytes_max = 100;
  ServerSession s({}, l);
  s.feed(headers(1, get()));
  Stream& stream = *s.owner.streams.at(0);
  s.session.send_data(stream, std::string(s.session.room(stream), 'x'), false);
  EXPECT_EQ(s.session.room(stream), 0u);
  s.taken();
  EXPECT_EQ(s.session.room(stream), 100u);
}

}  // namespace
}  // namespace gateproof::http::h2
