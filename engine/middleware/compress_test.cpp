#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/middleware/compress_encoder.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Pieces;
using testing::Rig;

std::string gunzip(std::string_view in) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  z.avail_in = static_cast<uInt>(in.size());
  std::string out;
  std::array<char, 65536> step;
  int state = Z_OK;
  while (state == Z_OK) {
    z.next_out = reinterpret_cast<Bytef*>(step.data());
    z.avail_out = step.size();
    state = inflate(&z, Z_NO_FLUSH);
    out.append(step.data(), step.size() - z.avail_out);
    if (z.avail_in == 0 && z.avail_out != 0) break;
  }
  inflateEnd(&z);
  return out;
}

std::string unbrotli(std::string_view in) {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  size_t left = in.size();
  const auto* next = reinterpret_cast<const uint8_t*>(in.data());
  std::string out;
  for (;;) {
    size_t none = 0;
    const auto r = BrotliDecoderDecompressStream(state, &left, &next, &none, nullptr, nullptr);
    size_t n = 0;
    const uint8_t* made = BrotliDecoderTakeOutput(state, &n);
    out.append(reinterpret_cast<const char*>(made), n);
    if (r != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && n == 0) break;
    if (r == BROTLI_DECODER_RESULT_ERROR) break;
  }
  BrotliDecoderDestroyInstance(state);
  return out;
}

std::string unzstd(std::string_view in) {
  ZSTD_DStream* d = ZSTD_createDStream();
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  std::string out;
  std::array<char, 65536> step;
  for (;;) {
    ZSTD_outBuffer output{step.data(), step.size(), 0};
    const size_t r = ZSTD_decompressStream(d, &output, &input);
    out.append(step.data(), output.pos);
    if (ZSTD_isError(r) || (input.pos == input.size && output.pos < step.size())) break;
  }
  ZSTD_freeDStream(d);
  return out;
}

