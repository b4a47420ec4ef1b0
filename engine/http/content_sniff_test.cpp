#include "engine/http/content_sniff.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::http {
namespace {

using namespace std::string_literals;

TEST(ContentSniff, Types) {
  constexpr const char* plain = "text/plain; charset=utf-8";
  constexpr const char* html = "text/html; charset=utf-8";
  constexpr const char* bytes = "application/octet-stream";
  const std::pair<std::string, const char*> rows[] = {
      {"", plain},
      {" \t\r\n\f", plain},
      {"hello", plain},
      {"\x1b[0m", plain},
      {"\x7f", plain},
      {"\xc3\xa9", plain},
      {"\v", bytes},
      {"\x01", bytes},
      {"{\"a\":1}", plain},
      {"<html>", html},
      {" \n<HtMl x", html},
      {"<html", plain},
      {"<htmlx>", plain},
      {"<!doctype html>", html},
      {"<!DOCTYPE\nhtml>", plain},
      {"<p>", html},
      {"<p/>", plain},
      {"<!-- x", html},
      {"<!--x", plain},
      {"\v<html>", bytes},
      {"  <?xml version", "text/xml; charset=utf-8"},
      {"<?XML", plain},
      {" %PDF-", plain},
      {"%PDF-1.7", "application/pdf"},
      {"%!PS-Adobe-", "application/postscript"},
      {"\xfe\xff\x00\x41"s, "text/plain; charset=utf-16be"},
      {"\xff\xfe\x41\x00"s, "text/plain; charset=utf-16le"},
      {"\xfe\xff\x41", plain},  // a fourth byte is wanted
      {"\xef\xbb\xbf\x01", plain},
      {"\xef\xbb\xbf", plain},
      {"\x00\x00\x01\x00"s, "image/x-icon"},
      {"BM", "image/bmp"},
      {"GIF89a", "image/gif"},
      {"GIF88a", plain},
      {"RIFF\x01\x02\x03\x04WEBPVP", "image/webp"},
      {"RIFF\x01\x02\x03\x04WEBPV", bytes},
      {"\x89PNG\r\n\x1a\n", "image/png"},
      {"\xff\xd8\xff", "image/jpeg"},
      {"FORM1234AIFF", "audio/aiff"},
      {"ID3", "audio/mpeg"},
      {"OggS\x00"s, "application/ogg"},
      {"MThd\x00\x00\x00\x06"s, "audio/midi"},
      {"RIFF1234AVI ", "video/avi"},
      {"RIFF1234WAVE", "audio/wave"},
      {"\x1a\x45\xdf\xa3", "video/webm"},
      {"\x00\x00\x00\x18"
       "ftypmp42\x00\x00\x00\x00isomisom"s,
       "video/mp4"},
      {"\x00\x00\x00\x18"
       "ftypisom\x00\x00\x00\x00isommp41"s,
       "video/mp4"},
      {"\x00\x00\x00\x10"
       "ftypisommp42"s,
       bytes},  // the minor version is no brand
      {"\x00\x00\x00\x19"
       "ftypmp42\x00\x00\x00\x00isomisomx"s,
       bytes},
      {"\x00\x00\x00\x1c"
       "ftypmp42\x00\x00\x00\x00isomisom"s,
       bytes},  // cut
      {"\x00\x00\x00\x00"
       "ftypmp42"s,
       bytes},
      {std::string(34, 'x') + "LP", "application/vnd.ms-fontobject"},
      {"\x00\x01\x00\x00"s, "font/ttf"},
      {"wOF2", "font/woff2"},
      {"\x1f\x8b\x08", "application/x-gzip"},
      {"PK\x03\x04", "application/zip"},
      {"Rar!\x1a\x07\x00"s, "application/x-rar-compressed"},
      {"Rar!\x1a\x07\x01\x00"s, "application/x-rar-compressed"},
      {"\x00"s
       "asm",
       "application/wasm"},
  };
  for (const auto& [data, type] : rows) EXPECT_EQ(detect_content_type(data), type) << data;
}

// At the limit, one over.
TEST(ContentSniff, OnlyTheFirstBytesCount) {
  EXPECT_EQ(sniff_bytes_max, 512u);
  EXPECT_EQ(detect_content_type(std::string(511, 'a') + "\x01"), "application/octet-stream");
  EXPECT_EQ(detect_content_type(std::string(512, 'a') + "\x01"), "text/plain; charset=utf-8");
  EXPECT_EQ(detect_content_type(std::string(506, ' ') + "<html>"), "text/html; charset=utf-8");
  EXPECT_EQ(detect_content_type(std::string(507, ' ') + "<html>"), "text/plain; charset=utf-8");
}

TEST(ContentSniff, AlwaysAType) {
  EXPECT_TRUE(rc::check("a type that depends on the first bytes only", [](const std::string& data) {
    const std::string_view type = detect_content_type(data);
    RC_ASSERT(type.find('/') != std::string_view::npos);
    RC_ASSERT(type == detect_content_type(data.substr(0, sniff_bytes_max)));
  }));
}

}  // namespace
}  // namespace gateproof::http
