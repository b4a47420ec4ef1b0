// The HTTP/2 session as a server: messages, windows, states. What h2spec asks is run by conformance/http2; here is what it does not.
#include "engine/http/h2_peer_test.h"

namespace gateproof::http::h2 {
namespace {

using namespace testing;

TEST(H2Session, SaysFirstWhatItAllows) {
  Recorder owner;
  LocalSettings s;
  s.header_table_bytes = 100;
  Session session(Role::server, s, {}, owner);
  EXPECT_EQ(told(session.output()), "SETTINGS 0 24\nWINDOW_UPDATE 0 983041\n");
  Session client(Role::client, {}, {}, owner);
  EXPECT_TRUE(client.output().starts_with(preface));
}

TEST(H2Session, ARequestInOneByteAtATime) {
  ServerSession s;
  const std::string bytes =
      headers(1, get({{"x-a", "b"}}), false) + data(1, "hello") + headers(1, {{"x-t", "u"}});
  std::string waiting;
  for (const char c : bytes) {
    waiting += c;
    waiting.erase(0, s.session.receive(waiting, s.now));
  }
  EXPECT_EQ(s.events(),
            "request 1 GET / X-A=b\ndata 1 1\ndata 1 1\ndata 1 1\ndata 1 1\ndata 1 1\n"
            "trailers 1 X-T=u\ndata 1 0 end\n");
  EXPECT_FALSE(s.session.failed());
}

struct FieldsRow {
  Fields fields;
  bool fine;
};

TEST(H2Session,
     H5_MalformedRequestsAreResetAndNothingIsForwarded) {  // RFC 9113 8.2, 8.3; reliability H5
  const Fields plain = get();
  const auto with = [&](std::string name, std::string value) { return get({{name, value}}); };
  const auto without = [&](std::string_view name) {
    Fields f = plain;
    std::erase_if(f, [&](const auto& one) { return one.first == name; });
    return f;
  };
  const std::string nul(1, '\0');
  for (const FieldsRow& row : std::vector<FieldsRow>{
           {plain, true},
           {with("x-a", "b c\td"), true},
           {with("x-a", ""), true},
           {with("x-a", "b\r"), false},
           {with("x-a", "b\nc: d"), false},
           {with("x-a", "b" + nul), false},
           {with("x-a", " b"), false},
           {with("x-a", "b\t"), false},
           {with("X-a", "b"), false},
           {with("x a", "b"), false},
           {with("x:a", "b"), false},
           {with("", "b"), false},
           {with("x\r\na", "b"), false},
           {with("connection", "close"), false},
           {with("keep-alive", "1"), false},
           {with("proxy-connection", "close"), false},
           {with("transfer-encoding", "chunked"), false},
           {with("upgrade", "h2c"), false},
           {with("te", "trailers"), true},
           {with("te", "gzip"), false},
           {with("content-length", "0"), true},
           {with("content-length", "1"), false},  // no DATA follows
           {with("content-length", "+0"), false},
           {with("content-length", "0, 0"), false},
           {with("host", "A.TEST"), true},
           {with("host", "b.test"), false},
           {with(":x", "y"), false},
           {with(":status", "200"), false},
           {with(":path", "/twice"), false},
           {without(":method"), false},
           {without(":scheme"), false},
           {without(":path"), false},
           {without(":authority"), true},
           {{{":method", "G T"}, {":scheme", "http"}, {":path", "/"}}, false},
           {{{":method", "GET"}, {":scheme", "http"}, {":path", ""}}, false},
           {{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}, true},
           {{{":method", "GET"}, {":scheme", "HTTP"}, {":path", "/"}}, false},
           {{{":method", "GET"}, {":scheme", "ftp"}, {":path", "/"}}, false},
           {{{":method", "GET"}, {":scheme", "/"}, {":path", "/"}}, false},
           {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "u@h"}},
            false},
           {{{":method", "CONNECT"}, {":authority", "h:1"}}, true},
           {{{":method", "CONNECT"}, {":authority", "h:1"}, {":path", "/"}}, false},
           {{{":method", "CONNECT"},
             {":authority", "h"},
             {":path", "/"},
             {":scheme", "http"},
             {":protocol", "websocket"}},
            true},
           {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":protocol", "websocket"}},
            false},
       }) {
    ServerSession s;
    const std::string out = s.feed(headers(1, row.fields));
    std::string shown;
    for (const auto& [name, value] : row.fields) shown += name + "=" + value + " ";
    EXPECT_EQ(out, row.fine ? "" : "RST_STREAM 1 PROTOCOL_ERROR\n") << shown;
    EXPECT_EQ(s.events().empty(), !row.fine) << shown;
    EXPECT_FALSE(s.session.failed()) << shown;
  }
}