std::string decode(std::string_view coding, std::string_view in) {
  if (coding == "gzip") return gunzip(in);
  if (coding == "br") return unbrotli(in);
  if (coding == "zstd") return unzstd(in);
  return std::string(in);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

void answer_with(Rig& rig, std::string body, Fields fields = {{"Content-Type", "text/plain"}},
                 int status = 200) {
  rig.end->answer = [=](Exchange& x) {
    x.response = http::Response::make(status, body);
    for (const auto& [name, value] : fields) x.response.headers.add(name, value);
  };
}

const std::string big(2000, 'a');

// The coding of the answer, "+vary" when the field is there; the body is checked.
std::string sent(Rig& rig, const std::vector<std::string>& lines, const std::string& body = big,
                 const char* method = "GET") {
  const auto x = rig.send("/", lines, method);
  const std::string coding(x->response.headers.get("Content-Encoding"));
  EXPECT_EQ(decode(coding, rig.body_of(*x)), body) << lines.front();
  std::string out = coding.empty() ? "plain" : coding;
  if (lines_of(x->response.headers, "Vary").starts_with("Accept-Encoding")) out += "+vary";
  return out;
}

TEST(Compress, Choice) {
  struct Row {
    const char* accept;
    const char* by_default;    // encodings gzip, br, zstd
    const char* brotli_first;  // encodings br, gzip
  };
  const Row rows[] = {
      {"", "plain", "plain"},
      {"gzip", "gzip+vary", "gzip+vary"},
      {"br", "br+vary", "br+vary"},
      {"zstd", "zstd+vary", "plain"},
      {"deflate", "plain", "plain"},
      {"*", "plain+vary", "br+vary"},  // 9.31
      {"gzip, deflate, br, zstd", "gzip+vary", "br+vary"},
      {"br;q=1, gzip;q=0.5", "br+vary", "br+vary"},
      {"br;q=0.1,gzip", "gzip+vary", "gzip+vary"},
      {"gzip;q=0", "plain", "plain"},
      {"gzip;q=0.0", "plain", "plain"},
      {"gzip;q=0, *", "plain+vary", "br+vary"},
      {"gzip;q=0.5,*", "gzip+vary", "br+vary"},
      {"br, *", "plain+vary", "br+vary"},
      {"gzip, *", "gzip+vary", "br+vary"},
      {"*;q=0", "plain", "plain"},
      {"*;q=0, gzip", "gzip+vary", "gzip+vary"},
      {"identity", "plain", "plain"},
      {"identity;q=1, gzip;q=0.5", "plain", "plain"},
      {"identity, gzip", "gzip+vary", "gzip+vary"},
      {"*;q=0.5, identity", "plain", "plain"},
      {"GZIP", "plain", "plain"},
      {"GZIP, *", "gzip+vary", "br+vary"},
      {"gzip;q=abc", "plain", "plain"},
      {"gzip;q=", "plain", "plain"},
      {"gzip;q=1;", "plain", "plain"},
      {"gzip;q=2", "gzip+vary", "gzip+vary"},
      {"gzip;q=-1", "plain+vary", "plain+vary"},
      {"gzip; Q=0", "plain+vary", "plain+vary"},
      {"gzip ; q = 0.5", "gzip+vary", "gzip+vary"},
      {"gzip;", "gzip+vary", "gzip+vary"},
      {"gzip,", "gzip+vary", "gzip+vary"},
      {"gzip;q=0.5;x=1,br;q=0.4", "br+vary", "br+vary"},
      {"br;foo=1;q=0.1,gzip;q=0.2", "br+vary", "br+vary"},
      {"br;q=0x1p-2", "br+vary", "br+vary"},
      {"zstd;q=NaN,br", "br+vary", "br+vary"},
      {"x-gzip", "plain", "plain"},
  };
  Rig rig;
  answer_with(rig, big);
  ASSERT_TRUE(rig.use("compress", "{}")) << rig.why;
  for (const Row& row : rows) {
    EXPECT_EQ(sent(rig, {"Accept-Encoding: " + std::string(row.accept)}), row.by_default)
        << row.accept;
  }
  EXPECT_EQ(sent(rig, {"Accept-Encoding: deflate", "Accept-Encoding: br"}), "br+vary");
  EXPECT_EQ(sent(rig, {"A: none"}), "plain");
  ASSERT_TRUE(rig.use("compress", "encodings: [br, gzip]"));
  for (const Row& row : rows) {
    EXPECT_EQ(sent(rig, {"Accept-Encoding: " + std::string(row.accept)}), row.brotli_first)
        << row.accept;
  }
}

TEST(Compress, DefaultEncoding) {
  Rig rig;
  answer_with(rig, big);
  ASSERT_TRUE(rig.use("compress", "defaultEncoding: br"));
  EXPECT_EQ(sent(rig, {"A: none"}), "br+vary");
  EXPECT_EQ(sent(rig, {"Accept-Encoding:"}), "plain");
  EXPECT_EQ(sent(rig, {"Accept-Encoding: deflate"}), "plain");
  EXPECT_EQ(sent(rig, {"Accept-Encoding: *"}), "br+vary");
  ASSERT_TRUE(rig.use("compress", "defaultEncoding: gzip"));
  EXPECT_EQ(sent(rig, {"A: none"}), "plain+vary") << "the gzip stage asks again";
  ASSERT_TRUE(rig.use("compress", "{encodings: [br, zstd], defaultEncoding: zstd}"));
  EXPECT_EQ(sent(rig, {"Accept-Encoding: br, *"}), "zstd+vary");
}

TEST(Compress, Minimum) {
  struct Row {
    const char* options;
    size_t bytes;
    const char* expected;
  };
  for (const Row& row : {Row{"{}", 1023, "plain+vary"},
                         {"{}", 1024, "gzip+vary"},
                         {"{}", 1025, "gzip+vary"},
                         {"{}", 0, "plain+vary"},
                         {"minResponseBodyBytes: 10", 9, "plain+vary"},
                         {"minResponseBodyBytes: 10", 10, "gzip+vary"},
                         {"minResponseBodyBytes: 0", 1, "plain+vary"},
                         {"minResponseBodyBytes: -1", 1023, "plain+vary"},
                         {"minResponseBodyBytes: -1", 1024, "gzip+vary"}}) {
    Rig rig;
    answer_with(rig, std::string(row.bytes, 'x'));
    ASSERT_TRUE(rig.use("compress", row.options));
    EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}, std::string(row.bytes, 'x')), row.expected)
        << row.options << ' ' << row.bytes;
  }
}

