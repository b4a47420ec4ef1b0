// The bodies of gRPC-Web (PROTOCOL-WEB.md) piece by piece; the middleware around them is in grpc_web_test.cpp.
#include "engine/middleware/grpc_web_body.h"

#include <gtest/gtest.h>

#include "engine/base/crypto.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using namespace std::string_literals;

// The text fed in pieces of `step` characters; "(illegal)" and "(cut short)" in place of an error.
std::string decoded(std::string_view text, size_t step) {
  TextDecoder decoder;
  std::string out;
  for (size_t at = 0; at < text.size(); at += step)
    if (!decoder.feed(text.substr(at, step), out)) return "(illegal)";
  return decoder.finish() ? out : "(cut short)";
}

TEST(TextDecoder, ReadsAsGosStreamDecoderHoweverItIsCut) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"YWJj", "abc"},
      {"YWI=", "ab"},
      {"YQ==", "a"},
      {"YR==", "a"},  // bits left over in the last character are ignored
      {"Y\r\nWJ\nj", "abc"},
      {"YQ=\n=", "a"},
      {"YWJjYQ==", "abca"},
      {"YQ==YQ==", "(illegal)"},  // padding ends it
      {"YQ==\n", "a"},
      {"Y", "(cut short)"},
      {"YW", "(cut short)"},
      {"YWJ", "(cut short)"},
      {"YQ=", "(cut short)"},
      {"=", "(illegal)"},
      {"Y===", "(illegal)"},
      {"YQ=x", "(illegal)"},
      {"YW J", "(illegal)"},
      {"Y-_j", "(illegal)"},  // the alphabet of URLs
      {"YWJj=", "(illegal)"},
  };
  for (const auto& [text, out] : rows) {
    for (const size_t step : {1u, 2u, 3u, 64u}) EXPECT_EQ(decoded(text, step), out) << text << step;
  }
}

TEST(TextDecoder, KeepsNothingButAGroup) {
  EXPECT_LE(sizeof(TextDecoder), 8u);
  TextDecoder decoder;
  std::string out;
  ASSERT_TRUE(decoder.feed("YWJjYW", out));
  EXPECT_EQ(out, "abc") << "what is whole is given at once";
}

TEST(TrailersFrame, NamesInOrderWithoutWhatTheHeadHas) {
  EXPECT_EQ(trailers_frame(nullptr, {}), "\x80\0\0\0\0"s);
  http::Headers trailers, head;
  trailers.add("Grpc-Status", "0");
  trailers.add("Grpc-Message", " a\r\nb ");
  trailers.add("X-B", "1");
  trailers.add("X-B", "2");
  trailers.add("Trailer", "X-B");
  trailers.add("X-Head", "x");
  head.add("x-head", "y");
  const std::string fields = "grpc-message: a  b\r\ngrpc-status: 0\r\nx-b: 1\r\nx-b: 2\r\n";
  EXPECT_EQ(trailers_frame(&trailers, head),
            "\x80\0\0\0"s + static_cast<char>(fields.size()) + fields);
}

TEST(TrailersFrame, ItsSizeTakesFourBytes) {
  http::Headers trailers;
  const std::string value(0x10203 - 6, 'v');
  trailers.add("a", value);  // "a: " and CR LF around it
  const std::string frame = trailers_frame(&trailers, {});
  EXPECT_EQ(frame.substr(0, 5), "\x80\0\x01\x02\x02"s);
  EXPECT_EQ(frame.size(), 5u + 0x10202);
}

std::string read(http::Body body) {
  gateproof::testing::FakeWorld world;
  const auto text = world.run(http::read_all(body, 1u << 20));
  return text && *text ? **text : "(error)";
}

http::Body pieces(gateproof::testing::FakeWorld& world, std::vector<std::string> texts) {
  return http::Body::stream(
      std::make_unique<testing::Pieces>(world.scheduler, std::move(texts), Duration(0)),
      std::nullopt);
}

TEST(WithTrailersFrame, BinaryAndBase64) {
  gateproof::testing::FakeWorld world;
  const std::string sized = "\x80\0\0\0\x10"s + "grpc-status: 0\r\n";
  const auto trailers = [] {
    auto t = std::make_unique<http::Headers>();
    t->add("Grpc-Status", "0");
    return t;
  };
  EXPECT_EQ(read(with_trailers_frame(pieces(world, {"ab", "c"}), trailers(), {})), "abc" + sized);
  // Parts that are padded each, but an answer that was made here is one.
  EXPECT_EQ(read(with_trailers_frame(pieces(world, {"ab", "c"}), trailers(), {.text = true})),
            crypto::base64("ab") + crypto::base64("c") + crypto::base64(sized));
  EXPECT_EQ(read(with_trailers_frame(http::Body::text("abc"), trailers(),
                                     {.text = true, .together = true})),
            crypto::base64("abc" + sized));
}

TEST(DecodeText, ErrorsReachTheReader) {
  gateproof::testing::FakeWorld world;
  EXPECT_EQ(read(decode_text(pieces(world, {"YW", "Jj", "YQ="}))), "(error)");
  EXPECT_EQ(read(decode_text(pieces(world, {"YW", "Jj", "YQ=="}))), "abca");
  EXPECT_FALSE(decode_text(pieces(world, {"YWJj"})).length());
}

}  // namespace
}  // namespace gateproof::middleware