TEST(H2Session, CrumbsOfACookieAreOneField) {  // RFC 9113 8.2.3
  ServerSession s;
  s.feed(headers(1, get({{"cookie", "a=1"}, {"x-a", "b"}, {"cookie", "c=2"}})));
  EXPECT_EQ(s.events(), "request 1 GET / X-A=b Cookie=a=1; c=2\n");
}

TEST(H2Session, TheBodyIsWhatContentLengthSays) {
  for (const auto& [bytes, fine] : std::vector<std::pair<std::string, bool>>{
           {data(1, "12345", true), true},
           {data(1, "123") + data(1, "45", true), true},
           {data(1, "12345") + headers(1, {{"t", "u"}}), true},
           {data(1, "1234", true), false},
           {data(1, "123456", true), false},
           {data(1, "1234") + headers(1, {{"t", "u"}}), false},
       }) {
    ServerSession s;
    const std::string out = s.feed(headers(1, get({{"content-length", "5"}}), false) + bytes);
    EXPECT_EQ(out, fine ? "" : "RST_STREAM 1 PROTOCOL_ERROR\n");
    EXPECT_EQ(s.events().find("reset") == std::string::npos, fine);
  }
}

TEST(H2Session, TrailersHaveNoPseudoFieldsAndNoFraming) {
  for (const std::string name : {":path", "content-length", "host", "connection"}) {
    ServerSession s;
    EXPECT_EQ(s.feed(headers(1, get(), false) + headers(1, {{name, "1"}})),
              "RST_STREAM 1 PROTOCOL_ERROR\n")
        << name;
  }
}

TEST(H2Session, WindowsOpenOnlyAsBytesAreConsumed) {
  LocalSettings settings;
  settings.stream_window = 100;
  ServerSession s(settings);
  EXPECT_EQ(s.feed(headers(1, get(), false) + data(1, std::string(100, 'x'))), "");
  Stream& stream = *s.owner.streams.at(0);
  s.session.consumed(stream, 49);
  EXPECT_EQ(s.taken(), "");
  s.session.consumed(stream, 1);
  EXPECT_EQ(s.taken(), "WINDOW_UPDATE 1 50\n");
  EXPECT_EQ(s.feed(data(1, std::string(51, 'x'))), "RST_STREAM 1 FLOW_CONTROL_ERROR\n");
  EXPECT_EQ(s.events(), "request 1 GET /\ndata 1 100\nreset 1 FLOW_CONTROL_ERROR\n");
}

TEST(H2Session, PaddingAloneDoesNotUseUpAWindow) {
  LocalSettings settings;
  settings.stream_window = 1000;
  ServerSession s(settings);
  s.feed(headers(1, get(), false));
  const std::string padded =
      frame(FrameType::data, flag::padded, 1, std::string(1, '\xff') + std::string(255, '\0'));
  for (int i = 0; i < 50; ++i) s.feed(padded);
  EXPECT_FALSE(s.session.failed());
  EXPECT_TRUE(s.owner.streams.at(0)->open);
}