TEST(Compress, WhatIsLeftAlone) {
  struct Row {
    const char* clause;
    Fields fields;
    int status;
    const char *gzip, *brotli;
  };
  const Row rows[] = {
      {"existing coding", {{"Content-Encoding", "identity"}}, 200, "identity", "identity"},
      {"a coding of no name", {{"Content-Encoding", ""}}, 200, "gzip", "br"},
      {"Content-Range", {{"Content-Range", "bytes 0-1/3"}}, 206, "plain", "br"},
      {"no type", {}, 200, "gzip", "br"},
      {"bad type", {{"Content-Type", "a b;;"}}, 200, "gzip", "plain"},
      {"9.31 image", {{"Content-Type", "image/png"}}, 200, "gzip", "br"},
      {"gRPC", {{"Content-Type", "application/grpc"}}, 200, "plain", "plain"},
      {"gRPC kin", {{"Content-Type", "application/grpc+proto"}}, 200, "gzip", "br"},
      {"any status", {{"Content-Type", "a/b"}}, 404, "gzip", "br"},
      {"no-transform", {{"Cache-Control", "no-transform"}}, 200, "gzip", "br"},
  };
  for (const Row& row : rows) {
    for (const char* coding : {"gzip", "br"}) {
      Rig rig;
      answer_with(rig, big, row.fields, row.status);
      ASSERT_TRUE(rig.use("compress", "{}"));
      const std::string expected = coding == std::string("gzip") ? row.gzip : row.brotli;
      EXPECT_EQ(sent(rig, {"Accept-Encoding: " + std::string(coding)}), expected + "+vary")
          << row.clause;
    }
  }
  Rig rig;
  answer_with(rig, big);
  ASSERT_TRUE(rig.use("compress", "{}"));
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}, big, "HEAD"), "plain") << "HEAD";
  const std::string grpc = "Content-Type: APPLICATION/grpc; x=1";
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip", grpc}), "plain") << "a gRPC request";
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip", "Range: bytes=0-1"}), "gzip+vary");
  answer_with(rig, "", {}, 204);
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}, ""), "plain+vary") << "204";
}

TEST(Compress, ContentTypes) {
  struct Row {
    const char *type, *excluded, *included_gzip, *included_br;
  };
  const Row rows[] = {
      {"text/html", "plain", "gzip", "br"},
      {"text/html; charset=utf-8", "plain", "gzip", "br"},
      {"TEXT/HTML", "plain", "gzip", "br"},
      {"text/plain", "gzip", "plain", "plain"},
      {"image/png", "plain", "plain", "plain"},
      {"text/htmlx", "gzip", "plain", "plain"},
      {"application/json; charset=UTF-8;a=b", "gzip", "gzip", "br"},
      {"", "gzip", "plain", "br"},
  };
  const char* included = "includedContentTypes: [text/html, 'application/json; charset=utf-8']";
  for (const Row& row : rows) {
    Rig rig;
    const Fields none, one{{"Content-Type", row.type}};
    answer_with(rig, big, *row.type ? one : none);
    ASSERT_TRUE(rig.use("compress", "excludedContentTypes: [text/html, image/png]"));
    EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}), std::string(row.excluded) + "+vary");
    ASSERT_TRUE(rig.use("compress", included));
    EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}), std::string(row.included_gzip) + "+vary");
    EXPECT_EQ(sent(rig, {"Accept-Encoding: br"}), std::string(row.included_br) + "+vary");
  }
  Rig rig;
  answer_with(rig, big);
  ASSERT_TRUE(rig.use("compress", "excludedContentTypes: [text/html]"));
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip", "Content-Type: text/html; q=1"}), "plain");
  EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip", "Content-Type: bad;;;"}), "gzip+vary");
}

// Where an answer has no type, the gzip stage goes by its first bytes; the other stage takes it for a listed one.
TEST(Compress, GuessedTypes) {
  struct Row {
    const char *clause, *body, *options, *gzip;
  };
  const Row rows[] = {
      {"the kind is listed", "", "includedContentTypes: [text/plain]", "gzip"},
      {"another kind is listed", "<html>", "includedContentTypes: [text/plain]", "plain"},
      {"the kind is excluded", "<html>", "excludedContentTypes: [text/html]", "plain"},
      {"another kind is excluded", "", "excludedContentTypes: [text/html]", "gzip"},
  };
  for (const Row& row : rows) {
    Rig rig;
    const std::string body = row.body + big;
    answer_with(rig, body, {});
    ASSERT_TRUE(rig.use("compress", row.options)) << rig.why;
    EXPECT_EQ(sent(rig, {"Accept-Encoding: gzip"}, body), std::string(row.gzip) + "+vary")
        << row.clause;
    EXPECT_EQ(sent(rig, {"Accept-Encoding: br"}, body), "br+vary") << row.clause;
  }
}

// The guess is told where types may be guessed, and inside of what collects the answer's fields.
TEST(Compress, GuessedTypesAreTold) {
  for (bool apart : {false, true}) {
    for (bool detects : {false, true}) {
      Rig rig;
      answer_with(rig, big, {});
      ASSERT_TRUE(rig.use("compress", "{}"));
      auto x = rig.request("/", {"Accept-Encoding: gzip"});
      x->fields_apart = apart;
      x->detect_content_type = detects;
      rig.run(*x);
      EXPECT_EQ(lines_of(x->response.headers, "Content-Type"),
                apart || detects ? "text/plain; charset=utf-8" : "-");
    }
  }
}

// The line is there before the answer: what stands inside edits it, unless it collects fields of its own.
TEST(Compress, VarySeenFromInside) {
  using Steps = std::vector<std::pair<const char*, const char*>>;
  const Steps::value_type compress{"compress", "{}"}, buffering{"buffering", "{}"},
      retry{"retry", "{attempts: 2}"}, own{"headers", "{customResponseHeaders: {Vary: X-M}}"},
      cors{"headers", "{addVaryHeader: true}"};
  const std::pair<Steps, const char*> rows[] = {
      {{compress, cors}, "Accept-Encoding,Origin"},
      {{cors, compress}, "Accept-Encoding,Origin"},
      {{compress, own}, "X-M"},
      {{compress, compress}, "Accept-Encoding | Accept-Encoding | X-A | X-B"},
      {{compress, buffering, cors}, "Accept-Encoding | X-A,Origin"},
      {{buffering, compress, cors}, "Accept-Encoding,Origin"},
      {{compress, retry, cors}, "X-A,Origin"},
      {{compress, retry}, "X-A | X-B"},
  };
  for (const auto& [types, expected] : rows) {
    Rig rig;
    answer_with(rig, big, {{"Vary", "X-A"}, {"Vary", "X-B"}});
    std::vector<std::unique_ptr<Middleware>> steps;
    for (const auto& [type, options] : types) {
      auto made = rig.build(type, options);
      ASSERT_TRUE(made) << made.error().message;
      steps.push_back(std::move(*made));
    }
    rig.chain = std::make_unique<Chain>(std::move(steps), rig.end);
    const auto x = rig.send("/", {"Accept-Encoding: gzip"});
    EXPECT_EQ(lines_of(x->response.headers, "Vary"), expected);
    EXPECT_EQ(x->vary_lines, 0);
  }
}