TEST(H2Session, H8_WindowsOfThePeerNeverOverflow) {  // reliability H8
  ServerSession s;
  s.feed(headers(1, get()));
  EXPECT_EQ(s.feed(frame(FrameType::window_update, 0, 1, u32(0x7fffffff - 65535))), "");
  EXPECT_EQ(s.feed(frame(FrameType::window_update, 0, 1, u32(1))),
            "RST_STREAM 1 FLOW_CONTROL_ERROR\n");
  EXPECT_EQ(s.feed(frame(FrameType::window_update, 0, 0, u32(0x7fffffff - 65535))), "");
  EXPECT_EQ(s.feed(frame(FrameType::window_update, 0, 0, u32(1))), "GOAWAY 1 FLOW_CONTROL_ERROR\n");
}

TEST(H2Session, ASettingThatMakesAWindowOverflowIsAnError) {
  ServerSession s;
  s.feed(headers(1, get()) + frame(FrameType::window_update, 0, 1, u32(0x7fffffff - 65535)));
  EXPECT_EQ(s.feed(settings({{Setting::initial_window_size, 65536}})),
            "GOAWAY 1 FLOW_CONTROL_ERROR\n");
}

TEST(H2Session, NothingIsSentBehindTheWindows) {
  ServerSession s;
  s.feed(settings({{Setting::initial_window_size, 10}}) + headers(1, get()) + headers(3, get()));
  Stream& one = *s.owner.streams.at(0);
  EXPECT_EQ(s.session.room(one), 10u);
  s.session.send_data(one, "0123456789", false);
  EXPECT_EQ(s.session.room(one), 0u);
  EXPECT_EQ(s.session.room(*s.owner.streams.at(1)), 10u);
  s.feed(settings({{Setting::initial_window_size, 5}}));
  EXPECT_EQ(one.send_window, -5);
  s.feed(frame(FrameType::window_update, 0, 1, u32(6)));
  EXPECT_EQ(s.session.room(one), 1u);
}

TEST(H2Session, H6_DataBehindAResetIsIgnoredOrRefusedButNeverUsed) {  // reliability H6
  ServerSession s;
  s.feed(headers(1, get(), false) + frame(FrameType::rst_stream, 0, 1, u32(8)) + data(1, "x"));
  EXPECT_EQ(s.events(), "request 1 GET /\nreset 1 CANCEL\n");
  EXPECT_FALSE(s.session.failed());
  s.feed(headers(3, get(), false));
  s.session.reset(*s.owner.streams.at(1), ErrorCode::cancel);
  s.taken();
  EXPECT_EQ(s.feed(data(3, "x") + headers(3, {{"t", "u"}})), "");  // they were under way
}

TEST(H2Session, StreamsBeyondTheLimitAreRefused) {
  LocalSettings settings;
  settings.streams_max = 2;
  ServerSession s(settings);
  EXPECT_EQ(s.feed(headers(1, get()) + headers(3, get()) + headers(5, get())),
            "RST_STREAM 5 REFUSED_STREAM\n");
  s.session.reset(*s.owner.streams.at(0), ErrorCode::no_error);
  s.taken();
  EXPECT_EQ(s.feed(headers(7, get())), "");
}

TEST(H2Session, BehindAGoawayNoStreamIsOpened) {
  ServerSession s;
  s.feed(headers(1, get(), false));
  s.session.goaway(stream_id_max);
  s.feed(headers(3, get(), false));
  s.session.goaway(s.session.last_stream());
  EXPECT_EQ(s.taken(), "GOAWAY 3 NO_ERROR\n");
  s.events();
  EXPECT_EQ(s.feed(headers(5, get(), false) + data(5, "x") + data(1, "y", true)), "");
  EXPECT_EQ(s.events(), "data 1 1 end\n");
}

TEST(H2Session, ALargeHeadIsWrittenInSeveralFrames) {
  ServerSession s;
  s.feed(headers(1, get()));
  const std::string large(20'000,
                          '\x01');  // Huffman makes such bytes longer, so they stay as they are
  s.session.field(":status", "200");
  s.session.field("x-a", large);
  s.session.send_fields(*s.owner.streams.at(0), true);
  EXPECT_TRUE(s.taken().starts_with("HEADERS 1 16384 END\nCONTINUATION 1 "));
}

}  // namespace
}  // namespace gateproof::http::h2