TEST(Compress, Fields) {
  Rig rig;
  answer_with(rig, big,
              {{"Etag", "\"abc\""},
               {"Accept-Ranges", "bytes"},
               {"Vary", "Origin"},
               {"Vary", "X"},
               {"Content-Length", "2000"}});
  ASSERT_TRUE(rig.use("compress", "{}"));
  for (const char* coding : {"gzip", "br", "zstd"}) {
    const auto x = rig.send("/", {"Accept-Encoding: " + std::string(coding)});
    const http::Headers& h = x->response.headers;
    EXPECT_EQ(lines_of(h, "Vary"), "Accept-Encoding | Origin | X");
    EXPECT_EQ(lines_of(h, "Etag"), "\"abc\"");
    EXPECT_EQ(lines_of(h, "Content-Length"), "-");
    EXPECT_EQ(lines_of(h, "Accept-Ranges"), coding == std::string("gzip") ? "-" : "bytes");
    EXPECT_EQ(x->response.body.length(), rig.body_of(*x).size());
  }
}

std::unique_ptr<Exchange> streamed(Rig& rig, const char* coding, std::vector<std::string> pieces,
                                   Duration pause, std::optional<uint64_t> length,
                                   std::optional<Error> failure = std::nullopt) {
  rig.end->answer = [=](Exchange& x) {
    auto source = std::make_unique<Pieces>(x.env->scheduler, pieces, pause);
    source->fail_at_end = failure;
    x.response.status = 200;
    x.response.body = http::Body::stream(std::move(source), length);
  };
  return rig.send("/", {"Accept-Encoding: " + std::string(coding)});
}

TEST(Compress, Streams) {
  using std::chrono::milliseconds;
  for (const char* coding : {"gzip", "br", "zstd"}) {
    Rig rig;
    ASSERT_TRUE(rig.use("compress", "{}"));
    auto x = streamed(rig, coding, {"abc"}, Duration(0), std::nullopt);
    EXPECT_EQ(x->response.headers.get("Content-Encoding"), coding) << "short, of unknown length";
    EXPECT_EQ(decode(coding, rig.body_of(*x)), "abc");
    x = streamed(rig, coding, {}, milliseconds(500), std::nullopt);
    EXPECT_FALSE(x->response.headers.has("Content-Encoding")) << "nothing came";
    EXPECT_EQ(rig.body_of(*x), "");
    x = streamed(rig, coding, {big}, Duration(0), 2000);
    EXPECT_TRUE(x->response.body.length()) << "small: sent with its length";
    EXPECT_EQ(decode(coding, rig.body_of(*x)), big);
    x = streamed(rig, coding, {big, big}, milliseconds(90), 4000);
    EXPECT_FALSE(x->response.body.length()) << "slow: sent as it comes";
    EXPECT_EQ(decode(coding, rig.body_of(*x)), big + big);
    x = streamed(rig, coding, {"abc"}, Duration(0), 3);
    EXPECT_FALSE(x->response.headers.has("Content-Encoding")) << "known to be short";
  }
}

TEST(Compress, WhatCameIsPassedOn) {
  for (const char* coding : {"gzip", "br", "zstd"}) {
    Rig rig;
    ASSERT_TRUE(rig.use("compress", "{}"));
    const auto x = streamed(rig, coding, {"first ", "second "}, std::chrono::seconds(1), {});
    std::string seen, plain;
    std::vector<std::string> after;
    for (;;) {
      auto chunk = rig.world.run(x->response.body.read());
      ASSERT_TRUE(chunk && *chunk);
      seen += (*chunk)->data;
      plain = decode(coding, seen);
      after.push_back(plain);
      if ((*chunk)->last) break;
    }
    ASSERT_GE(after.size(), 3u) << coding;
    EXPECT_EQ(after[0], "first ") << coding;
    EXPECT_EQ(after[1], "first second ") << coding;
    EXPECT_EQ(plain, "first second ");
  }
}

TEST(Compress, ErrorsOfTheBodyReachTheReader) {
  for (const std::optional<uint64_t> length : {std::optional<uint64_t>(), {5000}}) {
    for (const size_t pieces : {0, 2}) {
      Rig rig;
      ASSERT_TRUE(rig.use("compress", "{}"));
      const auto x = streamed(rig, "gzip", std::vector<std::string>(pieces, big), Duration(0),
                              length, Error(Code::reset, "gone"));
      auto text = rig.world.run(http::read_all(x->response.body, 1u << 20));
      ASSERT_TRUE(text);
      ASSERT_FALSE(*text);
      EXPECT_EQ(text->error().code, Code::reset);
    }
  }
}

// What came before the error is passed on first, so that the reader can tell a cut answer from none.
TEST(Compress, WhatCameBeforeAnErrorIsPassedOn) {
  for (const char* coding : {"gzip", "br", "zstd"}) {
    Rig rig;
    ASSERT_TRUE(rig.use("compress", "{}"));
    const auto x =
        streamed(rig, coding, {"abc"}, Duration(0), std::nullopt, Error(Code::reset, "gone"));
    auto first = rig.world.run(x->response.body.read());
    ASSERT_TRUE(first && *first) << coding;
    EXPECT_EQ(decode(coding, (*first)->data), "abc");
    auto second = rig.world.run(x->response.body.read());
    ASSERT_TRUE(second && !*second) << coding;
    EXPECT_EQ(second->error().code, Code::reset);
  }
}

TEST(Compress, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("compress", yaml); };
  EXPECT_EQ(error("{includedContentTypes: [a/b], excludedContentTypes: [a/b]}"),
            "excludedContentTypes and includedContentTypes options are mutually exclusive");
  EXPECT_EQ(error("encodings: [deflate]"), "unsupported encoding: deflate");
  EXPECT_EQ(error("encodings: [GZIP]"), "unsupported encoding: GZIP");
  EXPECT_EQ(error("defaultEncoding: deflate"), "unsupported default encoding: deflate");
  EXPECT_EQ(error("{encodings: [gzip], defaultEncoding: br}"), "unsupported default encoding: br");
  EXPECT_EQ(error("excludedContentTypes: [a b c;]"),
            "parsing excluded media type: mime: expected slash after first token");
  EXPECT_EQ(error("includedContentTypes: ['//;=']"),
            "parsing included media type: mime: no media type");
  EXPECT_EQ(error("encodings: []"), "");
}

// Whatever comes, however it is cut: what goes out decompresses to what came in.
TEST(Compress, RoundTrip) {
  EXPECT_TRUE(rc::check("decompresses to its input", [](const std::vector<std::string>& pieces) {
    std::string whole;
    for (const std::string& p : pieces) whole += p;
    const Duration pause = *rc::gen::arbitrary<bool>() ? Duration(1) : Duration(0);
    for (const char* coding : {"gzip", "br", "zstd"}) {
      Rig rig;
      RC_ASSERT(rig.use("compress", "minResponseBodyBytes: 1"));
      const auto x = streamed(rig, coding, pieces, pause, std::nullopt);
      const std::string used(x->response.headers.get("Content-Encoding"));
      RC_ASSERT(used == (whole.empty() ? "" : coding));
      RC_ASSERT(decode(used, rig.body_of(*x)) == whole);
    }
  }));
}

// R6: memory does not grow with the body: 256 MB of zeros in 64 kB pieces, read as they come.
TEST(Compress, R6_ConstantMemory) {
  class Zeros final : public http::BodySource {
   public:
    std::optional<Result<http::Chunk>> try_read() override {
      return Result<http::Chunk>(http::Chunk{zeros_, ++given_ == 4096});
    }
    Task<Result<http::Chunk>> read() override { co_return *try_read(); }

   private:
    std::string zeros_ = std::string(65536, '\0');
    int given_ = 0;
  };
  CompressedBody body(Coding::gzip, http::Body::stream(std::make_unique<Zeros>(), std::nullopt));
  size_t total = 0, largest = 0;
  for (bool last = false; !last;) {
    auto chunk = body.try_read();
    ASSERT_TRUE(chunk && *chunk);
    total += (*chunk)->data.size();
    largest = std::max(largest, (*chunk)->data.size());
    last = (*chunk)->last;
  }
  EXPECT_LT(total, 300'000u);
  EXPECT_LT(largest, 100'000u);
}

}  // namespace
}  // namespace gateproof::middleware
